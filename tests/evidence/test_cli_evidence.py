"""The verbs ingest and evidence, as they are typed."""

import gzip
import json
import os
import subprocess
import sys
from functools import partial
from pathlib import Path

import pytest
from tests.evidence.typed import typed

ARF = Path(__file__).parent / "arf"
LINE = '{"time": "2026-11-24T09:30:00Z", "ip": "192.0.2.1", "kind": "sent"}\n'
NOW = ("--now", "2026-11-24T12:00:00Z")


@pytest.fixture
def reputon(tmp_path):
    (tmp_path / "reputon.toml").write_text('state_dir = "state"\n')

    def run(*arguments, stdin=""):
        command = [sys.executable, "-m", "reputon.cli", *map(str, arguments)]
        environment = {**os.environ, "COLUMNS": "100"}
        return subprocess.run(
            command, cwd=tmp_path, input=stdin, capture_output=True, text=True, timeout=60, env=environment
        )

    return run


def test_from_files_to_tallies_and_away(reputon, tmp_path):
    (tmp_path / "log.jsonl").write_text(LINE * 2 + '{"to": "bob@us.example"}\n')
    for new, known in ((2, 0), (0, 2)):
        ended = reputon("ingest", "jsonl", "log.jsonl", "--source", "mx1", "--json", *NOW)
        said = json.loads(ended.stdout)
        assert (said["new"], said["already_counted"], said["unreadable"], ended.returncode) == (new, known, 1, 0)
    shown = reputon("ingest", "jsonl", "log.jsonl", "--source", "mx1", *NOW)
    assert "2 already counted; 1 unreadable" in shown.stdout
    assert "log.jsonl:3" in shown.stderr
    tally = json.loads(reputon("evidence", "ls", "--json").stdout)
    assert tally == {"source": "mx1", "kind": "sent", "pieces": 2, "count": 2}
    assert "mx1" in reputon("evidence", "ls").stdout
    aside = reputon("evidence", "unreadable", "--source", "mx1")
    assert "log.jsonl:3" in aside.stdout
    assert "bob" not in aside.stdout
    assert json.loads(reputon("evidence", "purge", "mx1", "--yes", "--json").stdout)["forgotten"] == 2
    assert reputon("evidence", "ls", "--json").stdout == ""
    assert reputon("evidence", "purge", "mx1", "--yes").returncode == 2


def test_a_file_in_which_nothing_was_evidence_is_said_to_be_that(reputon, tmp_path):
    (tmp_path / "log.jsonl").write_text(LINE * 3)
    ended = reputon("ingest", "postfix", "log.jsonl", "--source", "mx1", *NOW)
    assert ended.stdout == "mx1: 0 pieces: nothing in 3 lines was evidence: is it another format?\n"
    assert ended.returncode == 0  # as a log of a quiet day
    (tmp_path / "empty").write_text("")
    assert "1 files, 0 pieces" in reputon("ingest", "postfix", "empty", "--source", "mx1", *NOW).stdout


def test_a_folder_and_standard_input(reputon):
    ended = reputon("ingest", "arf", ARF, "--source", "loop", "--json", *NOW)
    expected = [json.loads(path.read_text()) for path in ARF.glob("*.json")]
    said = json.loads(ended.stdout)
    assert ended.returncode == 0
    assert said["files"] == 2 * len(expected)
    # The .json beside each message is no complaint.
    assert said["unreadable"] == len(expected) + sum("unreadable" in each for each in expected)
    assert json.loads(reputon("ingest", "jsonl", "-", "--source", "x", "--json", *NOW, stdin=LINE).stdout)["new"] == 1


def test_a_broken_file_ends_in_2_and_the_others_count(reputon, tmp_path):
    packed = gzip.compress("".join(LINE.replace("2.1", f"2.{n}") for n in range(200)).encode())
    (tmp_path / "torn.gz").write_bytes(packed[: len(packed) // 2])
    (tmp_path / "good.jsonl").write_text(LINE)
    ended = reputon("ingest", "jsonl", "torn.gz", "good.jsonl", "--source", "mx1", *NOW)
    assert ended.returncode == 2
    assert "torn.gz: cannot be read to its end" in ended.stderr
    assert "good" not in ended.stderr
    assert json.loads(reputon("evidence", "ls", "--json").stdout)["pieces"] >= 1


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (("csv", "log.jsonl", "--source", "a"), "jsonl, arf, postfix"),
        (("jsonl", "nowhere", "--source", "a"), "not there"),
        (("jsonl", "reputon.toml", "--source", "A b"), "cannot name a source"),
        (("jsonl", "reputon.toml"), "--source"),
        (("jsonl", "reputon.toml", "--source", "a", "--now", "later"), "not a time"),
    ],
)
def test_bad_usage_is_one_line(reputon, arguments, why):
    ended = reputon("ingest", *arguments)
    assert ended.returncode == 2
    assert why in ended.stderr
    assert len(ended.stderr.splitlines()) == 1


def test_nothing_readable_ends_in_2(reputon):
    assert reputon("ingest", "jsonl", "reputon.toml", "--source", "a").returncode == 2


def test_sealed_and_kept_for_some_days(tmp_path, monkeypatch, capsys):
    (tmp_path / "reputon.toml").write_text('state_dir = "state"\n')
    (tmp_path / "log.jsonl").write_text(LINE * 2)
    monkeypatch.setenv("REPUTON_CONFIG", str(tmp_path / "reputon.toml"))
    run = partial(typed, monkeypatch, capsys)
    assert run("ingest", "jsonl", tmp_path / "log.jsonl", "--source", "mx1", *NOW).returncode == 0
    assert json.loads(run("evidence", "seal", "--json").stdout)["sealed"]["pieces"] == 2
    assert run("evidence", "seal").stdout.startswith("0 pieces sealed")
    assert json.loads(run("evidence", "retain", "--days", "3650", "--json").stdout)["forgotten"]["files"] == 0
    assert json.loads(run("evidence", "ls", "--json").stdout)["count"] == 2
    assert run("ingest", "jsonl", tmp_path / "log.jsonl", "--source", "mx1", "--follow", *NOW).returncode == 2
