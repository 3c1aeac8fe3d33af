"""About: what a run would make of some pairs alone, such as one address's or one tenant's; it only reads."""

from collections.abc import Iterator
from pathlib import Path
from typing import Literal

from reputon.evidence.rows import KINDS, ROWS
from reputon.score import reading, recent, relations, sql, tallies
from reputon.score.arithmetic import Counts, Row
from reputon.score.asking import Asked
from reputon.score.engines import Engine
from reputon.score.judgement import Entity, Recent
from reputon.score.model import Score
from reputon.score.tallies import Tallies


def name(engine: Engine, asked: Asked, folder: Path, which: str, earlier: int = 0) -> None:
    """Name the sums (`sums`), the days and the last 24 hours (`hours`) of the pairs for which `which` (SQL) holds.

    `earlier`: for so many days before those that count, `rows` can tell them too.
    """
    known = Tallies(folder)
    known.check(asked.sealed)
    _days(engine, known, asked, which, asked.first_day - earlier)
    relations.hours(engine, known, asked, which)
    relations.counted(engine, asked, asked.first_day)
    parts = [relations.add(engine, asked, closed=closed) for closed in (True, False)]
    engine.view("sums", " UNION ALL ".join(parts), keep=True)


def _days(engine: Engine, known: Tallies, asked: Asked, which: str, first: int) -> None:
    """The closed days: of their tallies, and of the evidence itself where there is none."""
    wanted = range(first, asked.today)
    engine.files("tallied", [path for day in wanted for path in relations.paths_of(known.days, day)], tallies.DAYS)
    rest = [each.path for each in asked.sealed if each.day in wanted and each.day not in known.days]
    engine.files("evidence", rest, ROWS)
    engine.view("days", f"SELECT * FROM tallied WHERE {which} UNION ALL {_BY_DAY.format(which=which)}", keep=True)


def score(engine: Engine, asked: Asked, scope: Literal["address", "tenant"]) -> Score | None:
    """The score of the one address or tenant that the named pairs are of; None where nothing was seen of it."""
    found = engine.read(relations.entities(engine, "sums", relations.SCOPES[scope], capped=asked.capped))
    return next(reading.scores(found, asked.names, asked.parameters, asked.now), None)


def pairs(engine: Engine, asked: Asked) -> tuple[Score, ...]:
    """The scores of the named pairs, the worst first."""
    found = engine.read(relations.entities(engine, "sums", sql.PAIR, capped=asked.capped))
    made = reading.scores(found, asked.names, asked.parameters, asked.now, pairs=True)
    return tuple(sorted(made, key=lambda each: (each.value is None, each.value, -each.sample)))


def parts(engine: Engine, asked: Asked) -> dict[Entity, Counts]:
    """What each class of source says of each of the named pairs: the sums, in units of 1 / 2^20 message."""
    found: dict[tuple[int, int], dict[int, dict[str, int]]] = {}
    for subject, tenant, source, kind, amount in _tuples(
        engine, "SELECT subject, tenant, source, kind, amount FROM sums"
    ):
        kinds = found.setdefault((subject, tenant), {}).setdefault(source, {})
        kinds[KINDS[kind]] = kinds.get(KINDS[kind], 0) + amount  # the closed days' and today's
    names = asked.names({tenant for _, tenant in found if tenant})
    return {recent.entity(*pair, names): each for pair, each in found.items()}


def count(engine: Engine) -> int:
    """How many rows by day there are of the named pairs."""
    return next(_tuples(engine, "SELECT COUNT(*) FROM days"))[0]


def rows(engine: Engine, asked: Asked, earlier: int = 0) -> Iterator[Row]:
    """The named pairs by day, as they count before they fade; as `earlier` as they were named."""
    relations.counted(engine, asked, asked.first_day - earlier)
    for day, source, subject, tenant, kind, messages in _tuples(
        engine, "SELECT day, source, subject, tenant, kind, count FROM counted"
    ):
        yield Row(day, source, subject, tenant, KINDS[kind], messages)


def hours(engine: Engine, asked: Asked) -> dict[Entity, Recent]:
    """The last 24 hours of the named pairs, as they are."""
    return recent.by_pair(engine.read(_HOURS), asked)


def effective(engine: Engine) -> float | None:
    """How many tenants the one address that was named has in effect; None below three."""
    squares = [row[1] for row in _tuples(engine, sql.text("sharing", sums="sums"))]
    return recent.SQUARES / squares[0] if squares and squares[0] else None


# As tally_days.sql, of many days at once.
_BY_DAY = """
SELECT day, source, subject, tenant, kind, CAST(SUM(count) AS BIGINT) AS count
FROM evidence
WHERE {which}
GROUP BY day, source, subject, tenant, kind
"""

_HOURS = """
SELECT subject, tenant, source, kind, CAST(SUM(count) AS BIGINT) AS count, CAST(SUM(pieces) AS BIGINT) AS pieces,
       CAST(MAX(latest) AS BIGINT) AS latest
FROM hours
GROUP BY subject, tenant, source, kind
"""


def _tuples(engine: Engine, query: str) -> Iterator[tuple[int, ...]]:
    for batch in engine.read(query):
        yield from zip(*(column.to_pylist() for column in batch.columns), strict=True)
