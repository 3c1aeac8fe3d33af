"""Template: a text with its subject in it, as the character-strings of a TXT record (RFC 1035 section 3.3.14)."""

from typing import Any

from reputon.zone.kernel import jit
from reputon.zone.kernel.layout import SUBJECT
from reputon.zone.kernel.lookup import KIND6, KIND_NAME, NIBBLES
from reputon.zone.kernel.question import CUT, KIND, STRING, lower

FULL = -1  # as a place: the answer has no room
_STRING = 255  # bytes in a character-string
_GROUPS = NIBBLES // 4
_DOT, _ZERO, _COLON = 46, 48, 58


@jit.kernel
def put_text(buf: Any, table: Any, work: Any, at: int, text: int, size: int, stop: int) -> int:
    """A template with the subject in it, as character-strings."""
    work[STRING] = at
    buf[at] = 0
    at += 1
    for each in range(text, text + size):
        byte = table.blob[each] + 0
        at = put_byte(buf, at, work, byte) if byte != SUBJECT else put_subject(buf, at, work)
        if at > stop:
            return FULL
    return at


@jit.kernel
def put_byte(buf: Any, at: int, work: Any, byte: int) -> int:
    """A byte more of a text; a character-string that is full is followed by another."""
    string = work[STRING]
    if buf[string] == _STRING:
        work[STRING] = at
        buf[at] = 1
        buf[at + 1] = byte
        return at + 2
    buf[string] += 1
    buf[at] = byte
    return at + 1


@jit.kernel
def put_subject(buf: Any, at: int, work: Any) -> int:
    """Who is asked about: an address as people write it, or a name."""
    if work[KIND] == KIND6:
        return put_address6(buf, at, work)
    is_name = work[KIND] == KIND_NAME
    cut = work[CUT]
    for each in range(cut):
        label = work[each if is_name else cut - 1 - each]
        if each > 0:
            at = put_byte(buf, at, work, _DOT)
        for byte in range(label + 1, label + 1 + buf[label]):
            at = put_byte(buf, at, work, lower(buf[byte]))
    return at


@jit.kernel
def put_address6(buf: Any, at: int, work: Any) -> int:
    """Eight groups, `::` for the first of the longest runs of zeros, never dotted octets (RFC 5952 section 4)."""
    begin, size = _GROUPS, 1  # a group of zeros alone is not shortened
    for group in range(_GROUPS):
        zeros = zeros_from(buf, work, group)
        if zeros > size:
            begin, size = group, zeros
    for group in range(_GROUPS):
        if group == begin:
            at = put_byte(buf, put_byte(buf, at, work, _COLON), work, _COLON)
        elif group < begin or group >= begin + size:
            if group > 0 and group != begin + size:
                at = put_byte(buf, at, work, _COLON)
            at = put_group(buf, at, work, group)
    return at


@jit.kernel
def put_group(buf: Any, at: int, work: Any, group: int) -> int:
    """A group of an IPv6 address without leading zeros."""
    is_leading = True
    for each in range(4):
        digit = digit_of(buf, work, 4 * group + each)
        is_leading = is_leading and digit == _ZERO and each < 3
        if not is_leading:
            at = put_byte(buf, at, work, digit)
    return at


@jit.kernel
def zeros_from(buf: Any, work: Any, group: int) -> int:
    """How many groups are zero, from this one on."""
    digit = 4 * group
    while digit < NIBBLES and digit_of(buf, work, digit) == _ZERO:
        digit += 1
    return digit // 4 - group


@jit.kernel
def digit_of(buf: Any, work: Any, each: int) -> int:
    """A digit of an IPv6 address, in lower case; its name has the last one first."""
    return lower(buf[work[NIBBLES - 1 - each] + 1])
