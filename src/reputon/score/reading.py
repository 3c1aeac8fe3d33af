"""Reading: scores out of what a run left, as people and zones want them."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

import pyarrow as pa

from reputon.score import judgement, relations
from reputon.score.asking import Names
from reputon.score.engines import Engine
from reputon.score.judgement import COLUMNS, ONE, Entity, judged
from reputon.score.model import Parameters, PublishedScore, Score
from reputon.score.recent import entity
from reputon.score.run import Results
from reputon.subject import Subject, of_key

SCOPES = tuple(relations.SCOPES)


def scores(
    batches: Iterable[pa.RecordBatch], names: Names, parameters: Parameters, now: datetime, *, pairs: bool = False
) -> Iterator[Score]:
    """Scores from batches of entities (subject, tenant, a column a kind, in units of 1 / 2^20 message).

    `pairs`: each is a tenant at an address, also where nobody signed.
    """
    for batch in batches:
        yield from judged(_amounts(batch, names, pairs=pairs), parameters, now)


def all_of(engine: Engine, results: Results, names: Names, parameters: Parameters) -> Iterator[Score]:
    """Every address's score, then every tenant's."""
    for scope in SCOPES:
        yield from scores(_rows(engine, results.paths(scope)), names, parameters, results.as_of)


def lowest(engine: Engine, results: Results, names: Names, parameters: Parameters, most: int) -> list[Score]:
    """The lowest scores there are, the lowest first."""
    order = f"WHERE value IS NOT NULL ORDER BY value, subject, tenant LIMIT {most}"
    found = [
        each
        for scope in SCOPES
        for each in scores(_rows(engine, results.paths(scope), order), names, parameters, results.as_of)
    ]
    return sorted(found, key=lambda each: (each.value, each.subject))[:most]


def counts(engine: Engine, results: Results) -> tuple[int, int]:
    """How many scores there are, and how many entities of which too little is known for one."""
    known = unknown = 0
    for scope in SCOPES:
        engine.files("results", results.paths(scope), judgement.SCORES)
        for batch in engine.read("SELECT COUNT(value) AS known, COUNT(*) AS entities FROM results"):
            for row in batch.to_pylist():
                known += row["known"]
                unknown += row["entities"] - row["known"]
    return known, unknown


def published(engine: Engine, results: Results, names: Names, shared: frozenset[int]) -> Iterator[PublishedScore]:
    """What anybody may know of whom the run scored anew.  `shared`: the addresses that are."""
    for scope in SCOPES:
        for batch in _rows(engine, results.paths(scope, fresh=True), "WHERE value IS NOT NULL"):
            yield from _published(batch, names, shared)


def unscored(engine: Engine, results: Results, names: Names) -> Iterator[Subject]:
    """Of whom the run knows too little for a score."""
    for scope in SCOPES:
        for batch in _rows(engine, results.paths(scope, fresh=True), "WHERE value IS NULL"):
            yield from (_subject(key, tenant) for key, tenant in _entities(batch, names))


def _subject(key: int, tenant: str) -> Subject:
    return judgement.tenant_subject(tenant) if tenant else of_key(key)


def _published(batch: pa.RecordBatch, names: Names, shared: frozenset[int]) -> Iterator[PublishedScore]:
    wanted = ("value", "low", "high", "sent", "top")
    columns = zip(*(batch[name].to_pylist() for name in wanted), strict=True)
    for (key, tenant), (value, low, high, sent, top) in zip(_entities(batch, names), columns, strict=True):
        confidence = round(1 - (high - low) / 100, 4)
        is_shared = not tenant and key in shared
        yield PublishedScore(_subject(key, tenant), value, confidence, round(sent / ONE), top, is_shared)


def _rows(engine: Engine, paths: Sequence[str], which: str = "") -> Iterator[pa.RecordBatch]:
    engine.files("results", paths, judgement.SCORES)
    yield from engine.read(f"SELECT * FROM results {which}")


def _amounts(batch: pa.RecordBatch, names: Names, *, pairs: bool) -> dict[Entity, dict[str, float]]:
    columns = [[amount / ONE for amount in batch[name].to_pylist()] for name in COLUMNS.values()]
    rows = zip(*columns, strict=True)
    return {
        each: dict(zip(COLUMNS, row, strict=True))
        for each, row in zip(_entities(batch, names, pairs=pairs), rows, strict=True)
    }


def _entities(batch: pa.RecordBatch, names: Names, *, pairs: bool = False) -> Iterator[Entity]:
    """Whom the rows are about; of an address alone or a tenant alone the other is 0."""
    tenants = batch["tenant"].to_pylist()
    known = names({each for each in tenants if each})
    for key, tenant in zip(batch["subject"].to_pylist(), tenants, strict=True):
        yield (key, "") if not tenant and not pairs else (key, entity(key, tenant, known)[1])
