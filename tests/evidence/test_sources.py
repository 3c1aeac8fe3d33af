"""Sources: registered once, known by their token, of which nothing is kept but a hash; our own zones are none."""

import json
import re
from functools import partial

import pytest
from tests.evidence.typed import typed

from reputon.evidence import kinds
from reputon.evidence.kinds import EvidenceError
from reputon.evidence.sources import Sources, Trust


@pytest.fixture
def sources(tmp_path):
    with Sources(tmp_path / "state") as made:
        yield made


def test_a_source_is_what_was_said_of_it(sources, tmp_path):
    token = sources.add("mx1", "postfix", 5, sent_cap=1000, domains=["Example.ORG."], note="the first")
    found = sources.get("mx1")
    assert (found.name, found.reader, found.trust, found.sent_cap) == ("mx1", "postfix", Trust.KNOWN, 1000)
    assert (found.domains, found.note, found.since, found.has_token) == (("example.org",), "the first", 5, True)
    assert sources.of_token(token) == found
    assert sources.of_token(token + "x") is None
    assert sources.of_token("") is None
    assert sources.all() == [found]
    assert token.encode() not in b"".join(path.read_bytes() for path in (tmp_path / "state").iterdir())
    with pytest.raises(EvidenceError, match="registered already"):
        sources.add("mx1", "jsonl", 6)
    assert sources.remove("mx1")
    assert not sources.remove("mx1")
    assert sources.of_token(token) is None


def test_whose_files_an_operator_reads_is_its_own(sources):
    sources.meet("mx1", "postfix", 5)
    assert sources.get("mx1").trust is Trust.OWN
    assert not sources.get("mx1").has_token
    sources.add("other", "jsonl", 5)
    sources.meet("other", "jsonl", 6)
    assert (sources.get("other").trust, sources.get("other").since) == (Trust.KNOWN, 5)


@pytest.mark.parametrize("name", ["dns-query-log", "zone-queries", "ns1.dns-query-log"])
def test_our_own_zones_are_no_source(sources, name):
    with pytest.raises(EvidenceError, match="anybody can ask"):
        kinds.source_name(name)
    with pytest.raises(EvidenceError):
        sources.add(name, "jsonl", 5)
    with pytest.raises(EvidenceError):
        sources.add("ns1", name, 5)
    with pytest.raises(EvidenceError):
        sources.meet(name, "jsonl", 5)


@pytest.mark.parametrize("options", [{"sent_cap": -1}, {"sent_cap": 10**12}, {"domains": ["no domain!"]}])
def test_what_cannot_be_is_refused(sources, options):
    with pytest.raises(EvidenceError):
        sources.add("mx1", "jsonl", 5, **options)
    assert sources.all() == []


def narrow(run, monkeypatch):
    """What `source ls` prints on a terminal of 80 columns."""
    with monkeypatch.context() as here:
        here.setenv("COLUMNS", "80")
        shown = run("source", "ls").stdout
    assert max(map(len, shown.splitlines())) <= 80
    return shown


def test_the_verb(tmp_path, monkeypatch, capsys):
    (tmp_path / "reputon.toml").write_text('state_dir = "state"\n')
    (tmp_path / "log").write_text('{"time": "2026-11-24T09:30:00Z", "ip": "192.0.2.1", "kind": "sent"}\n')
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "120")
    monkeypatch.setenv("REPUTON_CONFIG", str(tmp_path / "reputon.toml"))
    run = partial(typed, monkeypatch, capsys)
    added = ("source", "add", "partner", "--reader", "jsonl", "--sent-cap", "10", "--domain", "example.org")
    token = json.loads(run(*added, "--json").stdout)["token"]
    assert len(token) > 40
    assert run(*added).returncode == 2
    assert run("source", "add", "x", "--reader", "csv").returncode == 2
    assert run("source", "add", "x", "--reader", "zone-queries").stderr.count("anybody can ask") == 1
    assert run("source", "add", "x", "--reader", "jsonl", "--trust", "full").returncode == 2
    assert run("ingest", "jsonl", "log", "--source", "mx1", "--now", "2026-11-24T12:00:00Z").returncode == 0
    shown = [json.loads(line) for line in run("source", "ls", "--json").stdout.splitlines()]
    assert [(each["name"], each["trust"], each["sent_cap"]) for each in shown] == [
        ("mx1", "own", None),
        ("partner", "known", 10),
    ]
    assert "partner" in run("source", "ls").stdout
    run("source", "add", "a-long-name.of-a-partner.complaints", "--reader", "powermta", "--note", "whom we know " * 5)
    assert len(re.findall(r" 2\d{3}-\d\d-\d\dT\d\d:\d\d:\d\dZ ", narrow(run, monkeypatch))) == 3
    run("source", "rm", "a-long-name.of-a-partner.complaints", "--yes")
    assert "domains: example.org" in run("source", "show", "partner").stdout
    assert token not in run("source", "show", "partner").stdout
    assert run("source", "rm", "mx1", "--yes").returncode == 0
    assert json.loads(run("evidence", "ls", "--json").stdout)["pieces"] == 1
    run("ingest", "jsonl", "log", "--source", "mx1", "--now", "2026-11-24T12:00:00Z")
    assert json.loads(run("source", "rm", "mx1", "--yes", "--purge", "--json").stdout)["forgotten"] == 1
    assert run("evidence", "ls", "--json").stdout == ""
    assert run("source", "rm", "mx1", "--yes").returncode == 2
