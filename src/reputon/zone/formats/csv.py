"""CSV: `subject,codes,texts,ttl,expires,list`, one entry on a row (RFC 4180); spreadsheets read and write it."""

import csv
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TextIO

from reputon.zone.content import OF_ZONE, Content, ContentError, Value
from reputon.zone.reading.lines import blocks, changed
from reputon.zone.reading.prefixes import DIGITS, name
from reputon.zone.reading.reading import Reading, plain_soa
from reputon.zone.reading.rows import Filling, rows, time_text, value

COLUMNS = ("subject", "codes", "texts", "ttl", "expires", "list")
NEEDED = {"subject", "codes"}


def read(files: Sequence[str], origin: str, now: int) -> Reading:  # noqa: ARG001 - as all readers are called
    """The zone that the rows of some files say together; it has entries alone, and a plain start of authority.

    The first row of each file names its columns, in any order; all but `subject` and `codes` may be missing.  Codes
    are separated by spaces, texts by line ends within their cell.  Raises ContentError.
    """
    if not files:
        raise ContentError("no file to read: name one")
    apex = name(origin)
    paths = [Path(each) for each in files]
    content = Content(apex, plain_soa(apex, (), max(map(changed, paths))))
    filling, reading = Filling(content), Reading([content])
    for path in paths:
        _read(path, filling)
    filling.finish(reading)
    return reading


def write(content: Content, out: TextIO) -> None:
    """Every entry of a zone; its records, name servers and start of authority are not in it."""
    table = csv.writer(out, lineterminator="\n")
    table.writerow(COLUMNS)
    cells = [_cells(each) for each in content.values]
    for subject, index, label in rows(content):
        table.writerow((subject, *cells[index], label))


def _read(path: Path, filling: Filling) -> None:
    lines = _lines(path)
    table = csv.reader(lines, strict=True)
    known: dict[tuple[str, ...], int] = {}
    places: list[int] = []
    while True:
        try:
            row = next(table, None)
        except csv.Error as problem:
            raise ContentError(f"{path} line {table.line_num}: {problem}: write commas, and quotes twice") from None
        if row is None:
            break
        try:
            if not places:
                places = _places(row)
            elif row:
                _take(filling, known, row, places)
        except ContentError as problem:
            raise ContentError(f"{path} line {table.line_num}: {problem}") from None


def _lines(path: Path) -> Iterator[str]:
    for _, block in blocks(path):
        yield from (line + "\n" for line in block)


def _places(row: list[str]) -> list[int]:
    """Where each of COLUMNS is in a row; -1: it is missing."""
    found = [each.strip().lower().removeprefix("\ufeff") for each in row]
    if len(set(found)) < len(found) or not set(found) <= set(COLUMNS) or not set(found) >= NEEDED:
        raise ContentError(f"columns {', '.join(found)[:80]!r}: write a first row like {','.join(COLUMNS)}")
    return [found.index(each) if each in found else -1 for each in COLUMNS]


def _take(filling: Filling, known: dict[tuple[str, ...], int], row: list[str], places: list[int]) -> None:
    if len(row) != len(places) - places.count(-1):
        raise ContentError(f"{len(row)} cells: write as many as there are columns")
    subject, codes, texts, ttl, expires, label = (row[at] if at >= 0 else "" for at in places)
    said = (codes, texts, ttl, expires)
    index = known.get(said)
    if index is None:
        index = known[said] = filling.index(_value(*said))
    filling.add(subject.strip(), index, label.strip())


def _value(codes: str, texts: str, ttl: str, expires: str) -> Value:
    ttl = ttl.strip()
    if ttl and (ttl.strip(DIGITS) or len(ttl) > 10):
        raise ContentError(f"ttl {ttl[:20]!r}: write seconds, or nothing")
    found = [each for each in texts.splitlines() if each.strip()]
    return value(codes.split(), found, int(ttl) if ttl else OF_ZONE, expires.strip())


def _cells(said: Value) -> tuple[str, str, str, str]:
    ttl = "" if said.ttl == OF_ZONE else str(said.ttl)
    return " ".join(said.codes), "\n".join(said.texts), ttl, time_text(said.expires)
