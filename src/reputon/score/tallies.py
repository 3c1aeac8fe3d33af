"""Tallies: evidence added up by the day and, for two days, by the hour: made once, and again where evidence changed.

A tally knows by the names of the files it was made of whether it is still true: late evidence, a purge and a removed
file all change those.
"""

import hashlib
import json
import shutil
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from time import time
from typing import Any, Protocol

import pyarrow as pa

from reputon import durable
from reputon.authentication import domains
from reputon.evidence.rows import KIND_CODES, ROWS
from reputon.score import sql
from reputon.score.engines import Engine
from reputon.score.judgement import BAD

HOURS_KEPT = 48
GRACE = 60.0  # seconds
EARLIER = 30  # days before those that count: tallies of them are kept for who looks back, and never made anew
DAYS = pa.schema([ROWS.field(name) for name in ("day", "source", "subject", "tenant", "kind", "count")])
HOURS = pa.schema(
    [ROWS.field(name) for name in ("hour", "source", "subject", "tenant", "kind", "count")]
    + [pa.field("pieces", pa.int64()), pa.field("latest", pa.int64())]
)
_ORDER = "ORDER BY subject, tenant, source, kind"  # so that one address is found without reading all
_FOREVER = 1 << 60
MANIFEST = "tallies.json"


class Sealed(Protocol):
    """A file of evidence: where it is, and its day and hour since 1970."""

    @property
    def path(self) -> str: ...  # noqa: D102
    @property
    def day(self) -> int: ...  # noqa: D102
    @property
    def hour(self) -> int: ...  # noqa: D102


@dataclass(frozen=True, slots=True)
class Tally:
    """A tally: its files, and a digest of the names of what it was made of."""

    paths: tuple[str, ...]
    of: str


class Tallies:
    """The tallies of one folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.days, self.hours = _read(folder / MANIFEST)

    def refresh(self, sealed: Sequence[Sealed], engine: Engine, now: datetime, first_day: int) -> None:
        """Make those of the closed days from `first_day` on and of the closed hours; forget what is older."""
        hour = int(now.timestamp()) // 3600
        earlier = _true(self.days, _grouped(sealed, "day", first_day - EARLIER, first_day))
        days = earlier | self._made("day", self.days, _grouped(sealed, "day", first_day, hour // 24), engine)
        hours = self._made("hour", self.hours, _grouped(sealed, "hour", hour - HOURS_KEPT, hour), engine)
        if (days, hours) != (self.days, self.hours):
            self.days, self.hours = days, hours
            written = {"suffixes": domains.snapshot(), "day": _written(days), "hour": _written(hours)}
            durable.write(self._folder / MANIFEST, json.dumps(written))
        self._tidy()

    def check(self, sealed: Sequence[Sealed]) -> None:
        """Leave out those that are no longer true, here and not on the disk: for who only reads."""
        self.days = _true(self.days, _grouped(sealed, "day", 0, _FOREVER))
        self.hours = _true(self.hours, _grouped(sealed, "hour", 0, _FOREVER))

    def _made(
        self, unit: str, known: Mapping[int, Tally], wanted: Mapping[int, list[str]], engine: Engine
    ) -> dict[int, Tally]:
        found: dict[int, Tally] = {}
        for number, paths in wanted.items():
            of = _of(paths)
            old = known.get(number)
            found[number] = old if old and old.of == of else self._make(unit, number, paths, of, engine)
        return found

    def _make(self, unit: str, number: int, paths: list[str], of: str, engine: Engine) -> Tally:
        engine.files("evidence", paths, ROWS)
        query = sql.text("tally_days") if unit == "day" else hourly()
        folder = self._folder / unit / f"{number}-{of[:16]}"
        return Tally(parquet(engine, f"{query} {_ORDER}", folder), of)

    def _tidy(self) -> None:
        for unit, known in (("day", self.days), ("hour", self.hours)):
            kept = {Path(path).parent for each in known.values() for path in each.paths}
            tidy((self._folder / unit).glob("*"), kept)


def tidy(folders: Iterable[Path], kept: Collection[Path]) -> None:
    """Remove the folders that are not kept and no longer new: somebody may be reading what was just replaced."""
    for folder in folders:
        try:
            if folder not in kept and folder.stat().st_mtime < time() - GRACE:
                shutil.rmtree(folder, ignore_errors=True)
        except OSError:
            continue  # another was faster


def hourly(since: int = -1, until: int = _FOREVER) -> str:
    """tally_hours.sql for what was seen after `since` and not after `until` (seconds)."""
    bad = ", ".join(str(KIND_CODES[kind]) for kind in BAD)
    return sql.text("tally_hours", since=since, until=until, bad=bad)


def _of(paths: Iterable[str]) -> str:
    return digest([*paths, sql.form()])


def digest(names: Iterable[str]) -> str:
    """What a set of files is known by: their contents never change under one name."""
    return hashlib.blake2b("\n".join(sorted(names)).encode(), digest_size=16).hexdigest()


def parquet(engine: Engine, query: str, folder: Path, **formula: Any) -> tuple[str, ...]:
    """A query's rows as Parquet files that are on the disk before their folder has its name; their paths."""
    temporary = folder.with_name(f".{folder.name}")
    for each in (temporary, folder):
        shutil.rmtree(each, ignore_errors=True)
    engine.write(query, temporary, **formula)
    for file in temporary.glob("*.parquet"):
        durable.sync(file)
    durable.sync_directory(temporary)
    temporary.rename(folder)
    durable.sync_directory(folder.parent)
    return tuple(sorted(str(file) for file in folder.glob("*.parquet")))


def _grouped(sealed: Sequence[Sealed], unit: str, first: int, end: int) -> dict[int, list[str]]:
    found: dict[int, list[str]] = {}
    for each in sealed:
        number = getattr(each, unit)
        if first <= number < end:
            found.setdefault(number, []).append(each.path)
    return found


def _true(known: Mapping[int, Tally], wanted: Mapping[int, list[str]]) -> dict[int, Tally]:
    return {number: known[number] for number, paths in wanted.items() if _is_of(known.get(number), paths)}


def _is_of(tally: Tally | None, paths: list[str]) -> bool:
    return tally is not None and tally.of == _of(paths)


def _written(tallies: Mapping[int, Tally]) -> dict[str, Any]:
    return {str(number): {"paths": each.paths, "of": each.of} for number, each in tallies.items()}


def _read(path: Path) -> tuple[dict[int, Tally], dict[int, Tally]]:
    """What was made so far and is still there; what is not, as in a folder that was moved, is only made again."""
    try:
        written = json.loads(path.read_bytes())
        days, hours = (
            {
                int(number): Tally(tuple(each["paths"]), each["of"])
                for number, each in written[unit].items()
                if all(Path(name).exists() for name in each["paths"])
            }
            for unit in ("day", "hour")
        )
    except (OSError, ValueError, KeyError, TypeError):
        return {}, {}
    return days, hours
