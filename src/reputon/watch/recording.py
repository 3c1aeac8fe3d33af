"""Recording: answers into the history, what they change, and the alerts for it, within one transaction."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from reputon.check import Result
from reputon.watch import tables as t
from reputon.watch import transitions
from reputon.watch.notice import Notice
from reputon.watch.subjects import Watch
from reputon.watch.transitions import Kind, Rules, Standpoint, Transition


@dataclass(frozen=True, slots=True)
class ListFacts:
    """What an alert needs of a list beyond its answer."""

    impact: str = "high"
    who_may_ask: str = ""


def record(
    db: sa.Connection, answers: Sequence[tuple[str, Watch, Result]], rules: Rules, facts: Mapping[str, ListFacts],
    channels: Sequence[str], now: datetime,
) -> list[Notice]:  # fmt: skip
    """Take in each answer (subject, watch, result), each pair once; what changed, the newest last."""
    rows, found = _rows(db, answers), []
    kept, same = [], []
    for subject, watch, result in answers:
        row = rows.get((subject, result.list))
        known = t.standpoint_of(row.known) if row else Standpoint()
        after, changes = transitions.after(known, transitions.standing(result), now, rules)
        said = json.dumps((result.state, result.codes, result.why or ""))
        if row is not None and row.said == said:
            same.append({"span_id": row.span})
        span = row.span if row is not None and row.said == said else _observe(db, subject, result, now)
        kept.append({"subject": subject, "list": result.list, "said": said, "span": span, "watch": watch.id,
                     "asked": t.seconds(now), **_searched(after, now, rules)})  # fmt: skip
        found += [(subject, watch, result, change) for change in changes]
    _lengthen(db, same, now)
    before = _silent(db)
    if kept:
        db.execute(t.pair.insert().prefix_with("OR REPLACE"), kept)
    news = _news(before, _silent(db))
    return [_tell(db, *each, rules, facts, channels, news) for each in found]


def _rows(db: sa.Connection, answers: Sequence[tuple[str, Watch, Result]]) -> dict[tuple[str, str], Any]:
    """The kept pairs of all answers, in one question."""
    of = t.pair.c
    subjects, names = {each[0] for each in answers}, {each[2].list for each in answers}
    wanted = sa.select(t.pair).where(of.subject.in_(subjects), of.list.in_(names))
    return {(row.subject, row.list): row for row in db.execute(wanted)}


def _searched(known: Standpoint, now: datetime, rules: Rules) -> dict[str, Any]:
    """What is known, and those parts of it by which rows are found."""
    confirm = transitions.confirm_at(known, rules)
    if confirm is not None and confirm <= now:
        # It could not be settled although it was time (an unknown answer): asked again a little later.
        confirm = now + max(rules.apart, transitions.APART)
    return {
        "known": t.kept_standpoint(known), "listed": known.standing.listed if known.standing else None,
        "unknown": known.unknown_since is not None, "silent": known.is_silent,
        "confirm": t.seconds(confirm) if confirm else None,
    }  # fmt: skip


def _observe(db: sa.Connection, subject: str, result: Result, now: datetime) -> int:
    """Begin another run of equal answers; its number."""
    made: Any = db.execute(t.observation.insert(), {
        "subject": subject, "list": result.list, "state": str(result.state), "codes": json.dumps(result.codes),
        "why": result.why or "", "first": t.seconds(now), "last": t.seconds(now), "times": 1,
    })  # fmt: skip
    return int(made.inserted_primary_key[0])


def _lengthen(db: sa.Connection, spans: list[dict[str, int]], now: datetime) -> None:
    of = t.observation.c
    longer = t.observation.update().where(of.id == sa.bindparam("span_id"))
    if spans:
        db.execute(longer.values(last=t.seconds(now), times=of.times + 1), spans)


def _silent(db: sa.Connection) -> set[str]:
    """The lists that are silent about any subject."""
    return set(db.execute(sa.select(t.pair.c.list).where(t.pair.c.silent.is_(True)).distinct()).scalars())


def _news(before: set[str], after: set[str]) -> set[tuple[str, Kind]]:
    """Which lists fell silent and which can be asked again: one alert is enough for a list, whatever the subjects."""
    fell, rose = {(name, Kind.SILENT) for name in after - before}, {(name, Kind.AUDIBLE) for name in before - after}
    return fell | rose


def _tell(
    db: sa.Connection, subject: str, watch: Watch, result: Result, change: Transition, rules: Rules,
    facts: Mapping[str, ListFacts], channels: Sequence[str], news: set[tuple[str, Kind]],
) -> Notice:  # fmt: skip
    """Write a change, and its alerts if somebody is to be told; what is told of a list's silence is news no more."""
    notice = _notice(subject, watch, result, change, facts[result.list])
    told = rules.wants(change.kind, facts[result.list].impact, bool(watch.lists))
    if told and change.kind in (Kind.SILENT, Kind.AUDIBLE):
        told = (result.list, change.kind) in news
        news.discard((result.list, change.kind))
    return _write(db, notice, told, channels)


def _notice(subject: str, watch: Watch, result: Result, change: Transition, facts: ListFacts) -> Notice:
    meaning = result.why if change.kind is Kind.SILENT else result.meaning
    return Notice(
        0, change.kind, subject, result.list, change.at, change.since, change.codes,
        "" if change.kind is Kind.DELISTED else meaning or "", result.text or "", result.removal or "",
        facts.who_may_ask, watch.name,
    )  # fmt: skip


def _write(db: sa.Connection, notice: Notice, told: bool, channels: Sequence[str]) -> Notice:
    at = t.seconds(notice.at)
    made: Any = db.execute(t.transition.insert().values(
        subject=notice.subject, list=notice.list, kind=str(notice.kind), at=at, since=t.seconds(notice.since),
        told=told, words=t.kept_words(notice),
    ))  # fmt: skip
    number = int(made.inserted_primary_key[0])
    rows = [
        {"transition": number, "channel": name, "status": "waiting", "tries": 0, "made": at, "next": at, "said": ""}
        for name in channels
    ]
    if rows and told:
        db.execute(t.alert.insert(), rows)
    return replace(notice, id=number)
