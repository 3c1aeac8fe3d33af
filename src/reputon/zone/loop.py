"""Loop: packets by the dozen, answered in place: the memory that a loop works in, and what it does with a batch."""

from typing import Any, NamedTuple

import numpy as np

from reputon.zone import jit
from reputon.zone.answer import answer
from reputon.zone.question import DROP, OUTCOME, RARE, WORK, ZONE
from reputon.zone.table import Table
from reputon.zone.writing import ROOM, SIZE, TRUNCATED

BATCH = 64  # packets; more gain nothing (measured) and only leave the processor's cache
QUERY = 1024  # bytes: no honest question is longer; what is cut here is malformed
STRIDE = 1600  # bytes for a packet and its answer
NAME = 32  # bytes for a client's address (sockaddr_in, sockaddr_in6)
assert STRIDE >= SIZE + ROOM

# Columns of `counts`, whose rows are the zones, and a last one for what is in none: the outcomes first.
DROPPED, BYTES = TRUNCATED + 1, TRUNCATED + 2
COUNTERS = BYTES + 1

# The places of `control`.  TOKENS: packets that may still go the slow path; CLOCK: seconds and nanoseconds.
STOP, RARES, TOKENS, REFILLED, CLOCK = range(5)
CONTROL = CLOCK + 2
RARE_A_SECOND = 200  # packets of the slow path: one costs as much as a hundred others

# Columns of `received` and `sent`: struct mmsghdr of a 64-bit Linux, as eight numbers of 64 bits.
HDR_NAME, HDR_NAME_SIZE, HDR_VECTOR, HDR_VECTORS, HDR_SIZE, HDR_COLUMNS = 0, 1, 2, 3, 7, 8
HDR_BYTES = 64


class Guard(NamedTuple):
    """What protects the zones.  `actions`: for each kind of client, what it may in each zone (uint8)."""

    actions: Any

    def plain(self) -> "Guard":
        """The same for plain Python."""
        return Guard(*(memoryview(each) for each in self))


class Buffers(NamedTuple):
    """What one loop works in; `*_at` are addresses in memory."""

    packets: Any  # uint8
    names: Any  # uint8
    received: Any  # int64 (BATCH, HDR_COLUMNS)
    sent: Any  # int64 (BATCH, HDR_COLUMNS)
    incoming: Any  # int64 (BATCH, 2): an address and a size
    outgoing: Any  # int64 (BATCH, 2)
    rare: Any  # int64: which packets of a batch are
    work: Any  # int64
    control: Any  # int64
    packets_at: int
    names_at: int
    received_at: int
    sent_at: int
    control_at: int


def buffers(name_size: int) -> Buffers:
    """New ones; the clients' addresses have `name_size` bytes."""
    packets, names = np.zeros(BATCH * STRIDE, np.uint8), np.zeros(BATCH * NAME, np.uint8)
    received, sent = (np.zeros((BATCH, HDR_COLUMNS), np.int64) for _ in range(2))
    incoming, outgoing = (np.zeros((BATCH, 2), np.int64) for _ in range(2))
    control = np.zeros(CONTROL, np.int64)
    each = np.arange(BATCH, dtype=np.int64)
    incoming[:, 0], incoming[:, 1] = packets.ctypes.data + each * STRIDE, QUERY
    for headers, vectors in ((received, incoming), (sent, outgoing)):
        headers[:, HDR_NAME] = names.ctypes.data + each * NAME
        headers[:, HDR_NAME_SIZE] = name_size
        headers[:, HDR_VECTOR] = vectors.ctypes.data + each * 16
        headers[:, HDR_VECTORS] = 1
    return Buffers(
        packets, names, received, sent, incoming, outgoing, np.zeros(BATCH, np.int64), np.zeros(WORK, np.int64), control,
        packets.ctypes.data, names.ctypes.data, received.ctypes.data, sent.ctypes.data, control.ctypes.data,
    )  # fmt: skip


def open_guard(table: Table) -> Guard:
    """A guard that lets everybody ask everything."""
    return Guard(np.zeros((1, max(1, len(table.zones))), np.uint8))


def new_counts(table: Table) -> Any:
    """Counters for a table."""
    return np.zeros((len(table.zones) + 1, COUNTERS), np.int64)


@jit.kernel
def answer_batch(count: int, of: Any, table: Any, guard: Any, counts: Any) -> int:
    """Answer what was received; how many answers there are.  What is rare is noted, as long as there are tokens."""
    now = of.control[CLOCK]
    refill(of.control, now)
    outgoing = 0
    of.control[RARES] = 0
    for each in range(count):
        size = of.received[each, HDR_SIZE] & 0xFFFF
        length = answer(of.packets, each * STRIDE, size, table, guard.actions, 0, now, 0, of.work)
        if length == RARE:
            length = note_rare(of, each)
        note(counts, of.work, length)
        if length > 0:
            of.outgoing[outgoing, 0] = of.packets_at + each * STRIDE
            of.outgoing[outgoing, 1] = length
            of.sent[outgoing, HDR_NAME] = of.names_at + each * NAME
            outgoing += 1
    return outgoing


@jit.kernel
def refill(control: Any, now: int) -> None:
    """New tokens each second."""
    if control[REFILLED] != now:
        control[REFILLED] = now
        control[TOKENS] = RARE_A_SECOND


@jit.kernel
def note_rare(of: Any, each: int) -> int:
    """Keep a packet for the slow path, or drop it: that path must not be a way to take all time."""
    if of.control[TOKENS] <= 0:
        return DROP
    of.control[TOKENS] -= 1
    of.rare[of.control[RARES]] = each
    of.control[RARES] += 1
    return RARE


@jit.kernel
def note(counts: Any, work: Any, length: int) -> None:
    """Count what became of a packet."""
    zone = work[ZONE] if work[ZONE] >= 0 else len(counts) - 1
    if length > 0:
        counts[zone, work[OUTCOME]] += 1
        counts[zone, BYTES] += length
    elif length == DROP:
        counts[zone, DROPPED] += 1
