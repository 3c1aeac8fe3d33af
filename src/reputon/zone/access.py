"""Access: which clients may ask which zones: rules by prefix, of which the longest wins, as intervals of rows."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reputon.zone.flat import Bounds, Intervals, flatten, overlay

Network = IPv4Network | IPv6Network
Cell = tuple[int, int]  # a column of the actions, and what it says
MOST_RULES = 100_000
_EVERYWHERE = ""
_HALF = 0xFFFF_FFFF_FFFF_FFFF
_WORD = np.uint64(0xFFFF_FFFF)
_END4 = np.uint64(1 << 32)


class AccessError(ValueError):
    """A protection that cannot be; the message says what to write instead."""


class Action(IntEnum):
    """What a client may; the kernel's numbers (`reputon.zone.kernel.answer`)."""

    ALLOW = 0
    REFUSE = 1  # REFUSED, with the extended error 18 (RFC 8914)
    EMPTY = 2  # as if nothing were listed; the apex stays
    IGNORE = 3  # no answer
    CODE = 4  # 127.255.255.254 and a text: a client that knows no better takes it for a listing


@dataclass(frozen=True, slots=True)
class Rule:
    """What the clients of a prefix may in a zone, by its apex; empty: in all zones.

    The longest prefix wins; of two that are equal, that of the zone.
    """

    prefix: str
    action: Action
    zone: str = _EVERYWHERE


@dataclass(frozen=True, slots=True)
class Clients:
    """The kinds of clients there are: rows.

    `actions` (uint8): for each row its action in each zone, and last that outside of all, where only IGNORE is looked
    at.  `exempt` (uint8): whether a row is never limited.  `first4` (uint32) and `first6` (uint32, four words each)
    are where intervals of addresses begin, of which the first begins at 0; `row4` and `row6` (int64) their rows.
    """

    actions: NDArray[np.uint8]
    exempt: NDArray[np.uint8]
    first4: NDArray[np.uint32]
    row4: NDArray[np.int64]
    first6: NDArray[np.uint32]
    row6: NDArray[np.int64]


def network(text: str) -> Network:
    """A prefix, or one address; AccessError."""
    try:
        return ip_network(text.strip())
    except ValueError as error:
        raise AccessError(f"{text!r} is no prefix: {error}: write it as 192.0.2.0/24 or 2001:db8::/32") from None


def clients(rules: Sequence[Rule], exempt: Iterable[str], zones: Sequence[str]) -> Clients:
    """The kinds that these rules make for these zones, by their apexes; AccessError."""
    if len(rules) > MOST_RULES:
        raise AccessError(f"there are more than {MOST_RULES} rules: join prefixes")
    said = _said(rules)
    columns: list[Mapping[Network, int]] = [said[_EVERYWHERE] | said.get(plain(zone), {}) for zone in zones]
    columns += [_outside(said), {network(each): 1 for each in exempt}]
    kinds = _Kinds()
    found4, found6 = (
        overlay([_flat(number, column, version, kinds) for number, column in enumerate(columns)], kinds.join)
        for version in (4, 6)
    )
    rows = kinds.rows(len(columns))
    inside = found4.first.lower < _END4
    return Clients(
        np.ascontiguousarray(rows[:, :-1]), np.ascontiguousarray(rows[:, -1]),
        found4.first.lower[inside].astype(np.uint32), found4.value[inside].astype(np.int64),
        _words(found6.first), found6.value.astype(np.int64),
    )  # fmt: skip


def plain(zone: str) -> str:
    """A zone's apex as tables have it."""
    return zone.rstrip(".").lower()


def _said(rules: Iterable[Rule]) -> dict[str, dict[Network, int]]:
    """The actions by zone and prefix."""
    said: dict[str, dict[Network, int]] = {_EVERYWHERE: {}}
    for rule in rules:
        prefix, of_zone = network(rule.prefix), said.setdefault(plain(rule.zone), {})
        if of_zone.setdefault(prefix, int(rule.action)) != rule.action:
            raise AccessError(f"two rules differ about {prefix} in {rule.zone or 'all zones'}: keep one of them")
    return said


def _outside(said: Mapping[str, Mapping[Network, int]]) -> dict[Network, int]:
    """Who is ignored before a packet is read: nobody whom the rule of some zone answers."""
    answered = [each for zone, of in said.items() if zone for each, action in of.items() if action != Action.IGNORE]
    return {**said[_EVERYWHERE], **dict.fromkeys(answered, int(Action.ALLOW))}


class _Kinds:
    """The rows while they are found: each a set of cells, and the first one empty."""

    def __init__(self) -> None:
        self._numbers: dict[frozenset[Cell], int] = {frozenset(): 0}
        self._cells: list[frozenset[Cell]] = [frozenset()]

    def number(self, cells: frozenset[Cell]) -> int:
        if cells not in self._numbers:
            self._numbers[cells] = len(self._cells)
            self._cells.append(cells)
        return self._numbers[cells]

    def join(self, several: Sequence[int]) -> int:
        return self.number(frozenset[Cell]().union(*(self._cells[each] for each in several)))

    def rows(self, columns: int) -> NDArray[np.uint8]:
        made = np.zeros((len(self._cells), columns), np.uint8)
        for row, cells in enumerate(self._cells):
            for column, action in cells:
                made[row, column] = action
        return made


def _flat(number: int, column: Mapping[Network, int], version: int, kinds: _Kinds) -> Intervals:
    """What one column says, as numbers of rows."""
    networks = [each for each in column if each.version == version]
    first = [int(each.network_address) for each in networks]
    length = [each.prefixlen + (96 if version == 4 else 0) for each in networks]
    rows = [kinds.number(frozenset({(number, column[each])})) if column[each] else 0 for each in networks]
    bounds = Bounds(
        np.array([each >> 64 for each in first], np.uint64), np.array([each & _HALF for each in first], np.uint64)
    )
    return flatten(bounds, np.array(length, np.uint8), np.array(rows, np.uint32), max)


def _words(first: Bounds) -> NDArray[Any]:
    half = np.uint64(32)
    words = [first.upper >> half, first.upper & _WORD, first.lower >> half, first.lower & _WORD]
    return np.ascontiguousarray(np.stack(words, axis=1).astype(np.uint32))
