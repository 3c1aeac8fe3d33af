"""Asking: the names that are asked, one batch for all, keys that are never shown, lists that are named."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

import pytest

from reputon import check, lists
from reputon.check.health import EMPTY_ZONES
from reputon.check.subjects import target
from reputon.resolver import Answer, Nobody, Question, Status, World

NOW = datetime(2026, 11, 24, 9, 30, tzinfo=UTC)
CATALOGUE = lists.load()
KEY = "abcdefghijklmnopqrstuvwxyz"
LISTED = {"A": ["127.0.0.2"], "TXT": ["reason"]}
ALIVE = {f"2.0.0.127.{entry.zone}": {"A": ["127.0.0.2"]} for entry in CATALOGUE.lists if entry.can_be_asked}


class Recorder:
    """A made world that keeps what it was asked, batch by batch."""

    def __init__(self, names: Mapping[str, Any]) -> None:
        self.world = World(names)
        self.batches: list[list[Question]] = []

    def ask(self, questions: Iterable[Question]) -> list[Answer]:
        self.batches.append(list(questions))
        return self.world.ask(self.batches[-1])

    def names(self, batch: int = 0) -> set[str]:
        return {question.name for question in self.batches[batch]}


def states(checked: check.Checked) -> dict[str, str]:
    return {result.list: str(result.state) for result in checked.results}


@pytest.mark.parametrize(
    ("text", "canonical", "kind", "labels"),
    [
        ("192.0.2.7", "192.0.2.7", "ip4", "7.2.0.192"),
        (" [192.0.2.7] ", "192.0.2.7", "ip4", "7.2.0.192"),
        ("::ffff:192.0.2.7", "192.0.2.7", "ip4", "7.2.0.192"),
        ("2001:DB8::1", "2001:db8::1", "ip6", "1" + ".0" * 23 + ".8.b.d.0.1.0.0.2"),
        ("Example.ORG.", "example.org", "domain", "example.org"),
        ("bücher.example", "xn--bcher-kva.example", "domain", "xn--bcher-kva.example"),
    ],
)
def test_how_a_subject_is_asked(text, canonical, kind, labels):
    found = target(text)
    assert (found.text, found.kind, found.labels) == (canonical, kind, labels)


@pytest.mark.parametrize("text", ["", "foo", "192.0.2.0/24", "192.0.2.300", "a b.example", "-", "x..example", "1.2.3"])
def test_what_cannot_be_asked_is_said(text):
    with pytest.raises(check.CheckError):
        check.ask([text], CATALOGUE, Nobody(), NOW)


def test_all_questions_go_in_one_batch_and_the_reasons_in_a_second():
    world = Recorder({**ALIVE, "7.2.0.192.bl.spamcop.net": LISTED, "7.2.0.192.zen.spamhaus.org": {"A": ["127.0.0.10"]}})
    first, second = check.ask(["192.0.2.7", "192.0.2.8"], CATALOGUE, world, NOW)
    assert len(world.batches) == 2
    assert len(world.batches[0]) == len(set(world.batches[0]))
    probes = {question for question in world.batches[1] if question.name.endswith(EMPTY_ZONES)}
    assert set(world.batches[1]) - probes == {
        Question("7.2.0.192.bl.spamcop.net", "TXT"),
        Question("7.2.0.192.zen.spamhaus.org", "TXT"),
    }
    assert first.overall == "listed"
    assert next(result.text for result in first.results if result.list == "SpamCop") == "reason"
    assert second.overall == "clean"
    assert second.subject == "192.0.2.8"


def why(checked: check.Checked, name: str) -> str:
    return next(result.why or "" for result in checked.results if result.list == name)


def test_a_subject_is_asked_of_lists_of_its_kind_only():
    world = Recorder({})
    check.ask(["2001:db8::7"], CATALOGUE, world, NOW)
    check.ask(["example.org"], CATALOGUE, world, NOW)
    assert not any("spamcop" in name or "dbl" in name for name in world.names(0))
    assert any(
        name.startswith("7.0.0.0.") and name.endswith("8.b.d.0.1.0.0.2.zen.spamhaus.org") for name in world.names(0)
    )
    assert {"example.org.dbl.spamhaus.org", "dbltest.com.dbl.spamhaus.org"} <= world.names(1)
    assert not any(name.endswith("zen.spamhaus.org") for name in world.names(1))


def test_closed_private_and_contained_lists_are_not_asked_every_day():
    world = Recorder(ALIVE)
    (checked,) = check.ask(["192.0.2.7"], CATALOGUE, world, NOW)
    assert not {"SORBS", "AHBL", "Cloudmark CSI", "Spamhaus SBL"} & set(states(checked))
    assert not any(name.endswith(("sorbs.net", ".sbl.spamhaus.org")) for name in world.names())


def test_a_closed_list_that_is_named_is_explained_and_does_not_count():
    world = Recorder(ALIVE)
    (checked,) = check.ask(["192.0.2.7"], CATALOGUE, world, NOW, only=["SORBS", "bl.spamcop.net"])
    assert states(checked) == {"SORBS": "unknown", "SpamCop": "clean"}
    assert checked.overall == "clean"
    assert "closed" in why(checked, "SORBS")


@pytest.mark.parametrize(
    ("only", "found", "verdict"),
    [
        (["Sender Score", "sa-ip4tset.blagr.emailsrvr.com"], {"Sender Score": "clean"}, "clean"),
        (["senderscore"], {"Sender Score": "clean"}, "clean"),
        (["Spamhaus SBL", "sbl.spamhaus.org"], {"Spamhaus SBL": "clean"}, "clean"),
        (["bl.nobody.example"], {"bl.nobody.example": "unknown"}, "unknown"),
        (["Cloudmark CSI", "SpamCop"], {"Cloudmark CSI": "unknown", "SpamCop": "clean"}, "unknown"),
        (["Abusix", "SpamCop"], {"Abusix": "unknown", "SpamCop": "clean"}, "unknown"),
        (["a list of one's own"], {}, "unknown"),
        (["Spamhaus DBL"], {}, "unknown"),
        ([], {}, "unknown"),
    ],
)
def test_named_lists_matter_and_mirrors_are_nobodys(only, found, verdict):
    (checked,) = check.ask(["192.0.2.7"], CATALOGUE, World(ALIVE), NOW, only=only)
    assert states(checked) == found
    assert checked.overall == verdict


def test_a_zone_of_no_catalogue_is_judged_by_its_test_entries():
    names = {"2.0.0.127.bl.own.example": {"A": ["127.0.0.2"]}, "7.2.0.192.bl.own.example": {"A": ["127.0.0.4"]}}
    listed, clean = check.ask(["192.0.2.7", "192.0.2.8"], CATALOGUE, World(names), NOW, only=["bl.own.example"])
    assert (listed.overall, clean.overall) == ("listed", "clean")


def test_the_founding_incident_cannot_be_verified_by_an_unregistered_resolver():
    world = World({**ALIVE, "*.bl.score.senderscore.com": {"A": ["127.255.255.255"]}})
    (checked,) = check.ask(["40.107.130.132"], CATALOGUE, world, NOW)
    assert checked.overall == "unknown"
    assert "registered" in why(checked, "Sender Score")


def test_offline_nothing_is_clean():
    checked = check.ask(["192.0.2.7", "2001:db8::7", "example.org"], CATALOGUE, Nobody(), NOW)
    assert [each.overall for each in checked] == ["unknown"] * 3
    assert {str(result.state) for each in checked for result in each.results} == {"unknown"}


def test_nothing_to_ask_asks_nothing():
    world = Recorder({})
    assert check.ask([], CATALOGUE, world, NOW) == []
    assert world.batches == []


# --- keys ---


class Gossip:
    """A resolver and lists that repeat the whole name that they were asked for."""

    def ask(self, questions: Iterable[Question]) -> list[Answer]:
        return [self.answer(question) for question in questions]

    def answer(self, question: Question) -> Answer:
        if question.rdtype == "TXT":
            return Answer(question, Status.ANSWER, (f"listed: {question.name}",))
        if question.name.startswith("7.") or question.name.startswith("2.0.0.127."):
            return Answer(question, Status.ANSWER, ("127.0.0.2",))
        if question.name.startswith("8."):
            return Answer(question, Status.ERROR, why=f"cannot send {question.name}\x1b[31m")
        return Answer(question, Status.NXDOMAIN)


def test_a_key_goes_into_the_question_and_nowhere_else():
    keys = {"abusix": KEY, "zen.spamhaus.org": KEY}
    found = check.ask(["192.0.2.7", "192.0.2.8"], CATALOGUE, Gossip(), NOW, only=["Abusix", "Spamhaus ZEN"], keys=keys)
    assert [each.overall for each in found] == ["listed", "unknown"]
    assert KEY not in repr(found)
    assert "***.combined.mail.abusix.zone" in (found[0].results[0].text or "")
    assert "\x1b" not in repr(found[1].results[0].why)
    assert found[0].results[1].zone == "zen.spamhaus.org"


def test_a_key_makes_the_keyed_zone_the_one_that_is_asked():
    world = Recorder({})
    check.ask(["192.0.2.7"], CATALOGUE, world, NOW, only=["Spamhaus PBL"], keys={"Spamhaus ZEN": KEY})
    assert f"7.2.0.192.{KEY}.pbl.dq.spamhaus.net" in world.names()


def test_without_its_key_a_list_is_not_asked():
    world = Recorder(ALIVE)
    (checked,) = check.ask(["192.0.2.7"], CATALOGUE, world, NOW)
    assert not any("abusix" in name for name in world.names())
    assert "needs a key" in why(checked, "Abusix")
    assert checked.overall == "clean"


@pytest.mark.parametrize("keys", [{KEY: "Abusix"}, {"SpamCop": KEY}, {"Abusix": KEY + ".x"}, {"Abusix": ""}])
def test_a_mistake_about_keys_does_not_show_them(keys):
    with pytest.raises(check.CheckError) as caught:
        check.ask(["192.0.2.7"], CATALOGUE, Nobody(), NOW, keys=keys)
    assert KEY not in str(caught.value)
