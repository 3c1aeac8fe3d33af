"""Made evidence for the engines' tests, sealed as the store seals it, and what must come of it in plain Python."""

import math
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from reputon.evidence.kinds import Kind
from reputon.evidence.rows import KIND_CODES, ROWS
from reputon.score import asking, judgement, parameters, run, sql
from reputon.score.engines import Engine
from reputon.score.judgement import ONE

PARAMETERS = parameters.load()
NOW = datetime(2026, 11, 24, 12, 30, tzinfo=UTC)
SENT = KIND_CODES[Kind.SENT]
Row = tuple[int, int, int, int, int, int]  # (time, source, subject, tenant, kind, count)
Source = tuple[int, int, int | None]  # as asking.SOURCES
INTEGERS = ["subject", "tenant", *judgement.COLUMNS.values()]


@dataclass(frozen=True)
class File:
    """A file of evidence."""

    path: str
    day: int
    hour: int


def sealed(rows: Iterable[Row], folder: Path, name: str) -> list[File]:
    """Files by the hour, each sorted as the store sorts them."""
    by_hour: dict[int, list[Any]] = defaultdict(list)
    for time, *rest in rows:
        by_hour[time // 3600].append((time // 86400, time // 3600, time, *rest))
    files = []
    for hour, found in sorted(by_hour.items()):
        found.sort(key=lambda row: row[4:7])
        columns = [pa.array(column, field.type) for column, field in zip(zip(*found, strict=True), ROWS, strict=True)]
        place = folder / f"date={hour // 24}" / f"hour={hour % 24:02d}"  # as the store has it: 'hour' is also a column
        place.mkdir(parents=True, exist_ok=True)
        pq.write_table(pa.table(columns, schema=ROWS), place / f"{name}.parquet", compression="zstd")
        files.append(File(str(place / f"{name}.parquet"), hour // 24, hour))
    return files


def asked(files: list[File], sources: Iterable[Source], now: datetime = NOW) -> asking.Asked:
    """A run over files."""
    columns = list(zip(*sources, strict=True)) or [(), (), ()]
    table = pa.table([pa.array(c, f.type) for c, f in zip(columns, asking.SOURCES, strict=True)], schema=asking.SOURCES)
    return asking.Asked(files, table, PARAMETERS, now, lambda keys: {each: f"t{each}.example" for each in keys})


def some(seed: int, rows: int, days: int, hours: tuple[int, ...], now: datetime = NOW) -> list[Row]:
    """Evidence of some hours of today and of the days before it: few heavy senders, bursts, shared addresses."""
    rng = np.random.default_rng(seed)
    today = int(now.timestamp()) // 86400
    subjects = np.concatenate([rng.integers(1 << 24, 1 << 32, 700), rng.integers(1 << 61, 1 << 62, 300)])
    tenants = np.concatenate([[0], rng.integers(1, 1 << 62, 200)])
    who = np.minimum(rng.zipf(1.3, rows) - 1, len(subjects) - 1)
    day = today - rng.integers(0, days, rows)
    time = (day * 24 + rng.choice(hours, rows)) * 3600 + rng.integers(0, 3600, rows)
    kind = rng.choice(list(KIND_CODES.values()), rows, p=[0.4, 0.4, 0.05, 0.03, 0.02, 0.005, 0.005, 0.06, 0.01, 0.02])
    count = np.where(rng.random(rows) < 0.02, rng.integers(100, 5000, rows), rng.integers(1, 4, rows))
    tenant = tenants[(who * 7 + rng.integers(0, np.where(who % 10 == 0, 12, 2))) % len(tenants)]
    source = rng.choice([101, 102, 203, 304, 405], rows, p=[0.4, 0.2, 0.2, 0.1, 0.1])
    columns = (time, source, subjects[who], tenant, kind, count)
    return list(zip(*(column.tolist() for column in columns), strict=True))


def results(found: run.Results) -> dict[str, pa.Table]:
    """What a run left, in one order."""
    scopes = ("address", "tenant", "sharing")
    return {
        scope: pq.ParquetDataset(found.paths(scope)).read().sort_by([("subject", "ascending"), *_tenant(scope)])
        for scope in scopes
    }


def _tenant(scope: str) -> list[tuple[str, str]]:
    return [] if scope == "sharing" else [("tenant", "ascending")]


def same(one: dict[str, pa.Table], other: dict[str, pa.Table]) -> None:
    """Sums are equal in every bit, scores to 0.01."""
    for scope, left in one.items():
        right = other[scope]
        assert left.num_rows == right.num_rows > 0, scope
        for name in INTEGERS if scope != "sharing" else ("subject", "squares"):
            assert left[name].to_pylist() == right[name].to_pylist(), (scope, name)
        for name in ("value", "low", "high") if scope != "sharing" else ():
            ours, theirs = (each[name].to_pylist() for each in (left, right))
            assert [each is None for each in ours] == [each is None for each in theirs]
            pairs = zip(ours, theirs, strict=True)
            assert all(abs(a - b) <= 0.01 for a, b in pairs if a is not None), (scope, name)


def recents(engine: Engine) -> set[tuple[int, ...]]:
    """What each pair did in the last 24 hours: every address of the last run and every tenant is of interest."""
    engine.view("low_subjects", "SELECT DISTINCT subject FROM hours WHERE subject % 2 = 0")
    engine.view("low_tenants", "SELECT DISTINCT tenant FROM hours WHERE tenant % 3 = 0")
    columns = ("subject", "tenant", "source", "kind", "count", "pieces", "latest")
    return {
        tuple(row[name] for name in columns) for batch in engine.read(sql.text("recent")) for row in batch.to_pylist()
    }


def reference(rows: Iterable[Row], sources: Iterable[Source], now: datetime = NOW) -> dict[str, Any]:
    """What a run must give, in plain integers: by scope what each entity has of each kind, and who shares what."""
    seconds, classes = int(now.timestamp()), {name: (which, cap) for name, which, cap in sources}
    today, first = seconds // 86400, seconds // 86400 - PARAMETERS.memory_days + 1
    daily: dict[Any, int] = defaultdict(int)
    for time, source, subject, tenant, kind, count in rows:
        if first <= time // 86400 <= today and time <= seconds:
            daily[time // 86400, source, subject, tenant, kind] += count
    counted: dict[Any, int] = defaultdict(int)
    for (day, source, subject, tenant, kind), count in daily.items():
        which, cap = classes.get(source, (0, None))
        most = cap if kind == SENT and cap is not None else 10**6 if which else count
        counted[day, which, subject, tenant, kind] += min(count, most)
    sums = _sums(counted, today)
    capped = any(which for which, _ in classes.values())
    scopes: dict[str, Any] = {
        "address": _together(sums, lambda subject, tenant: (subject, 0), capped),
        "tenant": _together(sums, lambda subject, tenant: (0, tenant) if tenant else None, capped),
    }
    return scopes | {"sharing": _sharing(sums)}


def _sums(counted: dict[Any, int], today: int) -> dict[Any, int]:
    """By (subject, tenant, class, kind), faded and with the volume of a day capped."""
    volumes: dict[Any, dict[int, int]] = defaultdict(lambda: defaultdict(int))
    for (day, _, subject, tenant, kind), count in counted.items():
        if kind == SENT:
            volumes[subject, tenant][day] += count
    sums: dict[Any, int] = defaultdict(int)
    for (day, which, subject, tenant, kind), count in counted.items():
        weight = round(ONE * 2 ** (-(today - day) / PARAMETERS.half_life_days))
        closed = sorted(volume for of, volume in volumes[subject, tenant].items() if of < today)
        volume = volumes[subject, tenant].get(day, 0)
        if closed:
            most = max(closed[(len(closed) - 1) // 2], PARAMETERS.day_volume)
            weight = weight * most // volume if volume > most else weight
        sums[subject, tenant, which, kind] += count * weight
    return sums


def _together(sums: dict[Any, int], entity: Any, capped: bool) -> dict[Any, dict[int, int]]:
    parts: dict[Any, dict[int, dict[int, int]]] = defaultdict(lambda: defaultdict(lambda: defaultdict(int)))
    for (subject, tenant, which, kind), amount in sums.items():
        if entity(subject, tenant) is not None:
            parts[entity(subject, tenant)][which][kind] += amount
    return {who: _capped(of, capped) for who, of in parts.items()}


# What a message of each kind weighs where sources are held against each other (docs/score.md).
HARM = {4: 5, 5: 100, 6: 10_000, 7: 2_000, 8: 1, 9: 10_000}


def _capped(of: dict[int, dict[int, int]], capped: bool) -> dict[int, int]:
    """One source that is not our own counts at most as much as all others together, by harm."""
    sent = {which: kinds.get(SENT, 0) for which, kinds in of.items()}
    harm = {which: sum(HARM[k] * (v // 16384) for k, v in kinds.items() if k in HARM) for which, kinds in of.items()}
    found: dict[int, int] = defaultdict(int)
    for which, kinds in of.items():
        for kind, amount in kinds.items():
            said = sent if kind == SENT else harm if kind in HARM else {}
            mine, others = said.get(which, 0), sum(said.values()) - said.get(which, 0)
            share = others / mine if capped and which and mine > others else 1.0
            found[kind] += math.floor(amount * share)
    return found


def _sharing(sums: dict[Any, int]) -> dict[int, int]:
    volumes: dict[int, dict[int, int]] = defaultdict(lambda: defaultdict(int))
    for (subject, tenant, _, kind), amount in sums.items():
        if kind == SENT:
            volumes[subject][tenant] += amount
    return {
        subject: sum((volume * 1024 // sum(of.values())) ** 2 for volume in of.values())
        for subject, of in volumes.items()
        if len(of) >= 3
    }


def expected(scope: dict[Any, dict[int, int]]) -> pa.Table:
    """The formula's answer for the reference's sums."""
    kinds = sorted(KIND_CODES.values())
    rows = sorted((*who, *(of.get(kind, 0) for kind in kinds)) for who, of in scope.items())
    schema = pa.schema([(name, pa.int64()) for name in INTEGERS])
    columns = list(zip(*rows, strict=True)) or [() for _ in INTEGERS]
    batch = pa.RecordBatch.from_arrays([pa.array(c, pa.int64()) for c in columns], schema=schema)
    return pa.Table.from_batches([judgement.scored(batch, PARAMETERS)])


def ago(**what: float) -> int:
    """A time before NOW, in seconds."""
    return int((NOW - timedelta(**what)).timestamp())
