"""Answer: a packet in, a packet out, in the same place: what is not rare or rude is answered from the table."""

from typing import Any

from reputon.zone import jit
from reputon.zone.layout import STALE
from reputon.zone.lookup import NO_NODE, find_zone, look_up
from reputon.zone.question import (
    BADVERS,
    CLASS,
    CUT,
    DROP,
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
from reputon.zone.writing import (
    EDE_INVALID_DATA,
    EDE_NOT_AUTHORITATIVE,
    EDE_PROHIBITED,
    FAULTY,
    NO_EDE,
    SIZE,
    write_answer,
    write_bare,
    write_refusal,
)  # fmt: skip

IN, CHAOS, ANY_CLASS = 1, 3, 255
OPT, IXFR, AXFR = 41, 251, 252

# What an operator allows a client in a zone.
ALLOW, REFUSE, EMPTY, IGNORE = 0, 1, 2, 3


@jit.kernel
def answer(
    buf: Any, begin: int, size: int, table: Any, actions: Any, client: int, now: int, most: int, work: Any
) -> int:  # fmt: skip
    """Answer the packet at `begin` of `size` bytes in its place: the length, DROP, or RARE: somebody else's to answer.

    `actions`: what the operator allows each kind of `client` (a row) in each zone.  `now`: Unix seconds.  `most`: bytes of an answer
    at most, 0 for UDP's: as many as the client takes, and never more than SIZE.  The buffer must have ROOM beyond.
    """
    work[ZONE] = -1
    work[RCODE] = 0
    work[OUTCOME] = FAULTY
    said = read(buf, begin, begin + size, work)
    if said in (DROP, RARE):
        return said
    if said == BADVERS:
        return write_refusal(buf, begin, work, BADVERS, NO_EDE)
    if said != OK:
        work[RCODE] = said
        return write_bare(buf, begin, said)
    refusal = refused(work)
    if refusal != OK:
        return refusal if refusal == RARE else write_refusal(buf, begin, work, refusal, NO_EDE)
    if not find_zone(buf, table, work):
        return write_refusal(buf, begin, work, REFUSED, EDE_NOT_AUTHORITATIVE)
    action = actions[client, work[ZONE]] + 0
    if action == IGNORE:
        return DROP
    if action == REFUSE:
        return write_refusal(buf, begin, work, REFUSED, EDE_PROHIBITED)
    stale = table.zones[work[ZONE], STALE]
    if stale != 0 and now >= stale:
        return write_refusal(buf, begin, work, SERVFAIL, EDE_INVALID_DATA)
    look_up(buf, table, work, now)
    if action == EMPTY and work[CUT] != 0:
        work[VALUE], work[NODE], work[EXISTS] = 0, NO_NODE, 0
    return write_answer(buf, begin, table, work, now, most if most != 0 else min(work[PAYLOAD], SIZE))


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
