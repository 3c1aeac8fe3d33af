"""`reputon provider` as a person runs it: what is known, what a walk changes, and what a bad walk leaves alone."""

import json
import sys
from datetime import UTC, datetime

import pytest

from reputon import cli, config, resolver
from reputon.cause import providers
from reputon.cause.provider import Owners
from reputon.cause.refresh import NAMES, refresh
from reputon.cli import ticket
from reputon.serve import watch

NOW = datetime(2026, 12, 1, 8, tzinfo=UTC)
KEPT = ["192.0.2.0/24", "198.51.100.0/25"]
FILE = """\
id = "{id}"
name = "{id}, by hand"
origin = "a contract"
as_of = {as_of}
prefixes = {prefixes}
spf = {spf}
rotates = false
who_may_delist = "only {id}"
refuses = ["anything on a Sunday"]
reroute = "the other door"
trace = "the log, by message id"

[support]
portal = "Help"
url = "https://mine.example"
who = "anybody"
needs = ["times in UTC"]
"""
GOOD = {"spf.mine.example": {"TXT": ["v=spf1 ip4:192.0.2.0/24 include:more.mine.example -all"]},
        "more.mine.example": {"TXT": ["v=spf1 ip4:203.0.113.0/24 ip6:2001:db8::/32 -all"]}}  # fmt: skip


@pytest.fixture
def place(tmp_path, monkeypatch, capsys):
    """A folder with providers of its own, a state directory and a made world; and a way to run the verb there."""

    class Place:
        state = tmp_path / "state"
        fresh = state / "providers.json"

        def write(self, name="mine", prefixes=KEPT, spf=("spf.mine.example",), as_of="2026-11-25"):
            (tmp_path / "own").mkdir(exist_ok=True)
            text = FILE.format(id=name, prefixes=json.dumps(prefixes), spf=json.dumps(list(spf)), as_of=as_of)
            (tmp_path / "own" / f"{name}.toml").write_text(text)

        def world(self, dns, now="2026-12-01T08:00:00Z"):
            (tmp_path / "world").mkdir(exist_ok=True)
            (tmp_path / "world" / "dns.json").write_text(json.dumps(dns))
            (tmp_path / "world" / "now.txt").write_text(now)

        def run(self, verb, *arguments):
            words = ["reputon", *verb.split(), *map(str, arguments), "--config", str(tmp_path / "reputon.toml")]
            monkeypatch.setattr(sys, "argv", words)
            with pytest.raises(SystemExit) as ended:
                cli.main()
            said = capsys.readouterr()
            return int(ended.value.code or 0), said.out, said.err

        def refresh(self, *arguments):
            code, out, _ = self.run("provider refresh", "--json", "--world", tmp_path / "world", *arguments)
            return code, [json.loads(line) for line in out.splitlines()]

        def ls(self):
            _, out, _ = self.run("provider ls", "--json")
            return {each["id"]: each for each in map(json.loads, out.splitlines())}

    made = Place()
    made.write()
    made.world(GOOD)
    (tmp_path / "reputon.toml").write_text(
        f'state_dir = "{made.state}"\n[cause]\nproviders = "{tmp_path / "own"}"\n[dns]\nresolver = "127.0.0.1:1"\n'
    )
    return made


def test_ls_says_where_the_prefixes_come_from(place):
    found = place.ls()
    assert found["mine"] == {"id": "mine", "name": "mine, by hand", "prefixes": 2, "as_of": "2026-11-25",
                             "source": "yours"}  # fmt: skip
    assert {each["source"] for name, each in found.items() if name != "mine"} == {"shipped"}
    assert place.refresh("mine")[0] == 0
    found = place.ls()
    assert (found["mine"]["source"], found["mine"]["prefixes"], found["mine"]["as_of"]) == (
        "refreshed", 3, "2026-12-01",
    )  # fmt: skip
    _, out, _ = place.run("provider ls")
    assert "mine, by hand" in out
    assert "microsoft365" in out


def test_show_has_everything_that_a_person_needs(place):
    code, out, _ = place.run("provider show", "mine")
    assert code == 0
    for said in ("192.0.2.0/24", "only mine", "anything on a Sunday", "https://mine.example", "the other door",
                 "the log, by message id", "times in UTC", "yours, as of 2026-11-25"):  # fmt: skip
        assert said in out, said
    _, out, _ = place.run("provider show", "microsoft365", "--json")
    assert [pool["id"] for pool in json.loads(out)["pools"]] == ["relay", "high-risk", "normal"]


def test_a_refresh_shows_and_keeps_what_changed(place):
    code, (done,) = place.refresh("mine")
    assert code == 0
    assert done == {
        "id": "mine", "state": "refreshed", "as_of": "2026-12-01", "prefixes": 3,
        "added": ["203.0.113.0/24", "2001:db8::/32"], "removed": ["198.51.100.0/25"], "why": None,
    }  # fmt: skip
    assert json.loads(place.fresh.read_text()) == {
        "mine": {"as_of": "2026-12-01", "prefixes": ["192.0.2.0/24", "203.0.113.0/24", "2001:db8::/32"]}
    }
    again = place.refresh("mine")[1][0]
    assert (again["added"], again["removed"]) == ([], [])


def test_words_for_a_person(place, tmp_path):
    code, out, _ = place.run("provider refresh", "mine", "--dry-run", "--world", tmp_path / "world")
    assert code == 0
    assert out.splitlines() == [
        "mine: 3 prefixes as of 2026-12-01: +2 -1", "  +203.0.113.0/24", "  +2001:db8::/32", "  -198.51.100.0/25",
    ]  # fmt: skip
    assert not place.state.exists()


def test_refreshing_one_keeps_what_another_had(place):
    place.write("other", ["198.51.100.128/25"], ["spf.other.example"])
    place.world({**GOOD, "spf.other.example": {"TXT": ["v=spf1 ip4:198.51.100.192/26 -all"]}})
    assert place.refresh("mine")[0] == 0
    assert place.refresh("other")[0] == 0
    assert set(json.loads(place.fresh.read_text())) == {"mine", "other"}
    assert place.ls()["mine"]["source"] == "refreshed"


def test_anothers_addresses_are_not_taken(place):
    place.world({"spf.mine.example": {"TXT": ["v=spf1 ip4:192.0.2.0/24 ip4:40.107.0.0/16 -all"]}})
    code, (done,) = place.refresh("mine")
    assert (code, done["prefixes"], done["added"], done["removed"]) == (0, 1, [], ["198.51.100.0/25"])


BAD = {
    "silent": ({"spf.mine.example": {"timeout": True}}, "DNS could not tell"),
    "broken below": ({**GOOD, "more.mine.example": {"rcode": "SERVFAIL"}}, "DNS could not tell"),
    "gone": ({}, "has no SPF record"),
    "gone below": ({"spf.mine.example": GOOD["spf.mine.example"]}, "leads to more.mine.example"),
    "two records": ({"spf.mine.example": {"TXT": ["v=spf1 -all", "v=spf1 ip4:192.0.2.0/24 -all"]}}, "2 SPF records"),
    "syntax": ({"spf.mine.example": {"TXT": ["v=spf1 ip4:192.0.2.0/99 -all"]}}, "no IPv4 address"),
    "everybody": ({"spf.mine.example": {"TXT": ["v=spf1 ip4:192.0.2.0/24 +all"]}}, "lets everybody send"),
    "by reverse name": ({"spf.mine.example": {"TXT": ["v=spf1 ip4:192.0.2.0/24 ptr -all"]}}, "cannot be listed"),
    "by macro": ({"spf.mine.example": {"TXT": ["v=spf1 exists:%{i}.mine.example -all"]}}, "cannot be listed"),
    "nobody": ({"spf.mine.example": {"TXT": ["v=spf1 -all"]}}, "names no addresses"),
    "too wide": ({"spf.mine.example": {"TXT": ["v=spf1 ip4:0.0.0.0/1 -all"]}}, "wider than /8"),
    "only another's": ({"spf.mine.example": {"TXT": ["v=spf1 ip4:40.107.0.0/16 -all"]}}, "no prefixes for mine"),
    "a circle": ({"spf.mine.example": {"TXT": ["v=spf1 include:spf.mine.example -all"]}}, "leads back"),
}


@pytest.mark.parametrize(("dns", "why"), BAD.values(), ids=BAD)
def test_a_bad_walk_replaces_nothing(place, dns, why):
    assert place.refresh("mine")[0] == 0
    before = place.fresh.read_bytes()
    place.world(dns)
    code, (done,) = place.refresh("mine")
    assert (code, done["state"], done["prefixes"], done["as_of"]) == (3, "kept", 3, "2026-12-01")
    assert why in done["why"]
    assert place.fresh.read_bytes() == before


def test_one_bad_walk_does_not_keep_the_others(place):
    code, done = place.refresh()
    assert code == 3  # nothing else is in this world's DNS
    assert {each["id"] for each in done if each["state"] == "refreshed"} == {"mine"}
    assert not {"ovh", "godaddy"} & {each["id"] for each in done}
    assert set(json.loads(place.fresh.read_text())) == {"mine"}


def test_what_cannot_be_walked_says_so(place):
    code, (done,) = place.refresh("ovh")
    assert (code, done["state"]) == (3, "kept")
    assert "by hand" in done["why"]
    place.world(GOOD, now="2026-11-01T00:00:00Z")
    code, (done,) = place.refresh("mine")
    assert (code, "newer than today" in done["why"]) == (3, True)
    place.write(spf=[f"spf{number}.mine.example" for number in range(NAMES + 1)])
    assert "name fewer" in place.refresh("mine")[1][0]["why"]


def test_a_note_is_no_fault():
    """A record that is long, but whole, is believed."""
    provider = providers.load()["postmark"]
    text = "v=spf1 " + " ".join(f"ip4:192.0.2.{number}" for number in range(40)) + " -all"
    found = refresh(provider, resolver.World({"spf.mtasv.net": {"TXT": [text]}}), Owners([provider]), NOW)
    assert (found.kept, len(found.added), found.removed) == ("", 40, provider.prefixes)


def test_the_other_verbs_use_what_was_refreshed_but_not_in_a_made_world(place, tmp_path):
    """An address that only a refresh gives to the provider: its text bounce is the provider's matter, or nobody's."""
    bounce = tmp_path / "bounce.txt"
    bounce.write_text("554 5.7.1 Service unavailable; Client host [203.0.113.9] blocked using zen.spamhaus.org\n")

    def blamed(*options):
        _, out, _ = place.run("diagnose", "--json", bounce, *options)
        return [fact["fact"] for fact in json.loads(out)["cause"]["facts"] if "mine, by hand" in fact["fact"]]

    assert blamed("--offline") == []
    assert place.refresh("mine")[0] == 0
    (fact,) = blamed("--offline")
    assert "203.0.113.9 lies in 203.0.113.0/24" in fact
    assert blamed("--world", tmp_path / "world") == []


def test_the_watch_uses_what_was_refreshed(place, tmp_path):
    def owner():
        around, _ = watch.watching(config.load(tmp_path / "reputon.toml"), resolver.Nobody())
        found = Owners.of(around.known.providers).find("203.0.113.9")
        return found[0].id if found else None

    assert owner() is None
    assert place.refresh("mine")[0] == 0
    assert owner() == "mine"


def test_who_brings_a_ticket_is_told_what_is_refused():
    known = providers.load()
    assert "They refuse: an outbound address of one's own" in ticket._hints(known["microsoft365"])
    assert "refuse" not in ticket._hints(known["ionos"])


@pytest.mark.parametrize(
    ("verb", "says"),
    [
        ("provider show nobody", "there is no provider 'nobody': known are mine"),
        ("provider refresh nobody", "there is no provider 'nobody'"),
        ("provider refresh mine --world nowhere", "--world takes one that holds dns.json"),
    ],
)
def test_mistakes_are_one_line(place, verb, says):
    code, out, err = place.run(verb)
    assert (code, out, len(err.splitlines())) == (2, "", 1)
    assert says in err


def test_a_broken_file_of_refreshed_prefixes_says_what_to_do(place):
    place.state.mkdir()
    place.fresh.write_text("{")
    code, _, err = place.run("provider ls")
    assert code == 2
    assert "delete the file" in err


def test_too_much_to_read_again_is_not_written(tmp_path, monkeypatch):
    monkeypatch.setattr(providers, "FRESH_SIZE", 100)
    with pytest.raises(providers.ProviderError, match="refresh fewer providers"):
        providers.save_fresh(tmp_path / "providers.json", providers.load())
    assert list(tmp_path.iterdir()) == []
