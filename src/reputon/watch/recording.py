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
    """Take in each answer (subject, watch, result); what changed, the newest last."""
    found = []
    for subject, watch, result in answers:
        known = _known(db, subject, result.list)
        after, changes = transitions.after(known, transitions.standing(result), now, rules)
        _keep(db, subject, watch, result.list, after, now, rules)
        _observe(db, subject, result, now)
        for change in changes:
            notice = _notice(subject, watch, result, change, facts[result.list])
            told = rules.wants(change.kind, facts[result.list].impact, bool(watch.lists)) and _is_first(db, notice)
            found.append(_write(db, notice, told, channels))
    return found


def _known(db: sa.Connection, subject: str, name: str) -> Standpoint:
    wanted = sa.select(t.pair.c.known).where(t.pair.c.subject == subject, t.pair.c.list == name)
    kept = db.execute(wanted).scalar()
    return t.standpoint_of(kept) if kept else Standpoint()


def _keep(
    db: sa.Connection, subject: str, watch: Watch, name: str, known: Standpoint, now: datetime, rules: Rules
) -> None:
    confirm = transitions.confirm_at(known, rules)
    if confirm is not None and confirm <= now:
        # It could not be settled although it was time (an unknown answer): asked again a little later.
        confirm = now + max(rules.apart, transitions.APART)
    row = {
        "subject": subject, "list": name, "watch": watch.id, "asked": t.seconds(now),
        "known": t.kept_standpoint(known), "listed": known.standing.listed if known.standing else None,
        "unknown": known.unknown_since is not None, "silent": known.is_silent,
        "confirm": t.seconds(confirm) if confirm else None,
    }  # fmt: skip
    db.execute(t.pair.insert().prefix_with("OR REPLACE").values(row))


def _observe(db: sa.Connection, subject: str, result: Result, now: datetime) -> None:
    """Lengthen the run of equal answers, or begin another."""
    of = t.observation.c
    said = {"state": str(result.state), "codes": json.dumps(result.codes), "why": result.why or ""}
    latest = sa.select(t.observation).where(of.subject == subject, of.list == result.list)
    row: Any = db.execute(latest.order_by(of.id.desc()).limit(1)).first()
    if row is not None and (row.state, row.codes, row.why) == tuple(said.values()):
        db.execute(t.observation.update().where(of.id == row.id).values(last=t.seconds(now), times=row.times + 1))
        return
    kept = {"subject": subject, "list": result.list, "first": t.seconds(now), "last": t.seconds(now), "times": 1}
    db.execute(t.observation.insert().values(**kept, **said))


def _notice(subject: str, watch: Watch, result: Result, change: Transition, facts: ListFacts) -> Notice:
    meaning = result.why if change.kind is Kind.SILENT else result.meaning
    return Notice(
        0, change.kind, subject, result.list, change.at, change.since, change.codes,
        "" if change.kind is Kind.DELISTED else meaning or "", result.text or "", result.removal or "",
        facts.who_may_ask, watch.name,
    )  # fmt: skip


def _is_first(db: sa.Connection, notice: Notice) -> bool:
    """Whether silence is new for the list, or over for it: when a list falls silent one alert is enough."""
    if notice.kind not in (Kind.SILENT, Kind.AUDIBLE):
        return True
    others = sa.select(sa.func.count()).where(
        t.pair.c.list == notice.list, t.pair.c.silent.is_(True), t.pair.c.subject != notice.subject
    )
    return not db.execute(others).scalar()


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
