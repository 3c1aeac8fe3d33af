"""Removals in the database: the tokens by which owners prove themselves, and what they took back."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from secrets import token_urlsafe
from typing import Any

import sqlalchemy as sa

from reputon.listing import listed, removal
from reputon.listing.database import Database, LedgerError, grown, moment, seconds
from reputon.listing.policy import Change
from reputon.listing.proof import Proof, hashed
from reputon.listing.removal import Removal, Ruling
from reputon.listing.tables import proof
from reputon.listing.tables import removal as table
from reputon.subject import Subject

VALID = timedelta(days=7)  # a token


class Removals:
    """What owners asked for and got."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def token(self, subject: Subject, now: datetime) -> str:
        """A new token for whoever owns the subject; only its hash is kept, and it proves once."""
        made = token_urlsafe(24)
        row = {"kind": subject.kind, "subject": subject.text, "token_hash": hashed(made), "used": False}
        with self._database.writing() as db:
            db.execute(proof.delete().where(proof.c.until <= seconds(now)))
            db.execute(proof.insert().values(**row, until=seconds(now + VALID)))
        return made

    def hashes(self, subject: Subject, now: datetime) -> set[str]:
        """The hashes of the tokens that would prove the subject's owner now."""
        with self._database.reading() as db:
            return {row.token_hash for row in db.execute(sa.select(proof).where(*_valid(subject, now)))}

    def of(self, subject: Subject, owner: str, now: datetime) -> list[Removal]:
        """The removals that count against this owner and this subject's prefix."""
        with self._database.reading() as db:
            return _past(db, subject, owner, now)

    def claim(self, subject: Subject, proved: Proof, now: datetime, why: str) -> Ruling:
        """Do what the limits allow for a proved owner.  LedgerError: it is not listed, or the token is spent."""
        with self._database.writing() as db:
            found = listed.in_force(db, subject, now)
            if found is None:
                raise LedgerError(f"{subject} is not listed: nothing to remove")
            ruling = removal.rule(found, proved.owner, _past(db, subject, proved.owner, now), now)
            if ruling.until is None:
                return ruling
            spent = proof.update().where(*_valid(subject, now), proof.c.token_hash == proved.token_hash)
            if not db.execute(spent.values(used=True)).rowcount:
                raise LedgerError(f"{subject}: that token was used: `reputon listing prove {subject}` makes another")
            words, who = f"{why} ({ruling.why}; proved at {proved.where})", f"owner {proved.owner}"
            if ruling.outcome == "at-once":
                listed.remove(db, subject, now, words, who)
            else:
                # A shorter clock and no pending job: what is seen until then makes it longer again, as by the rule.
                listed.write_all(db, [Change("shortened", replace(found, expires=ruling.until), words, who)], now)
            db.execute(table.insert().values(_row(subject, proved.owner, now)))
            grown(db)
        return ruling


def _row(subject: Subject, owner: str, now: datetime) -> dict[str, Any]:
    prefix = removal.prefix_of(subject)
    return {"kind": subject.kind, "subject": subject.text, "owner": owner, "prefix": prefix, "at": seconds(now)}


def _valid(subject: Subject, now: datetime) -> Iterable[sa.ColumnElement[bool]]:
    return (
        proof.c.kind == subject.kind, proof.c.subject == subject.text, proof.c.until > seconds(now), ~proof.c.used,
    )  # fmt: skip


def _past(db: sa.Connection, subject: Subject, owner: str, now: datetime) -> list[Removal]:
    counted = sa.or_(table.c.owner == owner, table.c.prefix == removal.prefix_of(subject))
    rows = db.execute(sa.select(table).where(counted, table.c.at > seconds(now - removal.MEMORY)).order_by(table.c.id))
    return [Removal(Subject(row.kind, row.subject), row.owner, row.prefix, moment(row.at)) for row in rows]
