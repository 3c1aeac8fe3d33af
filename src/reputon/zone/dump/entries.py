"""Dumping: everything that a compiled zone says, entry by entry, as it will be answered and not as it was written."""

from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import IPv4Address

from reputon.zone.content import EXCLUDED
from reputon.zone.dump.records import said_by
from reputon.zone.dump.spans import VERSIONS, intervals, prefixes, spans
from reputon.zone.dump.spelling import escaped
from reputon.zone.kernel import layout
from reputon.zone.kernel.layout import SUBJECT
from reputon.zone.table import Table

_SUBJECT = bytes((SUBJECT,))


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a value says: `$` in a text stands for who is asked about; `expires` in Unix seconds, 0: never."""

    codes: tuple[str, ...]
    texts: tuple[str, ...]
    ttl: int
    expires: int


@dataclass(frozen=True, slots=True)
class Name:
    """A name of a zone: its owner, the values for itself and for what is below it, how many generic records it has."""

    owner: str
    itself: int
    below: int
    records: int


def meanings(table: Table, row: int) -> list[Meaning]:
    """What each value says in this zone, by its index; in order, since that of records means nothing."""
    expires = table.arrays.values[:, layout.EXPIRES].tolist()
    return [
        Meaning(
            tuple(str(IPv4Address(each)) for each in sorted(said.codes)),
            tuple(sorted(map(_template, said.templates))),
            said.ttl,
            end,
        )
        for said, end in zip(said_by(table, row).values(), expires, strict=True)
    ]


def entries(table: Table, row: int) -> Iterator[tuple[str, int]]:
    """Each prefix (or address) and each name that is listed, with its value; `*.` and `.` before a name as it covers.

    Prefixes are the fewest that say the same: what was written twice, nested or excluded shows as its outcome.
    """
    for version in VERSIONS:
        yield from prefixes(spans(intervals(table, row, version), version))
    for name in names(table, row):
        yield from spelled(name)


def spelled(name: Name) -> Iterator[tuple[str, int]]:
    """A name's entries as people write them."""
    if name.itself == name.below != EXCLUDED:
        yield f".{name.owner}", name.itself
        return
    if name.itself != EXCLUDED:
        yield name.owner, name.itself
    if name.below != EXCLUDED:
        yield f"*.{name.owner}", name.below


def names(table: Table, row: int) -> Iterator[Name]:
    """The names of a zone that say something, the apex among them, those above before those below."""
    of = table.arrays
    slots, mask = int(of.zones[row, layout.SLOTS]), int(of.zones[row, layout.SLOT_MASK])
    used = of.slots[slots : slots + mask + 1]
    for node in of.nodes[sorted((used[used != 0] - 1).tolist())].tolist():
        itself, below, records = node[layout.SELF], node[layout.BELOW], node[layout.RECORD_COUNT]
        if itself or below or records:
            begin = node[layout.OWNER]
            yield Name(escaped(bytes(of.blob[begin : begin + node[layout.OWNER_LENGTH]])), itself, below, records)


def _template(template: bytes) -> str:
    return template.replace(b"$", b"$$").replace(_SUBJECT, b"$").decode("utf-8", "replace")
