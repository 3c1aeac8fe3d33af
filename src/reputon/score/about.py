"""About: what a run would make of some pairs alone, such as one address's or one tenant's."""

from pathlib import Path
from typing import Literal

from reputon.score import reading, run, sql
from reputon.score.engines import Engine
from reputon.score.model import Score
from reputon.score.run import Asked
from reputon.score.tallies import Tallies


def name(engine: Engine, asked: Asked, folder: Path, which: str) -> None:
    """Name the sums (`sums`), the tally and the last 24 hours (`hours`) of the pairs for which `which` (SQL) holds."""
    known = Tallies(folder)
    known.refresh(asked.sealed, engine, asked.now, asked.first_day)
    run.tally(engine, known, asked, f"AND {which}")
    parts = [run.add(engine, asked, closed=closed) for closed in (True, False)]
    engine.view("sums", " UNION ALL ".join(parts), keep=True)


def score(engine: Engine, asked: Asked, scope: Literal["address", "tenant"]) -> Score | None:
    """The score of the one address or tenant that the named pairs are of; None where nothing was seen of it."""
    found = engine.read(run.entities(engine, "sums", run.SCOPES[scope], capped=asked.capped))
    return next(reading.scores(found, asked.names, asked.parameters, asked.now), None)


def pairs(engine: Engine, asked: Asked) -> tuple[Score, ...]:
    """The scores of the named pairs, the worst first."""
    found = engine.read(run.entities(engine, "sums", sql.PAIR, capped=asked.capped))
    made = reading.scores(found, asked.names, asked.parameters, asked.now, pairs=True)
    return tuple(sorted(made, key=lambda each: (each.value is None, each.value)))
