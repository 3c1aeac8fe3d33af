"""Items: the records of a compiled zone in wire format: (owner relative to the apex, records from their types on)."""

from collections.abc import Iterator, Mapping
from functools import lru_cache

import numpy as np

from reputon.zone.content import EXCLUDED
from reputon.zone.dump.aligned import Blocks
from reputon.zone.dump.named import Named
from reputon.zone.dump.records import KEPT, STOPPED, Said
from reputon.zone.dump.spelling import address_text, escaped, prefix_text
from reputon.zone.kernel import layout
from reputon.zone.kernel.layout import SUBJECT, Arrays
from reputon.zone.transfer.alike import Rows

Item = tuple[bytes, tuple[bytes, ...]]

SOA = b"\0\6"  # the type of the record that begins and ends a zone
_A, _TXT, _IN = b"\0\1", b"\0\x10", b"\0\1"
_STRING = 255  # bytes in a character-string
_CHUNK = 1 << 14  # entries that are at once more than numbers
_OCTETS = [bytes((len(str(octet)),)) + str(octet).encode() for octet in range(256)]
_WILDCARD = b"\1*"


class Wording:
    """One value's records; only what has the subject in it is made for each owner."""

    def __init__(self, said: Said) -> None:
        head = _IN + said.ttl.to_bytes(4, "big")
        self._codes = tuple(_A + head + b"\0\4" + code for code in said.codes)
        self._head = _TXT + head
        self._templates = [each.split(bytes((SUBJECT,))) for each in said.templates]
        self.has_subject = any(len(each) > 1 for each in self._templates)
        self._constant = () if self.has_subject else self.records(b"")

    def rows(self) -> Rows | None:
        """For many addresses at once; None where a text may be too long for that."""
        return Rows(self._codes, self._head, self._templates) if Rows.can(self._templates) else None

    def records(self, subject: bytes) -> tuple[bytes, ...]:
        """The A records, then the TXT records."""
        return *self._codes, *[self._text(subject.join(each)) for each in self._templates]

    def about(self, subject: str) -> tuple[bytes, ...]:
        """As `records`, of somebody in words."""
        return self.records(subject.encode()) if self.has_subject else self._constant

    def _text(self, text: bytes) -> bytes:
        size = len(text)
        if size <= _STRING:
            return b"%b%b%c%b" % (self._head, (size + 1).to_bytes(2, "big"), size, text)
        strings = [text[at : at + _STRING] for at in range(0, size, _STRING)]
        data = b"".join(bytes((len(each),)) + each for each in strings)
        return self._head + len(data).to_bytes(2, "big") + data


class Wordings:
    """The records of all values of a table; made when they are asked for."""

    def __init__(self, said: Mapping[int, Said]) -> None:
        self._made = lru_cache(KEPT)(lambda value: Wording(said[value]))

    def __getitem__(self, value: int) -> Wording:
        return self._made(value)


def of_blocks(blocks: Blocks, wording: Wordings) -> Iterator[Item]:
    """The items of blocks, made as they are wanted."""
    for begin in range(0, len(blocks), _CHUNK):
        part = blocks.take(np.arange(begin, min(begin + _CHUNK, len(blocks))))
        subjects = address_text(part) if part.is_whole else prefix_text(part)
        for owner, subject, value in zip(owners(part), subjects, part.value.tolist(), strict=True):
            yield owner, wording[value].about(subject)


def owners(blocks: Blocks) -> Iterator[bytes]:
    """The owners of blocks in wire format, relative, without the root."""
    star = b"" if blocks.is_whole else _WILDCARD
    if blocks.version == 6:
        for upper, lower in zip(blocks.upper.tolist(), blocks.lower.tolist(), strict=True):
            nibbles = f"{upper:016x}{lower:016x}"[: blocks.labels]
            made = bytearray(b"\1") * (2 * blocks.labels)
            made[1::2] = nibbles[::-1].encode()
            yield star + made
        return
    if blocks.is_whole:  # a million of them: without a loop inside
        octets = _OCTETS
        for number in blocks.lower.tolist():
            yield octets[number & 255] + octets[number >> 8 & 255] + octets[number >> 16 & 255] + octets[number >> 24]
        return
    shifts = (24, 16, 8)[: blocks.labels][::-1]
    for number in blocks.lower.tolist():
        yield star + b"".join(_OCTETS[number >> shift & 255] for shift in shifts)


def of_name(named: Named, wording: Wordings, ttl: int) -> Iterator[Item]:
    """The items of a name: its own, and those of the wildcard below it.  The SOA is not among them."""
    records = [each for each in named.records if each[:2] != SOA]
    if named.stops:
        records += Wording(Said((), (STOPPED,), ttl)).records(b"")
    label = escaped(named.owner)
    if named.itself != EXCLUDED:
        records += wording[named.itself].about(label)
    if records:
        yield named.owner, tuple(dict.fromkeys(records))
    if named.below != EXCLUDED:
        yield _WILDCARD + named.owner, wording[named.below].about(f"*.{label}" if label else "*")


def zone_ttl(arrays: Arrays, row: int) -> int:
    """The TTL of what has none of its own."""
    return int(arrays.zones[row, layout.TTL])
