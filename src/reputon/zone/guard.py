"""Guard: what protects the zones, from settings to the arrays that the kernel reads; nothing here is global."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from reputon.zone import names
from reputon.zone.access import AccessError, Rule, clients, plain
from reputon.zone.content import ContentError, Record
from reputon.zone.kernel.hashing import hash_of, slot_of, slots_for
from reputon.zone.kernel.layout import NOWHERE
from reputon.zone.rdata import wire
from reputon.zone.table import Table

_SECOND = 1_000_000_000  # nanoseconds
_FULL = 0xFFFF_FFFF
MOST_KEYS = 100_000

# The places of `limits`.
SEED, MASK4, MASK6, MASK6_LOWER, SLIP, QUOTA_CODE, COST, DEPTH = range(8)
ERROR_COST, ERROR_DEPTH = COST + 2, DEPTH + 2
LIMITS = ERROR_DEPTH + 1

# Columns of `keys`: where in `blob` its label lies, and its quotas, 0: none; of `uses`: what it has used.
KEY_LABEL, PER_SECOND, PER_DAY = range(3)
SECOND, IN_SECOND, DAY, IN_DAY, ASKED, OVER = range(6)
USES = OVER + 1

# Rows of `codes`: records in `blob`, from the type on: where, and how long.
CODE_DENIED, TEXT_DENIED, CODE_QUOTA, TEXT_QUOTA = range(4)
_CODES = (
    ("A", "127.255.255.254"),
    ("TXT", '"No listing: this client may not ask this zone"'),
    ("A", "127.255.255.255"),
    ("TXT", '"No listing: this key has asked more than its quota"'),
)
_CODE_TTL = 10  # seconds: a quota of a second must not be one of minutes at every resolver


class Guard(NamedTuple):
    """The arrays; `access.Clients` has what the first six are.  All are read only but `uses`, which workers share.

    `needs_key` (uint8): whether a zone does.  `limits` (int64), `keys` (int64, rows), `codes` (int64, rows): by the
    places above.  `key_slots` (int32): a key's row or NOWHERE, by the hash of its label.
    """

    actions: Any
    exempt: Any
    first4: Any
    row4: Any
    first6: Any
    row6: Any
    needs_key: Any
    limits: Any
    keys: Any
    key_slots: Any
    codes: Any
    blob: Any
    uses: Any

    def plain(self) -> "Guard":
        """The same for plain Python."""
        return Guard(*(memoryview(each) for each in self))


@dataclass(frozen=True, slots=True)
class Key:
    """A label next to the apex that opens a zone.  `name` is whose it is, which may be shown; quotas of 0: none."""

    name: str
    label: str = field(repr=False)
    per_second: int = 0
    per_day: int = 0


@dataclass(frozen=True, slots=True)
class Limits:
    """How many answers a second each worker gives to the clients of one prefix; 0: as many as they ask.

    `burst`: seconds of them that may come at once.  `slip`: of those above, each how-manieth goes out truncated, so
    that a real client comes by TCP; 0: none.  `prefix4`, `prefix6`: bits of an address whose clients are one.
    """

    answers: int = 5000
    errors: int = 500
    burst: float = 1.0
    slip: int = 2
    prefix4: int = 24
    prefix6: int = 56
    exempt: tuple[str, ...] = ("127.0.0.0/8", "::1/128")


@dataclass(frozen=True, slots=True)
class Protection:
    """The settings.  `keyed`: the apexes of zones that need a key; `quota_code`: above a quota, an error code."""

    rules: tuple[Rule, ...] = ()
    keyed: tuple[str, ...] = ()
    keys: tuple[Key, ...] = ()
    quota_code: bool = False
    limits: Limits = field(default_factory=Limits)


def new_uses(protection: Protection) -> NDArray[np.int64]:
    """What its keys have used: nothing; made once, and given to each guard of these settings."""
    return np.zeros((max(1, len(protection.keys)), USES), np.int64)


def key_counts(protection: Protection, uses: NDArray[np.int64]) -> dict[str, dict[str, int]]:
    """By whose key it is: how often it `asked`, and how often that was `over_quota`."""
    rows = zip(protection.keys, uses[:, [ASKED, OVER]].tolist(), strict=False)  # without keys there is one row
    return {key.name: {"asked": asked, "over_quota": over} for key, (asked, over) in rows}


def guard(protection: Protection, table: Table, uses: NDArray[np.int64] | None = None, seed: int = 1) -> Guard:
    """The guard of a table's zones; AccessError.  `seed` (32 bits) should be random, and stay while a server runs."""
    zones = [each.apex for each in table.zones]
    of = clients(protection.rules, protection.limits.exempt, zones)
    keyed = set(map(plain, protection.keyed))
    blob = bytearray()
    made_keys, codes = _keys(protection.keys, blob), _codes(blob)
    made = Guard(
        of.actions, of.exempt, of.first4, of.row4, of.first6, of.row6,
        np.array([zone in keyed for zone in zones] or [False], np.uint8), _limits(protection, seed),
        made_keys, _key_slots(protection.keys, seed), codes, np.frombuffer(bytes(blob), np.uint8),
        new_uses(protection) if uses is None else uses,
    )  # fmt: skip
    for each in made[:-1]:
        each.flags.writeable = False
    return made


def open_guard(table: Table) -> Guard:
    """A guard that lets everybody ask everything, as often as they like."""
    return guard(Protection(limits=Limits(answers=0, errors=0)), table)


def unknown_zones(protection: Protection, table: Table) -> Iterator[str]:
    """Zones that settings name and a table has not: their protection would protect nothing."""
    known = {each.apex for each in table.zones}
    named = dict.fromkeys([*(each.zone for each in protection.rules if each.zone), *protection.keyed])
    yield from (each for each in named if plain(each) not in known)


def _limits(protection: Protection, seed: int) -> NDArray[np.int64]:
    of = protection.limits
    if not (8 <= of.prefix4 <= 32 and 16 <= of.prefix6 <= 64):
        raise AccessError("clients are limited by prefixes of 8 to 32 bits (IPv4) and of 16 to 64 (IPv6)")
    if not (0 <= of.slip <= 100 and 0 < of.burst <= 3600):
        raise AccessError("`slip` is a number from 0 to 100, and `burst` are 1 to 3600 seconds or a part of one")
    made = np.zeros(LIMITS, np.int64)
    made[[SEED, SLIP, QUOTA_CODE]] = seed & _FULL, of.slip, protection.quota_code
    made[MASK4] = _FULL & (_FULL << (32 - of.prefix4))
    mask6 = ((1 << 64) - 1) & (((1 << 64) - 1) << (64 - of.prefix6))
    made[[MASK6, MASK6_LOWER]] = mask6 >> 32, mask6 & _FULL
    for place, rate in ((COST, of.answers), (ERROR_COST, of.errors)):
        if not 0 <= rate <= 1_000_000:
            raise AccessError("a limit is 0 to 1,000,000 answers a second")
        if rate:
            # The first of a burst costs nothing that it would have to wait for.
            made[[place, place + 1]] = _SECOND // rate, max(0, int(rate * of.burst) - 1) * (_SECOND // rate)
    return made


def _keys(keys: Sequence[Key], blob: bytearray) -> NDArray[np.int64]:
    made = np.zeros((max(1, len(keys)), 3), np.int64)
    for row, key in enumerate(keys):
        if key.per_second < 0 or key.per_day < 0:
            raise AccessError(f"the key of {key.name!r} has a quota below 0: 0 is none")
        made[row] = len(blob), key.per_second, key.per_day
        blob += _label(key)
    return made


def _label(key: Key) -> bytes:
    """Its label as it stands in a name; the key itself must not be told."""
    try:
        label = names.wire(key.label)
    except ContentError:
        label = b""
    if not label or label[0] != len(label) - 1:
        raise AccessError(f"the key of {key.name!r} is no label: 1 to 63 letters, digits and hyphens")
    return label


def _key_slots(keys: Sequence[Key], seed: int) -> NDArray[np.int32]:
    if len(keys) > MOST_KEYS:
        raise AccessError(f"there are more than {MOST_KEYS} keys")
    labels = [_label(each) for each in keys]
    if len(set(labels)) < len(labels):
        raise AccessError("two keys are the same: give each client its own")
    slots = np.full(slots_for(max(1, len(keys))), NOWHERE, np.int32)
    for row, label in enumerate(labels):
        at = slot_of(hash_of(label, seed & _FULL), len(slots) - 1)
        while slots[at] != NOWHERE:
            at = (at + 1) & (len(slots) - 1)
        slots[at] = row
    return slots


def _codes(blob: bytearray) -> NDArray[np.int64]:
    made = np.zeros((len(_CODES), 2), np.int64)
    for row, (rdtype, text) in enumerate(_CODES):
        record = wire(Record("", rdtype, _CODE_TTL, text))
        made[row] = len(blob), len(record)
        blob += record
    return made
