"""The sums: DuckDB against a slow reference in Python: fading, usual days, caps, sharing; hours against rescans."""

import shutil
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.score import made
from tests.score.made import NOW, Row, ago, asked, expected, reference, results, same, sealed

from reputon.evidence.rows import ROWS
from reputon.score import engines, recent, run, sql
from reputon.score.engines import Engine, EngineError, Resources
from reputon.score.judgement import ONE

OWN, KNOWN, LIAR = 1, 2, 3
DAYS = (0, 0, 0, 1, 1, 2, 3, 7, 34, 35)  # ago: some have to meet, and the oldest no longer counts
SOURCES = [(OWN, 0, None), (KNOWN, KNOWN, 60), (LIAR, LIAR, None)]
ROW = st.tuples(
    st.builds(
        lambda days, seconds: ago(days=days, seconds=seconds), st.sampled_from(DAYS), st.integers(-39_000, 40_000)
    ),
    st.sampled_from([OWN, KNOWN, LIAR]),
    st.sampled_from([7, 8, 1 << 61]),
    st.sampled_from([0, 11, 12, 13]),
    st.sampled_from([1, 1, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10]),
    st.integers(1, 400),
)


@contextmanager
def duckdb() -> Iterator[tuple[Engine, Path]]:
    with (
        tempfile.TemporaryDirectory(prefix="it's ") as name,
        engines.opened("duckdb", Resources(1 << 30, 2, Path(name) / "spill")) as engine,
    ):
        yield engine, Path(name)


@given(st.lists(ROW, min_size=1, max_size=40), st.lists(ROW, max_size=6), st.sampled_from([SOURCES, SOURCES[:1], []]))
@settings(max_examples=15, deadline=None)
def test_a_run_is_the_reference_and_an_hour_later_still(before: list[Row], late: list[Row], sources):
    with duckdb() as (engine, folder):
        files = sealed(before, folder / "evidence", "a")
        run.score(engine, asked(files, sources, NOW - timedelta(hours=1)), folder / "scores")
        files += sealed(late, folder / "evidence", "b")
        found = run.score(engine, asked(files, sources), folder / "scores")
        wanted = reference([*before, *late], sources)
        for scope in ("address", "tenant"):
            table = pq.ParquetDataset(found.paths(scope)).read()
            ordered = table.sort_by([("subject", "ascending"), ("tenant", "ascending")])
            assert ordered.to_pydict() == expected(wanted[scope]).to_pydict()
        sharing = pq.ParquetDataset(found.paths("sharing")).read().to_pylist()
        assert {row["subject"]: row["squares"] for row in sharing} == wanted["sharing"]


@given(st.lists(ROW, min_size=1, max_size=30), st.lists(ROW, min_size=1, max_size=30))
@settings(max_examples=15, deadline=None)
def test_a_tally_of_two_is_the_two_tallies(one: list[Row], two: list[Row]):
    with duckdb() as (engine, folder):
        counts = []
        for name, rows in (("one", one), ("two", two), ("both", one + two)):
            counts.append(tallied(engine, sealed(rows, folder / name, name)))
        assert counts[0] + counts[1] == counts[2]


def tallied(engine: Engine, files: list[made.File]) -> Counter[tuple[int, ...]]:
    names = ("day", "source", "subject", "tenant", "kind")
    rows = []
    for day in {file.day for file in files}:
        engine.files("evidence", [file.path for file in files if file.day == day], ROWS)
        rows += [row for batch in engine.read(sql.text("tally_days")) for row in batch.to_pylist()]
    found = Counter({tuple(row[name] for name in names): row["count"] for row in rows})
    assert len(found) == len(rows)
    return found


def test_the_order_of_the_files_is_nothing():
    rows = made.some(3, 3000, 4, (3, 11))
    with duckdb() as (engine, folder):
        files = sealed(rows[:2000], folder / "evidence", "a") + sealed(rows[2000:], folder / "evidence", "b")
        forward = results(run.score(engine, asked(files, SOURCES), folder / "forward"))
        backward = results(run.score(engine, asked(files[::-1], SOURCES), folder / "backward"))
        same(forward, backward)


def test_a_purge_of_today_leaves_no_old_score():
    rows: list[Row] = [(ago(hours=2), OWN, 7, 11, made.SENT, 50), (ago(hours=2), LIAR, 8, 12, 5, 50)]
    with duckdb() as (engine, folder):
        for number, kept in enumerate((rows, rows[:1])):
            files = sealed(kept, folder / "evidence", f"n{number}")
            found = run.score(engine, asked(files, []), folder / "scores")
        assert results(found)["address"]["subject"].to_pylist() == [7]


def test_an_hour_scores_whom_it_concerns():
    rows: list[Row] = [(ago(hours=3), OWN, 7, 11, made.SENT, 50), (ago(hours=3), OWN, 8, 12, made.SENT, 50)]
    with duckdb() as (engine, folder):
        files = sealed(rows, folder / "evidence", "a")
        run.score(engine, asked(files, [], NOW - timedelta(hours=1)), folder / "scores")
        files += sealed([(ago(minutes=50), OWN, 8, 12, 5, 1)], folder / "evidence", "b")
        found = run.score(engine, asked(files, []), folder / "scores")
        fresh = pq.ParquetDataset(found.paths("address", fresh=True)).read()
        assert fresh["subject"].to_pylist() == [8]
        assert results(found)["address"]["subject"].to_pylist() == [7, 8]


def one_address(rows: list[Row], sources=()):
    """What counts of the sent messages and of the complaints, in messages."""
    with duckdb() as (engine, folder):
        found = run.score(engine, asked(sealed(rows, folder / "evidence", "a"), sources), folder / "scores")
        (row,) = pq.ParquetDataset(found.paths("address")).read().to_pylist()
        return row["sent"] / ONE, row["complaint"] / ONE


def test_evidence_fades_by_half_in_seven_days():
    assert one_address([(ago(hours=0), 1, 7, 11, made.SENT, 40)])[0] == 40
    assert one_address([(ago(days=7), 1, 7, 11, made.SENT, 40)])[0] == 20


def test_a_burst_counts_as_the_usual_day():
    usual: list[Row] = [(ago(days=day), 1, 7, 11, made.SENT, 100) for day in range(1, 10)]
    sent, complaints = one_address([*usual, (ago(hours=1), 1, 7, 11, 1, 100_000), (ago(hours=1), 1, 7, 11, 5, 1000)])
    assert sent == pytest.approx(100 + sum(100 * 2 ** (-day / 7) for day in range(1, 10)), abs=0.1)
    assert complaints == pytest.approx(1, abs=0.01)  # 1000 of 100,000 is one of 100


def test_one_source_of_others_counts_at_most_as_all_the_rest():
    rows: list[Row] = [(ago(hours=1), 1, 7, 11, made.SENT, 90), (ago(hours=1), 1, 7, 11, 5, 2),
                       (ago(hours=1), LIAR, 7, 11, 5, 500)]  # fmt: skip
    assert one_address(rows, SOURCES) == (90, 4)
    assert one_address(rows) == (90, 502)


def test_no_word_of_others_stops_the_last_24_hours():
    with duckdb() as (engine, folder):
        rows = [(ago(), LIAR, 7, 11, each, 10**9) for each in (1, 6) for _ in range(950)]
        given = asked(sealed(rows, folder / "evidence", "a"), SOURCES)
        results = run.score(engine, given, folder / "scores")
        found = recent.recents(engine, given, results, 101.0)
        ((pair, each),) = found.pairs.items()
        assert (pair[0], each.parts) == (7, {LIAR: {"sent": recent.MOST, "trap-pristine": recent.MOST}})


def test_tallies_that_are_gone_are_made_again():
    with duckdb() as (engine, folder):
        given = asked(sealed([(ago(days=1), OWN, 7, 11, 1, 100)], folder / "evidence", "a"), SOURCES)
        first = run.score(engine, given, folder / "scores").paths("address")
        wanted = pq.ParquetDataset(first).read()
        shutil.rmtree(folder / "scores" / "day")
        assert pq.ParquetDataset(run.score(engine, given, folder / "scores").paths("address")).read() == wanted


def test_errors_say_what_to_do(tmp_path: Path):
    with pytest.raises(EngineError, match="use one of duckdb"):
        engines.opened("oracle", Resources(1 << 30, 1, tmp_path))
    with (
        engines.opened("duckdb", Resources(1 << 30, 1, tmp_path)) as engine,
        pytest.raises(EngineError, match="duckdb"),
    ):
        engine.view("x", "SELECT nothing FROM nowhere")
