"""Outbox: the alerts that wait, each claimed before it is sent, so that a crash sends none twice (decision 0015)."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

import sqlalchemy as sa

from reputon.watch import tables as t
from reputon.watch.history import History
from reputon.watch.notice import Notice

GIVE_UP = timedelta(hours=24)  # after that an alert is no news
_FIRST_WAIT, _LONGEST_WAIT = timedelta(minutes=1), timedelta(hours=1)
_SAID = 300  # characters of a server's words that are kept


class Status(StrEnum):
    """What became of an alert on its channel.  UNCLEAR: it may have been sent, and is not sent again."""

    WAITING = "waiting"
    SENDING = "sending"
    SENT = "sent"
    UNCLEAR = "unclear"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Alert:
    """One notice for one channel."""

    id: int
    channel: str
    notice: Notice
    made: datetime
    tries: int
    status: Status
    said: str = ""


def recover(history: History) -> list[Alert]:
    """After a start: what was being sent when the runner ended may have arrived; it is marked so, and returned."""
    with history.writing() as db:
        found = _select(db, t.alert.c.status == str(Status.SENDING))
        said = "the watch ended while this was being sent"
        marked = t.alert.update().where(t.alert.c.status == str(Status.SENDING))
        db.execute(marked.values(status=str(Status.UNCLEAR), said=said))
    return found


def waiting(history: History, now: datetime, channels: Iterable[str], most: int = 1000) -> list[Alert]:
    """The alerts that may be sent now, oldest first."""
    due = (t.alert.c.status == str(Status.WAITING), t.alert.c.next <= t.seconds(now))
    with history.reading() as db:
        return _select(db, *due, t.alert.c.channel.in_(list(channels)), most=most)


def alerts(history: History, *statuses: Status, most: int = 1000) -> list[Alert]:
    """The alerts in these states, oldest first."""
    with history.reading() as db:
        return _select(db, t.alert.c.status.in_([str(each) for each in statuses]), most=most)


def counts(history: History) -> dict[Status, int]:
    """How many alerts there are in each state."""
    wanted = sa.select(t.alert.c.status, sa.func.count()).group_by(t.alert.c.status)
    with history.reading() as db:
        found = {row[0]: int(row[1]) for row in db.execute(wanted)}
    return {status: found.get(str(status), 0) for status in Status}


def claim(history: History, alert: Alert) -> bool:
    """Mark an alert as being sent, on disk, before anything leaves; false where somebody else has it."""
    of = (t.alert.c.id == alert.id, t.alert.c.status == str(Status.WAITING))
    with history.writing() as db:
        done = db.execute(t.alert.update().where(*of).values(status=str(Status.SENDING), tries=alert.tries + 1))
        return bool(done.rowcount == 1)


def sent(history: History, alert: Alert, said: str = "") -> None:
    """The channel took it."""
    _mark(history, alert, Status.SENT, said)


def unclear(history: History, alert: Alert, said: str) -> None:
    """Nobody can tell whether the channel took it; it is not sent again."""
    _mark(history, alert, Status.UNCLEAR, said)


def refused(history: History, alert: Alert, said: str, now: datetime) -> Status:
    """It surely was not delivered: again after a wait that doubles, failed once it is a day old."""
    wait = min(_FIRST_WAIT * 2 ** min(alert.tries, 10), _LONGEST_WAIT)
    if now + wait - alert.made > GIVE_UP:
        _mark(history, alert, Status.FAILED, said)
        return Status.FAILED
    _mark(history, alert, Status.WAITING, said, next=t.seconds(now + wait))
    return Status.WAITING


def next_try(history: History, channels: Iterable[str]) -> datetime | None:
    """When the next alert may be sent."""
    of = (t.alert.c.status == str(Status.WAITING), t.alert.c.channel.in_(list(channels)))
    with history.reading() as db:
        found = db.execute(sa.select(sa.func.min(t.alert.c.next)).where(*of)).scalar()
    return None if found is None else t.time(found)


def _mark(history: History, alert: Alert, status: Status, said: str, **more: Any) -> None:
    kept = " ".join(said.split())[:_SAID]
    with history.writing() as db:
        db.execute(t.alert.update().where(t.alert.c.id == alert.id).values(status=str(status), said=kept, **more))


def _select(db: sa.Connection, *where: sa.ColumnElement[bool], most: int = 1000) -> list[Alert]:
    of = t.alert.c
    columns = (of.id.label("alert"), of.channel, of.made, of.tries, of.status, of.said, t.transition)
    joined = t.alert.join(t.transition, of.transition == t.transition.c.id)
    rows = db.execute(sa.select(*columns).select_from(joined).where(*where).order_by(of.id).limit(most))
    return [
        Alert(row.alert, row.channel, t.notice_of(row), t.time(row.made), row.tries, Status(row.status), row.said)
        for row in rows
    ]
