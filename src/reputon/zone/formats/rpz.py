"""RPZ: a response policy zone, by which resolvers refuse the listed (draft-vixie-dnsop-dns-rpz).

A listed address becomes a trigger on the addresses in answers (`rpz-ip`), a listed name one on the name asked about.
"""

from collections.abc import Callable, Iterator
from itertools import chain, pairwise
from typing import TextIO

import numpy as np
from numpy.typing import NDArray

from reputon.zone.content import EXCLUDED, Content, ContentError
from reputon.zone.dump.aligned import U64
from reputon.zone.dump.blocks import alive_values, intervals4, intervals6
from reputon.zone.dump.heading import heading
from reputon.zone.dump.named import zone_names
from reputon.zone.dump.records import said_by, texts
from reputon.zone.dump.spelling import escaped
from reputon.zone.reading.layers import CHUNK
from reputon.zone.reading.master import quoted
from reputon.zone.reading.policy_zone import ACTIONS, owner4, owner6, prefixes
from reputon.zone.reading.prefixes import text4, text6
from reputon.zone.table import Table, compile_zones

DATA = "data"  # the action that answers with our own codes and texts
Trigger = tuple[str, str, int]  # owner, what is put for `$`, value (EXCLUDED: let it pass)


def write(content: Content, out: TextIO, action: str = "nxdomain") -> None:
    """The policy zone of some content; `action` is one of ACTIONS, or DATA; raises ContentError."""
    write_table(compile_zones([content]), 0, out, action)


def write_table(table: Table, row: int, out: TextIO, action: str = "nxdomain", now: int = 0) -> None:
    """The policy zone of one zone of a table, without what has ended by `now` (Unix seconds); raises ContentError."""
    does = _does(table, row, action)
    out.writelines(heading(table, row))
    for owner, subject, value in _triggers(table, row, now):
        out.writelines(f"{owner} {data}\n" for data in does(subject, value))


def _does(table: Table, row: int, action: str) -> Callable[[str, int], tuple[str, ...]]:
    """What a trigger does, told by what is put for `$` and its value."""
    passes = (ACTIONS["passthru"],)
    if action in ACTIONS:
        same = (ACTIONS[action],)
        return lambda _, value: same if value != EXCLUDED else passes
    if action != DATA:
        raise ContentError(f"action {action!r}: choose one of {', '.join(ACTIONS)}, {DATA}")
    said = said_by(table, row)

    def answers(subject: str, value: int) -> tuple[str, ...]:
        if value == EXCLUDED:
            return passes
        codes = (f"A {'.'.join(map(str, code))}" for code in said[value].codes)
        return (*codes, *(f"TXT {quoted(text)}" for text in texts(said[value], subject.encode())))

    return answers


def _triggers(table: Table, row: int, now: int) -> Iterator[Trigger]:
    alive = alive_values(table.arrays, now)
    first4, value4 = intervals4(table.arrays, row)
    for first, last, value in _listed(_numbered(np.zeros_like(first4), first4, alive[value4]), 32):
        for prefix in prefixes(first, last, 32):
            yield owner4(*prefix), text4(*prefix), value
    upper, lower, value6 = intervals6(table.arrays, row)
    for first, last, value in _listed(_numbered(upper, lower, alive[value6]), 128):
        for prefix in prefixes(first, last, 128):
            yield owner6(*prefix), text6(*prefix), value
    for named in zone_names(table, row, now):
        owner = escaped(named.owner)
        if named.stops:
            yield owner, owner, EXCLUDED
        for label, value in ((owner, named.itself), (f"*.{owner}" if owner else "*", named.below)):
            if value != EXCLUDED:
                yield label, label, value


def _numbered(upper: U64, lower: U64, value: NDArray[np.uint32]) -> Iterator[tuple[int, int]]:
    """First addresses with their values, many at a time become Python's."""
    for at in range(0, len(value), CHUNK):
        of = slice(at, at + CHUNK)
        for high, low, each in zip(upper[of].tolist(), lower[of].tolist(), value[of].tolist(), strict=True):
            yield high << 64 | low, each


def _listed(intervals: Iterator[tuple[int, int]], bits: int) -> Iterator[tuple[int, int, int]]:
    """The listed ones as (first, last, value)."""
    for (first, value), (after, _) in pairwise(chain(intervals, [(1 << bits, EXCLUDED)])):
        if value != EXCLUDED:
            yield first, after - 1, value
