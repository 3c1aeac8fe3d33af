"""Tables: how the watch's history lies in SQLite, and its frozen values as rows."""

import json
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa

from reputon.watch.notice import Notice
from reputon.watch.subjects import Watch
from reputon.watch.transitions import Kind, Standing, Standpoint

TABLES = sa.MetaData()
# Times are epoch seconds, as everywhere in the state directory.
watch = sa.Table(
    "watch", TABLES,
    sa.Column("id", sa.Integer, primary_key=True), sa.Column("subject", sa.Text, nullable=False, unique=True),
    sa.Column("kind", sa.Text, nullable=False), sa.Column("name", sa.Text, nullable=False),
    sa.Column("every", sa.BigInteger, nullable=False), sa.Column("added", sa.BigInteger, nullable=False),
    sa.Column("lists", sa.Text, nullable=False),
    # What the SPF record named last, for when it cannot be walked.
    sa.Column("networks", sa.Text, nullable=False, server_default="[]"),
    sqlite_autoincrement=True,
)  # fmt: skip
turn = sa.Table(
    "turn", TABLES,
    sa.Column("watch", sa.Integer, primary_key=True), sa.Column("list", sa.Text, primary_key=True),
    sa.Column("due", sa.BigInteger, nullable=False, index=True), sa.Column("number", sa.Integer, nullable=False),
)  # fmt: skip
pair = sa.Table(
    "pair", TABLES,
    sa.Column("subject", sa.Text, primary_key=True), sa.Column("list", sa.Text, primary_key=True),
    sa.Column("watch", sa.Integer, nullable=False, index=True), sa.Column("asked", sa.BigInteger, nullable=False),
    sa.Column("known", sa.Text, nullable=False),
    sa.Column("said", sa.Text, nullable=False), sa.Column("span", sa.Integer, nullable=False),  # the latest observation
    # These repeat what `known` says, to be searched.
    sa.Column("listed", sa.Boolean), sa.Column("unknown", sa.Boolean, nullable=False),
    sa.Column("silent", sa.Boolean, nullable=False, index=True), sa.Column("confirm", sa.BigInteger, index=True),
)  # fmt: skip
observation = sa.Table(
    "observation", TABLES,
    sa.Column("id", sa.Integer, primary_key=True), sa.Column("subject", sa.Text, nullable=False),
    sa.Column("list", sa.Text, nullable=False), sa.Column("state", sa.Text, nullable=False),
    sa.Column("codes", sa.Text, nullable=False), sa.Column("why", sa.Text, nullable=False),
    # A run of equal answers is one row.
    sa.Column("first", sa.BigInteger, nullable=False), sa.Column("last", sa.BigInteger, nullable=False, index=True),
    sa.Column("times", sa.Integer, nullable=False), sa.Index("observation_of", "subject", "list", "id"),
    sqlite_autoincrement=True,
)  # fmt: skip
transition = sa.Table(
    "transition", TABLES,
    sa.Column("id", sa.Integer, primary_key=True), sa.Column("subject", sa.Text, nullable=False, index=True),
    sa.Column("list", sa.Text, nullable=False), sa.Column("kind", sa.Text, nullable=False),
    sa.Column("at", sa.BigInteger, nullable=False, index=True), sa.Column("since", sa.BigInteger, nullable=False),
    sa.Column("told", sa.Boolean, nullable=False), sa.Column("words", sa.Text, nullable=False),
    sqlite_autoincrement=True,
)  # fmt: skip
alert = sa.Table(
    "alert", TABLES,
    sa.Column("id", sa.Integer, primary_key=True), sa.Column("transition", sa.Integer, nullable=False, index=True),
    sa.Column("channel", sa.Text, nullable=False), sa.Column("status", sa.Text, nullable=False),
    sa.Column("tries", sa.Integer, nullable=False), sa.Column("made", sa.BigInteger, nullable=False),
    sa.Column("next", sa.BigInteger, nullable=False), sa.Column("said", sa.Text, nullable=False),
    sa.Index("alert_waiting", "status", "next"), sqlite_autoincrement=True,
)  # fmt: skip
spent = sa.Table(
    "spent", TABLES,
    sa.Column("id", sa.Integer, primary_key=True), sa.Column("list", sa.Text, nullable=False, index=True),
    sa.Column("at", sa.BigInteger, nullable=False), sa.Column("questions", sa.Integer, nullable=False),
)  # fmt: skip

_WORDS = ("codes", "meaning", "text", "removal", "who_may_ask", "watch")
_TIMES = ("doubted_at", "first_seen", "last_seen", "unknown_since")


def seconds(moment: datetime) -> int:
    """A time as it is kept."""
    return int(moment.timestamp())


def time(kept: int) -> datetime:
    """A kept time."""
    return datetime.fromtimestamp(kept, UTC)


def watch_of(row: Any) -> Watch:
    """A kept watch."""
    every, lists = timedelta(seconds=row.every), tuple(json.loads(row.lists))
    return Watch(row.subject, row.kind, row.name, every, time(row.added), lists, row.id)


def kept_standpoint(known: Standpoint) -> str:
    """A standpoint as text."""
    return json.dumps(asdict(known), default=seconds)


def standpoint_of(text: str) -> Standpoint:
    """A kept standpoint."""
    fields = json.loads(text)
    made = {name: _standing(fields[name]) for name in ("standing", "doubt")}
    times = {name: None if fields[name] is None else time(fields[name]) for name in _TIMES}
    return Standpoint(**{**fields, **made, **times, "changes": tuple(map(time, fields["changes"]))})


def _standing(fields: Any) -> Standing | None:
    return Standing(fields["listed"], tuple(fields["codes"])) if fields else None


def kept_words(notice: Notice) -> str:
    """What a notice says beyond the transition's own columns."""
    return json.dumps({name: getattr(notice, name) for name in _WORDS})


def notice_of(row: Any) -> Notice:
    """A kept transition, to be told."""
    words = json.loads(row.words)
    words["codes"] = tuple(words["codes"])
    return Notice(row.id, Kind(row.kind), row.subject, row.list, time(row.at), time(row.since), **words)
