"""Torn files, a full disk, many at once: nothing that was acknowledged goes, and what is wrong is said."""

import json
import os
import resource
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import pytest

from reputon.evidence import places
from reputon.evidence.ingest import ingest
from reputon.evidence.kinds import Evidence, EvidenceError, Kind
from reputon.evidence.readers import READERS
from reputon.evidence.store import Store

START = datetime(2026, 11, 24, tzinfo=UTC)
NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)


def piece(host):
    return Evidence(START, host, "shop.example", Kind.SENT)


def held(folder):
    with Store(folder) as store:
        return Counter(store.rows()["subject"].to_pylist())


def in_child(action):
    """Do something in a process that is killed after it, with its files as they are."""
    child = os.fork()
    if child == 0:
        action()
        os.kill(os.getpid(), signal.SIGKILL)
    os.waitpid(child, 0)


def add(folder, *numbers):
    store = Store(folder)
    for number in numbers:
        store.add("mx1", bytes([number]), [piece(number)])


@pytest.mark.parametrize("tail", [b"", b"\0" * 9000, os.urandom(9000), "frame", "half"])
def test_what_a_torn_log_ends_with_costs_nothing(tmp_path, tail):
    in_child(lambda: add(tmp_path, 1, 2, 3))
    log = tmp_path / "evidence.sqlite-wal"
    data = log.read_bytes()
    assert len(data) > 10_000
    more = {"frame": data[-4120:], "half": data[32:2000]}.get(tail, tail)
    with log.open("ab") as file:
        file.write(more)
    assert held(tmp_path) == Counter([1, 2, 3])
    in_child(lambda: add(tmp_path, 3, 4))
    assert held(tmp_path) == Counter([1, 2, 3, 4])


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9, 0.99])
def test_a_log_that_is_cut_is_the_store_of_an_earlier_moment(tmp_path, share):
    """Not even a disk that lies about fsync leaves half a batch, or one that is taken for another."""
    in_child(lambda: add(tmp_path, *range(40)))
    log = tmp_path / "evidence.sqlite-wal"
    os.truncate(log, int(log.stat().st_size * share))
    found = held(tmp_path)
    assert found == Counter(range(len(found)))
    add(tmp_path, *range(40))
    assert held(tmp_path) == Counter(range(40))


@pytest.mark.parametrize("limit", [0, 100, 700, 4000])
def test_a_disk_that_is_full_while_sealing(tmp_path, monkeypatch, limit):
    add(tmp_path, 1, 2, 3)
    put = places.Folder.put
    room = [limit]

    def full(self, name, data):
        if len(data) > room[0]:
            (self._path / name).parent.mkdir(parents=True, exist_ok=True)
            (self._path / name).with_name(f".{Path(name).name}.torn").write_bytes(data[: room[0]])
            raise EvidenceError(f"{name}: No space left on device; what was acknowledged before is kept")
        room[0] -= len(data)
        put(self, name, data)

    with Store(tmp_path) as store:
        with monkeypatch.context() as patched:
            patched.setattr(places.Folder, "put", full)
            if limit < 4000:
                with pytest.raises(EvidenceError, match="No space"):
                    store.seal()
            assert Counter(store.rows()["subject"].to_pylist()) == Counter([1, 2, 3])
        store.seal()
        assert Counter(store.rows()["subject"].to_pylist()) == Counter([1, 2, 3])
        assert sum(each.rows for each in store.files()) == 3
        assert store.moment()[0].num_rows == 0
    assert not [path for path in tmp_path.rglob("*.torn") if path.suffix == ".parquet"]


def test_a_file_limit_while_sealing_is_told(tmp_path):
    with Store(tmp_path / "state") as store:
        for number in range(20):
            store.add("mx1", bytes([number]), [Evidence(START, place * 7919 % 10**7, f"t{place}.example", Kind.SENT)
                                               for place in range(number * 3000, number * 3000 + 3000)])  # fmt: skip
    (tmp_path / "reputon.toml").write_text('state_dir = "state"\n')

    def limit():
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))

    seal = [sys.executable, "-m", "reputon.cli", "evidence", "seal"]
    done = subprocess.run(seal, cwd=tmp_path, capture_output=True, text=True, timeout=60, preexec_fn=limit)
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert "Traceback" not in done.stderr
    before = held(tmp_path / "state")
    assert before.total() == 60_000
    assert subprocess.run(seal, cwd=tmp_path, capture_output=True, timeout=60).returncode == 0
    assert held(tmp_path / "state") == before


def test_a_torn_database_is_one_line(tmp_path):
    add(tmp_path, 1)
    (tmp_path / "evidence.sqlite").write_bytes(b"SQLite format 3\0" + os.urandom(5000))
    for name in ("evidence.sqlite-wal", "evidence.sqlite-shm"):
        (tmp_path / name).unlink(missing_ok=True)
    with pytest.raises(EvidenceError, match="state check"):
        Store(tmp_path)


def line(number):
    said = {"time": "2026-11-24T10:00:00Z", "ip": f"192.0.{number >> 8}.{number & 255}", "kind": "sent"}
    return json.dumps({**said, "tenant": "a.example"}) + "\n"


def test_many_who_read_one_file_that_grows_count_it_once(tmp_path):
    path, failed, stop = tmp_path / "log", [], threading.Event()
    path.touch()

    def read():
        try:
            with Store(tmp_path / "state") as store:
                while not stop.is_set():
                    ingest(store, READERS["jsonl"], [path], "mx1", NOW)
        except EvidenceError as error:
            failed.append(error)

    readers = [threading.Thread(target=read) for _ in range(3)]
    for each in readers:
        each.start()
    for number in range(3000):
        with path.open("a") as file:
            file.write(line(number))
    time.sleep(0.2)
    stop.set()
    for each in readers:
        each.join()
    with Store(tmp_path / "state") as store:
        ingest(store, READERS["jsonl"], [path], "mx1", NOW)
    assert failed == []
    assert held(tmp_path / "state") == Counter(0xC0000000 + number for number in range(3000))


def test_many_write_while_one_seals(tmp_path):
    def write(source):
        with Store(tmp_path) as store:
            for number in range(40):
                store.add(source, bytes([number]), [piece(number)])

    writers = [threading.Thread(target=write, args=(f"mx{n}",)) for n in range(3)]
    for each in writers:
        each.start()
    with Store(tmp_path) as store:
        while any(each.is_alive() for each in writers):
            store.seal()
            found = Counter(store.rows()["subject"].to_pylist())
            assert max(found.values(), default=0) <= 3
    assert held(tmp_path) == Counter(list(range(40)) * 3)
