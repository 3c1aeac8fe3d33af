"""Whatever lies where a table should be: the zones stay as they are, and the next sound table is taken."""

import json
import os
import struct
import zlib
from typing import Any

import pytest
from tests.zone.seen_made import content, table

from reputon import durable
from reputon.zone import stored
from reputon.zone.content import Value
from reputon.zone.dump.examining import examine
from reputon.zone.server.follow import Follower
from reputon.zone.stored import StoredError


def forged(path, change):
    """The file with its header changed, and a right checksum."""
    raw = path.read_bytes()
    length = int.from_bytes(raw[24:32], "big")
    header = json.loads(raw[64 : 64 + length])
    text = change(header)
    text = json.dumps(text).encode() if not isinstance(text, bytes) else text
    body = text + bytes(-len(text) % 64) + raw[64 + length + -length % 64 :]
    path.write_bytes(struct.pack(">16sQQ24xQ", stored.MAGIC, zlib.crc32(body), len(text), len(body)) + body)


def setting(key, value):
    return lambda header: header | {key: value}


def zone_with(key, value):
    return lambda header: header | {"zones": [header["zones"][0] | {key: value}]}


@pytest.mark.parametrize(
    "change",
    [
        setting("made", 1e400), setting("made", -1), setting("arrays", {}), setting("zones", []), setting("zones", 7),
        zone_with("apex", None), zone_with("apex", "other.test"), zone_with("serial", "x"),
        zone_with("serial", 1 << 40),
        zone_with("entries", None), lambda header: b"[" * 100_000, lambda header: b"\xff\xfe",
        lambda header: header | {"arrays": header["arrays"] | {"blob": [0, "|O", [1]]}},
        lambda header: header | {"arrays": header["arrays"] | {"blob": [0, "|u1", [1 << 80]]}},
        lambda header: header | {"arrays": header["arrays"] | {"blob": [1 << 70, "|u1", [1]]}},
        lambda header: header | {"arrays": header["arrays"] | {"blob": [0, "3x,,", [1]]}},
    ],
)  # fmt: skip
def test_a_forged_header_is_refused_and_the_next_table_taken(tmp_path, change):
    path = tmp_path / "table"
    taken: list[Any] = []
    stored.write(table(), path)
    follower = Follower([path], taken.append)
    follower.open()
    forged(path, change)
    with pytest.raises(StoredError):
        stored.read(path)
    follower.look()
    assert taken == []
    stored.write(table(content(serial=9)), path)
    follower.look()
    assert [each.zones[0].serial for each in taken] == [9]


def test_a_sound_file_is_taken_though_another_is_damaged(tmp_path):
    one, two = tmp_path / "one", tmp_path / "two"
    taken: list[Any] = []
    stored.write(table(content("one.test")), one)
    stored.write(table(content("two.test")), two)
    follower = Follower([one, two], taken.append)
    follower.open()
    stored.write(table(content("one.test", serial=9)), one)
    two.write_bytes(b"no table")
    follower.look()
    assert [each.serial for each in taken[-1].zones] == [9, 7]


def test_a_pipe_is_no_table_and_waited_for_by_nobody(tmp_path):
    os.mkfifo(tmp_path / "table")
    with pytest.raises(StoredError, match="no table"):
        stored.read(tmp_path / "table")


def test_what_is_no_file_is_not_replaced(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(OSError, match="no file that can be replaced"), durable.replacing(tmp_path / "pipe"):
        pass


@pytest.mark.parametrize(("code", "is_told"), [("127.0.0.2", False), ("127.255.255.254", False), ("8.8.8.8", True)])
def test_a_code_outside_of_loopback_is_told(code, is_told):
    zone = content()
    zone.datasets[0].add4(1, 32, zone.value_of(Value(("127.0.0.3", code))))
    (found,) = examine(table(zone), 0)
    assert any("return codes outside" in each for each in found.warnings) is is_told
