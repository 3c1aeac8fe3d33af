"""What a person sees of a diagnosis: one screen, nothing cut off, and what nobody was asked."""

import os
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import pytest

WORLDS = Path(__file__).parents[1] / "cause" / "worlds"
ALL = sorted(path.name for path in WORLDS.iterdir() if path.is_dir())


def screen(*arguments, columns=100):
    """The lines that the real verb prints on a terminal of this width."""
    ran = subprocess.run(
        [sys.executable, "-m", "reputon.cli", "diagnose", *map(str, arguments)],
        env={**os.environ, "COLUMNS": str(columns), "TERM": "dumb"}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert ran.stderr == ""
    return ran.stdout.splitlines()


def of_world(name):
    return ["--world", WORLDS / name, *(WORLDS / name).glob("bounce.*")]


def test_the_incident_is_one_screen():
    lines = screen(*of_world("incident-listed-now"))
    assert len(lines) <= 30
    assert "your provider's: its shared address is listed" in lines[1]
    assert lines[2].split() == ["│", "provider-shared", "·", "confidence", "95%", "·", "verified", "│"]
    steps = [line for line in lines if line[:2] in ("1.", "2.", "3.", "4.", "5.", "6.")]
    assert [line.split()[1] for line in steps] == ["do", "do", "ask", "ask", "wait", "never"]
    assert "Send the message again" in steps[0]


@pytest.mark.parametrize("columns", [80, 120])
def test_no_line_is_wider_than_the_terminal_and_no_command_is_broken(columns):
    lines = screen(*of_world("incident-listed-now"), columns=columns)
    assert max(map(len, lines)) <= columns
    assert any(line.strip() == "→ reputon reroute plan --domain receiver.example --relay HOST:PORT" for line in lines)


def test_every_world_fits_a_screen():
    lines = screen("--offline", *(path for name in ALL for path in (WORLDS / name).glob("bounce.*")))
    tops = [number for number, line in enumerate(lines) if line.startswith("╭")]
    assert len(tops) == len(ALL)
    assert max(after - before for before, after in pairwise(tops)) <= 36
    assert any(line.startswith(f"{len(ALL)} messages: ") for line in lines[-2:])


def test_offline_says_what_it_does_not_know():
    bounce = WORLDS / "incident-listed-now" / "bounce.eml"
    lines = " ".join(line.strip(" │") for line in screen("--offline", bounce))
    assert (
        "unasked  what Sender Score says now; SPF, DKIM and DMARC as DNS has them now: run without --offline" in lines
    )
    assert "unasked" not in " ".join(screen("--offline", WORLDS / "mailbox-full" / "bounce.eml"))
    assert "this world has no dns.json" in " ".join(screen(*of_world("mixed")))


def test_many_lists_are_told_together(tmp_path):
    bounce = tmp_path / "bounce.txt"
    bounce.write_text("554 5.7.1 <jan@partner.test>: Client host [198.51.100.4] refused: poor reputation\n")
    lines = screen("--world", tmp_path, bounce)
    (told,) = [line for line in lines if line.startswith("│ lists")]
    assert "198.51.100.4 now unknown on " in told


def test_a_forged_bounce_is_called_one():
    assert "not yours: the message that came back is none that you sent" in screen(*of_world("forged"))[1]
