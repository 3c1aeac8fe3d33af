"""History: what is watched, what was answered, what changed and who was told, in one SQLite file of its own."""

import json
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import ip_network
from pathlib import Path
from typing import Any, Self

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError, SQLAlchemyError

from reputon.check import Result
from reputon.watch import recording
from reputon.watch import tables as t
from reputon.watch.notice import Notice
from reputon.watch.sample import Network
from reputon.watch.schedule import Turn
from reputon.watch.subjects import Watch, WatchError
from reputon.watch.transitions import Pair, Rules

FILE = "watch.sqlite"
BUSY = 30  # seconds that a writer waits for another
WINDOW = timedelta(hours=25)  # for a list's day: what was claimed is asked within the hour


@dataclass(frozen=True, slots=True)
class Span:
    """A run of equal answers: `times` looks from `first` to `last`."""

    subject: str
    list: str
    state: str
    codes: tuple[str, ...]
    why: str
    first: datetime
    last: datetime
    times: int


class HistoryError(ValueError):
    """A history that cannot be read or written; the message says which file."""


class History:
    """The history below one state directory; a context manager, for several threads and processes at once."""

    def __init__(self, state_dir: Path) -> None:
        self.where = state_dir / FILE
        try:
            state_dir.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise HistoryError(f"{self.where} cannot be opened: {error.strerror}") from None
        self._engine = sa.create_engine(f"sqlite:///{self.where}", connect_args={"timeout": BUSY})
        sa.event.listen(self._engine, "connect", _durable)
        with self.writing() as db:
            t.TABLES.create_all(db)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._engine.dispose()

    def copy(self, folder: Path) -> None:
        """A copy of it, as it is now, below another folder that has none."""
        with self.reading() as db, closing(sqlite3.connect(folder / FILE)) as other:
            source: Any = db.connection.driver_connection
            source.backup(other)

    # --- what is watched ---------------------------------------------------------------------------------------------

    def watches(self) -> list[Watch]:
        """All watches, in the order in which they were added."""
        with self.reading() as db:
            return [t.watch_of(row) for row in db.execute(sa.select(t.watch).order_by(t.watch.c.id))]

    def add(self, watches: Iterable[Watch]) -> None:
        """Keep new watches, all or none; WatchError for one that is there already."""
        with self.writing() as db:
            for each in watches:
                row = {
                    "subject": each.subject, "kind": each.kind, "name": each.name,
                    "every": int(each.every.total_seconds()), "added": t.seconds(each.added),
                    "lists": json.dumps(each.lists),
                }  # fmt: skip
                try:
                    db.execute(t.watch.insert().values(row))
                except IntegrityError:
                    raise WatchError(
                        f"{each.subject} is watched already: `reputon watch rm {each.subject}` first"
                    ) from None

    def remove(self, watch: Watch) -> None:
        """Watch it no longer; what was seen stays in the history."""
        with self.writing() as db:
            db.execute(t.watch.delete().where(t.watch.c.id == watch.id))
            db.execute(t.turn.delete().where(t.turn.c.watch == watch.id))
            # What is known stays, since another watch may stand for the same address; nobody asks for its sake.
            db.execute(t.pair.update().where(t.pair.c.watch == watch.id).values(confirm=None))

    def networks(self, watch: Watch) -> tuple[Network, ...]:
        """The networks that the watch stood for last."""
        with self.reading() as db:
            kept = db.execute(sa.select(t.watch.c.networks).where(t.watch.c.id == watch.id)).scalar() or "[]"
        return tuple(ip_network(text) for text in json.loads(kept))

    def keep_networks(self, watch: Watch, networks: Iterable[Network]) -> None:
        """Keep the networks that a watch stands for."""
        with self.writing() as db:
            kept = json.dumps([str(each) for each in networks])
            db.execute(t.watch.update().where(t.watch.c.id == watch.id).values(networks=kept))

    # --- whose turn it is --------------------------------------------------------------------------------------------

    def turns(self) -> dict[tuple[int, str], Turn]:
        """All turns, by watch and list."""
        with self.reading() as db:
            rows = db.execute(sa.select(t.turn)).all()
        return {(row.watch, row.list): Turn(row.watch, row.list, t.time(row.due), row.number) for row in rows}

    def set_turns(self, turns: Iterable[Turn]) -> None:
        """Write down when each is due next."""
        rows = [{"watch": e.watch, "list": e.list, "due": t.seconds(e.due), "number": e.number} for e in turns]
        if rows:
            with self.writing() as db:
                db.execute(t.turn.insert().prefix_with("OR REPLACE"), rows)

    def settle(self, gone: Iterable[tuple[int, str]], now: datetime, until: datetime) -> None:
        """After a pass: drop turns of lists that are no longer asked; what is still due could not be done, and waits.

        A watch that has no turn at all (nothing can be asked about it) gets an empty one, so that it waits too.
        """
        at, later = t.seconds(now), t.seconds(until)
        idle = sa.select(t.watch.c.id, sa.literal(""), sa.literal(later), sa.literal(0))
        with self.writing() as db:
            for watch, name in gone:
                db.execute(t.turn.delete().where(t.turn.c.watch == watch, t.turn.c.list == name))
            db.execute(t.turn.update().where(t.turn.c.due <= at).values(due=later))
            db.execute(t.pair.update().where(t.pair.c.confirm <= at).values(confirm=later))
            without = t.watch.c.id.not_in(sa.select(t.turn.c.watch))
            db.execute(t.turn.insert().from_select(["watch", "list", "due", "number"], idle.where(without)))

    def pairs(self, *where: sa.ColumnElement[bool]) -> list[Pair]:
        """What is known of subjects on lists."""
        with self.reading() as db:
            rows = db.execute(sa.select(t.pair).where(*where).order_by(t.pair.c.subject, t.pair.c.list)).all()
        return [Pair(r.subject, r.list, r.watch, t.time(r.asked), t.standpoint_of(r.known)) for r in rows]

    def doubtful(self, now: datetime) -> list[Pair]:
        """The pairs whose next answer can settle a doubt."""
        return self.pairs(t.pair.c.confirm <= t.seconds(now))

    def next_due(self) -> datetime | None:
        """When the next look is due; None where nothing is watched."""
        with self.reading() as db:
            found = [db.execute(sa.select(sa.func.min(column))).scalar() for column in (t.turn.c.due, t.pair.c.confirm)]
        return min((t.time(each) for each in found if each is not None), default=None)

    def is_idle(self, now: datetime) -> bool:
        """Whether nothing is due, and no watch is without a turn."""
        new = sa.select(t.watch.c.id).where(t.watch.c.id.not_in(sa.select(t.turn.c.watch))).limit(1)
        with self.reading() as db:
            if db.execute(new).first() is not None:
                return False
        due = self.next_due()
        return due is None or due > now

    # --- what lists allow --------------------------------------------------------------------------------------------

    def spent(self, name: str, now: datetime) -> int:
        """The questions that were claimed of a list in its day until now."""
        with self.reading() as db:
            return _spent(db, name, now)

    def claim(self, name: str, now: datetime, questions: int, per_day: float) -> bool:
        """Write down questions before they are put; false where the list's day has no room for them."""
        with self.writing() as db:
            if per_day and _spent(db, name, now) + questions > per_day:
                return False
            db.execute(t.spent.insert().values(list=name, at=t.seconds(now), questions=questions))
        return True

    # --- what was answered and what changed --------------------------------------------------------------------------

    def record(
        self, answers: Sequence[tuple[str, Watch, Result]], rules: Rules, facts: Mapping[str, recording.ListFacts],
        channels: Sequence[str], now: datetime,
    ) -> list[Notice]:  # fmt: skip
        """Take in answers, and write what changed together with the alerts for it; all or nothing."""
        with self.writing() as db:
            return recording.record(db, answers, rules, facts, channels, now)

    def transitions(self, most: int, *subjects: str) -> list[tuple[Notice, bool]]:
        """The latest transitions, newest first, and whether somebody was to be told."""
        wanted = sa.select(t.transition).order_by(t.transition.c.id.desc()).limit(most)
        if subjects:
            wanted = wanted.where(t.transition.c.subject.in_(subjects))
        with self.reading() as db:
            return [(t.notice_of(row), row.told) for row in db.execute(wanted)]

    def spans(self, subject: str, since: datetime) -> list[Span]:
        """The runs of equal answers about a subject that had not ended at `since`, oldest first."""
        of = t.observation.c
        wanted = sa.select(t.observation).where(of.subject == subject, of.last >= t.seconds(since)).order_by(of.id)
        with self.reading() as db:
            return [
                Span(r.subject, r.list, r.state, tuple(json.loads(r.codes)), r.why, t.time(r.first), t.time(r.last),
                     r.times)
                for r in db.execute(wanted)
            ]  # fmt: skip

    def forget(self, before: datetime) -> None:
        """Forget what ended before a time; alerts that nobody could be given are among it."""
        old = t.seconds(before)
        with self.writing() as db:
            db.execute(t.observation.delete().where(t.observation.c.last < old))
            gone = sa.select(t.transition.c.id).where(t.transition.c.at < old)
            db.execute(t.alert.delete().where(t.alert.c.transition.in_(gone)))
            db.execute(t.transition.delete().where(t.transition.c.at < old))
            db.execute(t.pair.delete().where(t.pair.c.asked < old))
            db.execute(t.spent.delete().where(t.spent.c.at < old))

    # --- the file ----------------------------------------------------------------------------------------------------

    @contextmanager
    def reading(self) -> Iterator[sa.Connection]:
        """A connection to read by; HistoryError."""
        try:
            with self._engine.connect() as db:
                yield db
        except SQLAlchemyError as error:
            raise HistoryError(f"{self.where} cannot be read: {getattr(error, 'orig', error)}") from None

    @contextmanager
    def writing(self) -> Iterator[sa.Connection]:
        """A transaction; HistoryError, and then nothing was changed."""
        try:
            with self._engine.begin() as db:
                yield db
        except SQLAlchemyError as error:
            raise HistoryError(
                f"{self.where} cannot be written ({getattr(error, 'orig', error)}); nothing was changed"
            ) from None


def _spent(db: sa.Connection, name: str, now: datetime) -> int:
    since = t.seconds(now - WINDOW)
    total = sa.select(sa.func.sum(t.spent.c.questions)).where(t.spent.c.list == name, t.spent.c.at > since)
    return int(db.execute(total).scalar() or 0)


def _durable(connection: Any, _record: Any) -> None:
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
