"""Disputes in the database."""

from dataclasses import replace
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from reputon.listing import audit, listed
from reputon.listing.database import Database, LedgerError, grown, moment, seconds
from reputon.listing.dispute import MOST, Dispute
from reputon.listing.tables import dispute
from reputon.subject import Subject


class Disputes:
    """What was said against listings, and what was answered."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def open(self, subject: Subject, now: datetime, who: str, why: str) -> Dispute:
        """Keep a dispute; LedgerError where the same party has one that waits for its answer."""
        with self._database.writing() as db:
            waiting = [each for each in _read(db, _of(subject)) if each.answered is None]
            same = next((each for each in waiting if each.who == who), None)
            if same is not None:
                raise LedgerError(f"{who} disputes {subject} already (number {same.id}): it waits for its answer")
            if len(waiting) >= MOST:
                raise LedgerError(f"{subject} has {len(waiting)} open disputes: answer them first")
            row = {"kind": subject.kind, "subject": subject.text, "opened": seconds(now), "who": who, "why": why}
            made = db.execute(dispute.insert().values(**row, answerer="", answer="")).inserted_primary_key
            audit.log(db, now, "disputed", subject.text, who, why)
            grown(db)
        assert made is not None  # an insert of one row has its key
        return Dispute(made[0], subject, moment(seconds(now)), who, why)

    def answer(self, number: int, accept: bool, now: datetime, who: str, why: str) -> Dispute:
        """Answer a dispute; accepting it ends the listing.  LedgerError where there is none that waits."""
        with self._database.writing() as db:
            found = next(iter(_read(db, dispute.c.id == number)), None)
            if found is None:
                raise LedgerError(f"there is no dispute {number}: `reputon listing disputes` shows them")
            if found.answered is not None:
                raise LedgerError(f"dispute {number} was answered by {found.answerer}: {found.answer}")
            new = replace(found, answered=moment(seconds(now)), accepted=accept, answerer=who, answer=why)
            values = {"answered": seconds(now), "accepted": accept, "answerer": who, "answer": why}
            db.execute(dispute.update().where(dispute.c.id == number).values(**values))
            audit.log(db, now, "accepted" if accept else "rejected", found.subject.text, who, why)
            if accept:
                listed.remove(db, found.subject, now, f"dispute {number} was accepted: {why}", who)
            grown(db)
        return new

    def waiting(self) -> list[Dispute]:
        """Those without an answer, the oldest first."""
        with self._database.reading() as db:
            return _read(db, dispute.c.answered.is_(None))

    def of(self, subject: Subject) -> list[Dispute]:
        """All of one subject, the oldest first."""
        with self._database.reading() as db:
            return _read(db, _of(subject))


def _of(subject: Subject) -> sa.ColumnElement[bool]:
    return sa.and_(dispute.c.kind == subject.kind, dispute.c.subject == subject.text)


def _read(db: sa.Connection, *where: sa.ColumnElement[bool]) -> list[Dispute]:
    return [_dispute(row) for row in db.execute(sa.select(dispute).where(*where).order_by(dispute.c.id))]


def _dispute(row: Any) -> Dispute:
    answered = None if row.answered is None else moment(row.answered)
    subject = Subject(row.kind, row.subject)
    return Dispute(
        row.id, subject, moment(row.opened), row.who, row.why, answered, row.accepted, row.answerer, row.answer
    )
