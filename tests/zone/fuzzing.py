"""Fuzzing: spoilt packets by the million to the kernel, in a driver that is compiled with it.

Each packet is answered twice, in memory that was filled with different bytes before: what the answer takes from beyond
its packet, from an earlier one, or from the scratch makes the two differ.  Around it lie canaries.
"""

import random
from typing import Any

import numpy as np
from tests.zone import making

from reputon.zone.content import Content, Covers, Soa, Value
from reputon.zone.kernel import jit
from reputon.zone.kernel.answer import answer
from reputon.zone.kernel.question import DROP, RARE, WORK
from reputon.zone.kernel.writing import ROOM, SIZE

LONGEST = 1024  # bytes of a packet, as many as the server reads
MARGIN = 64  # bytes of canaries
AREA = LONGEST + ROOM + SIZE
CANARY = 0xC3
FILLS = 0xA5, 0x5A
LIMITS = 0, 0, 0, 512, 600, 1000, 1232  # as `most`; a limit is never below 512

# What is wrong with an answer.
FINE, DIFFERS, OUTSIDE, TOO_LARGE, NO_ANSWER = range(5)
WRONG = "fine", "has stray bytes", "was written outside its room", "is too large", "is no response to it"


def worlds() -> dict[str, list[Content]]:
    """Zones of each kind."""
    drawn = random.Random(6)
    return {
        "no zone": [],
        "an empty zone": [content(drawn, "bl.example", ())],
        "IPv4": [content(drawn, "bl.example", ("4",))],
        "IPv6": [content(drawn, "bl.example", ("6",))],
        "names": [content(drawn, "bl.example", ("name",))],
        "many zones": [
            content(drawn, f"z{each}.{'bl.' * (each % 4)}example", ("4", "6", "name")) for each in range(40)
        ],
        "drawn": [making.content(drawn, apex) for apex in making.APEXES],
    }


def content(drawn: random.Random, apex: str, kinds: tuple[str, ...]) -> Content:
    """A zone with about a hundred entries."""
    made = Content(apex, Soa("ns.example", "hostmaster@example"), ("ns1.example", "ns2.example"))
    values = [0] + [made.value_of(making.value(drawn)) for _ in range(6)]
    values.append(made.value_of(Value(("127.0.0.2",), ("$" * 200, "long " * 100))))
    dataset = made.dataset()
    for _ in range(100 if kinds else 0):
        kind, value = drawn.choice(kinds), drawn.choice(values)
        if kind == "name":
            dataset.add_name(making.name(drawn), drawn.choice(list(Covers)), value)
        elif kind == "4":
            first, length = making.prefix(drawn, 4)
            dataset.add4(first, length, value)
        else:
            first, length = making.prefix(drawn, 6)
            dataset.add6(first, length, value)
    return made


def corpus(zones: list[Content], allowed: Any, count: int, seed: int) -> tuple[Any, Any]:
    """Packets to spoil, most of them whole, and their sizes."""
    drawn = random.Random(seed)
    packets, sizes = np.zeros((count, LONGEST), np.uint8), np.zeros(count, np.int64)
    for each in range(count):
        raw = making.packet(drawn, zones, allowed)[:LONGEST]
        packets[each, : len(raw)] = np.frombuffer(raw, np.uint8)
        sizes[each] = len(raw)
    return packets, sizes


class Fuzzer:
    """A driver with its memory; `answered`, `dropped` and `rare` count."""

    def __init__(self, kernels: Any, zones: list[Content], seed: int) -> None:
        self.kernels, self.state = kernels, np.array([seed * 2 + 1], np.int64)
        self.packets, self.sizes = corpus(zones, kernels.allowed, 2_000, seed)
        self.buf = np.full(MARGIN + AREA + MARGIN, CANARY, np.uint8)
        self.origin, self.first = np.zeros(LONGEST, np.uint8), np.zeros(AREA, np.uint8)
        self.work, self.tally = np.zeros(WORK, np.int64), np.zeros(4, np.int64)
        self.last = np.zeros(4, np.int64)  # of the last packet: size, `most`, `now`, length of its answer
        self.limits = np.array(LIMITS, np.int64)

    def run(self, count: int) -> None:
        """Spoil and ask; AssertionError tells the packet and what is wrong."""
        drive = jit.compiled(_drive, cache=False) if jit.is_there() else _drive
        wrong = drive(
            count, self.packets, self.sizes, self.buf, self.origin, self.first, self.kernels.table.arrays,
            self.kernels.guard, self.kernels.client, self.work, self.state, self.limits, self.tally, self.last,
        )  # fmt: skip
        assert wrong == FINE, f"the answer to {self.packet().hex()} {WRONG[wrong]}: {self.last}"

    def packet(self) -> bytes:
        """The last packet, as it was asked."""
        return self.origin[: self.last[0]].tobytes()

    def raw(self) -> bytes:
        """Its answer."""
        return self.first[: max(0, int(self.last[3]))].tobytes()


@jit.kernel
def draw(state: Any, below: int) -> int:
    """A number from 0 to before `below` (Marsaglia's xorshift of 32 bits)."""
    x = state[0]
    x ^= (x << 13) & 0xFFFF_FFFF
    x ^= x >> 17
    x ^= (x << 5) & 0xFFFF_FFFF
    state[0] = x
    return int(x % below)


@jit.kernel
def spoil(packet: Any, size: int, packets: Any, sizes: Any, state: Any) -> int:
    """Spoil a packet in up to three ways; its new size."""
    for _ in range(draw(state, 4)):
        way = draw(state, 9)
        if size == 0 or way == 0:  # end early
            size = draw(state, size + 1)
        elif way == 1:  # go on with whatever
            for at in range(size, min(LONGEST, size + draw(state, 40))):
                packet[at] = draw(state, 256)
                size += 1
        elif way == 2:  # go on as another packet does
            other = draw(state, len(packets))
            for at in range(min(size, draw(state, 60)), sizes[other]):
                packet[at] = packets[other, at]
            size = max(size, sizes[other])
        elif way == 3:  # the header
            packet[draw(state, min(size, 12))] = draw(state, 256) & draw(state, 256) & draw(state, 256)
        elif way == 4:  # a length that means something
            packet[draw(state, size)] = (0, 1, 63, 64, 192, 255)[draw(state, 6)]
        elif way == 5:
            packet[draw(state, size)] ^= 1 << draw(state, 8)
        elif way == 6:  # a piece again elsewhere
            begin, to, length = draw(state, size), draw(state, size), draw(state, 16)
            for each in range(min(length, size - max(begin, to))):
                packet[to + each] = packet[begin + each]
        elif way == 7 and size > 12:  # long names
            for at in range(12, min(size, 12 + draw(state, 256))):
                packet[at] = 1 if at & 1 == 0 else 97
        else:
            packet[draw(state, size)] = draw(state, 256)
    return size


@jit.kernel
def put_down(buf: Any, packet: Any, size: int, fill: int, work: Any) -> None:
    """A packet in its place, amid bytes of this kind; canaries stay as they are."""
    for at in range(MARGIN, MARGIN + AREA):
        buf[at] = fill
    for at in range(size):
        buf[MARGIN + at] = packet[at]
    for at in range(len(work)):
        work[at] = fill


@jit.kernel
def limit_of(packet: Any, size: int, most: int, has_opt: bool) -> int:
    """Bytes that an answer may have: as many as its OPT says, if the question had one."""
    if most != 0:
        return most
    at = 12
    while at < size and packet[at] != 0:
        at += packet[at] + 1
    payload = (packet[at + 8] << 8 | packet[at + 9]) if has_opt and at + 9 < size else 512
    return min(SIZE, max(512, payload))


@jit.kernel
def fault_of(buf: Any, packet: Any, first: Any, size: int, most: int, length: int) -> int:
    """What is wrong with an answer whose first copy is `first`."""
    for at in range(MARGIN):
        if buf[at] != CANARY or buf[MARGIN + AREA + at] != CANARY:
            return OUTSIDE
    if length <= 0:
        return FINE if length in (DROP, RARE) else NO_ANSWER
    if length < 12 or length > AREA:
        return TOO_LARGE
    for at in range(length):
        if buf[MARGIN + at] != first[at]:
            return DIFFERS
    # A refusal may be a little longer than its question, never as long as an answer.
    if length > limit_of(packet, size, most, first[11] != 0):
        return TOO_LARGE
    if first[0] != packet[0] or first[1] != packet[1] or first[2] & 0x80 == 0 or first[4] != 0 or first[5] > 1:
        return NO_ANSWER
    for at in range(max(size, (most if most != 0 else SIZE)) + ROOM, AREA):
        if buf[MARGIN + at] != FILLS[1]:
            return OUTSIDE
    return FINE


def _drive(
    count: int, packets: Any, sizes: Any, buf: Any, origin: Any, first: Any, table: Any, guard: Any, client: int,
    work: Any, state: Any, limits: Any, tally: Any, last: Any,
) -> int:  # fmt: skip
    for _ in range(count):
        pick = draw(state, len(packets))
        for at in range(LONGEST):
            origin[at] = packets[pick, at]
        size = spoil(origin, sizes[pick] + 0, packets, sizes, state)
        most, now = limits[draw(state, len(limits))], making.NOW - 1 + draw(state, 3)
        last[0], last[1], last[2], last[3] = size, most, now, 0
        put_down(buf, origin, size, FILLS[0], work)
        length = answer(buf, MARGIN, size, table, guard, client, now, most, work)
        last[3] = length
        for at in range(length):
            first[at] = buf[MARGIN + at]
        put_down(buf, origin, size, FILLS[1], work)
        again = answer(buf, MARGIN, size, table, guard, client, now, most, work)
        wrong = fault_of(buf, origin, first, size, most, length) if again == length else DIFFERS
        if wrong != FINE:
            return wrong
        tally[0 if length > 12 else 1 if length == 12 else 2 if length == DROP else 3] += 1
    return FINE


@jit.kernel
def read_at(values: Any, at: int) -> int:
    """What lies there; nothing does."""
    return int(values[at])


def _reads_beyond(values: Any) -> int:
    return read_at(values, len(values))


def prove_bounds() -> None:
    """RuntimeError unless reading beyond an array is found, in a function as the kernel's are."""
    try:
        jit.compiled(_reads_beyond, cache=False)(np.zeros(4, np.uint8))
    except IndexError:
        return
    raise RuntimeError("Numba does not check bounds: set NUMBA_BOUNDSCHECK=1 before Python starts")
