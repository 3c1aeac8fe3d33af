"""What is wrong with a file never reaches the loop: refused, or answered without leaving the arrays."""

import json
import os
import shutil
import zlib
from random import Random
from typing import Any

import dns.message
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.zone.seen_made import content, table

from reputon.zone import checks, stored
from reputon.zone.guard import open_guard
from reputon.zone.kernel.answer import answer
from reputon.zone.kernel.layout import Arrays
from reputon.zone.kernel.question import WORK
from reputon.zone.kernel.writing import ROOM, SIZE
from reputon.zone.server.follow import Follower
from reputon.zone.stored import StoredError
from reputon.zone.table import Table

RECORDS = (("", "TXT", 60, '"hello"'), ("www", "A", 60, "192.0.2.80"))
MADE = table(
    content("a.test", ("192.0.2.0/24", "127.0.0.2", "10.0.0.0/8"), ("x.example",), ("2001:db8::/32",), records=RECORDS),
    content("b.test", (), ("y.example", "z.example")),
)


def names(random):
    yield from (
        "a.test",
        "b.test",
        "www.a.test",
        "x.example.a.test",
        "n.y.example.b.test",
        "1.a.test",
        "example.a.test",
    )
    for _ in range(12):
        parts = [
            str(random.choice((0, 1, 2, 10, 127, 192, random.randrange(256)))) for _ in range(random.randint(1, 4))
        ]
        yield ".".join([*parts, "a.test"])
        yield ".".join([*random.choices("0123456789abcdef8d", k=random.randint(1, 32)), "a.test"])


class Strict:
    """An array that may only be read inside: what Python takes for a place from the end is outside."""

    def __init__(self, array):
        self.array, self.view = array, memoryview(array)

    def __len__(self):
        return len(self.array)

    def __getitem__(self, at):
        if min(at if isinstance(at, tuple) else (at,)) < 0:
            raise IndexError(at)
        return self.view[at]


def ask_all(made, random):
    arrays = Arrays(*map(Strict, made.arrays))
    guard = open_guard(made).plain()
    for name in names(random):
        for rdtype in ("A", "TXT", "ANY", "SOA"):
            packet = dns.message.make_query(name, rdtype).to_wire()
            buf = bytearray(packet + bytes(SIZE + ROOM))
            assert answer(buf, 0, len(packet), arrays, guard, 0, 1000, 0, [0] * WORK) <= SIZE


def test_the_queries_reach_everything_in_a_sound_table():
    ask_all(MADE, Random(1))


WORDS = st.one_of(
    st.integers(0, 3), st.integers(0, 255), st.integers(-3, 2**17), st.sampled_from([-1, 2**31, 2**32 - 1])
)


@settings(max_examples=120, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    st.sampled_from(Arrays._fields), st.lists(st.tuples(st.floats(0, 1), WORDS), min_size=1, max_size=4),
    st.integers(0, 99),
)  # fmt: skip
def test_spoilt_words_are_refused_or_stay_inside(name, words, seed):
    array = getattr(MADE.arrays, name).copy()
    flat = array.reshape(-1)
    for place, word in words:
        info = np.iinfo(array.dtype)
        flat[min(int(place * len(flat)), len(flat) - 1)] = max(info.min, min(info.max, word))
    spoilt = Table(MADE.arrays._replace(**{name: array}), MADE.zones, MADE.made)
    if not list(checks.faults(spoilt)):
        ask_all(spoilt, Random(seed))


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.data())
def test_spoilt_bytes_with_a_right_checksum_are_refused_or_stay_inside(tmp_path_factory, data):
    path = tmp_path_factory.mktemp("spoilt") / "table"
    stored.write(MADE, path)
    raw = bytearray(path.read_bytes())
    length = int.from_bytes(raw[24:32], "big")
    header = json.loads(raw[64 : 64 + length])
    body = 64 + length + -length % 64
    small = [at for at, dtype, shape in header["arrays"].values() if np.prod(shape) < 5000]
    places = [range(64, 64 + length), *(range(body + at, min(body + at + 600, len(raw))) for at in small)]
    for _ in range(data.draw(st.integers(1, 6))):
        raw[data.draw(st.sampled_from(data.draw(st.sampled_from(places))))] = data.draw(st.integers(0, 255))
    raw[16:24] = zlib.crc32(raw[64:]).to_bytes(8, "big")
    path.write_bytes(raw)
    try:
        made = stored.read(path)
    except StoredError:
        return
    ask_all(made, Random(3))


@pytest.mark.parametrize("kept", [0, 10, 24, 100, 0.5, 0.999])
def test_a_truncated_file_is_told(tmp_path, kept):
    path = tmp_path / "table"
    stored.write(MADE, path)
    raw = path.read_bytes()
    path.write_bytes(raw[: int(kept * len(raw)) if isinstance(kept, float) else kept])
    with pytest.raises(StoredError, match="table"):
        stored.read(path)


def test_a_torn_file_is_told(tmp_path):
    path = tmp_path / "table"
    stored.write(MADE, path)
    raw = path.read_bytes()
    path.write_bytes(raw[: len(raw) // 2] + bytes(len(raw) - len(raw) // 2))
    with pytest.raises(StoredError, match="damaged"):
        stored.read(path)


def test_copying_over_the_file_changes_nothing_that_is_served(tmp_path):
    path, other = tmp_path / "table", tmp_path / "other"
    stored.write(MADE, path)
    stored.write(table(), other)
    took: list[Any] = []
    follower = Follower([path], took.append)
    served = follower.open()
    with path.open("r+b") as file:  # as cp does it: cut off, then written bit by bit
        os.ftruncate(file.fileno(), 0)
        ask_all(served, Random(1))
        follower.look()
        file.write(other.read_bytes()[:100_000])
        file.flush()
        follower.look()
        ask_all(served, Random(1))
    assert took == []
    shutil.copyfile(other, path)
    follower.look()
    assert [each.apex for each in took[0].zones] == ["bl.test"]


def test_a_table_that_lists_the_world_is_not_served(tmp_path, caplog):
    path = tmp_path / "table"
    took: list[Any] = []
    stored.write(MADE, path)
    follower = Follower([path], took.append)
    follower.open()
    for listed in ("127.0.0.1", "128.0.0.0/1"):
        stored.write(table(content("a.test", (listed, "0.0.0.0/2"))), path)
        follower.look()
    assert took == []
    assert "lists 127.0.0.1" in caplog.text
    assert "lists 75%" in caplog.text


def test_a_full_disk_leaves_the_file_as_it_was(tmp_path, monkeypatch):
    path = tmp_path / "table"
    stored.write(MADE, path)
    before = path.read_bytes()

    def full(_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        stored.write(table(), path)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]
