"""The units of systemd: their commands can be typed, systemd takes them, and they may do little else."""

import re
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest
from typer.main import get_command

from reputon.cli import app
from tests.servers import unavailable

UNITS = sorted((Path(__file__).parents[1] / "deploy" / "systemd").glob("*.service"))
NAMES = [each.stem for each in UNITS]
PROGRAM = "/opt/reputon/bin/reputon"
EXPOSED = 2.0  # of 10, where systemd calls 5 medium
STATE = ("/var/lib/reputon", "/var/cache/reputon", "/etc/reputon")


def settings(unit):
    """Section and key of each line, with what is said."""
    section, found = "", []
    for line in unit.read_text().splitlines():
        if line.startswith("["):
            section = line.strip("[]")
        elif line and not line.startswith("#"):
            key, _, said = line.partition("=")
            found.append((section, key, said))
    return found


def said(unit, key):
    return [value for _, each, value in settings(unit) if each == key]


@pytest.mark.parametrize("unit", UNITS, ids=NAMES)
def test_command_lines_can_be_typed(unit):
    (line,) = said(unit, "ExecStart")
    program, *words = shlex.split(line)
    assert program == PROGRAM
    command = get_command(app)
    while hasattr(command, "get_command"):
        command = command.get_command(None, words.pop(0))
        assert command is not None
    with command.make_context("", words) as context:  # raises where an option is not known
        assert context.params
    assert all(each.startswith(STATE) for each in words if each.startswith("/"))


@pytest.mark.parametrize("unit", UNITS, ids=NAMES)
def test_all_are_the_same_user_and_nothing_more(unit):
    assert said(unit, "User") == ["reputon"]
    assert said(unit, "NoNewPrivileges") == ["yes"]
    assert said(unit, "ProtectSystem") == ["strict"]
    assert said(unit, "StateDirectory") == ["reputon"]
    assert said(unit, "CapabilityBoundingSet") == (said(unit, "AmbientCapabilities") or [""])


def test_what_compiles_and_what_serves_have_one_cache():
    places = {tuple(value for value in said(each, "Environment") if "NUMBA" in value) for each in UNITS[:2]}
    assert places == {("NUMBA_CACHE_DIR=/var/cache/reputon",)}
    assert NAMES[:2] == ["reputon-dns-warm", "reputon-dns"]


@pytest.fixture
def units(tmp_path):
    """The units with a program that is there."""
    if shutil.which("systemd-analyze") is None:
        unavailable("no systemd-analyze: install systemd")
    for each in UNITS:
        (tmp_path / each.name).write_text(each.read_text().replace(PROGRAM, "/bin/true"))
    return [str(tmp_path / each.name) for each in UNITS]


def analyze(*arguments):
    done = subprocess.run(["systemd-analyze", *arguments], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


@pytest.mark.server
def test_systemd_understands_every_line(units):
    assert analyze("verify", "--man=no", *units) == ""


@pytest.mark.server
def test_systemd_finds_little_exposed(units):
    for each in units:
        report = analyze("security", "--offline=true", "--no-pager", each)
        (exposure,) = re.findall(r"Overall exposure level for \S+: ([0-9.]+)", report)
        assert float(exposure) <= EXPOSED
