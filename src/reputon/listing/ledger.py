"""Ledger: the listings, past and present, the published scores, and every change with its why, in one database."""

import json
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError

from reputon.listing.policy import Change, Listing, Reason
from reputon.score.model import PublishedScore
from reputon.subject import Subject

FILE = "listings.sqlite"
BUSY = 30  # seconds that a writer waits for another

_TABLES = sa.MetaData()
_listing = sa.Table(
    "listing", _TABLES,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("kind", sa.Text, nullable=False), sa.Column("subject", sa.Text, nullable=False, index=True),
    sa.Column("scope", sa.Text, nullable=False), sa.Column("reasons", sa.Text, nullable=False),
    # Epoch seconds, as evidence has them.
    sa.Column("since", sa.BigInteger, nullable=False), sa.Column("last_seen", sa.BigInteger, nullable=False),
    sa.Column("expires", sa.BigInteger, nullable=False, index=True), sa.Column("times", sa.Integer, nullable=False),
    sa.Column("removed", sa.Boolean, nullable=False),
    sa.Column("is_over", sa.Boolean, nullable=False),  # its end has been written down as a change
)  # fmt: skip
_score = sa.Table(
    "score", _TABLES,
    sa.Column("kind", sa.Text, primary_key=True), sa.Column("subject", sa.Text, primary_key=True),
    sa.Column("value", sa.Float, nullable=False), sa.Column("confidence", sa.Float, nullable=False),
    sa.Column("sample", sa.BigInteger, nullable=False), sa.Column("top", sa.Text, nullable=False),
    sa.Column("shared", sa.Boolean, nullable=False),
)  # fmt: skip
_change = sa.Table(
    "change", _TABLES,
    sa.Column("id", sa.Integer, primary_key=True), sa.Column("at", sa.BigInteger, nullable=False),
    sa.Column("what", sa.Text, nullable=False), sa.Column("subject", sa.Text, nullable=False, index=True),
    sa.Column("why", sa.Text, nullable=False),
)  # fmt: skip
_state = sa.Table("state", _TABLES, sa.Column("revision", sa.BigInteger, nullable=False))


class LedgerError(ValueError):
    """A ledger that cannot be read or written, or a subject that is not in it; the message says which."""


class Ledger:
    """The ledger of one state directory; a context manager, for several threads and processes at once."""

    def __init__(self, state_dir: Path) -> None:
        self._where = state_dir / FILE
        try:
            state_dir.mkdir(parents=True, exist_ok=True)
            self._engine = sa.create_engine(f"sqlite:///{self._where}", connect_args={"timeout": BUSY})
            sa.event.listen(self._engine, "connect", _durable)
            with self._writing() as db:
                _TABLES.create_all(db)
                if db.execute(sa.select(_state.c.revision)).first() is None:
                    db.execute(_state.insert().values(revision=1))
        except OSError as error:
            raise LedgerError(f"{self._where} cannot be opened: {error.strerror}") from None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._engine.dispose()

    def revision(self) -> int:
        """A number that grows with every change."""
        with self._reading() as db:
            return int(db.execute(sa.select(_state.c.revision)).scalar_one())

    def listings(self, now: datetime) -> list[Listing]:
        """Who is listed now, in the order of their listing."""
        return self._listings(_listing.c.expires > _seconds(now))

    def listing(self, subject: Subject, now: datetime) -> Listing | None:
        """The listing in force of a subject."""
        found = self._listings(*_about(subject), _listing.c.expires > _seconds(now))
        return found[-1] if found else None

    def past(self, since: datetime, subject: Subject | None = None) -> list[Listing]:
        """The listings that ended after `since` or have not ended, oldest first; of everybody, or of one subject."""
        about = _about(subject) if subject else ()
        return self._listings(*about, _listing.c.expires > _seconds(since))

    def over(self, now: datetime) -> list[Listing]:
        """The listings whose time has run out and whose end has not been written down."""
        return self._listings(_listing.c.expires <= _seconds(now), _listing.c.is_over.is_(False))

    def scores(self) -> list[PublishedScore]:
        """The published scores."""
        with self._reading() as db:
            rows = db.execute(sa.select(_score).order_by(_score.c.kind, _score.c.subject))
            return [
                PublishedScore(Subject(r.kind, r.subject), r.value, r.confidence, r.sample, r.top, r.shared)
                for r in rows
            ]

    def changes(self, most: int = 100, subject: Subject | None = None) -> list[tuple[datetime, str, str, str]]:
        """The latest changes, newest first: when, what, of whom, why."""
        wanted = sa.select(_change).order_by(_change.c.id.desc()).limit(most)
        if subject is not None:
            wanted = wanted.where(_change.c.subject == subject.text)
        with self._reading() as db:
            return [(_time(row.at), row.what, row.subject, row.why) for row in db.execute(wanted)]

    def apply(self, changes: Sequence[Change], scores: Iterable[PublishedScore], now: datetime) -> None:
        """Write these changes and replace the published scores, all or nothing."""
        published = sorted(scores, key=lambda each: each.subject)
        is_new = published != sorted(self.scores(), key=lambda each: each.subject)
        if not changes and not is_new:
            return
        with self._writing() as db:
            for change in changes:
                _write(db, change, now)
            if is_new:
                db.execute(_score.delete())
                rows = [{**asdict(each), "kind": each.subject.kind, "subject": each.subject.text} for each in published]
                if rows:
                    db.execute(_score.insert(), rows)
            db.execute(_state.update().values(revision=_state.c.revision + 1))

    def remove(self, subject: Subject, now: datetime, why: str) -> Listing:
        """End a listing by an operator's hand; LedgerError where there is none."""
        found = self.listing(subject, now)
        if found is None:
            raise LedgerError(f"{subject} is not listed: nothing to remove")
        gone = replace(found, expires=now, removed=True)
        with self._writing() as db:
            _write(db, Change("removed", gone, why), now)
            db.execute(_state.update().values(revision=_state.c.revision + 1))
        return gone

    def _listings(self, *where: sa.ColumnElement[bool]) -> list[Listing]:
        with self._reading() as db:
            return [_read(row) for row in db.execute(sa.select(_listing).where(*where).order_by(_listing.c.id))]

    @contextmanager
    def _reading(self) -> Iterator[sa.Connection]:
        try:
            with self._engine.connect() as db:
                yield db
        except SQLAlchemyError as error:
            raise LedgerError(f"{self._where} cannot be read: {getattr(error, 'orig', error)}") from None

    @contextmanager
    def _writing(self) -> Iterator[sa.Connection]:
        try:
            with self._engine.begin() as db:
                yield db
        except SQLAlchemyError as error:
            raise LedgerError(
                f"{self._where} cannot be written ({getattr(error, 'orig', error)}); nothing was changed"
            ) from None


def _durable(connection: Any, _record: Any) -> None:
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")


def _write(db: sa.Connection, change: Change, now: datetime) -> None:
    listing = change.listing
    values = _row(listing) | {"is_over": change.what in ("expired", "removed")}
    if change.what == "listed":
        db.execute(_listing.insert().values(**values))
    else:
        same = (*_about(listing.subject), _listing.c.since == _seconds(listing.since))
        db.execute(_listing.update().where(*same).values(**values))
    db.execute(
        _change.insert().values(at=_seconds(now), what=change.what, subject=listing.subject.text, why=change.why)
    )


def _row(listing: Listing) -> dict[str, Any]:
    return {
        "kind": listing.subject.kind, "subject": listing.subject.text, "scope": listing.scope,
        "reasons": json.dumps([asdict(reason) for reason in listing.reasons]),
        "since": _seconds(listing.since), "last_seen": _seconds(listing.last_seen),
        "expires": _seconds(listing.expires), "times": listing.times, "removed": listing.removed,
    }  # fmt: skip


def _read(row: Any) -> Listing:
    reasons = tuple(Reason(**each) for each in json.loads(row.reasons))
    subject = Subject(row.kind, row.subject)
    return Listing(
        subject, row.scope, reasons, _time(row.since), _time(row.last_seen), _time(row.expires), row.times, row.removed
    )


def _about(subject: Subject) -> tuple[sa.ColumnElement[bool], ...]:
    return _listing.c.kind == subject.kind, _listing.c.subject == subject.text


def _seconds(moment: datetime) -> int:
    return int(moment.timestamp())


def _time(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
