"""Meeting: names that look like upper parts of addresses, in a zone that has both; all are labels below one apex."""

import numpy as np

from reputon.zone.content import EXCLUDED, ContentError
from reputon.zone.dump.aligned import LABELS
from reputon.zone.dump.blocks import intervals4, intervals6
from reputon.zone.dump.spelling import escaped
from reputon.zone.kernel.hashing import labels_of
from reputon.zone.kernel.lookup import read_nibble, read_octet
from reputon.zone.table import Table


class Addresses:
    """The addresses of a zone, as far as its names meet them: both are labels below one apex."""

    def __init__(self, table: Table, row: int) -> None:
        self._apex = table.zones[row].apex
        self._intervals4 = intervals4(table.arrays, row)
        self._intervals6 = intervals6(table.arrays, row)

    def hide(self, owner: bytes, has_below: bool) -> bool:
        """Whether this owner is a listed address, which our own answers prefer.

        ContentError where a wildcard below the owner, or one of the addresses above it, would answer for the other.
        """
        labels = len(labels_of(owner))
        for version, firsts in ((4, self._intervals4[0]), (6, self._intervals6[0])):
            numbers = _numbers(owner, version) if len(firsts) else []
            is_part = len(firsts) > 0 and len(numbers) == labels < LABELS[version]
            if has_below and is_part:
                self._refuse(owner)
            if numbers and self._is_listed(numbers, version):
                if labels != LABELS[version]:
                    self._refuse(owner)
                return True
        return False

    def _refuse(self, owner: bytes) -> None:
        name = escaped(owner) or "*"
        raise ContentError(
            f"{self._apex}: a secondary cannot tell the name {name} from addresses it may be the upper part of: "
            "put names and addresses into zones of their own"
        )

    def _is_listed(self, numbers: list[int], version: int) -> bool:
        """Whether all addresses that begin with these numbers are listed and say the same."""
        bits = 8 if version == 4 else 4
        left = bits * (LABELS[version] - len(numbers))
        first = 0
        for each in numbers:
            first = first << bits | each
        first, last = first << left, (first << left) + (1 << left) - 1
        ranks = [self._rank(each, version) for each in (first, last)]
        values = (self._intervals4[1] if version == 4 else self._intervals6[2])[ranks[0] : ranks[1] + 1]
        return bool((values == values[0]).all() and values[0] != EXCLUDED)

    def _rank(self, address: int, version: int) -> int:
        if version == 4:
            return int(np.searchsorted(self._intervals4[0], np.uint64(address), side="right")) - 1
        upper, lower, _ = self._intervals6
        high, low = np.uint64(address >> 64), np.uint64(address & 0xFFFF_FFFF_FFFF_FFFF)
        begin, end = np.searchsorted(upper, high, side="left"), np.searchsorted(upper, high, side="right")
        return int(begin + np.searchsorted(lower[begin:end], low, side="right")) - 1


def _numbers(owner: bytes, version: int) -> list[int]:
    """The labels as the upper octets or nibbles of an address, as many as are."""
    found: list[int] = []
    for label in reversed(labels_of(owner)):
        number = read_octet(label, 0) if version == 4 else read_nibble(label[1]) if label[0] == 1 else -1
        if number < 0 or len(found) == LABELS[version]:
            break
        found.append(number)
    return found
