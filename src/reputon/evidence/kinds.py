"""Kinds of evidence, and one piece of it: at this time, of this address and tenant, this was seen so often."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum

MOST = 1_000_000_000  # messages that one piece of evidence may stand for
OLDEST = datetime(2000, 1, 1, tzinfo=UTC)
AHEAD = timedelta(days=1)  # how far a clock elsewhere may be ahead of ours
TENANT_LENGTH = 320  # characters: `unauth@` and a domain name fit
RESERVED = frozenset(("dns-query-log", "zone-queries"))  # names that no source has


class EvidenceError(ValueError):
    """What cannot be evidence; the message says why."""


class Kind(StrEnum):
    """What was seen (research: scoring.md 6.1)."""

    SENT = "sent"
    DELIVERED = "delivered"
    REJECTED = "rejected"
    UNKNOWN_USER = "unknown-user"
    COMPLAINT = "complaint"
    TRAP_PRISTINE = "trap-pristine"
    TRAP_RECYCLED = "trap-recycled"
    FILTERED = "filtered"
    MALWARE = "malware"
    AUTHENTICATION_FAILURE = "authentication-failure"


@dataclass(frozen=True, slots=True)
class Evidence:
    """One piece.  `subject` is an address key; `identity` names it across files where the format has a name for it."""

    time: datetime
    subject: int
    tenant: str
    kind: Kind
    count: int = 1
    identity: bytes | None = None


@dataclass(frozen=True, slots=True)
class Unreadable:
    """What could not be read: where, a masked excerpt, and why."""

    where: str
    excerpt: str
    why: str


def checked(evidence: Evidence, now: datetime) -> Evidence:
    """The evidence, if its time, count and tenant can be true; EvidenceError says what cannot."""
    if not OLDEST <= evidence.time <= now + AHEAD:
        raise EvidenceError(f"time {evidence.time.isoformat()} lies before 2000 or more than a day ahead")
    if not 0 < evidence.count <= MOST:
        raise EvidenceError(f"count {evidence.count} is not between 1 and {MOST}")
    if not 0 < len(evidence.tenant) <= TENANT_LENGTH:
        raise EvidenceError("the tenant is empty or too long")
    return evidence


def source_name(text: str) -> str:
    """The name of a source, if it can be one."""
    if not _SOURCE.fullmatch(text):
        raise EvidenceError(
            f"{text[:70]!r} cannot name a source: use up to 64 of a-z 0-9 . _ -, as in `mx1.complaints`"
        )
    if named := [each for each in text.split(".") if each in RESERVED]:
        raise EvidenceError(
            f"{named[0]} cannot be a source: who asks our own zones is no evidence, since anybody can ask, "
            "under any address, and would so make a sender look known"
        )
    return text


_SOURCE = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")
