"""Alike: many IPv4 addresses that say the same, written at once: each is a row of bytes, with a mask of what is there.

Every record has its whole owner: a pointer to the first one would depend on where in a message the row comes to lie.
"""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from reputon.zone.dump.aligned import U64

MANY = 256  # addresses, from which rows pay
_CHUNK = 1 << 13
_DIGITS = 3
_LONGEST_TEXT = 254  # bytes: one character-string, whose record's length is one byte
_LONGEST_SUBJECT = 15
_APEX = b"\xc0\x0c"

_texts = [str(octet).encode() for octet in range(256)]
_digits = np.frombuffer(b"".join(each.ljust(_DIGITS) for each in _texts), np.uint8).reshape(-1, _DIGITS)
_lengths = np.array([len(each) for each in _texts], np.uint8)
_is_digit = np.arange(_DIGITS) < _lengths[:, None]


class Rows:
    """What all rows of a value have in common: `codes` are whole A records, `head` is that of each TXT record.

    `templates`: of each text, what is before, between and after its subjects.
    """

    def __init__(self, codes: tuple[bytes, ...], head: bytes, templates: list[list[bytes]]) -> None:
        self._row = bytearray()
        self._octets: list[tuple[int, int]] = []  # a column, and which octet's digits begin there
        self._labels: list[tuple[int, int]] = []  # the same, of its length
        self._sizes: list[tuple[int, int, int]] = []  # of a text: a column, what is constant, subjects
        self.count = len(codes) + len(templates)
        for code in codes:
            self._put_owner()
            self._row += code
        for parts in templates:
            self._put_owner()
            self._put_text(head, parts)

    @staticmethod
    def can(templates: list[list[bytes]]) -> bool:
        """Whether every text is short whatever the subject."""
        longest = (sum(map(len, parts)) + _LONGEST_SUBJECT * (len(parts) - 1) for parts in templates)
        return max(longest, default=0) <= _LONGEST_TEXT

    def written(self, addresses: U64) -> Iterator[tuple[bytes, NDArray[np.int64]]]:
        """The records of some thousand addresses in a row, and where those of each end."""
        for begin in range(0, len(addresses), _CHUNK):
            part = addresses[begin : begin + _CHUNK]
            octets = [(part >> np.uint64(shift) & np.uint64(255)).astype(np.uint8) for shift in (24, 16, 8, 0)]
            made = np.tile(np.frombuffer(bytes(self._row), np.uint8), (len(part), 1))
            there = np.ones(made.shape, bool)
            for column, which in self._octets:
                made[:, column : column + _DIGITS] = _digits[octets[which]]
                there[:, column : column + _DIGITS] = _is_digit[octets[which]]
            for column, which in self._labels:
                made[:, column] = _lengths[octets[which]]
            subject = sum(_lengths[each] for each in octets) + np.uint8(3)
            for column, constant, subjects in self._sizes:
                made[:, column] = constant + subjects * subject
            yield made[there].tobytes(), np.cumsum(there.sum(axis=1))

    def _put_owner(self) -> None:
        for which in (3, 2, 1, 0):
            self._labels.append((len(self._row), which))
            self._octets.append((len(self._row) + 1, which))
            self._row += bytes(1 + _DIGITS)
        self._row += _APEX

    def _put_text(self, head: bytes, parts: list[bytes]) -> None:
        constant, subjects = sum(map(len, parts)), len(parts) - 1
        self._row += head + b"\0"
        self._sizes += [(len(self._row), constant + 1, subjects), (len(self._row) + 1, constant, subjects)]
        self._row += bytes(2)
        for number, part in enumerate(parts):
            if number:
                self._put_subject()
            self._row += part

    def _put_subject(self) -> None:
        for which in range(4):
            if which:
                self._row += b"."
            self._octets.append((len(self._row), which))
            self._row += bytes(_DIGITS)
