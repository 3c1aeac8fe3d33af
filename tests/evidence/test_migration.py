"""Migration: a store of version 1 becomes one of this version, whole or not at all, and knows what it had counted."""

import gzip
import hashlib
import json
import os
import signal
import sqlite3
from collections import Counter
from contextlib import closing
from datetime import UTC, datetime

import pytest
from tests.evidence.held import held

from reputon.evidence import migrate
from reputon.evidence.ingest import ingest
from reputon.evidence.kinds import EvidenceError
from reputon.evidence.readers import READERS
from reputon.evidence.store import Store

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
AT = int(datetime(2026, 11, 24, 10, tzinfo=UTC).timestamp())

# As version 1 made them.
TABLES = """
CREATE TABLE evidence (
    time INTEGER NOT NULL, source TEXT NOT NULL, subject INTEGER NOT NULL, tenant TEXT NOT NULL,
    kind TEXT NOT NULL, count INTEGER NOT NULL, key BLOB NOT NULL, UNIQUE (source, key)
) STRICT;
CREATE INDEX evidence_by_time ON evidence (time);
CREATE TABLE unreadable (
    source TEXT NOT NULL, place TEXT NOT NULL, excerpt TEXT NOT NULL, why TEXT NOT NULL,
    key BLOB NOT NULL, UNIQUE (source, key)
) STRICT;
PRAGMA user_version = 1;
"""


def text(count):
    lines = (
        {"time": "2026-11-24T10:00:00Z", "ip": f"192.0.2.{number % 7}", "kind": "sent", "tenant": "a.example"}
        for number in range(count)
    )
    return "".join(json.dumps(line) + "\n" for line in lines)


def version_1(folder, lines):
    """A store of version 1 that has read a log of so many lines, with the names that it gave them."""
    folder.mkdir()
    digest = hashlib.blake2b(digest_size=32)
    with closing(sqlite3.connect(folder / "evidence.sqlite")) as sql:
        sql.executescript(TABLES)
        for number, line in enumerate(text(lines).encode().splitlines()):
            digest.update(line)
            key = hashlib.blake2b(digest.digest() + (0).to_bytes(4), digest_size=16).digest()
            row = (AT, "mx1", 0xC0000200 + number % 7, "a.example", "sent", 1, key)
            sql.execute("INSERT INTO evidence VALUES (?, ?, ?, ?, ?, ?, ?)", row)
            digest.update(b"\n")
        sql.execute(
            "INSERT INTO evidence VALUES (?, 'loop', 3, 'unauth@0.0.0.3', 'complaint', 4, x'01')", (AT - 99999,)
        )
        sql.execute("INSERT INTO unreadable VALUES ('mx1', 'mail.log:3', 'x', 'why', x'02')")
        sql.commit()


def expected(lines):
    found = Counter((AT, "mx1", 0xC0000200 + number % 7, "a.example", "sent", 1) for number in range(lines))
    return found + Counter([(AT - 99999, "loop", 3, "unauth@0.0.0.3", "complaint", 4)])


def words(store):
    names = ("time", "source", "subject", "tenant", "kind", "count")
    return Counter(tuple(row[name] for name in names) for row in held(store))


@pytest.mark.parametrize("packed", [False, True])
def test_rows_stay_and_what_was_read_is_known(tmp_path, packed):
    version_1(tmp_path / "state", 1500)
    with Store(tmp_path / "state") as store:
        assert words(store) == expected(1500)
        assert [each.where for _, each in store.unreadable("mx1")] == ["mail.log:3"]
        path = tmp_path / "log"
        for lines, new in ((1500, 0), (1700, 200), (1700, 0), (2500, 800)):
            data = text(lines).encode()
            path.write_bytes(gzip.compress(data) if packed else data)
            assert ingest(store, READERS["jsonl"], [path], "mx1", NOW).new == new
        assert words(store) == expected(2500)
        store.seal()
        assert words(store) == expected(2500)
    with Store(tmp_path / "state") as store:
        assert words(store) == expected(2500)


def test_large_stores_become_several_batches(tmp_path, monkeypatch):
    monkeypatch.setattr(migrate, "BATCH", 100)
    version_1(tmp_path / "state", 250)
    with Store(tmp_path / "state") as store:
        assert words(store) == expected(250)


@pytest.mark.parametrize("after", range(1, 30, 4))
def test_killed_meanwhile_it_begins_again(tmp_path, after):
    version_1(tmp_path / "state", 30)
    child = os.fork()
    if child == 0:
        carry_over = migrate.carry_over

        def killed(sql):
            left = [after]

            def step(_):
                left[0] -= 1
                if not left[0]:
                    os.kill(os.getpid(), signal.SIGKILL)

            sql.set_trace_callback(step)
            carry_over(sql)

        migrate.carry_over = killed
        Store(tmp_path / "state")
        os._exit(0)
    os.waitpid(child, 0)
    with Store(tmp_path / "state") as store:
        assert words(store) == expected(30)


def test_a_later_version_is_left_alone(tmp_path):
    (tmp_path / "state").mkdir()
    with closing(sqlite3.connect(tmp_path / "state" / "evidence.sqlite")) as sql:
        sql.execute("PRAGMA user_version = 99")
    with pytest.raises(EvidenceError, match="another version"):
        Store(tmp_path / "state")
