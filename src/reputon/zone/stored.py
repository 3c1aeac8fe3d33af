"""Stored: a table in a file: written whole or not at all, read into memory, and checked before it is believed."""

import io
import json
import math
import mmap
import os
import stat
import struct
import zlib
from dataclasses import asdict
from pathlib import Path
from typing import Any, BinaryIO, cast

import numpy as np

from reputon import durable
from reputon.zone.checks import faults
from reputon.zone.kernel.layout import Arrays
from reputon.zone.table import Table, ZoneOf

MAGIC = b"REPUTON-TABLE-1\n"
ALIGNMENT = 64  # bytes: a line of the processor's cache
MOST_HEADER = 64 << 20  # bytes: a hundred thousand zones
_PREFIX = struct.Struct(">16sQQ24xQ")  # MAGIC, a checksum, the length of the header, the size of what follows
_DTYPES = ("<i8", "<i4", "<u4", "<u2", "|u1")


class StoredError(ValueError):
    """A file that is no table, or one that is damaged; the message says which and what to do."""


def write(table: Table, path: Path) -> None:
    """Write the file by its side and put it in the place; OSError."""
    parts: list[memoryview | bytes] = []
    places: dict[str, list[Any]] = {}
    at = 0
    for name, array in zip(Arrays._fields, table.arrays, strict=True):
        data = np.ascontiguousarray(array).reshape(-1).view(np.uint8).data
        places[name] = [at, array.dtype.str, list(array.shape)]
        parts += [data, _padding(len(data))]
        at += len(data) + len(parts[-1])
    header = {"arrays": places, "made": table.made, "zones": [asdict(each) for each in table.zones]}
    text = json.dumps(header).encode()
    parts[:0] = [text, _padding(_PREFIX.size + len(text))]
    check = 0
    for part in parts:
        check = zlib.crc32(part, check)
    size = sum(map(len, parts))
    with durable.replacing(path) as file:
        file.write(_PREFIX.pack(MAGIC, check, len(text), size))
        for part in parts:
            file.write(part)


def read(path: Path) -> Table:
    """The table of a file, in memory; StoredError where it is damaged or could not be served, OSError."""
    # Without O_NONBLOCK, a pipe of that name would be waited for.
    with os.fdopen(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC), "rb") as file:
        check, length, size = _prefix(path, file)
        whole = _copy(path, file, size)
    if zlib.crc32(whole) != check:
        raise StoredError(f"{path} is damaged, or was not copied whole: make or copy it again")
    try:
        header = json.loads(bytes(whole[:length]))
        body = whole[length + len(_padding(_PREFIX.size + length)) :]
        arrays = Arrays(**{name: _array(body, *header["arrays"][name]) for name in Arrays._fields})
        table = Table(arrays, tuple(ZoneOf(**each) for each in header["zones"]), header["made"])
        found = next(iter(faults(table)), None)
    except Exception as error:  # a header that somebody forged can be anything
        raise StoredError(f"{path} is damaged: {error}: make it again") from None
    if found:
        raise StoredError(f"{path} cannot be served: {found}: make it again")
    return table


def _padding(size: int) -> bytes:
    """What follows so many bytes, so that an array begins a line of the cache."""
    return b"\0" * (-size % ALIGNMENT)


def _prefix(path: Path, file: BinaryIO) -> tuple[int, int, int]:
    """The checksum of all that follows, the length of the header, and the size of it all."""
    status = os.fstat(file.fileno())
    raw = file.read(_PREFIX.size) if stat.S_ISREG(status.st_mode) else b""
    if len(raw) < _PREFIX.size or not raw.startswith(MAGIC):
        raise StoredError(f"{path} is no table of zones of this version: make one with `reputon zone import`")
    _, check, length, size = _PREFIX.unpack(raw)
    if status.st_size != _PREFIX.size + size or length > min(size, MOST_HEADER):
        raise StoredError(f"{path} is damaged, or was not copied whole: make or copy it again")
    return check, length, size


def _copy(path: Path, file: BinaryIO, size: int) -> memoryview:
    """The bytes of a file, and no mapping of it.

    A mapping changes under the loop when somebody copies over the file, and is a SIGBUS once it is shorter.
    """
    # Unlike bytes, this goes back to the system when it is let go.
    whole = mmap.mmap(-1, max(1, size), flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    read = cast("io.BufferedReader", file).readinto(memoryview(whole)[:size])
    if read != size:
        raise StoredError(f"{path} changes while it is read: rename a whole file to its place")
    return memoryview(whole).toreadonly()[:size]


def _array(body: memoryview, at: int, dtype: str, shape: list[int]) -> Any:
    count = math.prod(shape)
    if dtype not in _DTYPES or at < 0 or min(shape, default=0) < 0 or at % ALIGNMENT:
        raise ValueError("an array is not where one can be")
    return np.frombuffer(body, np.dtype(dtype), count, at).reshape(shape)
