"""Dispute: what anybody may say against a listing, and the clock of its answer (RFC 6471 section 2.2.3).

A list SHOULD answer within 2 days and MUST within 7.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from reputon.subject import Subject

SHOULD, MUST = timedelta(days=2), timedelta(days=7)
MOST = 20  # open disputes of one subject: more say nothing new

State = Literal["open", "late", "overdue", "accepted", "rejected"]


@dataclass(frozen=True, slots=True)
class Dispute:
    """One dispute.  `answered` is None while it is open; `answerer` and `answer` are then empty."""

    id: int
    subject: Subject
    opened: datetime
    who: str
    why: str
    answered: datetime | None = None
    accepted: bool | None = None
    answerer: str = ""
    answer: str = ""

    @property
    def should_by(self) -> datetime:
        """Until when it should be answered."""
        return self.opened + SHOULD

    @property
    def must_by(self) -> datetime:
        """Until when it must be answered."""
        return self.opened + MUST


def state(dispute: Dispute, now: datetime) -> State:
    """How it stands: `late` after the time in which it should, `overdue` after that in which it must be answered."""
    if dispute.answered is not None:
        return "accepted" if dispute.accepted else "rejected"
    if now >= dispute.must_by:
        return "overdue"
    return "late" if now >= dispute.should_by else "open"
