"""The command's laws, which hold for every verb: help, one line for a mistake, no traceback whatever is read."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from reputon.cli import VERBS

NDR = Path(__file__).parent / "bounce" / "ndr"
INCIDENT = NDR / "classic-qp.eml"


def reputon(*arguments, stdin=b"", environment=None, timeout=120.0):
    """The command as its users start it."""
    command = [sys.executable, "-m", "reputon.cli", *map(str, arguments)]
    environment = {**os.environ, "COLUMNS": "100", **(environment or {})}
    return subprocess.run(command, input=stdin, capture_output=True, timeout=timeout, env=environment)


def one_line(ended, code):
    assert ended.returncode == code, ended.stderr
    assert b"Traceback" not in ended.stderr
    assert len(ended.stderr.splitlines()) == 1
    assert ended.stderr.startswith(b"reputon: ")


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_has_help(verb):
    ended = reputon(verb, "--help")
    assert ended.returncode == 0, ended.stderr
    assert b"--help" in ended.stdout


@pytest.mark.parametrize("verb", VERBS)
def test_a_wrong_option_is_told_in_one_line(verb):
    one_line(reputon(verb, "--no-such-option"), 2)


@pytest.mark.parametrize(
    "arguments",
    [
        ["nonsense"],
        ["diagnose"],
        ["diagnose", "no-such-file.eml"],
        ["diagnose", "--world", "no-such-folder", INCIDENT],
        ["diagnose", "--config", "no-such.toml", INCIDENT],
        ["check", "300.1.2.3", "--world", NDR],
        ["ticket"],
    ],
    ids=lambda arguments: " ".join(map(str, arguments[:2])),
)
def test_bad_usage_is_one_line_and_exit_2(arguments):
    one_line(reputon(*arguments), 2)


def test_version_and_bare_help():
    assert reputon("--version").stdout.startswith(b"reputon ")
    ended = reputon("--help")
    assert all(verb.encode() in ended.stdout for verb in VERBS)


@pytest.fixture(scope="module")
def hostile(tmp_path_factory):
    """A folder of everything that is no good bounce, and one that is."""
    folder = tmp_path_factory.mktemp("hostile")
    whole = INCIDENT.read_bytes()
    (folder / "sub").mkdir()
    (folder / "sub" / "good.eml").write_bytes(whole)
    (folder / "empty.eml").write_bytes(b"")
    (folder / "blank.eml").write_bytes(b"\r\n \r\n")
    (folder / "binary.eml").write_bytes(bytes(range(256)) * 400)
    (folder / "large.eml").write_bytes(whole + b"A" * (30 << 20))
    (folder / "large-lines.txt").write_bytes(b"x = 550 5.7.1 blocked using\n" * (1 << 20))
    (folder / "one-line.txt").write_bytes(b"a" * (30 << 20))
    for cut in (10, 300, 2000, 5000, len(whole) - 100):
        (folder / f"cut-{cut:05}.eml").write_bytes(whole[:cut])
    (folder / "[bold] näme.eml").write_bytes(whole)
    return folder


def test_a_hostile_folder_gives_one_object_each(hostile):
    started = time.monotonic()
    ended = reputon("diagnose", "--json", "--offline", hostile)
    assert time.monotonic() - started < 60
    assert b"Traceback" not in ended.stderr
    assert ended.returncode == 3
    lines = [json.loads(line) for line in ended.stdout.splitlines()]
    names = sorted(path.relative_to(hostile).as_posix() for path in hostile.rglob("*") if path.is_file())
    assert sorted(line["file"] for line in lines) == names
    by_name = {line["file"]: line for line in lines}
    for name in ("empty.eml", "blank.eml", "binary.eml"):
        assert by_name[name]["is_bounce"] is None
        assert by_name[name]["error"]
    for name in ("sub/good.eml", "large.eml", "[bold] näme.eml"):
        assert by_name[name]["cause"]["id"] == "provider-shared"


def test_a_hostile_folder_as_text_names_each(hostile):
    ended = reputon("diagnose", "--offline", hostile)
    assert ended.returncode == 3
    assert b"Traceback" not in ended.stderr
    out = ended.stdout.decode()
    assert all(path.name in out for path in hostile.rglob("*") if path.is_file())


def test_standard_input_is_a_file_too():
    ended = reputon("diagnose", "--json", "--offline", "-", stdin=INCIDENT.read_bytes())
    line = json.loads(ended.stdout)
    assert (line["file"], line["cause"]["id"], ended.returncode) == ("-", "provider-shared", 1)


@pytest.mark.parametrize("form", [["--json"], []], ids=["json", "text"])
def test_a_reader_that_goes_away_is_no_traceback(form):
    command = [sys.executable, "-m", "reputon.cli", "diagnose", *form, "--offline", str(NDR)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait(60) in (0, 1)


@pytest.mark.parametrize("columns", ["40", "80", "120"])
def test_the_screen_keeps_to_the_terminal(columns):
    ended = reputon("diagnose", "--offline", INCIDENT, environment={"COLUMNS": columns})
    lines = ended.stdout.decode().splitlines()
    assert max(map(len, lines)) <= int(columns)
    assert "ops@receiver.example" in ended.stdout.decode()
