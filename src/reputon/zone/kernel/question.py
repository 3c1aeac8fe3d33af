"""Question: what a packet asks, read where it lies: header, name, type and EDNS (RFC 1035, 6891, 9619)."""

from typing import Any

from reputon.zone.kernel import jit

HEADER = 12  # bytes
LONGEST = 255  # bytes of a name
OPT, TSIG, CLIENT_NSID = 41, 250, 3
FORMERR, SERVFAIL, NXDOMAIN, NOTIMP, REFUSED, BADVERS = 1, 2, 3, 4, 5, 16
OPCODE_NOTIFY = 4

# What a packet is to become, where it is no refusal with one of these codes.
DROP, RARE, OK = 0, -1, -2

# The places of `work`, a scratch of int64 that a caller keeps: first the place of each label in the packet.
_MOST_LABELS = 128
(
    LABELS, AFTER, TYPE, CLASS, EDNS, PAYLOAD, DNSSEC_OK,  # of the question
    ZONE, CUT, KIND, VALUE, NODE, EXISTS,  # of the lookup
    RCODE, OUTCOME, STRING,  # of the answer
    APEX_LABEL, BUCKET,  # of protection: how many labels come before the apex, with a key's; the client's bucket
) = range(_MOST_LABELS, _MOST_LABELS + 18)  # fmt: skip
WORK = _MOST_LABELS + 18


@jit.kernel
def u16(buf: Any, at: int) -> int:
    """Two bytes as a number."""
    return (buf[at] << 8) | buf[at + 1]


@jit.kernel
def lower(byte: int) -> int:
    """A letter in lower case, any other byte as it is."""
    return byte | 0x20 if 65 <= byte <= 90 else byte + 0


@jit.kernel
def read(buf: Any, begin: int, end: int, work: Any) -> int:
    """Fill `work` from the packet: OK, DROP, RARE, or the code to refuse it with; EDNS is set where it was read."""
    work[EDNS] = 0
    if end - begin < HEADER or buf[begin + 2] & 0x80:
        return DROP  # answering a response would let two servers talk for ever
    opcode = (buf[begin + 2] >> 3) & 15
    if opcode != 0:
        return RARE if opcode == OPCODE_NOTIFY else NOTIMP
    if u16(buf, begin + 4) != 1 or u16(buf, begin + 6) != 0:
        return FORMERR
    if read_name(buf, begin + HEADER, end, work) == 0:
        return FORMERR
    after = work[AFTER]
    work[TYPE] = u16(buf, after)
    work[CLASS] = u16(buf, after + 2)
    work[AFTER] = after + 4
    return read_edns(buf, begin, end, work)


@jit.kernel
def read_name(buf: Any, at: int, end: int, work: Any) -> int:
    """Note the labels and where the name ends; 0 where it does not end, is compressed or too long, or has no type."""
    begin = at
    labels = 0
    while at < end:
        length = buf[at] + 0
        if length == 0:
            work[LABELS] = labels
            work[AFTER] = at + 1
            return 1 if at + 5 <= end and at + 1 - begin <= LONGEST else 0
        if length > 63 or labels >= _MOST_LABELS:
            return 0
        work[labels] = at
        labels += 1
        at += length + 1
    return 0


@jit.kernel
def read_edns(buf: Any, begin: int, end: int, work: Any) -> int:
    """The additional section: nothing, or one OPT; whatever else is there is rare."""
    at = work[AFTER]
    work[PAYLOAD] = 512
    work[DNSSEC_OK] = 0
    additional = u16(buf, begin + 10)
    if u16(buf, begin + 8) != 0:
        return RARE if work[TYPE] == 251 else FORMERR  # IXFR says there what it has
    if additional == 0:
        return OK if at == end else FORMERR
    if at + 11 > end:
        return FORMERR
    if additional != 1 or buf[at] != 0 or u16(buf, at + 1) != OPT:
        return RARE
    work[EDNS] = 1
    work[PAYLOAD] = max(512, u16(buf, at + 3))
    work[DNSSEC_OK] = buf[at + 7] & 0x80
    if at + 11 + u16(buf, at + 9) != end:
        return FORMERR
    if buf[at + 6] != 0:
        return BADVERS
    return read_options(buf, at + 11, end)


@jit.kernel
def read_options(buf: Any, at: int, end: int) -> int:
    """Whether the options are whole; one that asks who we are (NSID, RFC 5001) is rare, others are passed over."""
    is_rare = False
    while at < end:
        if at + 4 > end:
            return FORMERR
        is_rare = is_rare or u16(buf, at) == CLIENT_NSID
        at += 4 + u16(buf, at + 2)
    if at != end:
        return FORMERR
    return RARE if is_rare else OK
