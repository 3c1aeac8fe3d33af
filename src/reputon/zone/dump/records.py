"""Records: a compiled zone as owners that any authoritative server can load, and that then answer as ours does.

An address is an owner of its own, or lies under exactly one wildcard: blocks are disjoint, and none holds an address
that is not listed or is listed otherwise.  Under a wildcard of names, a name that is not listed needs an owner that
stops the wildcard (RFC 4592 section 2.2.1); it has a TXT record and no A.

What differs from our own answers: names below an address or a wildcard (`x.4.3.2.1`), which a wildcard answers too,
and the texts of wildcards, which name the prefix.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import IPv4Address

from reputon.zone.content import EXCLUDED
from reputon.zone.dump.blocks import zone_blocks
from reputon.zone.dump.named import zone_names
from reputon.zone.dump.spelling import address_text, escaped, owner_text, prefix_text
from reputon.zone.kernel import layout
from reputon.zone.kernel.layout import SUBJECT
from reputon.zone.table import Table

KEPT = 4096  # values that are not read anew
STOPPED = b"not listed"  # the text of an owner that stops a wildcard


@dataclass(frozen=True, slots=True)
class Said:
    """What a value says: codes of four bytes, templates in which SUBJECT stands for who is asked about, seconds."""

    codes: tuple[bytes, ...]
    templates: tuple[bytes, ...]
    ttl: int


@dataclass(frozen=True, slots=True)
class Owner:
    """A listed owner in words, relative to the apex: A records, TXT records, and their TTL.

    `subject` is what was put for `$`: an address, a prefix or a name.  Without codes it stops a wildcard.
    """

    labels: str
    subject: str
    codes: tuple[str, ...]
    texts: tuple[bytes, ...]
    ttl: int


def told(table: Table, row: int, now: int = 0) -> Iterator[Owner]:
    """Every listed owner of a zone, the widest wildcards first.  Values that end by `now` are left out."""
    said = said_by(table, row)

    @lru_cache(KEPT)
    def codes(value: int) -> tuple[str, ...]:
        return tuple(str(IPv4Address(code)) for code in said[value].codes)

    for blocks in zone_blocks(table, row, now):
        labels, subjects = owner_text(blocks), address_text(blocks) if blocks.is_whole else prefix_text(blocks)
        for owner, subject, value in zip(labels, subjects, blocks.value.tolist(), strict=True):
            yield Owner(owner, subject, codes(value), texts(said[value], subject.encode()), said[value].ttl)
    for named in zone_names(table, row, now):
        owner = escaped(named.owner)
        if named.stops:
            yield Owner(owner, owner, (), (STOPPED,), int(table.arrays.zones[row, layout.TTL]))
        for label, value in ((owner, named.itself), (f"*.{owner}" if owner else "*", named.below)):
            if value != EXCLUDED:
                yield Owner(label, label, codes(value), texts(said[value], label.encode()), said[value].ttl)


def generic(table: Table, row: int) -> Iterator[tuple[str, bytes]]:
    """The generic records, those of the apex too: (owner relative to the apex, the record from its type on)."""
    for named in zone_names(table, row):
        for record in named.records:
            yield escaped(named.owner), record


def texts(said: Said, subject: bytes) -> tuple[bytes, ...]:
    """The texts about a subject, which stands where `$` stood."""
    return tuple(each.replace(bytes((SUBJECT,)), subject) for each in said.templates)


class Sayings(Mapping[int, Said]):
    """What each value of a table says in a zone, by its index; read when it is asked for, since each may be another."""

    def __init__(self, table: Table, row: int) -> None:
        self._values = table.arrays.values
        self._blob = memoryview(table.arrays.blob)
        self._zone_ttl = int(table.arrays.zones[row, layout.TTL])
        self._read = lru_cache(KEPT)(self._read_anew)

    def __getitem__(self, value: int) -> Said:
        return self._read(value)

    def __iter__(self) -> Iterator[int]:
        return iter(range(len(self)))

    def __len__(self) -> int:
        return len(self._values)

    def _read_anew(self, value: int) -> Said:
        each = self._values[value].tolist()
        at, count = each[layout.CODES], each[layout.CODE_COUNT]
        codes = dict.fromkeys(bytes(self._blob[code : code + 4]) for code in range(at, at + 4 * count, 4))
        templates = dict.fromkeys(_templates(self._blob, each[layout.TEXTS], each[layout.TEXT_COUNT]))
        return Said(tuple(codes), tuple(templates), each[layout.VALUE_TTL] or self._zone_ttl)


def said_by(table: Table, row: int) -> Sayings:
    """What each value of the table says in this zone."""
    return Sayings(table, row)


def _templates(blob: memoryview, at: int, count: int) -> Iterator[bytes]:
    for _ in range(count):
        size = int.from_bytes(blob[at : at + 2], "big")
        yield bytes(blob[at + 2 : at + 2 + size])
        at += 2 + size
