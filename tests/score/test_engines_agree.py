"""DuckDB, ClickHouse and a real Spark cluster (a master, two workers) on the same evidence: the same bits."""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pyarrow as pa
import pytest
from tests.score import made
from tests.score.made import NOW, File, Row, Source, ago, asked, recents, results, same, sealed
from tests.servers.spark import SHORT, Cluster

from reputon.score import engines, run
from reputon.score.engines import Engine, EngineError, Resources

pytestmark = [pytest.mark.heavy, pytest.mark.timeout(1500)]
MEMORY = 2 << 30
OWN: list[Source] = [(name, 0, None) for name in (101, 102, 203, 304, 405)]
KNOWN: list[Source] = [(101, 0, None), (102, 0, None), (203, 203, 40), (304, 304, None), (405, 405, 1)]
EARLIER = NOW - timedelta(hours=1)


@dataclass(frozen=True)
class Evidence:
    """The same files for all: at first, what an hour later came late and new, and all of that without one source."""

    first: list[File]
    late: list[File]
    purged: list[File]

    @property
    def today(self) -> list[File]:
        return self.first + [file for file in self.late if file.day == int(NOW.timestamp()) // 86400]

    @property
    def later(self) -> list[File]:
        return self.first + self.late


@pytest.fixture(scope="module")
def evidence(tmp_path_factory: pytest.TempPathFactory) -> Evidence:
    folder = tmp_path_factory.mktemp("evidence")
    rows = made.some(1, 30_000, 3, (2, 11))
    fresh: list[Row] = [(ago(minutes=40), *row[1:]) for row in made.some(2, 300, 1, (12,))]
    # Late: of an hour of today that is over, and of a closed day; one of the pairs had never been seen.
    late: list[Row] = [(ago(hours=10), 101, 99, 7, 1, 30), (ago(days=2), 304, 98, 7, 5, 3), *fresh]
    first, added = sealed(rows, folder, "a"), sealed(late, folder, "b")
    kept = [[row for row in each if row[1] != 405 and row[2] != 99] for each in (rows, late)]
    purged = [file for each, name in zip(kept, "cd", strict=True) for file in sealed(each, folder, name)]
    return Evidence(first, added, purged)


@dataclass(frozen=True)
class Story:
    """What an engine left after each step of a day, and its last 24 hours at the end."""

    steps: list[dict[str, pa.Table]]
    recents: set[tuple[int, ...]]


def told(engine: Engine, evidence: Evidence, folder: Path) -> Story:
    # What came new and late for today; then all are our own, and some came late for a closed day; then a purge.
    steps = [(evidence.first, KNOWN, EARLIER), (evidence.today, KNOWN, NOW), (evidence.later, OWN, NOW),
             (evidence.purged, KNOWN, NOW)]  # fmt: skip
    found = []
    for files, sources, now in steps:
        found.append(results(run.score(engine, asked(files, sources, now), folder / "scores")))
    return Story(found, recents(engine))


@pytest.fixture(scope="module")
def reference(evidence: Evidence, tmp_path_factory: pytest.TempPathFactory) -> Story:
    folder = tmp_path_factory.mktemp("duckdb")
    with engines.opened("duckdb", Resources(MEMORY, 2, folder / "spill")) as engine:
        return told(engine, evidence, folder)


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    with pytest.MonkeyPatch.context() as patch, Cluster(tmp_path_factory.mktemp("cluster")) as started:
        patch.setenv("JAVA_TOOL_OPTIONS", SHORT["JAVA_TOOL_OPTIONS"])
        yield started


def agree(story: Story, reference: Story) -> None:
    for one, other in zip(story.steps, reference.steps, strict=True):
        same(one, other)
    assert story.recents == reference.recents


def test_duckdb_hour_by_hour_is_a_rescan_from_scratch(evidence: Evidence, reference: Story, tmp_path: Path):
    """So it is for the others, whose steps are DuckDB's."""
    with engines.opened("duckdb", Resources(MEMORY, 2, tmp_path / "spill")) as engine:
        hour = results(run.score(engine, asked(evidence.today, KNOWN), tmp_path / "hour"))
        later = results(run.score(engine, asked(evidence.later, OWN), tmp_path / "later"))
        purged = results(run.score(engine, asked(evidence.purged, KNOWN), tmp_path / "purged"))
    for step, afresh in zip(reference.steps[1:], (hour, later, purged), strict=True):
        same(step, afresh)
    assert reference.steps[0] != reference.steps[1] != reference.steps[2] != reference.steps[3]
    assert reference.recents


def test_clickhouse_gives_the_same(evidence: Evidence, reference: Story, tmp_path: Path):
    pytest.importorskip("chdb")
    with engines.opened("clickhouse", Resources(MEMORY, 2, tmp_path / "spill")) as engine:
        agree(told(engine, evidence, tmp_path), reference)


@pytest.mark.server
def test_a_spark_cluster_gives_the_same(evidence: Evidence, reference: Story, cluster: Cluster, tmp_path: Path):
    with engines.opened("spark", Resources(MEMORY, 2, tmp_path / "spill", cluster.master)) as engine:
        agree(told(engine, evidence, tmp_path), reference)


@pytest.mark.server
def test_spark_says_what_is_wrong(cluster: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    with pytest.raises(EngineError, match=r"no master answers at 127\.0\.0\.1:9: .* correct --master"):
        engines.opened("spark", Resources(MEMORY, 1, tmp_path, "spark://127.0.0.1:9")).__enter__()
    with pytest.raises(EngineError, match="use spark://HOST:PORT"):
        engines.opened("spark", Resources(MEMORY, 1, tmp_path, "spark://here")).__enter__()
    here = Resources(MEMORY, 1, tmp_path, cluster.master)
    with engines.opened("spark", here) as engine, pytest.raises(EngineError, match="nowhere"):
        engine.view("x", "SELECT nothing FROM nowhere")
    monkeypatch.delenv("JAVA_HOME", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert shutil.which("java") is None
    with pytest.raises(EngineError, match="needs Java 17"):
        engines.opened("spark", Resources(MEMORY, 1, tmp_path)).__enter__()
