"""The engine: DuckDB runs the sums, the formula makes them scores, for addresses, tenants and tenants of addresses."""

from collections.abc import Iterable
from datetime import datetime
from functools import cache
from importlib import resources
from typing import Any, Literal

import duckdb
import pyarrow as pa

from reputon.score.judgement import Entity, Recent, judged
from reputon.score.model import Parameters, Score

ONE = 1 << 20  # the fixed-point unit of a message
DAY = 86400  # seconds

Scope = Literal["address", "tenant", "pair"]

# An entity is an address, a tenant over all its addresses, or a tenant at an address.
_COLUMNS: dict[Scope, str] = {
    "address": "subject, '' AS tenant",
    "tenant": "CAST(0 AS BIGINT) AS subject, tenant",
    "pair": "subject, tenant",
}


def since(parameters: Parameters, now: datetime) -> int:
    """The time (epoch seconds) of the oldest evidence that still counts: whole UTC days, as it fades."""
    return (int(now.timestamp()) // DAY - parameters.memory_days + 1) * DAY


def scores(rows: pa.Table, scope: Scope, parameters: Parameters, now: datetime) -> list[Score]:
    """The scores of every entity of a scope at `now`, from evidence rows (see evidence.store.ROWS)."""
    found = _run("tally.sql", rows, scope, parameters, now)
    amounts: dict[Entity, dict[str, float]] = {}
    for subject, tenant, kind, amount in found:
        amounts.setdefault((subject, tenant), {})[kind] = amount / ONE
    return judged(amounts, parameters, now)


def volumes(rows: pa.Table, scope: Scope, parameters: Parameters, now: datetime) -> dict[Entity, int]:
    """What each entity sent in all, neither faded nor capped: who has which part of an address."""
    return {(subject, tenant): sent for subject, tenant, sent in _run("volumes.sql", rows, scope, parameters, now)}


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
        found: list[tuple[Any, ...]] = db.execute(_sql(file)).fetchall()
        return found


@cache
def _sql(file: str) -> str:
    return (resources.files(__package__) / file).read_text()


def _fading(parameters: Parameters) -> pa.Table:
    ages = range(parameters.memory_days)
    return pa.table(
        {"age": list(ages), "weight": [round(ONE * 2 ** (-age / parameters.half_life_days)) for age in ages]}
    )
