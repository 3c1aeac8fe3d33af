"""Relations: the named queries of a run, each over those before it, from the tallies to what counts of an entity."""

from collections.abc import Iterator, Mapping

import pyarrow as pa

from reputon.evidence.rows import ROWS
from reputon.score import sql, tallies
from reputon.score.asking import DAY, HOUR, Asked
from reputon.score.engines import Engine
from reputon.score.judgement import fading
from reputon.score.tallies import Tallies, Tally

SCOPES = {"address": sql.ADDRESS, "tenant": sql.TENANT}


def tally(engine: Engine, known: Tallies, asked: Asked) -> None:
    """Name what there is: `counted` by day and `hours` of the last 24."""
    paths = [path for day in range(asked.first_day, asked.today) for path in paths_of(known.days, day)]
    engine.files("days", paths, tallies.DAYS)
    hours(engine, known, asked)
    counted(engine, asked, asked.first_day)


def hours(engine: Engine, known: Tallies, asked: Asked, which: str = "TRUE") -> None:
    """Name the last 24 hours, as they are; `which`: of which pairs."""
    hour = asked.seconds // HOUR
    # Where there is no tally (a time long past), and for the hours that are not whole, the evidence itself is read.
    wanted = range(min(hour - 23, asked.today * 24), hour)
    whole = [number for number in wanted if number in known.hours]
    rest = {hour - 24, hour} | set(wanted) - set(whole)
    engine.files("whole_hours", [path for number in whole for path in paths_of(known.hours, number)], tallies.HOURS)
    engine.files("evidence", [each.path for each in asked.sealed if each.hour in rest], ROWS)
    some = tallies.hourly(asked.seconds - DAY, asked.seconds)
    engine.view("hours", f"SELECT * FROM whole_hours WHERE {which} UNION ALL SELECT * FROM ({some}) AS some_hours "
                         f"WHERE {which}", keep=True)  # fmt: skip


def counted(engine: Engine, asked: Asked, first: int) -> None:
    """Name the days from `first` on as they count: of `days`, and today's of `hours`."""
    engine.view("tally", sql.text("tally", first=first, today=asked.today))
    engine.table("sources", asked.sources)
    engine.table("fading", _fading(asked))
    engine.view("counted", sql.text("counted"))


def add(engine: Engine, asked: Asked, *, closed: bool) -> str:
    """Name the sums of the closed days, or of today; the query that gives them."""
    part = "closed" if closed else "today"
    relation = "<" if closed else "="
    engine.view(f"counted_{part}", f"SELECT * FROM counted WHERE day {relation} {asked.today}", keep=not closed)
    least = asked.parameters.day_volume
    engine.view(f"large_{part}", sql.text("large", counted=f"counted_{part}", least=least), keep=True)
    engine.view(f"usual_{part}", sql.text("usual", large=f"large_{part}", today=asked.today), keep=True)
    caps = sql.text("caps", large=f"large_{part}", usual=f"usual_{part}", least=least)
    engine.view(f"caps_{part}", caps, keep=True)
    return sql.text("sums", counted=f"counted_{part}", caps=f"caps_{part}")


def entities(engine: Engine, sums: str, scope: tuple[str, str], *, capped: bool) -> str:
    """The query for what counts of each entity of a scope, from the sums of its pairs."""
    which = "tenant <> 0" if scope == sql.TENANT else "TRUE"
    found = sql.by_entity(sums, *scope, which=which)
    if not capped:
        return found
    engine.view("parts", found, keep=True)
    return sql.together()


def _fading(asked: Asked) -> pa.Table:
    parameters, days = asked.parameters, range(asked.first_day, asked.today + 1)
    weights = [fading(asked.today - day, parameters) for day in days]
    return pa.table({"day": pa.array(days, pa.int32()), "weight": pa.array(weights, pa.int64())})


def paths_of(known: Mapping[int, Tally], number: int) -> Iterator[str]:
    """The files of the tally of a day or an hour; none where there is no tally."""
    if number in known:
        yield from known[number].paths
