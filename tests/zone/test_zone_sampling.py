"""Each so-many-th answer is noted: what was asked, by whom about, and never a client's key or own address."""

import json

import dns.message
import pytest
from tests.zone.seen_made import ask, content, table, until

from reputon.zone.guard import Key, Protection, guard, open_guard
from reputon.zone.kernel.client import NAME, put_name
from reputon.zone.kernel.loop import answer_packet, buffers, new_counts
from reputon.zone.kernel.sampling import SAMPLES, Ring, Sample, client, new_ring
from reputon.zone.kernel.writing import DENIED, FAULTY, LISTED, NO_KEY, NOT_LISTED, REFUSED_
from reputon.zone.server.server import Options, Server
from reputon.zone.server.worker import PlainBuffers
from reputon.zone.statistics.query_log import MOST, QueryLog

HERE = [("127.0.0.1", 0)]
KEY = "s3cretkey"


class Asked:
    """A loop in plain Python, asked without a socket."""

    def __init__(self, made, every=1, protection=None):
        self.of = buffers(16, every)
        self.plain = PlainBuffers(self.of)
        of_guard = guard(protection, made) if protection else open_guard(made)
        self.served = made.arrays.plain(), of_guard.plain(), memoryview(new_counts(made))
        self.ring = Ring(self.of.sampling, self.of.sampled)

    def ask(self, name, rdtype="A", host="192.0.2.77", packet=None):
        packet = packet or dns.message.make_query(name, rdtype).to_wire()
        self.plain.view[: len(packet)] = packet
        self.plain.set_clock(1_800_000_000)
        put_name(self.plain.name, host)
        return answer_packet(self.plain.packet, 0, len(packet), self.plain.name, 0, self.plain, *self.served)

    def told(self):
        return list(self.ring.take(is_over=True))


def test_what_is_noted():
    asked = Asked(table())
    asked.ask("1.2.0.192.Bl.Test", "TXT")
    asked.ask("9.2.0.192.bl.test", host="2001:db8:1:2::3")
    asked.ask("www.example.org")
    asked.ask("", packet=dns.message.make_query("x.bl.test", "A").to_wire()[:20])
    assert asked.told() == [
        Sample(1_800_000_000, "192.0.2.0/24", "bl.test", "1.2.0.192", 16, LISTED),
        Sample(1_800_000_000, "2001:db8:1::/48", "bl.test", "9.2.0.192", 1, NOT_LISTED),
        Sample(1_800_000_000, "192.0.2.0/24", "", "", 1, REFUSED_),
        Sample(1_800_000_000, "192.0.2.0/24", "", "", 0, FAULTY),
    ]


@pytest.mark.parametrize("keyed", [("bl.test",), ()], ids=["needs a key", "needs none"])
def test_a_key_is_never_noted(keyed):
    asked = Asked(table(), protection=Protection(keyed=keyed, keys=(Key("me", KEY),)))
    for name in (f"1.2.0.192.{KEY}", f"1.2.0.192.{KEY.upper()}", KEY, "1.2.0.192.wrong", "1.2.0.192", f"x.y.{KEY}"):
        asked.ask(f"{name}.bl.test")
    told = asked.told()
    assert len(told) == 6
    assert {each.zone for each in told} == {"bl.test"}
    assert not [each for each in told if KEY in each.name.lower()]
    assert told[0].name == "1.2.0.192"
    assert (told[4].outcome == NO_KEY) == bool(keyed)
    if keyed:
        assert told[3].name == ""  # perhaps a key that was mistyped


def test_only_each_so_manieth_is_noted_and_what_finds_no_room_is_lost():
    asked = Asked(table(), every=10)
    for _ in range(95):
        asked.ask("1.2.0.192.bl.test")
    assert len(asked.told()) == 9
    asked = Asked(table())
    for _ in range(SAMPLES + 7):
        asked.ask("1.2.0.192.bl.test")
    assert len(asked.told()) == SAMPLES
    assert asked.ring.lost == 7
    asked.ask("1.2.0.192.bl.test")
    assert len(asked.told()) == 1


def test_a_sample_is_read_only_once_it_is_surely_whole():
    asked = Asked(table())
    asked.ask("1.2.0.192.bl.test")
    assert list(asked.ring.take()) == []
    asked.ask("2.2.0.192.bl.test")
    assert [each.name for each in asked.ring.take()] == ["1.2.0.192"]
    assert [each.name for each in asked.ring.take()] == ["2.2.0.192"]


def test_nothing_is_noted_where_none_are_wanted():
    asked = Asked(table(), every=0)
    asked.ask("1.2.0.192.bl.test")
    assert asked.told() == []
    assert not asked.of.sampled.any()


@pytest.mark.parametrize("host", ["203.0.113.9", "2001:db8:aaaa:bbbb:cccc::1"])
def test_clients_are_cut_to_their_prefix(host):
    name = bytearray(NAME)
    put_name(name, host)
    assert client(bytes(name)) == ("203.0.113.0/24" if "." in host else "2001:db8:aaaa::/48")


def test_odd_bytes_in_names_are_written_as_text():
    asked = Asked(table(content(names=("x.test",))))
    packet = b"\0\1\0\0\0\1\0\0\0\0\0\0\4a.\x00\xff\2bl\4test\0\0\1\0\1"
    asked.ask("", packet=packet)
    assert asked.told()[0].name == r"a\.\000\255"


def lines(path):
    return [json.loads(each) for each in path.read_text().splitlines()]


def test_the_log_is_written_and_reopened(tmp_path):
    path = tmp_path / "queries.jsonl"
    with Server(table(), HERE, Options(is_fast=False, sample_every=1)) as server:
        log = QueryLog(path, server.samples)
        ask(server.addresses[0], "1.2.0.192.bl.test", "TXT")

        def written():
            log.drain()
            return path.exists() and path.read_text()

        until(written)
        path.rename(tmp_path / "old")
        log.reopen()
        ask(server.addresses[0], "8.2.0.192.bl.test")
        until(written)
    log.close()
    assert not path.stat().st_mode & 0o007
    (first,), (second,) = lines(tmp_path / "old"), lines(path)
    assert list(first) == ["time", "client", "zone", "name", "type", "outcome"]
    assert (first["name"], first["type"], first["outcome"]) == ("1.2.0.192", "TXT", "listed")
    assert first["client"] == "127.0.0.0/24"
    assert (second["name"], second["type"], second["outcome"]) == ("8.2.0.192", "A", "not_listed")
    assert server.seen().sampled == 2


def test_a_log_has_a_largest_size_and_survives_a_full_disk(tmp_path, caplog):
    given = [[Sample(1, "192.0.2.0/24", "bl.test", "x", 1, DENIED)]]
    log = QueryLog(tmp_path / "log", lambda: given.pop() if given else [], most=10)
    log.drain()
    given.append([Sample(1, "192.0.2.0/24", "bl.test", "x", 65280, DENIED)])
    log.drain()
    assert len(lines(tmp_path / "log")) == 1
    assert caplog.text.count("is full") == 1
    log.reopen()
    given.append([Sample(1, "192.0.2.0/24", "bl.test", "x", 65280, DENIED)])
    log.drain()
    log.close()
    full = QueryLog(tmp_path / "gone" / "log", lambda: [Sample(1, "", "", "", 1, FAULTY)])
    full.drain()
    full.close()
    assert "cannot be written" in caplog.text
    assert MOST > 1 << 20


def test_a_ring_takes_little_memory():
    assert sum(each.nbytes for each in new_ring(1000)) < 400_000
