"""The engine: DuckDB runs the sums, the formula makes them scores, for addresses, tenants and tenants of addresses."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from importlib import resources
from typing import Any, Literal

import duckdb
import numpy as np
import pyarrow as pa

from reputon.score.model import PLACES, Assessed, Factor, Floats, Parameters, Score, Signal, assess
from reputon.subject import Subject, of_key

ONE = 1 << 20  # the fixed-point unit of a message
DAY = 86400  # seconds

Scope = Literal["address", "tenant", "pair"]
Entity = tuple[int, str]  # (subject key or 0, tenant or ""): what is scored

# An entity is an address, a tenant over all its addresses, or a tenant at an address.
_COLUMNS: dict[Scope, str] = {
    "address": "subject, '' AS tenant",
    "tenant": "CAST(0 AS BIGINT) AS subject, tenant",
    "pair": "subject, tenant",
}


@dataclass(frozen=True, slots=True)
class Recent:
    """An entity's last 24 hours: messages by kind, pieces of bad evidence, who reported them, when the last one."""

    messages: dict[str, int]
    pieces: int
    sources: frozenset[str]
    latest: int | None


def scores(rows: pa.Table, scope: Scope, parameters: Parameters, now: datetime) -> list[Score]:
    """The scores of every entity of a scope at `now`, from evidence rows (see evidence.store.ROWS)."""
    found = _run("tally.sql", rows, scope, parameters, now)
    amounts: dict[Entity, dict[str, float]] = {}
    for subject, tenant, kind, amount in found:
        amounts.setdefault((subject, tenant), {})[kind] = amount / ONE
    return judged(amounts, parameters, now)


def judged(amounts: dict[Entity, dict[str, float]], parameters: Parameters, now: datetime) -> list[Score]:
    """Scores from the messages of each kind that each entity has."""
    if not amounts:
        return []
    sample = np.array([each.get("sent", 0.0) for each in amounts.values()])
    counts = np.array([[_count(each, signal) for signal in parameters.signals] for each in amounts.values()])
    assessed = assess(sample, counts, parameters.signals)
    return [_score(entity, index, sample, counts, assessed, parameters, now) for index, entity in enumerate(amounts)]


def recent(rows: pa.Table, scope: Scope, parameters: Parameters, now: datetime) -> dict[Entity, Recent]:
    """What each entity did in the 24 hours before `now`, which the listing rule looks at."""
    bad = {kind for signal in parameters.signals for kind in signal.kinds}
    found: dict[Entity, dict[str, Any]] = {}
    for subject, tenant, kind, source, messages, pieces, latest in _run("recent.sql", rows, scope, parameters, now):
        each = found.setdefault((subject, tenant), {"messages": {}, "pieces": 0, "sources": set(), "latest": None})
        each["messages"][kind] = each["messages"].get(kind, 0) + messages
        if kind in bad:
            each["pieces"] += pieces
            each["sources"].add(source)
            each["latest"] = max(each["latest"] or latest, latest)
    return {
        entity: Recent(each["messages"], each["pieces"], frozenset(each["sources"]), each["latest"])
        for entity, each in found.items()
    }


def _run(file: str, rows: pa.Table, scope: Scope, parameters: Parameters, now: datetime) -> Iterable[tuple[Any, ...]]:
    with duckdb.connect() as db:
        db.register("rows", rows)
        db.register("fading", _fading(parameters))
        db.register("bounds", pa.table({"now": [int(now.timestamp())], "least": [parameters.day_volume]}))
        db.execute(f"CREATE VIEW evidence AS SELECT time, source, {_COLUMNS[scope]}, kind, count FROM rows")  # noqa: S608 - a column list of our own table
        return db.execute(_sql(file)).fetchall()


@cache
def _sql(file: str) -> str:
    return (resources.files(__package__) / file).read_text()


def _fading(parameters: Parameters) -> pa.Table:
    ages = range(parameters.memory_days)
    return pa.table(
        {"age": list(ages), "weight": [round(ONE * 2 ** (-age / parameters.half_life_days)) for age in ages]}
    )


def _count(amounts: dict[str, float], signal: Signal) -> float:
    return sum(amounts.get(kind, 0.0) * worth for kind, worth in signal.kinds.items())


def _score(
    entity: Entity,
    index: int,
    sample: Floats,
    counts: Floats,
    assessed: Assessed,
    parameters: Parameters,
    now: datetime,
) -> Score:
    key, tenant = entity
    is_known = sample[index] >= parameters.least_sample or counts[index].sum() > 0
    return Score(
        subject=of_key(key) if key or not tenant else tenant_subject(tenant),
        tenant=tenant if key and tenant else None,
        value=float(assessed.value[index]) if is_known else None,
        low=float(assessed.low[index]),
        high=float(assessed.high[index]),
        sample=round(float(sample[index]), PLACES),
        factors=_factors(index, counts, assessed, parameters.signals),
        as_of=now,
        version=parameters.version,
    )


def tenant_subject(tenant: str) -> Subject:
    """Whom a tenant's score is about: its domain, or the address of mail that nobody authenticated."""
    address = tenant.removeprefix("unauth@")
    return Subject("ip" if address != tenant else "domain", address)


def _factors(index: int, counts: Floats, assessed: Assessed, signals: tuple[Signal, ...]) -> tuple[Factor, ...]:
    return tuple(
        Factor(
            kind=signal.name,
            count=round(float(counts[index, column]), PLACES),
            rate=float(assessed.rates[index, column]),
            low=signal.low,
            high=signal.high,
            weight=signal.weight,
            badness=float(assessed.badness[index, column]),
            share=float(assessed.shares[index, column]),
        )
        for column, signal in enumerate(signals)
    )
