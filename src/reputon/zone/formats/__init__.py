"""Formats: the ways in and out of a zone; the tables of all there are."""

from collections.abc import Callable, Sequence
from typing import TextIO

from reputon.zone.content import Content
from reputon.zone.formats import csv, jsonl, rbldnsd
from reputon.zone.reading import Reading

Reader = Callable[[Sequence[str], str, int], Reading]  # files, the zone's name, the time in Unix seconds

Writer = Callable[[Content, TextIO], None]

READERS: dict[str, Reader] = {
    "rbldnsd": rbldnsd.read,
    "csv": csv.read,
    "jsonl": jsonl.read,
}
WRITERS: dict[str, Writer] = {
    "rbldnsd": rbldnsd.write,
    "csv": csv.write,
    "jsonl": jsonl.write,
}
