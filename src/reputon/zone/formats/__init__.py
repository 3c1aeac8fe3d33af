"""Formats: the ways in and out of a zone; the tables of all there are."""

from collections.abc import Callable, Mapping, Sequence
from typing import TextIO, TypeVar

from reputon.zone.content import Content, ContentError
from reputon.zone.formats import bind, csv, jsonl, rbldnsd, rpz
from reputon.zone.reading.reading import Reading

Reader = Callable[[Sequence[str], str, int], Reading]  # files, the zone's name, the time in Unix seconds
Writer = Callable[[Content, TextIO], None]

READERS: dict[str, Reader] = {
    "rbldnsd": rbldnsd.read,
    "csv": csv.read,
    "jsonl": jsonl.read,
}
WRITERS: dict[str, Writer] = {
    "rbldnsd": rbldnsd.write,
    "bind": bind.write,
    "rpz": rpz.write,
    "csv": csv.write,
    "jsonl": jsonl.write,
}

_T = TypeVar("_T")


def reader(name: str) -> Reader:
    """The reader of that name; ContentError."""
    return _named(READERS, name)


def writer(name: str) -> Writer:
    """The writer of that name; ContentError."""
    return _named(WRITERS, name)


def _named(table: Mapping[str, _T], name: str) -> _T:
    if name not in table:
        raise ContentError(f"there is no format {name!r} here: choose one of {', '.join(table)}")
    return table[name]
