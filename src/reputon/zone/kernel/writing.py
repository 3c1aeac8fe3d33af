"""Writing: the answer, in the place of the question's packet (RFC 1035, 2308, 6891, 8482, 8914)."""

from typing import Any

from reputon.zone.kernel import jit
from reputon.zone.kernel.layout import (
    CODE_COUNT,
    CODES,
    EXPIRES,
    RECORD_COUNT,
    RECORDS,
    SOA,
    SOA_LENGTH,
    TEXT_COUNT,
    TEXTS,
    TTL,
    VALUE_TTL,
)  # fmt: skip
from reputon.zone.kernel.lookup import NO_NODE
from reputon.zone.kernel.question import (
    AFTER,
    APEX_LABEL,
    BADVERS,
    DNSSEC_OK,
    EDNS,
    EXISTS,
    HEADER,
    NODE,
    NXDOMAIN,
    OUTCOME,
    RCODE,
    TYPE,
    VALUE,
    ZONE,
    u16,
)  # fmt: skip
from reputon.zone.kernel.template import FULL, put_text

SIZE = 1232  # bytes that pass any path unfragmented
A, TXT, ANY = 1, 16, 255
OPT_SIZE, EDE_SIZE = 11, 6
NO_EDE, EDE_PROHIBITED, EDE_NOT_AUTHORITATIVE, EDE_INVALID_DATA = -1, 18, 20, 24
_QR, _AA, _TC = 0x80, 0x04, 0x02
ROOM = 304  # bytes that a buffer has beyond the longest answer: a subject is put before its size is known

# What became of a question: the columns of the counters, with the bytes that went out among them.
(
    LISTED, NOT_LISTED, NO_DATA, RECORD, REFUSED_, FAULTY, TRUNCATED, DROPPED, BYTES,
    IGNORED,  # by a rule: no answer
    LIMITED,  # over the rate: no answer
    SLIPPED,  # over the rate: told to come by TCP, or a refusal that was let through
    DENIED,  # by a rule
    NO_KEY,  # the zone needs a key, and this is none
    OVER_QUOTA,
) = range(15)  # fmt: skip


@jit.kernel
def put16(buf: Any, at: int, number: int) -> int:
    """Two bytes; where the next one goes, as all that put something say."""
    buf[at] = (number >> 8) & 255
    buf[at + 1] = number & 255
    return at + 2


@jit.kernel
def put32(buf: Any, at: int, number: int) -> int:
    """Four bytes."""
    return put16(buf, put16(buf, at, (number >> 16) & 0xFFFF), number & 0xFFFF)


@jit.kernel
def copy(buf: Any, at: int, blob: Any, begin: int, length: int) -> int:
    """Bytes of the table."""
    for each in range(length):
        buf[at + each] = blob[begin + each]
    return at + length


@jit.kernel
def count(buf: Any, begin: int) -> None:
    """One answer more; a message of TCP has room for more than 255."""
    put16(buf, begin + 6, u16(buf, begin + 6) + 1)


@jit.kernel
def put_header(buf: Any, begin: int, flags: int, rcode: int) -> None:
    """A response with its question, and nothing else yet; RD stays as it was asked (RFC 1035 section 4.1.1)."""
    buf[begin + 2] = (buf[begin + 2] & 0x79) | _QR | flags
    buf[begin + 3] = rcode & 15
    for each in range(begin + 6, begin + HEADER):
        buf[each] = 0


@jit.kernel
def write_bare(buf: Any, begin: int, rcode: int) -> int:
    """A header that says no: the question may be what could not be read.  The length, as all that write say."""
    put_header(buf, begin, 0, rcode)
    put16(buf, begin + 4, 0)
    return HEADER


@jit.kernel
def write_refusal(buf: Any, begin: int, work: Any, rcode: int, why: int) -> int:
    """A response without records, with an extended error where EDNS allows one (RFC 8914)."""
    work[RCODE] = rcode
    work[OUTCOME] = REFUSED_
    put_header(buf, begin, 0, rcode)
    return put_opt(buf, begin, work[AFTER], work, why) - begin


@jit.kernel
def put_opt(buf: Any, begin: int, at: int, work: Any, why: int) -> int:
    """The OPT record, where the question had one."""
    if work[EDNS] == 0:
        return at
    buf[begin + 11] = 1
    buf[at] = 0
    at = put16(buf, at + 1, 41)
    at = put16(buf, at, SIZE)
    buf[at] = 1 if work[RCODE] == BADVERS else 0  # the upper bits of the code
    buf[at + 1] = 0
    buf[at + 2] = work[DNSSEC_OK]
    buf[at + 3] = 0
    at = put16(buf, at + 4, 0 if why == NO_EDE else EDE_SIZE)
    if why != NO_EDE:
        at = put16(buf, put16(buf, put16(buf, at, 15), 2), why)
    return at


@jit.kernel
def write_answer(buf: Any, begin: int, table: Any, work: Any, now: int, most: int) -> int:
    """What the lookup noted, within `most` bytes; else truncated."""
    stop = begin + most - (OPT_SIZE if work[EDNS] != 0 else 0)
    work[RCODE] = 0
    put_header(buf, begin, _AA, 0)
    at = put_answers(buf, begin, table, work, now, stop)
    if at == work[AFTER]:
        at = put_negative(buf, begin, table, work, stop)
    if at == FULL:
        work[OUTCOME] = TRUNCATED
        put_header(buf, begin, _AA | _TC, work[RCODE])
        at = work[AFTER]
    return put_opt(buf, begin, at, work, NO_EDE) - begin


@jit.kernel
def write_truncated(buf: Any, begin: int, work: Any) -> int:
    """An answer that only says: come by TCP; it is no longer than its question and an OPT."""
    work[RCODE] = 0
    put_header(buf, begin, _AA | _TC, 0)
    return put_opt(buf, begin, work[AFTER], work, NO_EDE) - begin


@jit.kernel
def write_made(buf: Any, begin: int, work: Any, blob: Any, record: int, length: int) -> int:
    """An answer of one record that was made beforehand, from its type on."""
    work[RCODE] = 0
    put_header(buf, begin, _AA, 0)
    buf[begin + 7] = 1
    at = copy(buf, put16(buf, work[AFTER], 0xC00C), blob, record, length)
    return put_opt(buf, begin, at, work, NO_EDE) - begin


@jit.kernel
def put_answers(buf: Any, begin: int, table: Any, work: Any, now: int, stop: int) -> int:
    """The records of the type; ANY has all of one type (RFC 8482): of a listing its codes."""
    at = work[AFTER]
    wanted = work[TYPE]
    if wanted == ANY and work[VALUE] != 0:
        wanted = A
    work[OUTCOME] = RECORD
    if work[NODE] != NO_NODE and table.nodes[work[NODE], RECORD_COUNT] != 0:
        at = put_records(buf, begin, table, work, wanted, stop)
    if work[VALUE] == 0 or at == FULL:
        return at
    work[OUTCOME] = LISTED
    if wanted == TXT:
        return put_texts(buf, begin, table, work, now, at, stop)
    return put_codes(buf, begin, table, work, now, at, stop) if wanted == A else at


@jit.kernel
def put_records(buf: Any, begin: int, table: Any, work: Any, wanted: int, stop: int) -> int:
    """The generic records of the type that the node has, ANY: of its first; the owner is the question's name."""
    at = work[AFTER]
    record = table.nodes[work[NODE], RECORDS] + 0
    blob = table.blob
    for _ in range(table.nodes[work[NODE], RECORD_COUNT]):
        length = 10 + u16(blob, record + 8)
        if wanted == ANY:
            wanted = u16(blob, record)
        if wanted == u16(blob, record):
            if at + 2 + length > stop:
                return FULL
            at = copy(buf, put16(buf, at, 0xC00C), blob, record, length)
            count(buf, begin)
        record += length
    return at


@jit.kernel
def ttl_of(table: Any, work: Any, now: int) -> int:
    """Seconds for which what a value says may be kept: not beyond its end."""
    value = work[VALUE]
    ttl = table.values[value, VALUE_TTL] + 0
    if ttl == 0:
        ttl = table.zones[work[ZONE], TTL]
    expires = table.values[value, EXPIRES] + 0
    return min(ttl, expires - now) if expires != 0 else ttl


@jit.kernel
def put_codes(buf: Any, begin: int, table: Any, work: Any, now: int, at: int, stop: int) -> int:
    """An A record for each code."""
    value = work[VALUE]
    ttl = ttl_of(table, work, now)
    code = table.values[value, CODES] + 0
    for _ in range(table.values[value, CODE_COUNT]):
        if at + 16 > stop:
            return FULL
        at = put16(buf, put16(buf, put16(buf, at, 0xC00C), A), 1)
        at = put16(buf, put32(buf, at, ttl), 4)
        at = copy(buf, at, table.blob, code, 4)
        code += 4
        count(buf, begin)
    return at


@jit.kernel
def put_texts(buf: Any, begin: int, table: Any, work: Any, now: int, at: int, stop: int) -> int:
    """A TXT record for each text."""
    value = work[VALUE]
    ttl = ttl_of(table, work, now)
    text = table.values[value, TEXTS] + 0
    for _ in range(table.values[value, TEXT_COUNT]):
        if at + 13 > stop:
            return FULL
        at = put16(buf, put16(buf, put16(buf, at, 0xC00C), TXT), 1)
        length = put32(buf, at, ttl)
        size = u16(table.blob, text)
        at = put_text(buf, table, work, length + 2, text + 2, size, stop)
        if at == FULL:
            return FULL
        put16(buf, length, at - length - 2)
        text += 2 + size
        count(buf, begin)
    return at


@jit.kernel
def put_negative(buf: Any, begin: int, table: Any, work: Any, stop: int) -> int:
    """The SOA that says for how long nothing is there; the name itself is not, unless something is at or below it."""
    is_there = work[VALUE] != 0 or work[EXISTS] != 0
    work[OUTCOME] = NO_DATA if is_there else NOT_LISTED
    work[RCODE] = 0 if is_there else NXDOMAIN
    buf[begin + 3] = work[RCODE]
    zone = work[ZONE]
    length = table.zones[zone, SOA_LENGTH]
    at = work[AFTER]
    if at + 2 + length > stop:
        return FULL
    at = put16(buf, at, 0xC000 | (work[work[APEX_LABEL]] - begin))
    buf[begin + 9] = 1
    return copy(buf, at, table.blob, table.zones[zone, SOA], length)
