"""Tickets as files: the text that `reputon ticket` writes for a world, letter by letter."""

import json
import sys
from pathlib import Path

import pytest

from reputon import cli

TICKETS = sorted((Path(__file__).parent / "tickets").glob("*.txt"))
WORLDS = Path(__file__).parents[1] / "cause" / "worlds"


def run(monkeypatch, capsys, *arguments) -> tuple[int, str, str]:
    monkeypatch.setattr(sys, "argv", ["reputon", "ticket", *map(str, arguments)])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    said = capsys.readouterr()
    return int(ended.value.code or 0), said.out, said.err


@pytest.mark.parametrize("expected", TICKETS, ids=lambda path: path.stem)
def test_the_ticket_is_the_one_on_file(expected, monkeypatch, capsys):
    world = WORLDS / expected.stem
    bounces = [world / "bounce.eml", *sorted((world / "bounces").glob("*"))]
    code, out, _ = run(monkeypatch, capsys, "--json", "--world", world, *bounces)
    assert code == 0
    assert json.loads(out)["provider"] == "microsoft365"
    assert json.loads(out)["text"].strip() == expected.read_text().strip()


@pytest.mark.parametrize("name", ["incident-gone", "own-spf-fail", "high-risk-pool", "content", "forged"])
def test_nothing_is_asked_of_a_provider_that_is_not_to_blame(name, monkeypatch, capsys):
    code, out, err = run(monkeypatch, capsys, "--world", WORLDS / name, WORLDS / name / "bounce.eml")
    assert (code, out) == (3, "")
    assert len(err.splitlines()) == 1
    assert "nothing to ask a provider for" in err


def test_every_affected_message_is_named(monkeypatch, capsys):
    world = WORLDS / "two-matched-bounces"
    _, out, _ = run(monkeypatch, capsys, "--world", world, world / "bounce.eml", world / "bounces")
    assert out.count("Message-ID: <") == 2
    assert "2 messages are affected" in out
    assert "2026-11-24 08:55:40 UTC" in out  # 09:55:40 +0100 in the message
