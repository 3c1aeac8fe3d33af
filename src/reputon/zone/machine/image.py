"""Image: machine code in a file, mapped, and called without the compiler that made it.

A compiler in the server's process would take more memory than a million entries.
"""

import ctypes
import json
import mmap
import os
import zlib
from collections.abc import Iterator
from typing import Any

import numpy as np

MAGIC = b"REPUTON-CODE-1\n"
MOST = 16 << 20  # bytes of a file
_ALIGNMENT = 64
_LENGTH = 8


class ImageError(ValueError):
    """A file that is no code, or that is damaged."""


def pack(code: bytes, entry: int, takes: list[str]) -> bytes:
    """The contents of a file for a function that begins at `entry` and takes such arguments (see `kinds`)."""
    header = json.dumps({"entry": entry, "size": len(code), "crc32": zlib.crc32(code), "takes": takes}).encode()
    before = MAGIC + len(header).to_bytes(_LENGTH, "big") + header
    return before + bytes(-len(before) % _ALIGNMENT) + code


def open_code(descriptor: int) -> "Code":
    """The function of an open file, mapped; ImageError, and OSError where no code may be run from that place."""
    size = os.fstat(descriptor).st_size
    if not len(MAGIC) + _LENGTH < size <= MOST:
        raise ImageError("it is no compiled code")
    mapped = mmap.mmap(descriptor, size, flags=mmap.MAP_PRIVATE, prot=mmap.PROT_READ | mmap.PROT_EXEC)
    start = len(MAGIC) + _LENGTH
    length = int.from_bytes(mapped[len(MAGIC) : start], "big")
    begin = start + length + -(start + length) % _ALIGNMENT
    try:
        header = json.loads(mapped[start : start + length])
        code = mapped[begin:]
        if mapped[: len(MAGIC)] != MAGIC or len(code) != header["size"] or zlib.crc32(code) != header["crc32"]:
            raise ImageError("it is damaged")
        entry, takes = int(header["entry"]), [str(each) for each in header["takes"]]
    except (ValueError, KeyError, TypeError):
        raise ImageError("it is damaged") from None
    return Code(mapped, begin + entry, takes)


class Code:
    """A function that was compiled before, as Numba calls it; it holds no lock of Python's."""

    def __init__(self, mapped: mmap.mmap, begin: int, takes: list[str]) -> None:
        self._mapped = mapped  # without it, there would be no code
        self._takes = takes
        words = 2 + sum(_words_of(each) for each in takes)
        address = np.frombuffer(mapped, np.uint8).ctypes.data + begin
        self._function = ctypes.CFUNCTYPE(ctypes.c_int32, *[ctypes.c_int64] * words)(address)

    def __call__(self, *arguments: Any) -> None:
        """Call it; TypeError where the arguments are others than it was compiled for: it would write anywhere."""
        given = kinds(arguments)
        if len(given) != len(self._takes) or any(map(_differ, given, self._takes)):
            raise TypeError(f"compiled code takes {self._takes}, not {given}")
        results = (ctypes.c_int64 * 2)()  # what it returns, None, and what it raises, nothing
        at = ctypes.addressof(results)
        if status := self._function(at, at + 8, *_words(arguments)):
            raise RuntimeError(f"compiled code ended with {status}")


def kinds(arguments: tuple[Any, ...]) -> list[str]:
    """What each number and array in nested tuples is: `int`, or type, dimensions, and `r` where it is read only."""
    return [_kind(each) for each in _leaves(arguments)]


def _kind(leaf: Any) -> str:
    if isinstance(leaf, int):
        return "int"
    if not (leaf.flags.c_contiguous and leaf.flags.aligned):
        raise TypeError("compiled code takes only arrays that lie in one piece")
    return f"{leaf.dtype.str} {leaf.ndim}" + ("" if leaf.flags.writeable else " r")


def _differ(given: str, taken: str) -> bool:
    return taken not in (given, f"{given} r")


def _words_of(kind: str) -> int:
    return 1 if kind == "int" else 5 + 2 * int(kind.split()[1])


def _leaves(argument: Any) -> Iterator[Any]:
    if isinstance(argument, tuple):
        for each in argument:
            yield from _leaves(each)
    else:
        yield argument


def _words(arguments: tuple[Any, ...]) -> Iterator[int]:
    """As Numba passes them: an array is two owners (none), the number and size of items, address, shape and strides."""
    for each in _leaves(arguments):
        if isinstance(each, int):
            yield each
        else:
            yield from (0, 0, each.size, each.itemsize, each.ctypes.data, *each.shape, *each.strides)
