"""Setback: what a clock that ran ahead has written, brought back once the clock is right again."""

from dataclasses import replace
from datetime import datetime, timedelta

import sqlalchemy as sa

from reputon.watch import tables as t
from reputon.watch.history import History
from reputon.watch.transitions import Standpoint

TOLERANCE = timedelta(minutes=10)  # clocks are stepped by less than this all the time


def undo(history: History, now: datetime) -> str:
    """Make everything due where questions were asked in the future; a sentence about it, or none.

    Questions that were counted in the future count as put now, so that no list is asked more than it allows.
    """
    with history.reading() as db:
        latest = [db.execute(sa.select(sa.func.max(column))).scalar() for column in (t.pair.c.asked, t.spent.c.at)]
    last = max((t.time(each) for each in latest if each is not None), default=now)
    if last <= now + TOLERANCE:
        return ""
    at = t.seconds(now)
    with history.writing() as db:
        ahead = db.execute(sa.select(t.pair).where(t.pair.c.asked > at)).all()
        for row in ahead:
            known = t.kept_standpoint(_until(t.standpoint_of(row.known), now))
            mine = (t.pair.c.subject == row.subject, t.pair.c.list == row.list)
            db.execute(t.pair.update().where(*mine).values(asked=at, known=known, confirm=None))
        db.execute(t.turn.update().where(t.turn.c.due > at).values(due=at))
        db.execute(t.spent.update().where(t.spent.c.at > at).values(at=at))
        db.execute(t.alert.update().where(t.alert.c.next > at).values(next=at))
    return f"the clock was set back: lists were asked at {last:%Y-%m-%dT%H:%M:%SZ}; everything is looked at anew"


def _until(known: Standpoint, now: datetime) -> Standpoint:
    """The same without times after now; a doubt of the future begins again."""
    is_ahead = known.doubted_at is not None and known.doubted_at > now
    return replace(
        known, doubt=None if is_ahead else known.doubt, doubted_at=None if is_ahead else known.doubted_at,
        first_seen=_at_most(known.first_seen, now), last_seen=_at_most(known.last_seen, now),
        unknown_since=_at_most(known.unknown_since, now),
        changes=tuple(each for each in known.changes if each <= now),
    )  # fmt: skip


def _at_most(moment: datetime | None, now: datetime) -> datetime | None:
    return moment and min(moment, now)
