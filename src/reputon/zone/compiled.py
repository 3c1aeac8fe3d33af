"""Compiled: the loop as machine code, system calls and all; it holds no lock of Python's.  Imported where Numba is.

From Python, the calls would cost as much as the answers.  ExternalFunction is not quite public in Numba: it stands
here alone, and where it fails the plain loop goes on.
"""

from typing import Any

from numba import types
from numba.core.types.functions import ExternalFunction

from reputon.zone import jit
from reputon.zone.loop import BATCH, CLOCK, HDR_BYTES, RARES, STOP, answer_batch, buffers, new_counts, open_guard
from reputon.zone.table import compile_zones

_WAIT_FOR_ONE = 0x10000  # MSG_WAITFORONE
_REALTIME = 0  # CLOCK_REALTIME

_int, _size, _address = types.int32, types.uint32, types.uintp
_receive: Any = ExternalFunction("recvmmsg", _int(_int, _address, _size, _int, _address))
_send: Any = ExternalFunction("sendmmsg", _int(_int, _address, _size, _int))
_tell_time: Any = ExternalFunction("clock_gettime", _int(_int, _address))


def serve() -> Any:
    """The compiled `_serve(fd, buffers, table, guard, counts)`."""
    return jit.compiled(_serve)


def warm() -> None:
    """Compile the loop and keep it in the cache, without serving anything."""
    table = compile_zones([])
    of = buffers(16)
    of.control[STOP] = 1
    serve()(-1, of, table.arrays, open_guard(table), new_counts(table))


def _serve(fd: int, of: Any, table: Any, guard: Any, counts: Any) -> None:
    """Answer until STOP is set, which is looked at as often as the socket's timeout lets it, or for rare packets."""
    while of.control[STOP] == 0:
        received = _receive(fd, of.received_at, BATCH, _WAIT_FOR_ONE, 0)
        if received <= 0:
            continue
        _tell_time(_REALTIME, of.control_at + 8 * CLOCK)
        outgoing = answer_batch(received, of, table, guard, counts)
        sent = 0
        while sent < outgoing:
            # One that cannot be sent is passed over: the others must not be lost.
            sent += max(1, _send(fd, of.sent_at + HDR_BYTES * sent, outgoing - sent, 0))
        if of.control[RARES] > 0:
            return
