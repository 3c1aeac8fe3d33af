"""Client: who asks: from the bytes of a socket's address, what kind of client it is, and which bucket is its."""

import socket
from typing import Any

from reputon.zone.guard import MASK4, MASK6, MASK6_LOWER, SEED, Guard
from reputon.zone.kernel import jit
from reputon.zone.kernel.lookup import find4, find6
from reputon.zone.kernel.question import BUCKET, WORK

NAME = 32  # bytes for a client's address (sockaddr_in, sockaddr_in6)
BUCKETS = 1 << 16  # of a worker
_INET, _INET6 = 2, 10  # families as Linux numbers them, low byte first
_MASK = 0xFFFF_FFFF


@jit.kernel
def find_client(name: Any, at: int, guard: Any, work: Any) -> int:
    """The row of the client whose sockaddr begins at `at`; its bucket is noted."""
    limits = guard.limits
    row: int
    if name[at] == _INET:
        address = word(name, at + 4)
        work[BUCKET] = bucket_of(address & limits[MASK4], 0, limits[SEED])
        row = guard.row4[find4(guard, 0, len(guard.first4), address)]
    else:
        a, b = word(name, at + 8), word(name, at + 12)
        work[BUCKET] = bucket_of(a & limits[MASK6], b & limits[MASK6_LOWER], limits[SEED])
        row = guard.row6[find6(guard, 0, len(guard.first6) - 1, a, b, word(name, at + 16), word(name, at + 20))]
    return row


@jit.kernel
def word(name: Any, at: int) -> int:
    """Four bytes as a number."""
    number: int = (name[at] << 24) | (name[at + 1] << 16) | (name[at + 2] << 8) | name[at + 3]
    return number


@jit.kernel
def bucket_of(a: int, b: int, seed: int) -> int:
    """Where a prefix of two words has its bucket: nobody who does not know the seed can choose to meet another."""
    state = ((a ^ seed) * 0x2C1B3C6D) & _MASK
    state = ((state ^ (state >> 15) ^ b) * 0x297A2D39) & _MASK
    state = ((state ^ (state >> 13) ^ seed) * 0x1B56C4E9) & _MASK
    return state >> 16


def put_name(name: Any, host: str) -> None:
    """Write the sockaddr of a host as find_client reads it; a port is not looked at."""
    if ":" in host:
        name[0], name[8:24] = _INET6, socket.inet_pton(socket.AF_INET6, host.partition("%")[0])
    else:
        name[0], name[4:8] = _INET, socket.inet_pton(socket.AF_INET, host)


def row_of(guard: Guard, host: str) -> int:
    """The row of a client by its address: for those who do not come by the loop."""
    name = bytearray(NAME)
    put_name(name, host)
    return int(find_client(name, 0, guard, [0] * WORK))
