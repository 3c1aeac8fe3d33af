"""Recent: what the listing rule has to look at: the last 24 hours of whom they make look bad, and of who is beside."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from reputon.evidence.kinds import Kind
from reputon.evidence.rows import KINDS, UNAUTHENTICATED
from reputon.score import judgement, relations, run, sql
from reputon.score.asking import Asked
from reputon.score.engines import Engine
from reputon.score.judgement import UNAUTH, Entity, Recent
from reputon.score.run import Results
from reputon.subject import address_text

_SLACK = 0.01  # a sum of parts may be a message less than the parts' sum: the rule itself decides

MOST = 1_000_000  # messages that others' word of a pair and a day counts for, as in counted.sql
SQUARES = 1024 * 1024  # what the squared shares of one tenant that has it all add up to


@dataclass(frozen=True, slots=True)
class Recents:
    """`pairs`: all tenants of the addresses of interest; `low`: tenants whose 24 hours look bad, over all addresses;
    `effective`: how many tenants each of the addresses has in effect (scoring.md 6.4); `addresses`: seen in 24 hours.
    """

    pairs: Mapping[Entity, Recent]
    low: frozenset[str]
    effective: Mapping[int, float]
    addresses: int


def recents(engine: Engine, asked: Asked, results: Results, threshold: float) -> Recents:
    """The last 24 hours of every address and tenant whose optimistic score of them is below a threshold.

    Needs the relations of `relations.tally`.
    """
    engine.view("recent_sums", sql.text("recent_sums", most=MOST), keep=True)
    for scope, column in (("address", "subject"), ("tenant", "tenant")):
        engine.table(f"low_{column}s", _low(engine, asked, scope, column, threshold))
    (seen,) = engine.read("SELECT COUNT(DISTINCT subject) AS addresses FROM recent_sums")
    pairs = by_pair(engine.read(sql.text("recent")), asked)
    tenants = asked.names(
        each for batch in engine.read("SELECT tenant FROM low_tenants") for each in batch[0].to_pylist()
    )
    return Recents(
        pairs, frozenset(tenants.values()), _effective(engine, results, {key for key, _ in pairs}), seen[0][0].as_py()
    )


def effective(engine: Engine, paths: list[str], which: str = "TRUE") -> dict[int, float]:
    """How many tenants the shared addresses have in effect: 1 / the sum of their squared shares."""
    engine.files("sharing", paths, run.SHARING)
    found = engine.read(f"SELECT subject, squares FROM sharing WHERE squares > 0 AND {which}")
    return {
        subject: SQUARES / squares
        for batch in found
        for subject, squares in zip(batch["subject"].to_pylist(), batch["squares"].to_pylist(), strict=True)
    }


def _low(engine: Engine, asked: Asked, scope: str, column: str, threshold: float) -> pa.Table:
    query = relations.entities(engine, "recent_sums", relations.SCOPES[scope], capped=asked.capped)
    found = [judgement.low(each, asked.parameters, threshold + _SLACK) for each in engine.read(query)]
    return pa.table({column: pa.chunked_array([each[column] for each in found], pa.int64())})


def _effective(engine: Engine, results: Results, addresses: set[int]) -> dict[int, float]:
    engine.table("of_interest", pa.table({"subject": pa.array(sorted(addresses), pa.int64())}))
    return effective(engine, results.paths("sharing"), "subject IN (SELECT subject FROM of_interest)")


def by_pair(batches: Iterable[pa.RecordBatch], asked: Asked) -> dict[Entity, Recent]:
    """Each pair's last 24 hours, of rows as recent.sql gives them."""
    rows = [row for batch in batches for row in batch.to_pylist()]
    names = asked.names({row["tenant"] for row in rows} | {row["source"] for row in rows})
    sources = {source: (of, cap) for source, of, cap in zip(*asked.sources.to_pydict().values(), strict=True)}
    found: dict[Entity, list[dict[str, Any]]] = {}
    for row in rows:
        found.setdefault(entity(row["subject"], row["tenant"], names), []).append(row)
    return {each: _recent(parts, sources, names) for each, parts in found.items()}


def entity(subject: int, tenant: int, names: Mapping[int, str]) -> Entity:
    """A pair as people know it; a tenant whose name is lost has its key for one."""
    if tenant == UNAUTHENTICATED:
        return subject, f"{UNAUTH}{address_text(subject)}"
    return subject, names.get(tenant, f"{tenant:x}.invalid")


def _recent(
    rows: list[dict[str, Any]], sources: Mapping[int, tuple[int, int | None]], names: Mapping[int, str]
) -> Recent:
    parts: dict[int, dict[str, int]] = {}
    for row in rows:
        of, cap = sources.get(row["source"], (0, None))
        kinds, kind = parts.setdefault(of, {}), KINDS[row["kind"]]
        most = cap if kind == Kind.SENT and cap is not None else MOST if of else row["count"]
        kinds[kind] = kinds.get(kind, 0) + min(row["count"], most)
    bad = [row for row in rows if KINDS[row["kind"]] in judgement.BAD]
    reporters = frozenset(names.get(row["source"], str(row["source"])) for row in bad)
    latest = max((row["latest"] for row in bad), default=None)
    return Recent(parts, sum(row["pieces"] for row in bad), reporters, latest)
