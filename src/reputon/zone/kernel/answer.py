"""Answer: a packet in, a packet out, in the same place: what is not rare or rude is answered from the table."""

from typing import Any

from reputon.zone.guard import CODE_DENIED, CODE_QUOTA, QUOTA_CODE
from reputon.zone.kernel import jit
from reputon.zone.kernel.layout import NOWHERE, STALE
from reputon.zone.kernel.limit import find_key, is_over_quota
from reputon.zone.kernel.lookup import NO_NODE, find_zone, look_up
from reputon.zone.kernel.question import (
    APEX_LABEL,
    CLASS,
    CUT,
    DROP,
    EDNS,
    EXISTS,
    NODE,
    NOTIMP,
    OK,
    OUTCOME,
    PAYLOAD,
    RARE,
    RCODE,
    REFUSED,
    SERVFAIL,
    TYPE,
    VALUE,
    ZONE,
    read,
)  # fmt: skip
from reputon.zone.kernel.writing import (
    ANY,
    DENIED,
    DROPPED,
    EDE_INVALID_DATA,
    EDE_NOT_AUTHORITATIVE,
    EDE_PROHIBITED,
    FAULTY,
    IGNORED,
    NO_EDE,
    NO_KEY,
    OVER_QUOTA,
    SIZE,
    TXT,
    A,
    write_answer,
    write_bare,
    write_made,
    write_refusal,
)  # fmt: skip

IN, CHAOS, ANY_CLASS = 1, 3, 255
OPT, IXFR, AXFR = 41, 251, 252

# What an operator allows a client in a zone (`access.Action`).
ALLOW, REFUSE, EMPTY, IGNORE, CODE = range(5)


@jit.kernel
def answer(
    buf: Any, begin: int, size: int, table: Any, guard: Any, client: int, now: int, most: int, work: Any
) -> int:  # fmt: skip
    """Answer the packet at `begin` of `size` bytes in its place: the length, DROP, or RARE: somebody else's to answer.

    `guard`: what the operator allows each kind of `client` (a row) in each zone.  `now`: Unix seconds.  `most`: bytes
    of an answer at most, 0 for UDP's: as many as the client takes, and never more than SIZE.  The buffer must have
    ROOM beyond.
    """
    work[ZONE] = -1
    work[RCODE] = 0
    work[OUTCOME] = DROPPED
    said = read(buf, begin, begin + size, work)
    if said != OK:
        return said if said in (DROP, RARE) else write_fault(buf, begin, work, said)
    refusal = refused(work)
    if refusal != OK:
        return refusal if refusal == RARE else write_refusal(buf, begin, work, refusal, NO_EDE)
    if not find_zone(buf, table, work):
        return write_refusal(buf, begin, work, REFUSED, EDE_NOT_AUTHORITATIVE)
    action = guard.actions[client, work[ZONE]] + 0
    if action == IGNORE:
        work[OUTCOME] = IGNORED
        return DROP
    why = admit(buf, guard, work, action, now)
    if why != OK:
        is_code = action == CODE or (why == OVER_QUOTA and guard.limits[QUOTA_CODE] != 0)
        return deny(buf, begin, guard, work, why, is_code)
    stale = table.zones[work[ZONE], STALE]
    if stale != 0 and now >= stale:
        return write_refusal(buf, begin, work, SERVFAIL, EDE_INVALID_DATA)
    look_up(buf, table, work, now)
    if work[APEX_LABEL] != 0 and (work[CUT] == 0 or action == EMPTY):
        # A key alone is a name with nothing but others below it: not another apex.
        work[VALUE], work[NODE], work[EXISTS] = 0, NO_NODE, 1 if action != EMPTY else 0
    return write_answer(buf, begin, table, work, now, most if most != 0 else min(work[PAYLOAD], SIZE))


@jit.kernel
def write_fault(buf: Any, begin: int, work: Any, rcode: int) -> int:
    """What is said of a packet that cannot be read: the length."""
    if work[EDNS] == 0:
        work[RCODE] = rcode
        length = write_bare(buf, begin, rcode)
    else:
        # What is wrong is the OPT record: the answer must have one (RFC 6891 section 7).
        length = write_refusal(buf, begin, work, rcode, NO_EDE)
    work[OUTCOME] = FAULTY
    return length


@jit.kernel
def admit(buf: Any, guard: Any, work: Any, action: int, now: int) -> int:
    """Whether a client may ask in the zone: OK, DENIED, or what is wrong with its key, which is cut off."""
    if action in (REFUSE, CODE):
        return DENIED
    if guard.needs_key[work[ZONE]] == 0 or work[CUT] == 0:
        return OK
    return take_key(buf, guard, work, now)


@jit.kernel
def take_key(buf: Any, guard: Any, work: Any, now: int) -> int:
    """Cut off the label next to the apex, which must be a key that may ask: OK, NO_KEY or OVER_QUOTA."""
    key = find_key(buf, guard, work)
    if key == NOWHERE:
        return NO_KEY
    work[CUT] -= 1
    return OVER_QUOTA if is_over_quota(guard, key, now) else OK


@jit.kernel
def deny(buf: Any, begin: int, guard: Any, work: Any, why: int, is_code: bool) -> int:
    """Say no, for an outcome: REFUSED, or as older lists do, an address of 127.255.255.0/24 that is no listing."""
    if is_code and work[TYPE] in (A, TXT, ANY):
        row = (CODE_QUOTA if why == OVER_QUOTA else CODE_DENIED) + (1 if work[TYPE] == TXT else 0)
        length = write_made(buf, begin, work, guard.blob, guard.codes[row, 0], guard.codes[row, 1])
    else:
        length = write_refusal(buf, begin, work, REFUSED, EDE_PROHIBITED)
    work[OUTCOME] = why
    return length


@jit.kernel
def refused(work: Any) -> int:
    """OK, or what is not asked of a list (RFC 6895 section 3.1 for the types that are no records)."""
    rdclass, rdtype = work[CLASS], work[TYPE]
    if rdclass == CHAOS or rdtype in (IXFR, AXFR):
        return RARE
    if rdclass not in (IN, ANY_CLASS):
        return REFUSED
    if rdtype == OPT or 128 <= rdtype < 255:
        return NOTIMP
    return OK
