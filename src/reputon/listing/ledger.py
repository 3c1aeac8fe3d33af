"""Ledger: the listings, past and present, the published scores, and every change with its why, in one database."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from pathlib import Path
from secrets import token_hex
from typing import Self

from reputon.listing import audit, listed, published
from reputon.listing import tables as tables_
from reputon.listing.audit import Logged
from reputon.listing.database import FILE, Database, LedgerError, grown, seconds
from reputon.listing.disputes import Disputes
from reputon.listing.entries import Entries
from reputon.listing.guard import Good
from reputon.listing.notices import Notices
from reputon.listing.policy import Change, Listing
from reputon.listing.removals import Removals
from reputon.score.model import PublishedScore
from reputon.subject import Subject

__all__ = ["FILE", "Ledger", "LedgerError"]

_row = tables_.listing.c


class Ledger:
    """The ledger of one state directory, or of a PostgreSQL `url`; for several threads and processes at once."""

    def __init__(self, state_dir: Path, url: str = "") -> None:
        self._database = Database(state_dir, url)
        self.entries = Entries(self._database)
        self.disputes = Disputes(self._database)
        self.notices = Notices(self._database)
        self.removals = Removals(self._database)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._database.close()

    def identity(self) -> str:
        """A random name of this ledger, which no other has, nor the same one that was made anew."""
        with self._database.writing() as db:
            found = db.execute(tables_.identity.select()).first()
            if found is None:
                db.execute(tables_.identity.insert().values(id=token_hex(8)))
                found = db.execute(tables_.identity.select()).one()
            return str(found.id)

    def revision(self) -> int:
        """A number that grows with every change."""
        with self._database.reading() as db:
            return int(db.execute(tables_.state.select()).one().revision)

    def listings(self, now: datetime) -> list[Listing]:
        """Who is listed now, in the order of their listing."""
        with self._database.reading() as db:
            return listed.read(db, _row.expires > seconds(now))

    def listing(self, subject: Subject, now: datetime) -> Listing | None:
        """The listing in force of a subject."""
        with self._database.reading() as db:
            return listed.in_force(db, subject, now)

    def past(self, since: datetime, subject: Subject | None = None) -> list[Listing]:
        """The listings that ended after `since` or have not ended, oldest first; of everybody, or of one subject."""
        about = (listed.of(subject),) if subject else ()
        with self._database.reading() as db:
            return listed.read(db, *about, _row.expires > seconds(since))

    def over(self, now: datetime) -> list[Listing]:
        """The listings whose time has run out and whose end has not been written down."""
        with self._database.reading() as db:
            return listed.read(db, _row.expires <= seconds(now), _row.is_over.is_(False))

    def scores(self) -> Iterator[PublishedScore]:
        """The published scores, as they are asked for, in the order of their subjects."""
        with self._database.reading(stream=True) as db:
            yield from published.read(db)

    def good(self, subjects: Iterable[Subject]) -> Good:
        """The known-good senders, with the messages of those of `subjects` that are."""
        with self._database.reading() as db:
            return published.good(db, subjects)

    def changes(self, most: int = 100, subject: str | None = None) -> list[Logged]:
        """The latest changes, the newest first; of everybody, or of one subject or prefix."""
        with self._database.reading() as db:
            return audit.read(db, most, subject)

    def apply(
        self, changes: Sequence[Change], scores: Iterable[PublishedScore], now: datetime, gone: Iterable[Subject] = ()
    ) -> None:
        """Write these changes, the given scores that differ, and take away those of `gone`: all or nothing."""
        with self._database.writing() as db:
            # All three are done, though one is enough for a new revision.
            if listed.write(db, changes, now) + published.put(db, scores) + published.take(db, gone):
                grown(db)

    def replace_scores(self, scores: Iterable[PublishedScore]) -> None:
        """Make these the published scores, and no others: all or nothing."""
        with self._database.writing() as db:
            if published.put(db, scores, only=True):
                grown(db)

    def remove(self, subject: Subject, now: datetime, why: str, who: str = "operator") -> Listing:
        """End a listing by an operator's hand; LedgerError where there is none."""
        with self._database.writing() as db:
            gone = listed.remove(db, subject, now, why, who)
            if gone is None:
                raise LedgerError(f"{subject} is not listed: nothing to remove")
            grown(db)
        return gone
