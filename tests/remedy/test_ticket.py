"""Tickets as files: what `reputon ticket` writes for a world, letter by letter, and whom it writes to.

`tickets/WORLD.AUDIENCE.FORM`: the text for that audience, as `--format` gives it.
"""

import json
import sys
from pathlib import Path

import pytest

from reputon import cli

TICKETS = sorted((Path(__file__).parent / "tickets").iterdir())
WORLDS = Path(__file__).parents[1] / "cause" / "worlds"
FORMATS = {".txt": "text", ".md": "markdown", ".html": "html"}


def run(monkeypatch, capsys, *arguments) -> tuple[int, str, str]:
    monkeypatch.setattr(sys, "argv", ["reputon", "ticket", *map(str, arguments)])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    said = capsys.readouterr()
    return int(ended.value.code or 0), said.out, said.err


def of_world(name):
    return ["--world", WORLDS / name, WORLDS / name / "bounce.eml", *sorted((WORLDS / name / "bounces").glob("*"))]


@pytest.mark.parametrize("expected", TICKETS, ids=lambda path: path.name)
def test_the_ticket_is_the_one_on_file(expected, monkeypatch, capsys):
    name, audience, _ = expected.name.split(".")
    options = ["--for", audience, "--format", FORMATS[expected.suffix], *of_world(name)]
    assert run(monkeypatch, capsys, *options)[:2] == (0, expected.read_text())


def test_json_has_the_text_and_what_it_is_made_of(monkeypatch, capsys):
    _, out, _ = run(monkeypatch, capsys, "--json", *of_world("incident-listed-now"))
    line = json.loads(out)
    assert list(line) == ["provider", "portal", "subject", "text", "fields"]
    assert (line["provider"], line["portal"]) == ("microsoft365", "https://admin.microsoft.com/#/support")
    assert line["subject"] in line["text"]
    fields = line["fields"]
    assert fields["ids"]["Tenant id"] == "00000000-1111-2222-3333-000000007788"
    assert fields["ids"]["Network message id"] == "99999999-8888-7777-6666-000000007788"
    assert (fields["messages"], fields["recipients"], fields["addresses"]) == (1, 1, 1)
    assert fields["entries"][0]["asked_as"] == "sa-ip4tset.blagr.emailsrvr.com = 127.22.0.2"


def test_without_for_it_goes_to_whoever_is_at_fault(monkeypatch, capsys):
    both = [WORLDS / name / "bounce.eml" for name in ("incident-classic", "receiver-asks-wrongly", "own-address")]
    _, out, _ = run(monkeypatch, capsys, "--json", "--world", WORLDS / "incident-classic", *both)
    assert [(line.get("provider"), line.get("receiver")) for line in map(json.loads, out.splitlines())] == [
        ("microsoft365", None), (None, "elsewhere.test"),
    ]  # fmt: skip


@pytest.mark.parametrize("name", ["incident-gone", "own-spf-fail", "high-risk-pool", "content", "forged"])
@pytest.mark.parametrize("options", [[], ["--for", "provider"], ["--for", "receiver"]])
def test_nothing_is_asked_of_who_is_not_to_blame(name, options, monkeypatch, capsys):
    code, out, err = run(monkeypatch, capsys, *options, *of_world(name))
    assert (code, out) == (3, "")
    assert len(err.splitlines()) == 1
    assert "nothing to ask a" in err


def test_several_bounces_are_one_incident(monkeypatch, capsys):
    _, out, _ = run(monkeypatch, capsys, *of_world("two-matched-bounces"))
    assert out.count("Subject: ") == 1
    assert "52.101.72.139 and 1 more are on Spamhaus ZEN" in out
    assert "2 messages to 1" in out
    assert "2026-11-24 08:55:40 UTC" in out  # 09:55:40 +0100 in the message
