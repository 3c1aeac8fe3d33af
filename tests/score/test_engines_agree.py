"""DuckDB, ClickHouse and a real Spark cluster (a master, two workers) on the same evidence: the same sums, bit by bit."""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pyarrow as pa
import pytest
from tests.score import made
from tests.score.made import NOW, File, Row, Source, ago, asked, recents, results, same, sealed
from tests.servers.spark import Cluster

from reputon.score import engines, run
from reputon.score.engines import Engine, EngineError, Resources

pytestmark = [pytest.mark.heavy, pytest.mark.timeout(900)]
MEMORY = 2 << 30
OWN: list[Source] = [(name, 0, None) for name in (101, 102, 203, 304, 405)]
KNOWN: list[Source] = [(101, 0, None), (102, 0, None), (203, 203, 40), (304, 304, None), (405, 405, 1)]
EARLIER = NOW - timedelta(hours=1)


@dataclass(frozen=True)
class Evidence:
    """The same files for all: at first, what an hour later came late and new, and all of that without one source."""

    first: list[File]
    later: list[File]
    purged: list[File]


@pytest.fixture(scope="module")
def evidence(tmp_path_factory: pytest.TempPathFactory) -> Evidence:
    folder = tmp_path_factory.mktemp("evidence")
    rows = made.some(1, 30_000, 5, (2, 10, 11))
    fresh: list[Row] = [(ago(minutes=40), *row[1:]) for row in made.some(2, 300, 1, (12,))]
    # Late: of an hour of today that is over, and of a closed day; one of the pairs had never been seen.
    late: list[Row] = [(ago(hours=10), 101, 99, 7, 1, 30), (ago(days=2), 304, 98, 7, 5, 3), *fresh]
    first, later = sealed(rows, folder, "a"), sealed(late, folder, "b")
    kept = [file for row, file in zip([rows, late], "cd", strict=True)
            for file in sealed([each for each in row if each[1] != 405 and each[2] != 99], folder, file)]  # fmt: skip
    return Evidence(first, first + later, kept)


@dataclass(frozen=True)
class Story:
    """What an engine left: with own sources; with others' after each step of a day; and the last one made afresh."""

    own: dict[str, pa.Table]
    steps: list[dict[str, pa.Table]]
    recents: set[tuple[int, ...]]
    hour: dict[str, pa.Table]
    afresh: dict[str, pa.Table]


def told(engine: Engine, evidence: Evidence, folder: Path) -> Story:
    own = results(run.score(engine, asked(evidence.later, OWN), folder / "own"))
    steps = [(evidence.first, EARLIER), (evidence.later[:-1], EARLIER), (evidence.later, NOW), (evidence.purged, NOW)]
    found = []
    for files, now in steps:
        found.append(results(run.score(engine, asked(files, KNOWN, now), folder / "known")))
        run.published(folder / "known")
    hour = results(run.score(engine, asked(evidence.later, KNOWN), folder / "hour"))
    afresh = results(run.score(engine, asked(evidence.purged, KNOWN), folder / "afresh"))
    return Story(own, found, recents(engine), hour, afresh)


@pytest.fixture(scope="module")
def reference(evidence: Evidence, tmp_path_factory: pytest.TempPathFactory) -> Story:
    folder = tmp_path_factory.mktemp("duckdb")
    with engines.opened("duckdb", Resources(MEMORY, 2, folder / "spill")) as engine:
        return told(engine, evidence, folder)


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    with Cluster(tmp_path_factory.mktemp("cluster")) as started:
        yield started


def agree(story: Story, reference: Story) -> None:
    same(story.own, reference.own)
    for one, other in zip(story.steps, reference.steps, strict=True):
        same(one, other)
    assert story.recents == reference.recents
    a_run_is_a_rescan(story)


def a_run_is_a_rescan(story: Story) -> None:
    same(story.steps[2], story.hour)
    same(story.steps[3], story.afresh)


def test_duckdb_hour_by_hour_is_a_rescan_from_scratch(reference: Story):
    a_run_is_a_rescan(reference)
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
