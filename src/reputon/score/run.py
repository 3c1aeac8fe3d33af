"""Run: the job that makes scores of evidence: what is remembered of every pair, of every entity, and the formula.

The closed days of a day add up to the same all day long, so they are added once (`base`) and kept; an hour's run adds
today, and scores anew whom anything was said of since the run before.
"""

import json
import shutil
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from secrets import token_hex

import pyarrow as pa

from reputon.score import judgement, left, sql, tallies
from reputon.score.asking import HOUR, Asked
from reputon.score.engines import Engine
from reputon.score.left import Left
from reputon.score.relations import SCOPES, add, entities, tally
from reputon.score.tallies import Tallies

_SUMS = pa.schema([(name, pa.int64()) for name in ("subject", "tenant", "source", "kind", "amount")])
SHARING = pa.schema([("subject", pa.int64()), ("squares", pa.int64())])


@dataclass(frozen=True, slots=True)
class Results:
    """What a run left: folders of Parquet by scope (SCORES), and `fresh` ones of whom it scored anew (None: of all).

    `is_taken_back`: since the last run evidence of the last 24 hours or of today went away, as by a purge.
    """

    folder: Path
    as_of: datetime
    version: str
    fresh: Path | None = None
    is_taken_back: bool = False

    def paths(self, scope: str, *, fresh: bool = False) -> list[str]:
        """The files of a scope: of everybody, or of whom this run scored anew."""
        folder = self.fresh if fresh and self.fresh else self.folder
        return sorted(str(file) for file in (folder / scope).glob("*.parquet"))


def sums(engine: Engine, asked: Asked, folder: Path) -> Left:
    """Name the sums of all pairs (`sums`), from what is kept in `folder` and what is new; what they depend on."""
    folder.mkdir(parents=True, exist_ok=True)
    known = Tallies(folder)
    known.refresh(asked.sealed, engine, asked.now, asked.first_day)
    tally(engine, known, asked)
    now = _now(known, asked)
    engine.files("base", _base(engine, asked, folder, now.base), _SUMS)
    engine.view("sums_today", add(engine, asked, closed=False), keep=True)
    engine.view("sums", "SELECT * FROM base UNION ALL SELECT subject, tenant, source, kind, amount FROM sums_today")
    return now


def score(engine: Engine, asked: Asked, folder: Path, told: str = "") -> Results:
    """Score everybody, or whom anything was said of since the last run that left its scores in `folder`.

    `told`: the ledger that is to have the scores; where it has not those of the last run, everybody is scored.
    """
    last = left.load(folder)
    now = sums(engine, asked, folder)
    since = _since(last, now, asked, told) if last and _is_whole(folder / last.folder) else None
    old = folder / last.folder if last and since is not None else None
    # Nobody was told of a run that was only looked at, or stopped: what went away before it did so for this one.
    taken = last is not None and (_is_taken_back(last, now, asked) or (last.taken_back and not last.told))
    results = replace(_scored(engine, asked, folder / now.folder, since, old), is_taken_back=taken)
    replace(now, is_partial=bool(results.fresh), taken_back=taken).save(folder)
    tallies.tidy((*folder.glob("scores-*"), *folder.glob("base-*")), (results.folder, folder / f"base-{now.base}"))
    return results


def published(folder: Path, told: str) -> None:
    """Remember which ledger has the last run's scores: what the next one need not tell it again."""
    if last := left.load(folder):
        replace(last, told=told).save(folder)


def latest(folder: Path) -> Results | None:
    """What the last run left."""
    last = left.load(folder)
    if last is None or not _is_whole(folder / last.folder):
        return None
    made = folder / last.folder
    as_of = datetime.fromtimestamp(last.as_of, UTC)
    return Results(made, as_of, last.version, made / "fresh" if last.is_partial else None)


def forget(folder: Path) -> None:
    """Forget what runs left: the evidence makes all of it again."""
    for each in (*folder.glob("*-*"), *(folder / name for name in ("day", "hour"))):
        shutil.rmtree(each, ignore_errors=True)
    for name in (left.FILE, tallies.MANIFEST):
        (folder / name).unlink(missing_ok=True)


def _is_whole(made: Path) -> bool:
    return all(any((made / scope).glob("*.parquet")) for scope in (*SCOPES, "sharing"))


def _scored(engine: Engine, asked: Asked, made: Path, since: int | None, old: Path | None) -> Results:
    """The scores of everybody; with `since` (an hour) and `old`, those of all others are taken from before."""
    formula = partial(judgement.scored, parameters=asked.parameters)
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


def _now(known: Tallies, asked: Asked) -> Left:
    """What this run's answer depends on."""
    days = [f"{day} {each.of}" for day, each in known.days.items() if asked.first_day <= day < asked.today]
    rules = json.dumps([asked.today, asked.parameters.version, asked.sources.to_pylist(), sql.form()])
    hours: dict[str, list[str]] = {}
    for each in asked.sealed:
        if asked.oldest_hour <= each.hour <= asked.seconds // HOUR:
            hours.setdefault(str(each.hour), []).append(tallies.digest([each.path]))
    name = f"scores-{asked.seconds}-{token_hex(4)}"  # two runs of one time are two
    return Left(name, tallies.digest([*days, rules]), hours, asked.seconds, asked.parameters.version)


def _since(last: Left, now: Left, asked: Asked, told: str) -> int | None:
    """The first hour in which anything is new since the last run; None: everybody has to be scored."""
    if last.told != told or last.base != now.base or last.as_of > now.as_of or _is_taken_back(last, now, asked):
        return None
    changed = [int(hour) for hour in now.hours if set(now.hours[hour]) != set(last.hours.get(hour, ()))]
    # Of its own hour the last run saw what lay before its time; closed days are in the base.
    return max(min([*changed, last.as_of // HOUR]), asked.today * 24)


def _is_taken_back(last: Left, now: Left, asked: Asked) -> bool:
    """Whether evidence is gone that the last run saw, as by a purge: nothing says any more of whom it spoke."""
    seen = range(asked.oldest_hour, asked.seconds // HOUR + 1)
    return any(
        int(hour) in seen and not set(names) <= set(now.hours.get(hour, ())) for hour, names in last.hours.items()
    )
