"""Sampling: every so many-th answer noted in a ring that one loop fills and one thread empties, without a lock.

Only what lies before a zone's apex and the apex are noted, and of a refusal the apex alone: a client's key stands
between them, or where it must not.  The loop never waits: what finds no room is counted as lost.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import ip_network
from typing import Any

import numpy as np

from reputon.zone.kernel import jit
from reputon.zone.kernel.client import NAME
from reputon.zone.kernel.layout import NOWHERE
from reputon.zone.kernel.limit import find_key
from reputon.zone.kernel.question import AFTER, APEX_LABEL, CUT, LABELS, OUTCOME, TYPE, ZONE
from reputon.zone.kernel.writing import FAULTY, RECORD, TRUNCATED

SAMPLES = 1024  # of one loop
_BYTES = NAME + 256  # of a client's address, and of a name in wire format without its root

# Row 0 of `sampling`: each EVERYth answer is noted, LEFT until the next; how many were PUT, TAKEN (read), and LOST.
EVERY, LEFT, PUT, TAKEN, LOST = range(5)
# The other rows: Unix seconds, the type asked, the outcome, the bytes before the apex, and all bytes of the name.
TIME, ASKED, BECAME, BEFORE, LENGTH = range(5)
_COLUMNS = 5

_INET6 = 10
_PREFIX4, _PREFIX6 = 24, 48  # nobody's own address is kept


@dataclass(frozen=True, slots=True)
class Sample:
    """An answer that was noted.  `client`: its /24 or /48; `zone`: the apex, empty: none of ours; `name` in `zone`."""

    time: int
    client: str
    zone: str
    name: str
    rdtype: int
    outcome: int


def new_ring(every: int) -> tuple[Any, Any]:
    """The two arrays of a ring for each `every`th answer; 0: none."""
    sampling = np.zeros((SAMPLES + 1, _COLUMNS), np.int64)
    sampling[0, EVERY] = sampling[0, LEFT] = every
    return sampling, np.zeros((SAMPLES, _BYTES), np.uint8)


@jit.kernel
def sample(sampling: Any, sampled: Any, buf: Any, names: Any, name: int, now: int, guard: Any, work: Any) -> None:
    """Note this answer if it is its turn; the client's address begins at `name`."""
    sampling[0, LEFT] -= 1
    if sampling[0, LEFT] > 0:
        return
    sampling[0, LEFT] = sampling[0, EVERY]
    put = sampling[0, PUT]
    if put - sampling[0, TAKEN] >= SAMPLES:
        sampling[0, LOST] += 1
        return
    row = put % SAMPLES
    sampling[row + 1, TIME] = now
    sampling[row + 1, ASKED] = work[TYPE] if work[OUTCOME] != FAULTY else 0
    sampling[row + 1, BECAME] = work[OUTCOME]
    for each in range(NAME):
        sampled[row, each] = names[name + each]
    note_name(sampling, sampled, row, buf, guard, work)
    sampling[0, PUT] = put + 1


@jit.kernel
def note_name(sampling: Any, sampled: Any, row: int, buf: Any, guard: Any, work: Any) -> None:
    """Copy the labels of the subject, and those of the apex."""
    at = NAME
    sampling[row + 1, BEFORE] = 0
    if work[ZONE] >= 0:
        if work[OUTCOME] <= RECORD or work[OUTCOME] == TRUNCATED:
            at = copy_labels(sampled, row, at, buf, 0, subject_labels(buf, guard, work), work)
        sampling[row + 1, BEFORE] = at - NAME
        at = copy_labels(sampled, row, at, buf, work[APEX_LABEL], work[LABELS], work)
    sampling[row + 1, LENGTH] = at - NAME


@jit.kernel
def subject_labels(buf: Any, guard: Any, work: Any) -> int:
    """How many labels come before the apex and a key, which may stand also where the zone needs none."""
    cut: int = work[CUT]
    if cut == 0 or cut != work[APEX_LABEL]:
        return cut
    return cut - 1 if find_key(buf, guard, work) != NOWHERE else cut


@jit.kernel
def copy_labels(sampled: Any, row: int, at: int, buf: Any, first: int, last: int, work: Any) -> int:
    """Copy the labels from `first` to before `last` as they were asked; where the next one goes."""
    end = work[AFTER] - 5  # of the name: its root, and four bytes of type and class, come after it
    begin = work[first] if first < work[LABELS] else end
    until = work[last] if last < work[LABELS] else end
    for each in range(begin, until):
        sampled[row, at + each - begin] = buf[each]
    length: int = until - begin
    return at + length


class Ring:
    """The reader of a ring."""

    def __init__(self, sampling: Any, sampled: Any) -> None:
        self._sampling = sampling
        self._sampled = sampled
        self._seen = 0

    @property
    def taken(self) -> int:
        """Answers that were read."""
        return int(self._sampling[0, TAKEN])

    @property
    def lost(self) -> int:
        """Answers that found no room."""
        return int(self._sampling[0, LOST])

    def take(self, is_over: bool = False) -> Iterator[Sample]:
        """What was there already at the last call, or everything once the loop has ended.

        The processor may show us the number of samples before their bytes: by the next call they are there.
        """
        begin, end = int(self._sampling[0, TAKEN]), int(self._sampling[0, PUT])
        until = end if is_over else self._seen
        self._seen = end
        for each in range(begin, until):
            yield self._sample(each % SAMPLES)
        self._sampling[0, TAKEN] = until

    def _sample(self, row: int) -> Sample:
        when, rdtype, outcome, before, length = (int(each) for each in self._sampling[row + 1])
        address, name = bytes(self._sampled[row, :NAME]), bytes(self._sampled[row, NAME : NAME + length])
        return Sample(when, client(address), _text(name[before:]), _text(name[:before]), rdtype, outcome)


def client(sockaddr: bytes) -> str:
    """The prefix of a client by its struct sockaddr."""
    if int.from_bytes(sockaddr[:2], "little") == _INET6:
        return str(ip_network((sockaddr[8:24], _PREFIX6), strict=False))
    return str(ip_network((sockaddr[4:8], _PREFIX4), strict=False))


def _text(wire: bytes) -> str:
    """A name as people write it, in lower case; bytes that are none of theirs as \\DDD (RFC 4343 section 2.1)."""
    labels, at = [], 0
    while at < len(wire):
        labels.append("".join(map(_byte, wire[at + 1 : at + 1 + wire[at]])))
        at += wire[at] + 1
    return ".".join(labels).lower()


def _byte(byte: int) -> str:
    if byte in b".\\":
        return "\\" + chr(byte)
    return chr(byte) if 0x20 < byte < 0x7F else f"\\{byte:03}"
