"""Examining: a table as whoever is to serve it wants to know it: what keeps it from being served, and what is odd."""

from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import ip_network

import numpy as np

from reputon.zone import checks
from reputon.zone.content import FOREVER
from reputon.zone.dump.entries import Name, names
from reputon.zone.dump.spans import Spans, intervals, spans
from reputon.zone.kernel import layout
from reputon.zone.kernel.layout import NOWHERE
from reputon.zone.table import Table

_LOOPBACK, _TEST = 0x7F000001, 0x7F000002
_MAPPED = 0xFFFF << 32
_CODE = 127  # the first octet of a return code

# What no mail comes from (RFC 6890); 127.0.0.0/24 has the test entries.
RESERVED = (
    "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.1.0/24", "169.254.0.0/16", "172.16.0.0/12", "192.168.0.0/16",
    "224.0.0.0/3",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Examined:
    """A zone.  `faults`: it is not served with these; `warnings`: it is.  `stale` in Unix seconds, 0: never."""

    apex: str
    serial: int
    entries: int
    ranges4: int
    ranges6: int
    names: int
    stale: int
    faults: tuple[str, ...]
    warnings: tuple[str, ...]


def examine(table: Table, now: float) -> Iterator[Examined]:
    """Each zone of a sound table; `now` in Unix seconds."""
    unfit = list(checks.warnings(table))
    for row, zone in enumerate(table.zones):
        stale = int(table.arrays.zones[row, layout.STALE])
        four, six = (spans(intervals(table, row, version), version) for version in (4, 6))
        named = list(names(table, row))
        faults = [each for each in unfit if each.startswith(f"{zone.apex} ")]
        if stale != FOREVER and now >= stale:
            faults.append(f"{zone.apex} is stale: it lists nobody, and answers SERVFAIL")
        odd = [*_addresses(table, row, four, six), *_names(named), *_codes(table, four, six, named)]
        listed = sum(1 for each in named if each.itself or each.below)
        yield Examined(
            zone.apex, zone.serial, zone.entries, len(four), len(six), listed, stale, tuple(faults),
            tuple(f"{zone.apex} {each}" for each in odd),
        )  # fmt: skip


def _addresses(table: Table, row: int, four: Spans, six: Spans) -> Iterator[str]:
    if table.arrays.zones[row, layout.INDEX4] != NOWHERE:
        if not four.has(_TEST):
            yield "does not list 127.0.0.2, by which others test it (RFC 5782 section 5)"
        for each in map(ip_network, RESERVED):
            if four.overlap(int(each.network_address), int(each.broadcast_address)):
                yield f"lists something of {each}, which is reserved"
    if table.arrays.zones[row, layout.INDEX6] != NOWHERE:
        if not six.has(_MAPPED | _TEST):
            yield "does not list ::ffff:127.0.0.2, by which others test it (RFC 5782 section 5)"
        if six.has(_MAPPED | _LOOPBACK):
            yield "lists ::ffff:127.0.0.1, as if the world were listed (RFC 5782 section 5)"


def _codes(table: Table, four: Spans, six: Spans, named: list[Name]) -> Iterator[str]:
    """Whether what is said are codes: an address of somebody's is none (RFC 5782 section 2.1)."""
    of_names = [value for each in named for value in (each.itself, each.below)]
    rows = table.arrays.values[np.unique(np.concatenate([four.value, six.value, np.array(of_names, np.int64)]))]
    for each in range(int(rows[:, layout.CODE_COUNT].max(initial=0))):
        rows = rows[rows[:, layout.CODE_COUNT] > each]
        octets = table.arrays.blob[rows[:, layout.CODES].astype(np.int64) + 4 * each]
        if (octets != _CODE).any():
            yield "has return codes outside of 127.0.0.0/8 (RFC 5782 section 2.1)"
            return


def _names(named: list[Name]) -> Iterator[str]:
    listed = {each.owner for each in named if each.itself}
    if not any(each.owner and (each.itself or each.below) for each in named):
        return
    if "test" not in listed:
        yield "does not list the name TEST, by which others test it (RFC 5782 section 5)"
    if "invalid" in listed:
        yield "lists the name INVALID, as if every name were listed (RFC 5782 section 5)"
