"""Measure the engine on made evidence: agreement, aggregation, an hour against a rescan, memory, size.

`python bench/events.py FOLDER ROWS` makes the evidence; then `python bench/engine.py WHAT FOLDER`, see `--help`.
Every figure comes with its ratio, its repetitions and the machine; what is compared is measured in turn.
"""

import argparse
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from resource import RUSAGE_SELF, getrusage
from statistics import median

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from reputon.evidence.rows import ROWS
from reputon.listing.ledger import Ledger
from reputon.listing.policy import Settings
from reputon.listing.rescore import decide
from reputon.score import asking, engines, parameters, relations, run, sql
from reputon.score.engines import Engine, Resources

NOW = datetime(2026, 10, 30, 22, 30, tzinfo=UTC)
CAPPED = [("203", False, 40), ("304", False, None), ("405", False, 1)]
FLOOR = "SELECT COUNT(*), SUM(n) FROM (SELECT subject, SUM(count) AS n FROM evidence GROUP BY subject) AS floor"


@dataclass(frozen=True)
class File:
    """A sealed file."""

    path: str
    day: int
    hour: int


def sealed(folder: Path, until: datetime = NOW) -> list[File]:
    """The files of a folder of evidence up to an hour."""
    found = []
    for path in sorted(folder.glob("date=*/hour=*/*.parquet")):
        day = (date.fromisoformat(path.parts[-3].removeprefix("date=")) - date(1970, 1, 1)).days
        hour = day * 24 + int(path.parts[-2].removeprefix("hour="))
        if hour <= until.timestamp() // 3600:
            found.append(File(str(path), day, hour))
    return found


def asked(folder: Path, now: datetime = NOW, *, capped: bool = False) -> asking.Asked:
    """A run over it; `capped`: the filter, the complaints and the traps are other people's."""
    known = [(int(name), int(name), cap) for name, _, cap in CAPPED] if capped else []
    columns = list(zip(*known, strict=True)) or [(), (), ()]
    sources = pa.table([pa.array(each, pa.int64()) for each in columns], schema=asking.SOURCES)
    return asking.Asked(
        sealed(folder, now),
        sources,
        parameters.load(),
        now,
        lambda keys: {key: f"t{key:x}.example" for key in keys if key},
    )


@contextmanager
def opened(arguments: argparse.Namespace, engine: str = "duckdb", master: str = "local[2]") -> Iterator[Engine]:
    """An engine that spills beside the results."""
    with tempfile.TemporaryDirectory(dir=arguments.work) as spill:
        resources = Resources(arguments.memory_mb * 10**6, arguments.threads, Path(spill), master)
        with engines.opened(engine, resources) as made:
            yield made


def timed(what: Callable[..., object], *given: object) -> tuple[float, float]:
    """Seconds on the wall, and of this process's CPU (which others on the machine disturb less)."""
    wall, cpu = time.monotonic(), time.process_time()
    what(*given)
    return time.monotonic() - wall, time.process_time() - cpu


def machine() -> str:
    """What it ran on, and how busy that was."""
    load = " ".join(f"{each:.1f}" for each in os.getloadavg())
    return f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}, load {load}"


def told(name: str, figures: list[tuple[float, float]], base: list[tuple[float, float]] | None = None) -> None:
    """One line of figures; with `base`, the ratio of each repetition to its neighbour's."""
    wall, cpu = (median(each) for each in zip(*figures, strict=True))
    line = f"{name}: {wall:.2f} s, {cpu:.2f} s of CPU (median of {len(figures)})"
    if base:
        ratios = [[a[n] / b[n] for a, b in zip(figures, base, strict=True)] for n in (0, 1)]
        line += "; ratio {:.2f}, of CPU {:.2f}".format(*(median(each) for each in ratios))
        line += " (each: " + ", ".join(f"{each:.2f}" for each in ratios[1]) + " of CPU)"
    print(line, flush=True)


def aggregate(arguments: argparse.Namespace) -> None:
    """The sums of a full rescan, from evidence to every entity, over the plainest grouping of the same files."""
    floor, sums, whole = [], [], []
    for _ in range(arguments.repeat):
        with tempfile.TemporaryDirectory(dir=arguments.work) as name, opened(arguments) as engine:
            request = asked(arguments.evidence)
            engine.files("evidence", [each.path for each in request.sealed], ROWS)
            floor.append(timed(_floor, engine))
            sums.append(timed(_sums, engine, request, Path(name) / "sums"))
            whole.append(timed(run.score, engine, request, Path(name) / "whole"))
            _size(arguments.evidence, Path(name) / "whole")
            print(f"peak {_peak():.0f} MB, setting {arguments.memory_mb} MB", flush=True)
    told("select subject, sum(count) group by subject", floor)
    told("evidence -> tallies -> sums of all pairs and entities", sums, floor)
    told("the whole run, with the formula, written and synced", whole, floor)


def _floor(engine: Engine) -> None:
    list(engine.read(FLOOR))


def _sums(engine: Engine, request: asking.Asked, folder: Path) -> None:
    """What `run.score` does until the formula."""
    folder.mkdir()
    run.sums(engine, request, folder)
    for name in relations.SCOPES:
        query = relations.entities(engine, "sums", relations.SCOPES[name], capped=request.capped)
        list(engine.read(f"SELECT COUNT(*), SUM(sent) FROM ({query}) AS entities"))
    list(engine.read(f"SELECT COUNT(*), SUM(squares) FROM ({sql.text('sharing', sums='sums')}) AS shares"))


def hourly(arguments: argparse.Namespace) -> None:
    """An hour's run after a full one, over a full one of the same time."""
    full, hour = [], []
    for _ in range(arguments.repeat):
        with tempfile.TemporaryDirectory(dir=arguments.work) as name, opened(arguments) as engine:
            before, now = asked(arguments.evidence, NOW - timedelta(hours=1)), asked(arguments.evidence)
            run.score(engine, before, Path(name) / "hour")
            hour.append(timed(_decided, engine, now, Path(name) / "hour"))
            full.append(timed(_decided, engine, now, Path(name) / "full"))
    told("a full rescan, with the rule of listing", full)
    told("an hour's run, with the rule of listing", hour, full)


def _decided(engine: Engine, request: asking.Asked, folder: Path) -> None:
    listings(engine, request, run.score(engine, request, folder))


def listings(engine: Engine, request: asking.Asked, results: run.Results) -> set[tuple[object, ...]]:
    """Whom the rule lists: subject, reasons, until when."""
    with tempfile.TemporaryDirectory() as folder, Ledger(Path(folder)) as ledger:
        found = decide(engine, request, results, ledger, Settings(), accept=True)
    return {(each.subject, each.reasons, each.expires) for each in found.listings}


def memory(arguments: argparse.Namespace) -> None:
    """A whole run in a process of its own; what its memory came to."""
    with tempfile.TemporaryDirectory(dir=arguments.work) as name:
        began = time.monotonic()
        words = ["_run", str(arguments.evidence), "--memory-mb", str(arguments.memory_mb), "--work", name]
        done = subprocess.run([sys.executable, __file__, *words], capture_output=True, text=True, check=True)
        print(f"{done.stdout.strip()}, setting {arguments.memory_mb} MB, {time.monotonic() - began:.0f} s", flush=True)
        _size(arguments.evidence, Path(name) / "scores")


def _run(arguments: argparse.Namespace) -> None:
    with opened(arguments) as engine:
        run.score(engine, asked(arguments.evidence), arguments.work / "scores")
    print(f"peak {_peak():.0f} MB")


def _peak() -> float:
    """The most memory that this process ever had, in MB."""
    return getrusage(RUSAGE_SELF).ru_maxrss * 1024 / 1e6


def _size(evidence: Path, scores: Path) -> None:
    files = sealed(evidence)
    raw, rows = sum(Path(each.path).stat().st_size for each in files), sum(map(_rows, (each.path for each in files)))
    for unit in ("day", "hour"):
        paths = [str(path) for path in (scores / unit).glob("*/*.parquet")]
        size, kept = sum(Path(path).stat().st_size for path in paths), sum(map(_rows, paths))
        print(f"tallies by the {unit}: {size / 1e6:.1f} MB, {kept} rows; ratio to {raw / 1e6:.1f} MB of evidence "
              f"({rows} rows): {size / raw:.3f}", flush=True)  # fmt: skip


def _rows(path: str) -> int:
    return int(pq.read_metadata(path).num_rows)


def agree(arguments: argparse.Namespace) -> None:
    """DuckDB, a Spark cluster and ClickHouse: sums bit by bit, scores to 0.01, the same listings."""
    sys.path.insert(0, str(Path(__file__).parent.parent))  # the tests know how to start a cluster
    from tests.servers.spark import Cluster

    left: dict[str, run.Results] = {}
    said: dict[str, set[tuple[object, ...]]] = {}
    with tempfile.TemporaryDirectory(dir=arguments.work) as name:
        place = Path(name)
        (place / "cluster").mkdir()
        with Cluster(place / "cluster", memory="2g") as cluster:
            for engine in arguments.engines.split(","):
                with opened(arguments, engine, cluster.master) as made:
                    began = time.monotonic()
                    request = asked(arguments.evidence, capped=True)
                    left[engine] = run.score(made, request, place / engine)
                    said[engine] = listings(made, request, left[engine])
                    print(f"{engine}: {time.monotonic() - began:.1f} s", flush=True)
                _compared(left["duckdb"], left[engine], engine)
                print(f"{engine}: {len(said[engine])} listings, "
                      f"{'the same' if said[engine] == said['duckdb'] else 'DIFFERENT'}", flush=True)  # fmt: skip
                if said[engine] != said["duckdb"]:
                    raise SystemExit(f"{engine} lists others than DuckDB")


def _compared(one: run.Results, other: run.Results, name: str) -> None:
    for scope in (*relations.SCOPES, "sharing"):
        order = "subject" if scope == "address" or scope == "sharing" else "tenant"
        left, right = (pq.ParquetDataset(each.paths(scope)).read().sort_by(order) for each in (one, other))
        columns = [field.name for field in left.schema if field.type == pa.int64()]
        equal = all(left[name].equals(right[name]) for name in columns)
        print(f"{name}, {scope}: {right.num_rows} rows, sums {'equal in every bit' if equal else 'DIFFER'}", end="")
        if scope in relations.SCOPES:
            print(f", scores at most {_distance(left, right):.4f} apart", end="")
        print(flush=True)
        if not equal or (scope in relations.SCOPES and _distance(left, right) > 0.01):
            raise SystemExit(f"{name} differs from DuckDB in {scope}")


def _distance(left: pa.Table, right: pa.Table) -> float:
    pairs = [[each[name].to_numpy() for each in (left, right)] for name in ("value", "low", "high")]
    if any((np.isnan(a) != np.isnan(b)).any() for a, b in pairs):
        return float("inf")
    return max(float(np.nanmax(np.abs(a - b))) for a, b in pairs)


WHAT = {"aggregate": aggregate, "hourly": hourly, "memory": memory, "agree": agree, "_run": _run}


def main() -> None:
    """Measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=WHAT)
    parser.add_argument("evidence", type=Path)
    parser.add_argument("--work", type=Path, default=Path(tempfile.gettempdir()), help="where results and spills lie")
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--memory-mb", type=int, default=2000)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--engines", default="duckdb,clickhouse,spark", help="for agree; duckdb first")
    arguments = parser.parse_args()
    if not arguments.what.startswith("_"):
        print(machine(), flush=True)
    WHAT[arguments.what](arguments)


if __name__ == "__main__":
    main()
