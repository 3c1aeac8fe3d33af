"""Listings in the database: read, and written by changes that still fit what is there."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, replace
from datetime import datetime
from ipaddress import ip_network
from typing import Any

import sqlalchemy as sa

from reputon.listing import audit
from reputon.listing.database import LedgerError, moment, seconds
from reputon.listing.entry import Entry, Protection
from reputon.listing.policy import Change, Listing, Reason
from reputon.listing.tables import entry, listing
from reputon.subject import Subject

_AT_ONCE = 500  # subjects in one question
_EVERYWHERE = (ip_network("0.0.0.0/0"), ip_network("::/0"))

# Made once: making them takes five times as long as running them.
_SAME = listing.update().where(
    listing.c.kind == sa.bindparam("a_kind"), listing.c.subject == sa.bindparam("a_subject"),
    listing.c.since == sa.bindparam("a_since"), ~listing.c.removed,
)  # fmt: skip
# What has not ended by its own clock has not ended: `is_over` may be the word of a run as of a later time.
_GOES_ON = _SAME.where(sa.or_(listing.c.expires > sa.bindparam("a_now"), ~listing.c.is_over))
_ALTER = {
    # and nobody has extended it
    "expired": _SAME.where(~listing.c.is_over, listing.c.expires == sa.bindparam("a_expires")),
    # and nobody has extended it further
    "extended": _GOES_ON.where(listing.c.expires <= sa.bindparam("a_expires")),
}


def read(db: sa.Connection, *where: sa.ColumnElement[bool]) -> list[Listing]:
    """The listings of which this is true, in the order of their listing."""
    return [_listing(row) for row in db.execute(sa.select(listing).where(*where).order_by(listing.c.id))]


def of(subject: Subject) -> sa.ColumnElement[bool]:
    """Whether a row is of this subject."""
    return sa.and_(listing.c.kind == subject.kind, listing.c.subject == subject.text)


def in_force(db: sa.Connection, subject: Subject, now: datetime) -> Listing | None:
    """The listing of a subject now."""
    found = _all_in_force(db, subject, now)
    return found[-1] if found else None


def _all_in_force(db: sa.Connection, subject: Subject, now: datetime) -> list[Listing]:
    """One at most, unless a run as of a later time has listed it again."""
    return read(db, of(subject), listing.c.expires > seconds(now))


def entries_in_force(db: sa.Connection, now: datetime) -> list[Entry]:
    """The operator's entries that count now, in the order of their saying."""
    until = sa.or_(entry.c.until.is_(None), entry.c.until > seconds(now))
    rows = db.execute(sa.select(entry).where(until, entry.c.since <= seconds(now)).order_by(entry.c.id))
    return [of_entry(row) for row in rows]


def of_entry(row: Any) -> Entry:
    """The entry that a row is."""
    until = None if row.until is None else moment(row.until)
    return Entry(row.kind, row.subject, moment(row.since), until, row.who, row.why, row.id)


def write(db: sa.Connection, changes: Iterable[Change], now: datetime) -> int:
    """Write changes and log them; how many.

    A change that no longer fits is left out: since it was judged, somebody else has listed the subject, taken the
    listing back, or exempted the subject; the next run judges by that.
    """
    changes = list(changes)
    there = _there(db, [each.listing.subject for each in changes if each.what == "listed"], now)
    protection = Protection.of(
        _EVERYWHERE, (), entries_in_force(db, now)
    )  # reserved space is for the settings to judge
    done = []
    for each in changes:
        subject = each.listing.subject
        if each.what == "listed":
            fits = subject not in there and not protection.why(subject)
            there.add(subject)
        else:
            fits = _alter(db, each, now)
        if fits:
            done.append(each)
    new = [{**_row(each.listing), "is_over": False} for each in done if each.what == "listed"]
    if new:
        db.execute(listing.insert(), new)
    audit.log_changes(db, now, done)
    return len(done)


def write_all(db: sa.Connection, changes: Sequence[Change], now: datetime) -> None:
    """Write changes that a person asked for; LedgerError, and nothing is written, where one of them does not fit."""
    if write(db, changes, now) != len(changes):
        names = ", ".join(sorted({each.listing.subject.text for each in changes[:3]}))
        raise LedgerError(f"{names}: nothing was done, for it was changed meanwhile: `reputon listing log` says how")


def remove(db: sa.Connection, subject: Subject, now: datetime, why: str, who: str) -> Listing | None:
    """End the listing of a subject, and the manual entries that ask for it; None where it is not listed."""
    gone = [replace(each, expires=now, removed=True) for each in _all_in_force(db, subject, now)]
    if not gone:
        return None
    write_all(db, [Change("removed", each, why, who) for each in gone], now)
    manual = entry.update().where(entry.c.kind == "manual", entry.c.subject == subject.text)
    db.execute(manual.where(entry.c.until > seconds(now)).values(until=seconds(now)))
    return gone[-1]


def _there(db: sa.Connection, subjects: Sequence[Subject], now: datetime) -> set[Subject]:
    """Those of the subjects that are listed now."""
    found: set[Subject] = set()
    for start in range(0, len(subjects), _AT_ONCE):
        texts = [subject.text for subject in subjects[start : start + _AT_ONCE]]
        wanted = sa.select(listing.c.kind, listing.c.subject).where(listing.c.subject.in_(texts))
        found |= {Subject(kind, text) for kind, text in db.execute(wanted.where(listing.c.expires > seconds(now)))}
    return found


def _alter(db: sa.Connection, change: Change, now: datetime) -> bool:
    row = _row(change.listing)
    known = {f"a_{name}": row.pop(name) for name in ("kind", "subject", "since")}
    if change.what in _ALTER:
        known["a_expires"] = row["expires"]
    if change.what != "expired":
        known["a_now"] = seconds(now)
    values = {**row, **known, "is_over": change.what in ("expired", "removed")}
    return bool(db.execute(_ALTER.get(change.what, _GOES_ON), values).rowcount)


def _row(each: Listing) -> dict[str, Any]:
    return {
        "kind": each.subject.kind, "subject": each.subject.text, "scope": each.scope,
        "reasons": json.dumps([asdict(reason) for reason in each.reasons]),
        "since": seconds(each.since), "last_seen": seconds(each.last_seen),
        "expires": seconds(each.expires), "times": each.times, "removed": each.removed,
    }  # fmt: skip


def _listing(row: Any) -> Listing:
    reasons = tuple(Reason(**each) for each in json.loads(row.reasons))
    return Listing(
        Subject(row.kind, row.subject), row.scope, reasons, moment(row.since), moment(row.last_seen),
        moment(row.expires), row.times, row.removed,
    )  # fmt: skip
