"""Entries in the database: manual listings, exemptions and the safety list, each with who, why and until when."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

import sqlalchemy as sa

from reputon.listing import audit, listed, policy
from reputon.listing.database import Database, LedgerError, grown, seconds
from reputon.listing.entry import Entry, covers
from reputon.listing.policy import Change
from reputon.listing.tables import entry, listing
from reputon.subject import parse

_SAID = {"manual": "added", "exempt": "exempted", "safety": "protected"}  # as the audit trail has it


class Entries:
    """The operator's entries."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def in_force(self, now: datetime) -> list[Entry]:
        """Those that count now, in the order of their saying."""
        with self._database.reading() as db:
            return listed.entries_in_force(db, now)

    def add(self, new: Entry, now: datetime) -> tuple[Change, ...]:
        """Keep a checked entry (`entry.entered`), and do at once what it means; the changes to listings."""
        with self._database.writing() as db:
            row = {
                "kind": new.kind,
                "subject": new.subject,
                "since": seconds(new.since),
                "who": new.who,
                "why": new.why,
            }
            db.execute(entry.insert().values(**row, until=None if new.until is None else seconds(new.until)))
            audit.log(db, now, _SAID[new.kind], new.subject, new.who, new.why, new.until)
            made = (_listed(db, new, now),) if new.kind == "manual" else _freed(db, new, now)
            listed.write_all(db, made, now)
            grown(db)
        return tuple(made)

    def withdraw(self, number: int, now: datetime, who: str, why: str) -> Entry:
        """End an exemption, or take somebody off the safety list; LedgerError where there is no such entry."""
        with self._database.writing() as db:
            row = db.execute(sa.select(entry).where(entry.c.id == number)).first()
            found = listed.of_entry(row) if row is not None else None
            if found is None or not found.is_in_force(now):
                raise LedgerError(f"there is no entry {number} in force: `reputon listing entries` shows them")
            if found.kind == "manual":
                raise LedgerError(f"{number} is a manual listing: `reputon listing remove {found.subject}` ends it")
            db.execute(entry.update().where(entry.c.id == number).values(until=seconds(now)))
            audit.log(db, now, "withdrawn", found.subject, who, why, now)
            grown(db)
        return replace(found, until=now)


def _listed(db: sa.Connection, new: Entry, now: datetime) -> Change:
    """The listing that a manual entry makes, or the one in force, which it makes longer."""
    subject = parse(new.subject)
    found = listed.in_force(db, subject, now)
    past = listed.read(db, listed.of(subject), listing.c.expires > seconds(now - policy.MEMORY))
    made = policy.by_hand(new, 1 + len(past))
    if found is None:
        return made
    reasons = tuple(each for each in found.reasons if each.kind != policy.MANUAL) + made.listing.reasons
    until = max(found.expires, made.listing.expires)
    return Change("extended", replace(found, reasons=reasons, expires=until), new.why, new.who)


def _freed(db: sa.Connection, new: Entry, now: datetime) -> Sequence[Change]:
    """The ends of the listings that an exemption or the safety list covers."""
    return [
        Change("removed", replace(each, expires=now, removed=True), f"{_SAID[new.kind]}: {new.why}", new.who)
        for each in listed.read(db, listing.c.expires > seconds(now))
        if covers(new, each.subject)
    ]
