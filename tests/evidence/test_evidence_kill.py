"""Killed, or on a full disk: whatever happens to `reputon ingest`, running it again has every piece once."""

import json
import os
import resource
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest
from tests.evidence.held import held as words

from reputon.evidence.store import Store

LINES = 12_000
INGEST = [sys.executable, "-m", "reputon.cli", "ingest", "jsonl", "log.jsonl", "--source", "mx1"]


def written(folder: Path, lines: int) -> Counter[tuple[object, ...]]:
    """A log; what a store must hold of it."""
    (folder / "reputon.toml").write_text('state_dir = "state"\n')
    expected: Counter[tuple[object, ...]] = Counter()
    with (folder / "log.jsonl").open("w") as file:
        for number in range(lines):
            tenant, host = f"t{number % 50}.example", number % 200
            said = {"time": "2026-11-24T10:00:00Z", "ip": f"192.0.2.{host}", "kind": "sent", "tenant": tenant}
            file.write(json.dumps(said) + "\n")
            expected[host, tenant] += 1
    return expected


def held(folder: Path) -> Counter[tuple[object, ...]]:
    with Store(folder / "state") as store:
        rows = words(store)
    return Counter((row["subject"] & 255, row["tenant"]) for row in rows)


def crashed(folder, kills, seed):
    command = [sys.executable, Path(__file__).with_name("crash.py"), folder, str(kills), str(seed)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=1500, check=True)
    return json.loads(done.stdout)


def test_a_few_kills(tmp_path):
    assert crashed(tmp_path, 5, seed=1)["wrong"] == []


@pytest.mark.heavy
@pytest.mark.timeout(1800)
def test_killed_before_an_effect_and_at_any_time_nothing_is_lost_or_doubled(tmp_path):
    """`python tests/evidence/crash.py FOLDER 225 SEED` takes every effect in turn (docs/measured.md)."""
    kills = int(os.environ.get("REPUTON_KILLS", "50"))
    done = crashed(tmp_path, kills, seed=time.time_ns() % 1000)
    assert done["wrong"] == []
    assert done["kills"] >= kills
    assert done["torn"] > kills // 5


def limited(size: int):
    def limit() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)  # a write then fails, as on a full disk
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))

    return limit


def test_a_full_disk_is_told_and_loses_nothing(tmp_path):
    expected = written(tmp_path, LINES)
    done = subprocess.run(INGEST, cwd=tmp_path, capture_output=True, text=True, timeout=60, preexec_fn=limited(250_000))
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert "Traceback" not in done.stderr
    before = held(tmp_path)
    assert not before - expected
    subprocess.run(INGEST, cwd=tmp_path, check=True, capture_output=True, timeout=60)
    assert held(tmp_path) == expected


def test_a_store_that_cannot_be_made_is_one_line(tmp_path):
    written(tmp_path, 1)
    (tmp_path / "state").write_text("a file where the folder should be")
    done = subprocess.run(INGEST, cwd=tmp_path, capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
