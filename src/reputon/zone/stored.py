"""Stored: a table in a file: written whole or not at all, read into memory, and checked before it is believed."""

import io
import json
import mmap
import os
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
_LENGTH = 8


class StoredError(ValueError):
    """A file that is no table, or one that is damaged; the message says which and what to do."""


def write(table: Table, path: Path) -> None:
    """Write the file by its side and put it in the place; OSError."""
    parts: list[memoryview | bytes] = []
    places: dict[str, list[Any]] = {}
    at = 0
    check = 0
    for name, array in zip(Arrays._fields, table.arrays, strict=True):
        data = np.ascontiguousarray(array).reshape(-1).view(np.uint8).data
        places[name] = [at, array.dtype.str, list(array.shape)]
        padding = b"\0" * (-len(data) % ALIGNMENT)
        check = zlib.crc32(padding, zlib.crc32(data, check))
        parts += [data, padding]
        at += len(data) + len(padding)
    header = {"arrays": places, "size": at, "crc32": check, "made": table.made}
    header["zones"] = [asdict(each) for each in table.zones]
    text = json.dumps(header).encode()
    before = MAGIC + len(text).to_bytes(_LENGTH, "big") + text
    parts.insert(0, before + b"\0" * (-len(before) % ALIGNMENT))
    with durable.replacing(path) as file:
        for part in parts:
            file.write(part)


def read(path: Path) -> Table:
    """The table of a file, in memory; StoredError where it is damaged or could not be served, OSError."""
    with path.open("rb") as file:
        size = os.fstat(file.fileno()).st_size
        if size < len(MAGIC) + _LENGTH:
            raise StoredError(f"{path} is no table of zones: make one with `reputon zone import`")
        mapped = _copy(path, file, size)
    header, begin = _header(path, mapped)
    try:
        body = mapped[begin:]
        if len(body) != header["size"] or zlib.crc32(body) != header["crc32"]:
            raise StoredError(f"{path} is damaged, or was not copied whole: make or copy it again")
        arrays = Arrays(**{name: _array(body, *header["arrays"][name]) for name in Arrays._fields})
        table = Table(arrays, tuple(ZoneOf(**each) for each in header["zones"]), int(header["made"]))
    except (KeyError, TypeError, ValueError) as error:
        if isinstance(error, StoredError):
            raise
        raise StoredError(f"{path} is damaged: {error}: make it again") from None
    found = next(iter(faults(table)), None)
    if found:
        raise StoredError(f"{path} cannot be served: {found}: make it again")
    return table


def _copy(path: Path, file: BinaryIO, size: int) -> memoryview:
    """The bytes of a file, and no mapping of it.

    A mapping changes under the loop when somebody copies over the file, and is a SIGBUS once it is shorter.
    """
    whole = mmap.mmap(
        -1, size, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS
    )  # goes back to the system when it is let go
    read = cast("io.BufferedReader", file).readinto(whole)
    if read != size:
        raise StoredError(f"{path} changes while it is read: rename a whole file to its place")
    return memoryview(whole).toreadonly()


def _header(path: Path, mapped: memoryview) -> tuple[dict[str, Any], int]:
    start = len(MAGIC) + _LENGTH
    length = int.from_bytes(mapped[len(MAGIC) : start], "big")
    if mapped[: len(MAGIC)] != MAGIC or length > min(len(mapped) - start, MOST_HEADER):
        raise StoredError(f"{path} is no table of zones of this version: make one with `reputon zone import`")
    try:
        header = json.loads(bytes(mapped[start : start + length]))
    except ValueError:
        raise StoredError(f"{path} is damaged: its header cannot be read: make it again") from None
    if not isinstance(header, dict):
        raise StoredError(f"{path} is damaged: its header is no object: make it again")
    return header, start + length + -(start + length) % ALIGNMENT


def _array(body: memoryview, at: int, dtype: str, shape: list[int]) -> Any:
    kind = np.dtype(dtype)
    count = int(np.prod(shape, dtype=np.int64))
    if kind.hasobject or at < 0 or count < 0 or at % ALIGNMENT:
        raise ValueError("an array is not where one can be")
    return np.frombuffer(body, kind, count, at).reshape(shape)
