"""Following: a log that is rotated while it is written has each line once, also where the follower is killed."""

import gzip
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reputon.evidence import files, followed
from reputon.evidence.follow import Follower
from reputon.evidence.ingest import ingest
from reputon.evidence.kinds import EvidenceError
from reputon.evidence.readers import READERS
from reputon.evidence.store import Store

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)


def line(number):
    said = {"time": "2026-11-24T10:00:00Z", "ip": f"192.0.{number >> 8}.{number & 255}", "kind": "sent"}
    return json.dumps({**said, "tenant": "shop.example"}) + "\n"


class Log:
    """A log that numbers its lines, and what stands in it."""

    def __init__(self, folder):
        self.folder, self.path, self.written = Path(folder), Path(folder, "mail.log"), 0
        self.path.touch()

    def write(self, count=1):
        with self.path.open("a") as file:
            for _ in range(count):
                file.write(line(self.written))
                self.written += 1

    def move_up(self):
        for number in range(99, 0, -1):
            for suffix in (".gz", ""):
                old = self.folder / f"mail.log.{number}{suffix}"
                if old.exists():
                    old.rename(self.folder / f"mail.log.{number + 1}{suffix}")

    def rename(self):
        self.move_up()
        self.path.rename(self.folder / "mail.log.1")
        self.path.touch()

    def truncate(self):
        self.move_up()
        shutil.copy(self.path, self.folder / "mail.log.1")
        os.truncate(self.path, 0)

    def pack(self):
        for old in self.folder.glob("mail.log.*[0-9]"):
            times = (old.stat().st_atime, old.stat().st_mtime)
            packed = old.with_name(old.name + ".gz")
            packed.write_bytes(gzip.compress(old.read_bytes()))
            os.utime(packed, times)
            old.unlink()


def counted(store):
    return Counter(row["subject"] - 0xC0000000 for row in store.rows().to_pylist())


@pytest.fixture(autouse=True)
def at_once(monkeypatch):
    monkeypatch.setattr(followed, "LINGER", -1.0)


STEPS = st.lists(
    st.sampled_from(["write", "write", "many", "poll", "poll", "rename", "truncate", "pack", "restart"]), max_size=25
)


@given(STEPS)
@settings(max_examples=40, deadline=None)
def test_whatever_happens_to_a_log_each_line_counts_once(steps):
    with TemporaryDirectory() as folder, Store(Path(folder, "state")) as store:
        log = Log(folder)
        follower = Follower(store, READERS["jsonl"], log.path, "mx1")
        follower.poll(NOW)
        for step in steps:
            if step == "many":
                log.write(700)
            elif step == "poll":
                follower.poll(NOW)
            elif step == "restart":
                follower.close()  # as a kill does: nothing is written down when it ends
                follower = Follower(store, READERS["jsonl"], log.path, "mx1")
            else:
                getattr(log, step)()
        for _ in range(3):
            follower.poll(NOW)
        follower.close()
        assert counted(store) == Counter(range(log.written))
        # All that lies there, read as files, is nothing new.
        for path in log.folder.glob("mail.log*"):
            assert ingest(store, READERS["jsonl"], [path], "mx1", NOW).new == 0


@pytest.mark.parametrize("rotate", ["rename", "truncate"])
@pytest.mark.parametrize("packed", [False, True])
def test_what_was_rotated_while_nobody_looked_is_read(tmp_path, rotate, packed):
    with Store(tmp_path / "state") as store:
        log = Log(tmp_path)
        follower = Follower(store, READERS["jsonl"], log.path, "mx1")
        log.write(1500)
        follower.poll(NOW)
        follower.close()
        for _ in range(2):
            log.write(30)
            getattr(log, rotate)()
            if packed:
                log.pack()
            log.write(5)
        follower = Follower(store, READERS["jsonl"], log.path, "mx1")
        follower.poll(NOW)
        follower.poll(NOW)
        follower.close()
        assert counted(store) == Counter(range(log.written))


def test_a_copy_that_ends_between_two_looks_is_known(tmp_path):
    with Store(tmp_path / "state") as store:
        log = Log(tmp_path)
        follower = Follower(store, READERS["jsonl"], log.path, "mx1")
        for count in (10, 20):
            log.write(count)
            follower.poll(NOW)
        follower.close()
        (tmp_path / "copy").write_text("".join(line(number) for number in range(15)))
        (tmp_path / "other").write_text("".join(line(number) for number in (*range(15), 99)))
        assert ingest(store, READERS["jsonl"], [tmp_path / "copy"], "mx1", NOW).new == 0
        assert ingest(store, READERS["jsonl"], [tmp_path / "other"], "mx1", NOW).new == 1


def test_a_line_is_read_when_it_is_whole(tmp_path):
    with Store(tmp_path / "state") as store:
        path = tmp_path / "mail.log"
        follower = Follower(store, READERS["jsonl"], path, "mx1")
        follower.poll(NOW)  # there is no file yet
        for text, expected in ((line(0) + line(1)[:20], 1), (line(1)[20:-1], 1), ("\n", 2)):
            with path.open("a") as file:
                file.write(text)
            follower.poll(NOW)
            assert sum(counted(store).values()) == expected
        follower.close()


def test_open_messages_are_known_again_after_a_restart(tmp_path):
    begin = "2026-11-24T09:30:00+00:00 mx postfix/smtpd[1]: 4F2A3B1C: client=mail.example.org[192.0.2.7]\n"
    end = (
        "2026-11-24T09:30:02+00:00 mx postfix/lmtp[2]: 4F2A3B1C: to=<a@here.example>, relay=mbox, delay=1, "
        "delays=0/0/0/1, dsn=2.0.0, status=sent (250 ok)\n"
    )
    with Store(tmp_path / "state") as store:
        path = tmp_path / "mail.log"
        for text in (begin, end):
            with path.open("a") as file:
                file.write(text)
            follower = Follower(store, READERS["postfix"], path, "mx1")
            follower.poll(NOW)
            follower.close()
        assert sorted(row["kind"] for row in store.rows().to_pylist()) == [1, 2]


def test_what_cannot_be_written_is_read_again(tmp_path, monkeypatch):
    with Store(tmp_path / "state") as store:
        log = Log(tmp_path)
        log.write(10)
        follower = Follower(store, READERS["jsonl"], log.path, "mx1")

        def full(*_):
            raise EvidenceError("the disk is full")

        with monkeypatch.context() as patched:
            patched.setattr(store, "settle", full)
            with pytest.raises(EvidenceError):
                follower.poll(NOW)
        follower.poll(NOW)
        follower.close()
        assert counted(store) == Counter(range(10))


@pytest.mark.parametrize(("reader", "name"), [("arf", "mail.log"), ("jsonl", "mail.log.gz")])
def test_only_logs_are_followed(tmp_path, reader, name):
    with Store(tmp_path / "state") as store, pytest.raises(EvidenceError):
        Follower(store, READERS[reader], tmp_path / name, "mx1")


def following(folder):
    command = [sys.executable, "-m", "reputon.cli", "ingest", "jsonl", "mail.log", "--source", "mx1", "--follow"]
    return subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def waited(folder, expected):
    """The lines that the store has, once they are as many as expected, or after a while."""
    for _ in range(300):
        with Store(folder / "state") as store:
            found = counted(store)
        if found.total() >= expected:
            break
        time.sleep(0.1)
    return found


def test_a_log_that_is_emptied_while_it_is_read_counts_once(tmp_path, monkeypatch):
    """The lines of one read are then of two files, each of which is beside or in its place."""
    with Store(tmp_path / "state") as store:
        log = Log(tmp_path)
        follower = Follower(store, READERS["jsonl"], log.path, "mx1")
        follower.poll(NOW)
        log.write(400)
        real, done = files.lines_from, list[bool]()

        def interrupted(file, *given):
            for number, each in enumerate(real(file, *given)):
                yield each
                if number == 50 and not done:
                    done.append(True)
                    log.truncate()
                    log.write(600)

        monkeypatch.setattr(files, "lines_from", interrupted)
        for _ in range(4):
            follower.poll(NOW)
        follower.close()
        assert done
        assert counted(store) == Counter(range(1000))


def test_the_verb_follows_until_it_is_told_to_end(tmp_path):
    (tmp_path / "reputon.toml").write_text('state_dir = "state"\n[evidence]\nfollow_seconds = 0.1\n')
    log = Log(tmp_path)
    log.write(5)
    process = following(tmp_path)
    assert waited(tmp_path, 5) == Counter(range(5))
    log.write(5)
    assert waited(tmp_path, 10) == Counter(range(10))
    process.send_signal(signal.SIGTERM)
    said, complaint = process.communicate(timeout=30)
    assert (process.returncode, complaint) == (0, "")
    assert "10 pieces: 10 new" in said


@pytest.mark.heavy
def test_killed_while_the_log_is_rotated_each_line_counts_once(tmp_path):
    (tmp_path / "reputon.toml").write_text('state_dir = "state"\n[evidence]\nfollow_seconds = 0.1\n')
    log, dice = Log(tmp_path), random.Random(4)
    for _ in range(10):
        process = following(tmp_path)
        log.write()
        waited(tmp_path, 1)
        end = time.monotonic() + dice.uniform(0.5, 4)
        while time.monotonic() < end:
            log.write(dice.randrange(30))
            if dice.random() < 0.01:
                dice.choice([log.rename, log.truncate])()
            if dice.random() < 0.03:
                log.pack()
            time.sleep(0.02)
        process.kill()
        process.communicate()
    process = following(tmp_path)
    found = waited(tmp_path, log.written)
    process.terminate()
    process.communicate(timeout=30)
    assert found == Counter(range(log.written))
    assert log.written > 2000
