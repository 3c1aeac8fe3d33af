"""Audit: every change, with who did it, why and until when; added to, and never changed (RFC 6471 section 2.1.2)."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from reputon.listing.database import moment, seconds
from reputon.listing.policy import Change
from reputon.listing.tables import change


@dataclass(frozen=True, slots=True)
class Logged:
    """One line of the trail.  `subject` may be a prefix; `who` is `rule` where no person acted."""

    at: datetime
    what: str
    subject: str
    who: str
    why: str
    until: datetime | None


def log(
    db: sa.Connection, at: datetime, what: str, subject: str, who: str, why: str, until: datetime | None = None
) -> None:
    """Add a line, in the transaction of what it tells of."""
    db.execute(change.insert(), [_line(at, what, subject, who, why, until)])


def log_changes(db: sa.Connection, at: datetime, changes: Iterable[Change]) -> None:
    """Add a line for each change of a listing."""
    lines = [
        _line(at, each.what, each.listing.subject.text, each.who, each.why, each.listing.expires) for each in changes
    ]
    if lines:
        db.execute(change.insert(), lines)


def _line(at: datetime, what: str, subject: str, who: str, why: str, until: datetime | None) -> dict[str, Any]:
    row = {"at": seconds(at), "what": what, "subject": subject, "who": who, "why": why}
    return row | {"until": None if until is None else seconds(until)}


def read(db: sa.Connection, most: int, subject: str | None = None) -> list[Logged]:
    """The latest lines, the newest first; of everybody, or of one subject or prefix."""
    wanted = sa.select(change).order_by(change.c.id.desc()).limit(most)
    if subject is not None:
        wanted = wanted.where(change.c.subject == subject)
    return [
        Logged(
            moment(row.at), row.what, row.subject, row.who, row.why, None if row.until is None else moment(row.until)
        )
        for row in db.execute(wanted)
    ]
