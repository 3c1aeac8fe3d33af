"""Compiled: the loop as machine code, system calls and all; it holds no lock of Python's.  Imported where Numba is.

From Python, the calls would cost as much as the answers.  They are called by their addresses, so that the code can be
used by another process than the one that compiled it.
"""

from functools import partial
from typing import Any

from llvmlite import ir  # type: ignore[import-untyped]
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from reputon.zone.guard import open_guard
from reputon.zone.kernel import jit
from reputon.zone.kernel.loop import BATCH, CLOCK, HDR_BYTES, PENDING, RARES, STOP, answer_batch, buffers, new_counts
from reputon.zone.machine import image, linker
from reputon.zone.machine.native import Calls, calls
from reputon.zone.table import compile_zones

_WAIT_FOR_ONE = 0x10000  # MSG_WAITFORONE
_REALTIME = 0  # CLOCK_REALTIME


def serve() -> Any:
    """The compiled `_serve(fd, buffers, table, guard, counts)`, by a compiler in this process."""
    return partial(jit.compiled(_serve), calls())


def make_image() -> bytes:
    """The same for a file, see `image`; LinkError on other processors than x86-64."""
    table = compile_zones([])
    arguments = calls(), 0, buffers(16), table.arrays, open_guard(table), new_counts(table)
    return image.pack(*linker.link(jit.object_of(_serve, arguments)), image.kinds(arguments))


def fill_cache() -> None:
    """Compile for `serve`, where no image can be made: the server's process then finds the code in Numba's cache."""
    table, of = compile_zones([]), buffers(16)
    of.control[STOP] = 1
    serve()(-1, of, table.arrays, open_guard(table), new_counts(table))


def _serve(system: Calls, fd: int, of: Any, table: Any, guard: Any, counts: Any) -> None:
    """Answer until STOP is set, which is looked at as often as the socket's timeout lets it, or for rare packets.

    What comes after STOP is answered by the next call, from the next table.
    """
    received = of.control[PENDING] + 0
    of.control[PENDING] = 0
    while True:
        if of.control[STOP] != 0:
            of.control[PENDING] = max(0, received)
            return
        if received <= 0:
            received = _call(system.receive, (fd, of.received_at, BATCH, _WAIT_FOR_ONE, 0))
            continue
        _call(system.tell_time, (_REALTIME, of.control_at + 8 * CLOCK))
        outgoing = answer_batch(received, of, table, guard, counts)
        sent = 0
        while sent < outgoing:
            # One that cannot be sent is passed over: the others must not be lost.
            sent += max(1, _call(system.send, (fd, of.sent_at + HDR_BYTES * sent, outgoing - sent, 0)))
        received = 0
        if of.control[RARES] > 0:
            return


def _generate_call(_: Any, address: Any, arguments: Any) -> Any:
    """Call a function of C by its address, with words of 64 bits; what it says is an int."""

    def generate(_: Any, builder: Any, __: Any, values: Any) -> Any:
        words: Any = cgutils.unpack_tuple(builder, values[1])  # type: ignore[no-untyped-call]
        kind = ir.FunctionType(ir.IntType(32), [each.type for each in words])
        return builder.call(builder.inttoptr(values[0], kind.as_pointer()), words)

    return types.int32(address, arguments), generate


_call: Any = intrinsic(_generate_call)
