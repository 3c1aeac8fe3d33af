"""Loop: packets by the dozen, answered in place: the memory that a loop works in, and what it does with a batch."""

from typing import Any, NamedTuple

import numpy as np

from reputon.zone.kernel import jit
from reputon.zone.kernel.answer import IGNORE, answer
from reputon.zone.kernel.client import BUCKETS, NAME, find_client
from reputon.zone.kernel.limit import limit
from reputon.zone.kernel.question import DROP, OUTCOME, RARE, WORK, ZONE
from reputon.zone.kernel.sampling import EVERY, new_ring, sample
from reputon.zone.kernel.writing import BYTES, IGNORED, ROOM, SIZE
from reputon.zone.table import Table

BATCH = 64  # packets; more gain nothing (measured) and only leave the processor's cache
QUERY = 1024  # bytes: no honest question is longer; what is cut here is malformed
STRIDE = 1600  # bytes for a packet and its answer
assert STRIDE >= SIZE + ROOM

COUNTERS = 16  # columns of `counts`, the outcomes; its rows are the zones, and a last one for what is in none
_BILLION = 1_000_000_000

# The places of `control`.  TOKENS: packets that may still go the slow path; LOST: those that had none; PENDING: packets
# that were received and wait for the next table; CLOCK: seconds and nanoseconds.
STOP, RARES, TOKENS, REFILLED, LOST, PENDING, CLOCK = range(7)
CONTROL = CLOCK + 2
RARE_A_SECOND = 200  # packets of the slow path: one costs as much as a hundred others

# Columns of `received` and `sent`: struct mmsghdr of a 64-bit Linux, as eight numbers of 64 bits.
HDR_NAME, HDR_NAME_SIZE, HDR_VECTOR, HDR_VECTORS, HDR_SIZE, HDR_COLUMNS = 0, 1, 2, 3, 7, 8
HDR_BYTES = 64


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
    buckets: Any  # int64: of each prefix that of answers and that of errors
    slips: Any  # uint8
    sampling: Any  # int64 (SAMPLES + 1, 5)
    sampled: Any  # uint8 (SAMPLES, bytes)
    packets_at: int
    names_at: int
    received_at: int
    sent_at: int
    control_at: int


def buffers(name_size: int, sample_every: int = 0) -> Buffers:
    """New ones; the clients' addresses have `name_size` bytes; `sample_every`th answers are noted, 0: none."""
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
        packets, names, received, sent, incoming, outgoing,
        np.zeros(BATCH, np.int64), np.zeros(WORK, np.int64), control,
        np.zeros(2 * BUCKETS, np.int64), np.zeros(BUCKETS, np.uint8), *new_ring(sample_every),
        packets.ctypes.data, names.ctypes.data, received.ctypes.data, sent.ctypes.data, control.ctypes.data,
    )  # fmt: skip


def new_counts(table: Table) -> Any:
    """Counters for a table."""
    return np.zeros((len(table.zones) + 1, COUNTERS), np.int64)


@jit.kernel
def answer_batch(count: int, of: Any, table: Any, guard: Any, counts: Any) -> int:
    """Answer what was received; how many answers there are.  What is rare is noted."""
    refill(of.control)
    outgoing = 0
    of.control[RARES] = 0
    for each in range(count):
        size = of.received[each, HDR_SIZE] & 0xFFFF
        length = answer_packet(of.packets, each * STRIDE, size, of.names, each * NAME, of, table, guard, counts)
        if length == RARE:
            of.rare[of.control[RARES]] = each
            of.control[RARES] += 1
        elif length > 0:
            of.outgoing[outgoing, 0] = of.packets_at + each * STRIDE
            of.outgoing[outgoing, 1] = length
            of.sent[outgoing, HDR_NAME] = of.names_at + each * NAME
            outgoing += 1
    return outgoing


@jit.kernel
def answer_packet(
    buf: Any, begin: int, size: int, names: Any, name: int, of: Any, table: Any, guard: Any, counts: Any
) -> int:  # fmt: skip
    """Answer a packet as its client may be answered, and count it: the length, DROP, or RARE while there are tokens."""
    work, control = of.work, of.control
    client = find_client(names, name, guard, work)
    if guard.actions[client, len(counts) - 1] == IGNORE:
        counts[len(counts) - 1, IGNORED] += 1
        return DROP
    length = answer(buf, begin, size, table, guard, client, control[CLOCK], 0, work)
    if length != DROP:
        now = control[CLOCK] * _BILLION + control[CLOCK + 1]
        length = limit(buf, begin, length, guard, client, of.buckets, of.slips, now, work)
    if length == RARE:
        if control[TOKENS] > 0:
            control[TOKENS] -= 1
            return RARE
        control[LOST] += 1
        length = DROP  # the slow path must not be a way to take all time
    note(counts, work, length)
    if length > 0 and of.sampling[0, EVERY] != 0:
        sample(of.sampling, of.sampled, buf, names, name, control[CLOCK], guard, work)
    return length


@jit.kernel
def refill(control: Any) -> None:
    """New tokens each second."""
    if control[REFILLED] != control[CLOCK]:
        control[REFILLED] = control[CLOCK]
        control[TOKENS] = RARE_A_SECOND


@jit.kernel
def note(counts: Any, work: Any, length: int) -> None:
    """Count what became of a packet, of which `length` bytes go out."""
    zone = work[ZONE] if work[ZONE] >= 0 else len(counts) - 1
    counts[zone, work[OUTCOME]] += 1
    counts[zone, BYTES] += length
