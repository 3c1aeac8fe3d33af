"""Packets: one DNS question packed, and the answers that lists give read in place (RFC 1035 section 4).

A and TXT are all that lists answer with; whatever else a server sends is left to dnspython, which is 5 to 8 times
slower.  A reply is hostile until it is read whole: what is cut short, points outside or counts wrongly is a BadPacket.
"""

from struct import Struct
from struct import error as StructError  # noqa: N812 - it has no other name
from typing import NamedTuple

A, TXT = 1, 16
_ID_AND_FLAGS = Struct("!HH")
_HEAD = Struct("!HHHHHH")
_RECORD = Struct("!HHIH")  # type, class, seconds to live, length
_RECURSE, _RESPONSE, _CUT = 0x0100, 0x8000, 0x0200
_INTERNET = b"\x00\x01"
_EDNS = b"\x00\x00\x29\x04\xd0\x00\x00\x00\x00\x00\x00"  # RFC 6891: 1232 octets fit into every path
_LABEL, _NAME, _RECORDS = 63, 255, 256  # the last: records of one answer that we are willing to read


class BadPacket(ValueError):  # noqa: N818 - what it is, not what to do about it
    """A datagram that is no reply that we can read."""


class Reply(NamedTuple):
    """What a server said: `code` is the RCODE; `is_cut` asks for TCP; `records` as text, of the type asked for."""

    code: int
    is_cut: bool
    records: tuple[str, ...]


def question(name: str, rdtype: int) -> bytes:
    """The question section for a name in ASCII; ValueError for what DNS cannot hold."""
    parts = []
    for label in name.rstrip(".").encode("ascii").split(b"."):
        if not 0 < len(label) <= _LABEL:
            raise ValueError(f"a label of {len(label)} octets in {name!r}")
        parts.append(bytes((len(label),)) + label)
    packed = b"".join(parts) + b"\x00"
    if len(packed) > _NAME:
        raise ValueError(f"{name!r} is longer than {_NAME} octets")
    return packed + rdtype.to_bytes(2, "big") + _INTERNET


def query(identity: int, asked: bytes) -> bytes:
    """The datagram that asks a packed question, under a number from 0 to 65535."""
    return _HEAD.pack(identity, _RECURSE, 1, 0, 0, 1) + asked + _EDNS


def identity(data: bytes) -> int:
    """The number under which a reply comes; -1 for what is none."""
    if len(data) < 12:
        return -1
    number, flags = _ID_AND_FLAGS.unpack_from(data)
    return int(number) if flags & _RESPONSE else -1


def repeats(data: bytes, asked: bytes) -> bool:
    """Whether a reply repeats our question; servers may write its letters large or small."""
    said = data[12 : 12 + len(asked)]
    return data[4:6] == b"\x00\x01" and (said == asked or said.lower() == asked.lower())


def read(data: bytes, asked: bytes) -> Reply:
    """Read a reply to a packed A or TXT question; BadPacket where it cannot be read to its end."""
    try:
        _, flags, _, answers, others, more = _HEAD.unpack_from(data)
        code, is_cut, total = flags & 0xF, bool(flags & _CUT), answers + others + more
        if total > _RECORDS:
            raise BadPacket(f"{total} records in one reply")
        return Reply(code, is_cut, () if is_cut else _records(data, 12 + len(asked), answers, total, asked))
    except (StructError, IndexError) as error:
        raise BadPacket(f"a reply that is cut short: {error}") from None


def _records(data: bytes, at: int, answers: int, total: int, asked: bytes) -> tuple[str, ...]:
    """The answers of the type asked for; what follows them is passed over, to see that it is there."""
    found = []
    rdtype = int.from_bytes(asked[-4:-2], "big")
    for number in range(total):
        at = at + 2 if data[at] >= 0xC0 else _after_name(data, at)
        kind, _, _, length = _RECORD.unpack_from(data, at)
        at += 10
        if at + length > len(data):
            raise BadPacket("a record that ends behind the datagram")
        if number < answers and kind == rdtype and data[at - 8 : at - 6] == _INTERNET:
            found.append(_text(data[at : at + length], rdtype))
        at += length
    return tuple(found)


def _after_name(data: bytes, at: int) -> int:
    """Where a name ends: at its empty label, or behind a pointer (which is not followed)."""
    while (length := data[at]) != 0:
        if length >= 0xC0:
            return at + 2
        if length > _LABEL:
            raise BadPacket("a label of a kind that does not exist")
        at += 1 + length
    return at + 1


def _text(content: bytes, rdtype: int) -> str:
    if rdtype == A:
        if len(content) != 4:
            raise BadPacket("an address that has not four octets")
        return "{}.{}.{}.{}".format(*content)
    strings, at = [], 0
    while at < len(content):
        length = content[at]
        if at + 1 + length > len(content):
            raise BadPacket("a text that ends behind its record")
        strings.append(content[at + 1 : at + 1 + length])
        at += 1 + length
    return b"".join(strings).decode("utf-8", "replace")
