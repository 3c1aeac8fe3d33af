"""Published scores in the database: only what differs is written, and never all of them are in memory."""

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from reputon.listing.guard import GOOD, Good
from reputon.listing.tables import score
from reputon.score.model import PublishedScore
from reputon.subject import Subject

BATCH = 5000  # rows
_VALUES = ("value", "confidence", "sample", "top", "shared")

# What a run brings, aside: the database itself then finds what differs.
# With the key of the scores, or taking away what is not staged looks through all of it for each of them.
_columns = [sa.Column(each.name, each.type, primary_key=each.primary_key) for each in score.columns]
_staged = sa.Table("staged", sa.MetaData(), *_columns, prefixes=["TEMPORARY"])
_same = sa.and_(_staged.c.kind == score.c.kind, _staged.c.subject == score.c.subject)
_T = TypeVar("_T")


def read(db: sa.Connection) -> Iterator[PublishedScore]:
    """All of them, one after the other, in the order of their subjects."""
    rows = db.execute(sa.select(score).order_by(score.c.kind, score.c.subject))
    for kind, subject, value, confidence, sample, top, shared in rows:
        yield PublishedScore(Subject(kind, subject), value, confidence, sample, top, shared)


def put(db: sa.Connection, scores: Iterable[PublishedScore], only: bool = False) -> int:
    """Write those that differ (each subject once); `only`: and take away all others.  How many rows changed."""
    _staged.drop(db, checkfirst=True)
    _staged.create(db)
    for rows in _batches(map(_row, scores)):
        _stage(db, rows)
    # The driver knows how many an INSERT wrote; SQLAlchemy keeps that only where it is told to.
    changed = db.execute(_merge(db.dialect.name), execution_options={"preserve_rowcount": True}).rowcount
    if only:
        # Without it, SQLite would read all that is staged for every score.
        db.exec_driver_sql("CREATE INDEX staged_subject ON staged (kind, subject)")
        changed += db.execute(score.delete().where(~sa.exists().where(_same))).rowcount
    _staged.drop(db)
    return changed


def good(db: sa.Connection, subjects: Iterable[Subject]) -> Good:
    """The known-good senders, with the messages of those of `subjects` that are."""
    is_good = score.c.value >= GOOD
    sums = sa.select(score.c.kind, sa.func.count().label("senders"), sa.func.sum(score.c.sample).label("messages"))
    kinds = db.execute(sums.where(is_good).group_by(score.c.kind)).all()
    traffic: dict[Subject, int] = {}
    for batch in _batches(subjects):
        for kind in ("ip", "domain"):
            texts = [each.text for each in batch if each.kind == kind]
            wanted = sa.select(score).where(is_good, score.c.kind == kind, score.c.subject.in_(texts))
            traffic |= {Subject(row.kind, row.subject): row.sample for row in db.execute(wanted)}
    total = sum(int(row.messages) for row in kinds if row.kind == "ip")
    return Good(traffic, total, max((row.senders for row in kinds), default=0))


def take(db: sa.Connection, gone: Iterable[Subject]) -> int:
    """Take away the scores of these subjects; how many there were."""
    wanted = score.delete().where(score.c.kind == sa.bindparam("a_kind"), score.c.subject == sa.bindparam("a_subject"))
    rows = ({"a_kind": each.kind, "a_subject": each.text} for each in gone)
    return sum(db.execute(wanted, batch).rowcount for batch in _batches(rows))


def _row(each: PublishedScore) -> tuple[Any, ...]:
    return (each.subject.kind, each.subject.text, each.value, each.confidence, each.sample, each.top, each.shared)


def _stage(db: sa.Connection, rows: list[tuple[Any, ...]]) -> None:
    if db.dialect.name == "sqlite":
        db.exec_driver_sql("INSERT INTO staged VALUES (?, ?, ?, ?, ?, ?, ?)", rows)
        return
    with db.connection.cursor() as cursor, cursor.copy("COPY staged FROM STDIN") as copy:  # type: ignore[attr-defined]
        for row in rows:
            copy.write_row(row)


def _merge(dialect: str) -> Any:
    """INSERT ... SELECT ... ON CONFLICT DO UPDATE ... WHERE it differs."""
    insert = postgresql.insert if dialect == "postgresql" else sqlite.insert
    made = insert(score).from_select(list(_staged.columns.keys()), sa.select(_staged).where(sa.true()))
    new = {name: made.excluded[name] for name in _VALUES}
    differs = sa.or_(*(score.c[name].is_distinct_from(value) for name, value in new.items()))
    return made.on_conflict_do_update(index_elements=["kind", "subject"], set_=new, where=differs)


def _batches(items: Iterable[_T]) -> Iterator[list[_T]]:
    left = iter(items)
    while batch := list(islice(left, BATCH)):
        yield batch
