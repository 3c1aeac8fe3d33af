"""Worlds as folders: a bounce among plain files, and the cause and plan that `reputon diagnose` must give for it.

`expected.json` holds the exit code, the cause's id and whether it is verified, the beginning of every fact with the
place where it was read, what is missing, the steps of the plan, and values that must be read from the bounce.
"""

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from reputon import cli
from reputon.cause.decide import BRANCHES
from reputon.remedy.plan import PLANS

WORLDS = sorted(path for path in (Path(__file__).parent / "worlds").iterdir() if path.is_dir())


def diagnose(monkeypatch, capsys, *arguments) -> tuple[int, list[dict[str, Any]]]:
    """The real verb's exit code and lines."""
    monkeypatch.setattr(sys, "argv", ["reputon", "diagnose", "--json", *map(str, arguments)])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    return int(ended.value.code or 0), [json.loads(line) for line in capsys.readouterr().out.splitlines()]


@pytest.mark.parametrize("world", WORLDS, ids=lambda path: path.name)
def test_cause_and_plan_are_those_expected(world, monkeypatch, capsys):
    expected = json.loads((world / "expected.json").read_text())
    (bounce,) = world.glob("bounce.*")
    code, (line,) = diagnose(monkeypatch, capsys, "--world", world, bounce)
    cause = line["cause"]
    assert (code, cause["id"], cause["verified"]) == (expected["exit"], expected["cause"], expected["verified"])
    assert [fact["read_in"] for fact in cause["facts"]] == [read_in for _, read_in in expected["facts"]]
    for fact, (beginning, _) in zip(cause["facts"], expected["facts"], strict=True):
        assert fact["fact"].startswith(beginning)
    assert cause["missing"] == expected["missing"]
    assert [step["id"] for step in line["plan"]["steps"]] == expected["steps"]
    assert {key: line["reports"][0][key] for key in expected["report"]} == expected["report"]


@pytest.mark.parametrize("world", WORLDS, ids=lambda path: path.name)
def test_a_made_world_gives_the_same_line_twice(world, monkeypatch, capsys):
    (bounce,) = world.glob("bounce.*")
    first = diagnose(monkeypatch, capsys, "--world", world, bounce)
    assert diagnose(monkeypatch, capsys, "--world", world, bounce) == first


def test_every_cause_is_met_in_some_world():
    met = {json.loads((world / "expected.json").read_text())["cause"] for world in WORLDS}
    assert met == set(PLANS)
    assert len(BRANCHES) >= len(PLANS)


def test_a_shared_address_is_never_blamed_without_three_facts():
    for world in WORLDS:
        expected = json.loads((world / "expected.json").read_text())
        if expected["cause"] == "provider-shared":
            assert len({read_in for _, read_in in expected["facts"]}) >= 3


def test_nothing_unverified_is_called_verified_without_list_or_bounces():
    for world in WORLDS:
        expected = json.loads((world / "expected.json").read_text())
        proofs = [read_in for _, read_in in expected["facts"] if read_in.startswith(("DNS now", "bounces, sent"))]
        assert bool(proofs) >= expected["verified"]
