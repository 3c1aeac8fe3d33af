"""Notices in the database: which are due, which were sent and acknowledged; a token is kept as its hash only."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from secrets import token_urlsafe
from typing import Any

import sqlalchemy as sa

from reputon.listing import audit
from reputon.listing import notice as rules
from reputon.listing.database import Database, LedgerError, grown, moment, seconds
from reputon.listing.notice import Notice
from reputon.listing.proof import hashed
from reputon.listing.tables import notice
from reputon.subject import Subject

_TROUBLE = 200  # characters of a server's words


class Notices:
    """What owners of shared addresses were told."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def want(self, spared: Mapping[Subject, str], now: datetime) -> int:
        """Note that owners of spared addresses are to be told, with why; how many are newly due."""
        with self._database.writing() as db:
            due = rules.due(spared, _recent(db, now), now)
            for subject in due:
                row = {"subject": subject.text, "due": seconds(now), "why": spared[subject]}
                db.execute(notice.insert().values(**row, contact="", token_hash="", trouble=""))
            if due:
                grown(db)
        return len(due)

    def due(self, now: datetime) -> list[Notice]:
        """Those that are to be sent."""
        return [each for each in self._recent(now) if rules.state(each, now) == "due"]

    def recent(self, now: datetime) -> list[Notice]:
        """Those of the last 30 days and what still waits, the oldest first."""
        return self._recent(now)

    def of(self, subject: Subject) -> list[Notice]:
        """All of one address, the oldest first."""
        with self._database.reading() as db:
            return _read(db, notice.c.subject == subject.text)

    def ignored(self, now: datetime) -> set[Subject]:
        """The addresses that may be listed though they are shared: their owner was told, and did not answer."""
        return set(rules.ignored(self._recent(now), now))

    def token(self, due: Notice, contact: str) -> str:
        """A new token for a notice that is about to be sent; an earlier one of it is void."""
        made = f"ack.{token_urlsafe(24)}"  # never begins as an option of a command does
        with self._database.writing() as db:
            row = notice.update().where(notice.c.id == due.id, notice.c.sent.is_(None))
            if not db.execute(row.values(token_hash=hashed(made), contact=contact)).rowcount:
                raise LedgerError(f"the notice of {due.subject} was sent by somebody else meanwhile")
        return made

    def sent(self, due: Notice, contact: str, now: datetime, who: str) -> None:
        """Note that the owner's server has taken it: the 7 days begin."""
        with self._database.writing() as db:
            db.execute(notice.update().where(notice.c.id == due.id).values(sent=seconds(now), trouble=""))
            audit.log(db, now, "notified", due.subject.text, who, f"{contact}: {due.why}", now + rules.WAIT)
            grown(db)

    def failed(self, due: Notice, trouble: str) -> None:
        """Note why it could not be sent: whom nobody reached has ignored nothing."""
        with self._database.writing() as db:
            db.execute(notice.update().where(notice.c.id == due.id).values(trouble=trouble[:_TROUBLE]))
            grown(db)

    def acknowledge(self, token: str, now: datetime, who: str) -> Notice:
        """Take an owner's acknowledgement by its token; LedgerError where no notice has it."""
        with self._database.writing() as db:
            known = _read(db, notice.c.token_hash == hashed(token.strip()), notice.c.sent.is_not(None))
            if not known:
                raise LedgerError("no notice has this token: it is the line that was to be sent back, whole")
            found = known[0]
            if found.acknowledged is None:
                db.execute(notice.update().where(notice.c.id == found.id).values(acknowledged=seconds(now)))
                audit.log(db, now, "acknowledged", found.subject.text, who, f"the owner answered: {found.contact}")
                grown(db)
        return found if found.acknowledged else replace(found, acknowledged=moment(seconds(now)))

    def _recent(self, now: datetime) -> list[Notice]:
        with self._database.reading() as db:
            return _recent(db, now)


def _recent(db: sa.Connection, now: datetime) -> list[Notice]:
    since = seconds(now - rules.MEMORY)
    return _read(db, sa.or_(notice.c.due > since, notice.c.sent > since))


def _read(db: sa.Connection, *where: sa.ColumnElement[bool]) -> list[Notice]:
    return [_notice(row) for row in db.execute(sa.select(notice).where(*where).order_by(notice.c.id))]


def _notice(row: Any) -> Notice:
    sent = None if row.sent is None else moment(row.sent)
    acknowledged = None if row.acknowledged is None else moment(row.acknowledged)
    return Notice(
        Subject("ip", row.subject), moment(row.due), row.why, row.contact, sent, acknowledged, row.trouble, row.id
    )
