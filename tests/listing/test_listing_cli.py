"""The verbs of `reputon listing` beyond the rule: entries, disputes, owners' proofs and notices, masked secrets."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from tests.servers.receiver import Receiver
from typer.testing import CliRunner

from reputon.cli import app
from reputon.listing.ledger import Ledger
from reputon.listing.policy import Change, Listing, Reason
from reputon.subject import parse

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
AT = ("--now", "2026-11-24T12:00:00Z")


class Place:
    """A folder with a configuration and a ledger, and the command in it."""

    def __init__(self, folder, url):
        self.folder, self._url = folder, url
        self.configure()

    def configure(self, more=""):
        text = f'state_dir = "state"\n[listing]\nledger = {json.dumps(self._url)}\n{more}'
        (self.folder / "reputon.toml").write_text(text)
        from reputon import config

        config._read.cache_clear()

    def run(self, *words, at=AT, code=0):
        """What a verb prints; with --json, its objects."""
        config = ("--config", str(self.folder / "reputon.toml"))
        done = CliRunner().invoke(app, ["listing", *words, *(at if words[0] != "log" else ()), *config])
        if done.exception and not isinstance(done.exception, SystemExit):
            raise done.exception
        assert done.exit_code == code, done.output
        return [json.loads(line) for line in done.stdout.splitlines()] if "--json" in words else done.stdout

    def list(self, *subjects, kinds=("score",), until=NOW + timedelta(days=5)):
        with Ledger(self.folder / "state", self._url) as ledger:
            for text in subjects:
                reasons = tuple(Reason(kind, 0.5, 3) for kind in kinds)
                found = Listing(parse(text), "address", reasons, NOW, NOW, until, 1)
                ledger.apply([Change("listed", found, "bad")], [], NOW)


@pytest.fixture
def place(tmp_path, url):
    return Place(tmp_path, url)


def test_80_columns_show_when_each_listing_ends(place):
    kinds = ("score", "pristine-trap", "invalid-recipients", "complaints", "malware")
    names = ("9.9.9.9", "2a01:1234:5678:9abc::/64", "a-rather-long-name-of-a-tenant-that-sends-too-much.example")
    place.list(*names, kinds=kinds)
    lines = place.run("ls", code=1).splitlines()
    assert max(map(len, lines)) <= 80
    assert sum("2026-11-24T12:00:00Z  2026-11-29T12:00:00Z" in line for line in lines) == 3
    whole = "".join(line.split("  ")[0] for line in lines)
    assert all(name in whole for name in names)


def test_by_hand_and_back(place):
    assert "9.9.9.9 is listed until 2026-11-24T18:00:00Z" in place.run(
        "add", "9.9.9.9", "--why", "by eye", "--for", "6h", "--who", "anna"
    )
    (found,) = place.run("ls", "--json", code=1)
    assert (found["subject"], found["reasons"][0]["kind"]) == ("9.9.9.9", "manual")
    shown = place.run("show", "9.9.9.9", code=1)
    assert "listed since 2026-11-24T12:00:00Z as address: by hand" in shown
    assert "manual 9.9.9.9 since" in shown
    assert "by anna: by eye" in shown
    place.run("remove", "9.9.9.9", "--why", "gone", "--who", "ben")
    (known,) = place.run("show", "9.9.9.9", "--json", at=("--now", "2026-11-24T12:00:01Z"))
    assert (known["listing"], known["entries"], len(known["past"])) == (None, [], 1)
    assert [(each["change"], each["who"]) for each in _short(place.run("log", "9.9.9.9", "--json"))] == [
        ("removed", "ben"), ("listed", "anna"), ("added", "anna"),
    ]  # fmt: skip


def _short(changes):
    return [{"change": each["what"], "who": each["who"]} for each in changes]


def test_the_exempt_and_the_protected(place):
    place.list("9.9.9.9", "spam.example")
    said = place.run("exempt", "9.9.9.0/24", "--why", "moving", "--until", "2026-12-24", "--who", "anna")
    assert "9.9.9.0/24 is not listed until 2026-12-24T00:00:00Z" in said
    assert "9.9.9.9 is no longer listed" in said
    place.run("protect", "spam.example", "--why", "ours", "--who", "anna")
    assert place.run("ls") == "nobody is listed\n"
    with pytest.raises(ValueError, match="exempt until"):
        place.run("add", "9.9.9.9", "--why", "x", "--for", "1h")
    exempted, protected = place.run("entries", "--json")
    assert (exempted["kind"], protected["kind"], protected["until"]) == ("exempt", "safety", None)
    place.run("withdraw", str(exempted["id"]), "--why", "moved", "--who", "anna")
    later = ("--now", "2026-11-24T12:00:01Z")
    place.run("add", "9.9.9.9", "--why", "x", "--for", "1h", "--who", "anna", at=later)
    assert "safety spam.example" in place.run("entries", at=later)


def test_disputes_and_their_clock(place):
    place.list("9.9.9.9")
    said = place.run("dispute", "9.9.9.9", "--who", "carl@example.org", "--why", "not us")
    assert "should be answered by 2026-11-26T12:00:00Z, must be by 2026-12-01T12:00:00Z" in said
    (one,) = place.run("disputes", "--json")
    assert one["state"] == "open"
    assert place.run("disputes", "--json", at=("--now", "2026-11-26T12:00:00Z"), code=1)[0]["state"] == "late"
    assert "accepted" in place.run("answer", str(one["id"]), "--accept", "--why", "true", "--who", "anna")
    assert "no dispute waits" in place.run("disputes")
    assert place.run("ls") == "nobody is listed\n"


def world(folder, records):
    folder.mkdir(exist_ok=True)
    (folder / "dns.json").write_text(json.dumps(records))
    (folder / "now.txt").write_text("2026-11-24T12:00:00Z")
    return ("--world", str(folder))


NAMED = {"9.9.9.9.in-addr.arpa": {"PTR": ["mx.example.org"]}, "mx.example.org": {"A": ["9.9.9.9"]}}


def test_an_owner_proves_and_removes(place, tmp_path):
    place.list("9.9.9.9")
    before = world(tmp_path / "dns", NAMED)
    (told,) = place.run("prove", "9.9.9.9", "--json", *before, at=())
    assert told["names"][0] == "_reputon.mx.example.org"
    owner = ("remove", "9.9.9.9", "--as-owner", "--why", "mended")
    place.run(*owner, *before, at=(), code=1)
    place.run(*owner, *world(tmp_path / "silent", {"9.9.9.9.in-addr.arpa": {"timeout": True}}), at=(), code=3)
    place.run("ls", code=1)
    after = world(tmp_path / "dns", NAMED | {"_reputon.mx.example.org": {"TXT": [told["txt"]]}})
    assert "is no longer listed: the first removal" in place.run(*owner, *after, at=())
    assert place.run("ls") == "nobody is listed\n"
    place.list("9.9.9.9")
    place.run(*owner, *after, at=(), code=1)  # a token proves once


def test_an_owner_may_not_have_a_trap_forgotten_and_a_third_is_reviewed(place, tmp_path):
    names: dict[str, dict[str, list[str]]] = {"_reputon.9.9.9.in-addr.arpa": {"TXT": []}}

    def claim(last, *kinds, code):
        subject = f"9.9.9.{last}"
        place.list(subject, kinds=("score", *kinds))
        (told,) = place.run("prove", subject, "--json", *world(tmp_path / "dns", names), at=())
        names["_reputon.9.9.9.in-addr.arpa"]["TXT"].append(told["txt"])
        asked = world(tmp_path / "dns", names)
        (said,) = place.run("remove", subject, "--as-owner", "--why", "mended", "--json", *asked, at=(), code=code)
        return said["outcome"]

    assert claim(1, "pristine-trap", code=1) == "never"
    assert [claim(2, code=0), claim(3, code=0), claim(4, code=1)] == ["at-once", "later", "review"]
    (waiting,) = place.run("disputes", "--json")
    assert (waiting["subject"], waiting["who"]) == ("9.9.9.4", "owner 9.9.9.in-addr.arpa")


def test_notices_are_sent_and_acknowledged(place):
    with Ledger(place.folder / "state", place._url) as ledger:
        ledger.notices.want({parse("9.9.9.9"): "shared", parse("8.8.8.8"): "shared"}, NOW)
    assert "9.9.9.9: due" in place.run("notices")
    with Receiver() as server:
        place.configure(
            '[listing.contacts]\n"9.9.9.0/24" = "abuse@example.org"\n'
            f'[listing.notice]\nserver = "127.0.0.1:{server.port}"\nsender = "postmaster@rep.example.org"\n'
        )
        said = place.run("notices", "--send", code=1)  # nobody is known for the other
    assert "9.9.9.9 to abuse@example.org: waiting" in said
    assert "8.8.8.8: due, due 2026-11-24T12:00:00Z; not sent: no contact" in said
    ((recipient, content),) = server.taken
    assert recipient == "abuse@example.org"
    token = next(line.strip() for line in content.decode().splitlines() if line.startswith("    "))
    assert "acknowledged" in place.run("acknowledge", token, "--who", "anna")
    with pytest.raises(ValueError, match="no notice has this token"):
        place.run("acknowledge", "wrong", "--who", "anna")


def test_what_a_person_gets_wrong_is_told(place):
    for words, says in (
        (("add", "9.9.9.9", "--why", "x"), "an end is needed"),
        (("add", "9.9.9.9", "--why", " ", "--for", "1h"), "--why is empty"),
        (("remove", "9.9.9.9", "--why", "x"), "not listed"),
        (("withdraw", "7", "--why", "x"), "no entry 7"),
        (("answer", "7", "--accept", "--why", "x"), "no dispute 7"),
    ):
        with pytest.raises(ValueError, match=says):
            place.run(*words)
    place.run("add", "9.9.9.9", "--why", "x", "--for", "1h", "--until", "2026-12-01", code=2)
    place.run("notices", "--send")  # nothing is due, so no server is needed
    place.run("remove", "9.9.9.9", "--why", "x", "--world", str(place.folder), code=2)


def test_the_ledgers_password_is_not_shown(tmp_path):
    (tmp_path / "reputon.toml").write_text(
        '[listing]\nledger = "postgresql+psycopg://u:a-secret@127.0.0.1:1/x"\n[listing.notice]\npassword = "a-secret"\n'
    )
    for words in (("config",), ("config", "--json")):
        done = CliRunner().invoke(app, [*words, "--config", str(tmp_path / "reputon.toml")])
        assert done.exit_code == 0
        assert "a-secret" not in done.output
        assert "***" in done.output
