"""A loop behind a guard: sequences of packets get the same from machine code as from plain Python, byte for byte."""

import random
from typing import Any, cast

import dns.message
import numpy as np
import pytest
from tests.zone.guarded import APEXES, NOW, table

from reputon.zone.access import Action, Rule
from reputon.zone.guard import Key, Limits, Protection, guard, new_uses, open_guard
from reputon.zone.kernel import jit, writing
from reputon.zone.kernel.client import NAME, put_name
from reputon.zone.kernel.loop import BATCH, CLOCK, HDR_SIZE, STRIDE, Buffers, answer_batch, buffers, new_counts

BL, DOM = APEXES
PROTECTION = Protection(
    rules=(
        Rule("10.0.0.0/8", Action.REFUSE, DOM),
        Rule("10.1.0.0/16", Action.IGNORE),
        Rule("10.2.0.0/16", Action.EMPTY),
        Rule("10.3.0.0/16", Action.CODE, BL),
        Rule("2001:db8::/32", Action.CODE, DOM),
        Rule("2001:db8:1::/48", Action.IGNORE, BL),
    ),
    keyed=(BL,),
    keys=(Key("one", "key1", per_second=9), Key("two", "key2", per_day=40), Key("three", "key3")),
    quota_code=True,
    limits=Limits(answers=20, errors=5, slip=3, exempt=("127.0.0.0/8", "2001:db8:ffff::/48")),
)
CLIENTS = [
    "10.0.0.1", "10.0.0.2", "10.1.2.3", "10.2.0.1", "10.3.0.1", "127.0.0.1", "192.0.2.1", "192.0.2.200",
    "255.255.255.255", "::1", "2001:db8::1", "2001:db8:1::1", "2001:db8:0:7f::1", "2001:db8:ffff::1", "ffff::",
]  # fmt: skip
NAMES = [f"{owner}.{below}" for owner in ("2.0.0.127", "1.0.0.127", "0.127", "spam.example", "a.b.spam.example")
         for below in (f"key1.{BL}", f"KEY2.{BL}", f"key3.{BL}", f"key4.{BL}", BL, DOM)]  # fmt: skip


def packets(seed, count):
    """As clients send them, and some that nobody should."""
    drawn = random.Random(seed)
    for _ in range(count):
        name = drawn.choice([*NAMES, BL, DOM, f"key3.{BL}", "www.example.org"])
        query = dns.message.make_query(name, drawn.choice(["A", "TXT", "ANY", "SOA", "NS", "MX"]))
        raw = bytearray(query.to_wire() if drawn.random() < 0.7 else dns.message.make_query(name, "A").to_wire())
        if drawn.random() < 0.15:
            raw[drawn.randrange(len(raw))] ^= 1 << drawn.randrange(8)
        yield bytes(raw[: drawn.randrange(len(raw))] if drawn.random() < 0.05 else raw), drawn.choice(CLIENTS)


class Loop:
    """Buffers, a guard and counters of its own; `run` is either loop."""

    def __init__(self, run, is_plain):
        self.run, self.uses = run, new_uses(PROTECTION)
        self.of = buffers(28)
        of_all = table()
        self.guard = guard(PROTECTION, of_all, self.uses, seed=99)
        self.counts = new_counts(of_all)
        self.seen = (self.of, of_all.arrays, self.guard, self.counts)
        if is_plain:
            views: Any = (memoryview(cast(Any, each)) if isinstance(each, np.ndarray) else each for each in self.of)
            self.seen = Buffers(*views), of_all.arrays.plain(), self.guard.plain(), memoryview(self.counts)

    def answer(self, batch, now):
        self.of.control[CLOCK], self.of.control[CLOCK + 1] = int(now), int(now % 1 * 1e9)
        self.of.packets[:] = 0
        for each, (packet, client) in enumerate(batch):
            self.of.packets[each * STRIDE : each * STRIDE + len(packet)] = np.frombuffer(packet, np.uint8)
            self.of.received[each, HDR_SIZE] = len(packet)
            name = bytearray(NAME)
            put_name(name, client)
            self.of.names[each * NAME : each * NAME + NAME] = np.frombuffer(name, np.uint8)
        return self.run(len(batch), *self.seen)

    def state(self, outgoing):
        """All that was written, but for where it lies."""
        of, sizes = self.of, self.of.outgoing[:outgoing, 1].tolist()
        places = (self.of.outgoing[:outgoing, 0] - self.of.packets_at).tolist()
        return (
            outgoing, sizes, places, of.packets.tobytes(), of.control.tolist(), of.rare.tolist(), of.slips.tobytes(),
            of.buckets.tobytes(), self.counts.tolist(), self.uses.tolist(),
        )  # fmt: skip


@pytest.mark.heavy
@pytest.mark.skipif(not jit.is_there(), reason="Numba is not installed")
def test_both_loops_answer_a_sequence_alike():
    plain, fast = Loop(answer_batch, True), Loop(jit.compiled(answer_batch, cache=False), False)
    now, drawn = float(NOW), random.Random(3)
    for turn in range(120):
        batch = list(packets(turn, drawn.randrange(1, BATCH + 1)))
        assert plain.state(plain.answer(batch, now)) == fast.state(fast.answer(batch, now))
        now += drawn.choice([0, 0.001, 0.1, 1, 3, 40_000, -2])
    seen = plain.counts.sum(axis=0)
    for outcome in ("LISTED", "NOT_LISTED", "DENIED", "NO_KEY", "OVER_QUOTA", "LIMITED", "SLIPPED", "IGNORED"):
        assert seen[getattr(writing, outcome)] > 20  # the sequence is worth comparing


def test_the_loop_drops_whom_it_ignores_and_answers_the_others():
    loop = Loop(answer_batch, True)
    query = dns.message.make_query(f"2.0.0.127.key1.{BL}", "A").to_wire()
    assert loop.answer([(query, client) for client in ("10.1.2.3", "127.0.0.1", "10.1.9.9", "192.0.2.9")], NOW) == 2
    places = (loop.of.outgoing[:2, 0] - loop.of.packets_at) // STRIDE
    assert places.tolist() == [1, 3]


@pytest.mark.skipif(not jit.is_there(), reason="Numba is not installed")
def test_every_guard_is_of_one_type():
    """The loop is compiled once, for a guard that lets everybody ask: it must read all others as well."""
    import numba

    tables = [table(()), table((BL,)), table()]
    guards = [make(of) for of in tables for make in (open_guard, lambda of: guard(PROTECTION, of))]
    assert len({numba.typeof(each) for each in guards}) == 1
