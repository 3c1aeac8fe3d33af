"""Killed at any moment, again and again: every change is told at most once, and what may be missing is known."""

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from tests.watch.test_channels import web

from reputon.watch import outbox
from reputon.watch.history import History
from reputon.watch.outbox import Status

START = datetime(2026, 11, 1, tzinfo=UTC)
LOOK = [sys.executable, str(Path(__file__).with_name("real_pass.py")), "world"]
SUBJECTS = [f"192.0.2.{number}" for number in range(8, 16)]
DAYS, KILLS_A_DAY = 6, 3


def world(folder, day, moment):
    """On odd days everybody is listed, on even days nobody."""
    names = {"2.0.0.127.bl.a.test": {"A": ["127.0.0.2"]}}
    if day % 2:
        names |= {f"{each.rpartition('.')[2]}.2.0.192.bl.a.test": {"A": ["127.0.0.2"]} for each in SUBJECTS}
    (folder / "world" / "dns.json").write_text(json.dumps(names))
    (folder / "world" / "now.txt").write_text(moment.isoformat())


@pytest.mark.heavy
def test_killed_at_any_moment_nothing_is_told_twice(tmp_path):
    dice, environment = random.Random(7), os.environ | {"REPUTON_CONFIG": ""}
    (tmp_path / "world").mkdir()

    def run(kill_after=None):
        process = subprocess.Popen(LOOK, cwd=tmp_path, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                                   env=environment)  # fmt: skip
        if kill_after is None:
            assert process.wait(60) == 0
            return
        time.sleep(kill_after)
        process.send_signal(signal.SIGKILL)
        process.wait(10)

    with web() as (url, posted):
        channel = f'[watch.alerts.ops]\nkind = "webhook"\nurl = "{url}/200/x"\n'
        (tmp_path / "reputon.toml").write_text(f'state_dir = "state"\n{channel}')
        add = [sys.executable, "-m", "reputon.cli", "watch", "add", "192.0.2.8/29", "--lists", "bl.a.test"]
        subprocess.run(add, cwd=tmp_path, check=True, capture_output=True, timeout=60, env=environment)
        world(tmp_path, 0, START)
        begun = time.monotonic()
        run()
        whole = time.monotonic() - begun
        for day in range(DAYS):
            for hour in (1, 8):
                world(tmp_path, day, START + timedelta(days=day, hours=hour))
                for _ in range(KILLS_A_DAY):
                    run(dice.uniform(0.5, 1.1) * whole)  # from the first imports to the last alert
                run()
    told = Counter((each["subject"], each["at"], each["kind"]) for each in posted)
    assert max(told.values()) == 1
    with History(tmp_path / "state") as history:
        changes = [notice for notice, _ in history.transitions(1000)]
        unclear = outbox.alerts(history, Status.UNCLEAR)
        counts = outbox.counts(history)
    expected = Counter((each, kind) for each in SUBJECTS for kind in ["listed", "delisted"] * (DAYS // 2))
    expected -= Counter((each, "delisted") for each in SUBJECTS)  # the last listing stands
    assert Counter((each.subject, str(each.kind)) for each in changes) == expected
    missing = {each.id for each in changes} - {each["id"] for each in posted}
    assert missing <= {each.notice.id for each in unclear}
    assert counts[Status.WAITING] == counts[Status.SENDING] == counts[Status.FAILED] == 0
    assert counts[Status.SENT] + counts[Status.UNCLEAR] == len(changes)
