"""Run: the job that makes scores of evidence: what is remembered of every pair, of every entity, and the formula.

The closed days of a day add up to the same all day long, so they are added once (`base`) and kept; an hour's run adds
today, and scores anew whom anything was said of since the run before.
"""

import json
import shutil
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import pyarrow as pa

from reputon import durable
from reputon.evidence.rows import ROWS, key
from reputon.score import judgement, sql, tallies
from reputon.score.engines import Engine
from reputon.score.judgement import fading
from reputon.score.model import Parameters
from reputon.score.tallies import Sealed, Tallies

Names = Callable[[Iterable[int]], dict[int, str]]  # what keys of sources and tenants stand for
DAY, HOUR = 86400, 3600
SCOPES = {"address": sql.ADDRESS, "tenant": sql.TENANT}
SOURCES = pa.schema([("source", pa.int64()), ("class", pa.int64()), ("sent_cap", pa.int64())])
_SUMS = pa.schema([(name, pa.int64()) for name in ("subject", "tenant", "source", "kind", "amount")])
SHARING = pa.schema([("subject", pa.int64()), ("squares", pa.int64())])
_MANIFEST = "scores.json"


def sources(registered: Iterable[tuple[str, bool, int | None]], seen: Iterable[int] = ()) -> pa.Table:
    """SOURCES, from names, whether a source is our own, and the volume of a pair and day that it may claim at most.

    `seen`: keys of those that evidence is of; who was struck off the register is not our own.
    """
    rows = {key(name): (0 if is_own else key(name), cap) for name, is_own, cap in registered}
    rows = {each: (each, None) for each in seen} | rows
    found = sorted((each, *rest) for each, rest in rows.items())
    columns = list(zip(*found, strict=True)) or [(), (), ()]
    return pa.table([pa.array(each, pa.int64()) for each in columns], schema=SOURCES)


@dataclass(frozen=True, slots=True)
class Asked:
    """What a run is asked for: the files of evidence, the registered sources (SOURCES), parameters and the time."""

    sealed: Sequence[Sealed]
    sources: pa.Table
    parameters: Parameters
    now: datetime
    names: Names

    @property
    def seconds(self) -> int:
        """The time; evidence of later times does not count."""
        return int(self.now.timestamp())

    @property
    def today(self) -> int:
        """The day of the time, since 1970 in UTC."""
        return self.seconds // DAY

    @property
    def first_day(self) -> int:
        """The oldest day that counts."""
        return self.today - self.parameters.memory_days + 1

    @property
    def capped(self) -> bool:
        """Whether there are sources that are not our own."""
        return any(each for each in self.sources["class"].to_pylist())


@dataclass(frozen=True, slots=True)
class Results:
    """What a run left: folders of Parquet by scope (SCORES), and `fresh` ones of whom it scored anew (None: of all)."""

    folder: Path
    as_of: datetime
    version: str
    fresh: Path | None = None

    def paths(self, scope: str, *, fresh: bool = False) -> list[str]:
        """The files of a scope: of everybody, or of whom this run scored anew."""
        folder = self.fresh if fresh and self.fresh else self.folder
        return sorted(str(file) for file in (folder / scope).glob("*.parquet"))


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


def sums(engine: Engine, asked: Asked, folder: Path) -> dict[str, object]:
    """Name the sums of all pairs (`sums`), from what is kept in `folder` and what is new; what they depend on."""
    folder.mkdir(parents=True, exist_ok=True)
    known = Tallies(folder)
    known.refresh(asked.sealed, engine, asked.now, asked.first_day)
    tally(engine, known, asked)
    state = _state(known, asked)
    engine.files("base", _base(engine, asked, folder, str(state["base"])), _SUMS)
    engine.view("sums_today", add(engine, asked, closed=False), keep=True)
    engine.view("sums", "SELECT * FROM base UNION ALL SELECT subject, tenant, source, kind, amount FROM sums_today")
    return state


def score(engine: Engine, asked: Asked, folder: Path) -> Results:
    """Score everybody, or whom anything was said of since the last run that left its scores in `folder`."""
    last = _last(folder)
    state = sums(engine, asked, folder)
    since = _since(last, state, asked)
    made = folder / f"scores-{asked.seconds}-{tallies.digest([json.dumps(state)])[:8]}"
    results = _scored(engine, asked, made, since, folder / str(last["folder"]) if last and since is not None else None)
    _write(folder, state | {"folder": made.name, "fresh": bool(results.fresh), "is_published": False})
    _tidy(folder, made, state["base"])
    return results


def published(folder: Path) -> None:
    """Remember that the world has been told of the last run's scores: what the next one need not tell again."""
    if last := _last(folder):
        _write(folder, last | {"is_published": True})


def _write(folder: Path, state: dict[str, object]) -> None:
    durable.write(folder / _MANIFEST, json.dumps(state))


def latest(folder: Path) -> Results | None:
    """What the last run left."""
    last = _last(folder)
    if last is None:
        return None
    made = folder / str(last["folder"])
    as_of = datetime.fromtimestamp(int(str(last["as_of"])), UTC)
    return Results(made, as_of, str(last["version"]), made / "fresh" if last["fresh"] else None)


def _scored(engine: Engine, asked: Asked, made: Path, since: int | None, old: Path | None) -> Results:
    """The scores of everybody; with `since` (an hour) and `old`, those of all others are taken from before."""
    formula = partial(judgement.scored, parameters=asked.parameters)
    shutil.rmtree(made, ignore_errors=True)
    (made / "fresh").mkdir(parents=True)
    if since is not None:
        engine.view("touched", f"SELECT DISTINCT subject, tenant FROM hours WHERE hour >= {since}", keep=True)
    for scope, entity in SCOPES.items():
        column = "subject" if scope == "address" else "tenant"
        sums = "sums"
        if since is not None:
            sums = f"sums_{scope}"
            engine.view(sums, f"SELECT * FROM sums WHERE {column} IN (SELECT {column} FROM touched)")
        target = made / "fresh" / scope if old else made / scope
        query = entities(engine, sums, entity, capped=asked.capped)
        tallies.parquet(engine, f"{query} ORDER BY {column}", target, formula=formula, schema=judgement.SCORES)
        if old:
            _merged(engine, column, (old / scope, target, made / scope), judgement.SCORES)
    _shared(engine, made, old)
    return Results(made, asked.now, asked.parameters.version, made / "fresh" if old else None)


def _shared(engine: Engine, made: Path, old: Path | None) -> None:
    """Who shares which address, as the scores have it."""
    target = made / "fresh" / "sharing" if old else made / "sharing"
    tallies.parquet(engine, sql.text("sharing", sums="sums_address" if old else "sums"), target)
    if old:
        _merged(engine, "subject", (old / "sharing", target, made / "sharing"), SHARING, "touched")


def _merged(
    engine: Engine, column: str, folders: tuple[Path, Path, Path], schema: pa.Schema, by: str = "fresh"
) -> None:
    """Old rows whose entity has no new one, and the new ones."""
    old, fresh, target = folders
    for name, folder in (("old", old), ("fresh", fresh)):
        engine.files(name, sorted(str(file) for file in folder.glob("*.parquet")), schema)
    # A join, since Spark would send all of what a NOT IN looks into to every worker.
    query = (f"SELECT old.* FROM old LEFT JOIN (SELECT DISTINCT {column} AS known FROM {by}) AS renewed "
             f"ON renewed.known = old.{column} WHERE renewed.known IS NULL UNION ALL SELECT * FROM fresh "
             f"ORDER BY {column}")  # fmt: skip
    tallies.parquet(engine, query, target)


def _base(engine: Engine, asked: Asked, folder: Path, name: str) -> Sequence[str]:
    """The sums of the closed days, added up once a day and again where their tallies changed."""
    place = folder / f"base-{name}"
    if not place.exists():
        return tallies.parquet(engine, add(engine, asked, closed=True), place)
    return sorted(str(file) for file in place.glob("*.parquet"))


def _state(known: Tallies, asked: Asked) -> dict[str, object]:
    """What a run's answer depends on: `base`, a digest of the closed days, and `hours`, today's files by the hour."""
    days = [f"{day} {each.of}" for day, each in known.days.items() if asked.first_day <= day < asked.today]
    rules = json.dumps([asked.today, asked.parameters.version, asked.sources.to_pylist()])
    hours: dict[str, list[str]] = {}
    for each in asked.sealed:
        if asked.today * 24 <= each.hour <= asked.seconds // HOUR:
            hours.setdefault(str(each.hour), []).append(tallies.digest([each.path]))
    return {
        "base": tallies.digest([*days, rules]), "hours": hours, "as_of": asked.seconds,
        "version": asked.parameters.version,
    }  # fmt: skip


def _since(last: "dict[str, object] | None", state: dict[str, object], asked: Asked) -> int | None:
    """The first hour in which anything is new since the last run; None: everybody has to be scored."""
    if last is None or not last["is_published"] or last["base"] != state["base"]:
        return None
    if int(str(last["as_of"])) > asked.seconds:
        return None
    before, now = last["hours"], state["hours"]
    assert isinstance(before, dict)
    assert isinstance(now, dict)
    changed = [hour for hour in now if set(now[hour]) != set(before.get(hour, ()))]
    # What was taken away (by a purge) no longer says of whom it spoke, so nobody's old score can be kept.
    if any(not set(before[hour]) <= set(now.get(hour, ())) for hour in before):
        return None
    # Of its own hour the last run saw what lay before its time.
    return min([*map(int, changed), int(str(last["as_of"])) // HOUR])


def _fading(asked: Asked) -> pa.Table:
    parameters, days = asked.parameters, range(asked.first_day, asked.today + 1)
    weights = [fading(asked.today - day, parameters) for day in days]
    return pa.table({"day": pa.array(days, pa.int32()), "weight": pa.array(weights, pa.int64())})


def paths_of(known: "dict[int, tallies.Tally]", number: int) -> Iterator[str]:
    """The files of the tally of a day or an hour; none where there is no tally."""
    if number in known:
        yield from known[number].paths


def _last(folder: Path) -> "dict[str, object] | None":
    try:
        found: dict[str, object] = json.loads((folder / _MANIFEST).read_bytes())
    except (OSError, ValueError):
        return None
    return found


def _tidy(folder: Path, made: Path, base: object) -> None:
    for each in (*folder.glob("scores-*"), *folder.glob("base-*")):
        if each not in (made, folder / f"base-{base}"):
            shutil.rmtree(each, ignore_errors=True)
