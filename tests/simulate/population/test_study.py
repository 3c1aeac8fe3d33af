"""Study: small runs of every experiment: the same seed finds the same, and what is found points the right way."""

import json
import math

import numpy as np
import pytest

from reputon.simulate.population import export, liar, plots, rendering, study
from reputon.simulate.population.classes import CLASSES, LIAR, POOL_SHARES, SOURCES
from reputon.simulate.population.peers import PEERS
from reputon.simulate.population.ranking import OURS
from reputon.simulate.population.rows import Row, Spread, spread, tables


@pytest.fixture(scope="module")
def small():
    """Every experiment once, in a world that leaves nothing out."""
    return rendering.Study([row for job in study.jobs(("correlated",), 1, 200) for row in job.rows()])


@pytest.mark.parametrize("experiment", ["ranking", "liar", "newcomers", "rotation"])
def test_a_job_finds_the_same_again(experiment):
    job = study.Job(experiment, "drawn", 3, 200)
    rows = job.rows()
    np.testing.assert_equal([row.values for row in rows], [row.values for row in job.rows()])
    other = study.Job(experiment, "drawn", 4, 200).rows()
    assert [row.values for row in rows] != [row.values for row in other]


def test_every_part_is_one(small):
    for table in small.tables:
        for row in table.rows.values():
            for column, figures in row.items():
                if rendering.written_as(column).endswith("%}") and table.name != "timeline":
                    assert math.isnan(figures.mean) or 0 <= figures.mean <= 1, (table.name, column)


def test_every_method_and_case_is_there(small):
    assert set(small.table("methods", "correlated").rows) >= {*PEERS, OURS}
    assert list(small.table("classes", "correlated").rows) == [each.name for each in CLASSES]
    assert len(small.table("pools", "correlated").rows) == len(POOL_SHARES)
    for name, row in small.table("scores", "correlated").rows.items():
        assert sum(figures.mean for figures in row.values()) == pytest.approx(1), name


def test_the_bars_point_the_right_way():
    """One population of the first world: an eighth of what docs/simulation.md is made of."""
    found = rendering.Study(study.Job("ranking", "shared", 1, 3000).rows())
    ahead, clean = found.bars()
    assert ahead.is_kept, ahead.figure
    assert clean.is_kept, clean.figure
    rows = found.table("methods", "shared").rows
    assert rows[OURS]["AUC"].mean > max(rows[name]["AUC"].mean for name in PEERS) > 0.9
    without = found.table("ablation", "shared").rows
    assert all(row["AUC"].mean < rows[OURS]["AUC"].mean + 0.002 for row in without.values())


def test_caps_take_the_liars_power():
    rows = rendering.Study(study.Job("liar", "shared", 1, 1600).rows()).table("liar", "shared").rows
    no_cap, by_harm = rows["no cap"], rows["capped by harm, own sources"]
    for name, (_, of_bad) in liar.FORGERIES.items():
        if of_bad:
            assert by_harm[name].mean > 0.85 > no_cap[name].mean
        else:
            assert by_harm[name].mean < 0.1 < 0.9 < no_cap[name].mean
    # Filter verdicts, which everybody gets, confirm forged trap hits where only messages are counted.
    assert rows["capped by messages"]["clean, trap hits forged"].mean > 0.5


def test_a_forgery_is_the_liars_alone():
    before = np.ones((2, len(SOURCES), 3, 7), dtype=np.int32)
    for forge, _ in liar.FORGERIES.values():
        after = before.copy()
        forge(after)
        changed = (after != before).any(axis=(0, 2, 3))
        assert np.flatnonzero(changed).tolist() == [LIAR]


def test_a_pool_is_spared_by_tenant():
    rows = rendering.Study(study.Job("pools", "shared", 1, 900).rows()).table("pools", "shared").rows
    for share in ("1%", "3%", "10%", "20%"):
        assert rows[share]["clean blocked, by tenant"].mean < 0.01
        assert rows[share]["spam stopped, by tenant"].mean > rows[share]["spam stopped, by address"].mean
    assert rows["50%"]["clean blocked, by address"].mean > 0.5


def test_short_lived_domains_hide_unless_new_ones_are_pooled():
    rows = rendering.Study(study.Job("rotation", "shared", 1, 900).rows()).table("rotation", "shared").rows
    alone = [row["spam stopped"].mean for row in rows.values()]
    assert alone == sorted(alone)
    assert alone[0] < 0.05
    assert all(row["spam stopped, new pooled"].mean > 0.8 for row in rows.values())


def test_seeds_come_together_by_table():
    rows = [Row("t", "w", seed, "x", {"a": value, "b": math.nan}) for seed, value in ((1, 2.0), (2, 4.0))]
    (table,) = tables(rows)
    assert (table.seeds, table.columns) == (2, ("a", "b"))
    assert table.rows["x"]["a"] == Spread(3, 2, 4)
    assert math.isnan(table.rows["x"]["b"].mean)
    assert math.isnan(spread([]).low)


@pytest.mark.parametrize(
    ("column", "figures", "text"),
    [
        ("listed", (0.25, 0.2, 0.3), "25.00 %"),
        ("caught at 0.3 %", (0.5, 0.4, 0.6), "50.0 % (40.0 % to 60.0 %)"),
        ("spam stopped", (0.25, 0.2, 0.3), "25.0 %"),
        ("AUC", (0.99, 0.99, 0.99), "0.9900"),
        ("rate", (1.5e-7, 0, 1), "1.5e-07"),
        ("hours", (2.6, 2, 3), "3"),
        ("hours", (math.nan,) * 3, "-"),
    ],
)
def test_cells_are_read_by_people(column, figures, text):
    assert rendering.cell(column, Spread(*figures)) == text


def test_the_page_and_the_sheets_hold_every_table(small):
    page = rendering.markdown(small, "reputon simulate")
    assert "{{" not in page
    assert "| nan" not in page
    for name in ("methods", "classes", "compromises", "pools", "liar"):
        assert rendering.grid(small.table(name, "correlated")) in page
    sheets = rendering.sheets(small.rows)
    assert {table.name.replace(", ", "-") + ".csv" for table in small.tables} == set(sheets)
    assert sheets["methods.csv"].splitlines()[0].startswith("world,seed,of,AUC")
    assert len(sheets["methods.csv"].splitlines()) == 1 + len(small.table("methods", "correlated").rows)


def test_plots_are_small_and_the_same_again(small):
    pytest.importorskip("matplotlib")
    made = plots.svgs(small)
    assert set(made) == {f"{name}.svg" for name in plots.PLOTS}
    assert all(text.startswith("<?xml") and len(text) < 100_000 for text in made.values())
    assert made == plots.svgs(small)


def test_without_matplotlib_it_says_what_to_install(small, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "matplotlib", None)
    with pytest.raises(plots.PlotsError, match=r"pip install 'reputon\[plots\]'"):
        plots.svgs(small)


def test_evidence_is_what_the_sources_saw(tmp_path):
    lines = export.write(study.begun("shared", 1, "evidence"), 20, tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {"truth.csv", *(f"{each.name}.jsonl" for each in SOURCES)}
    assert len((tmp_path / "truth.csv").read_text().splitlines()) == 21
    kinds = {source.name: set(source.kinds) for source in SOURCES}
    seen = 0
    for source in SOURCES:
        for line in (tmp_path / f"{source.name}.jsonl").read_text().splitlines():
            assert json.loads(line)["kind"] in kinds[source.name]
            seen += 1
    assert seen == lines > 100
