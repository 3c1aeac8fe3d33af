"""reputon simulate: what it prints and writes, and that the product takes in what it exports."""

import csv
import json
import statistics
import subprocess
import sys

import pytest

NOW = "2026-03-31T00:00:00Z"


def reputon(*words, **settings):
    return subprocess.run(
        [sys.executable, "-m", "reputon", *map(str, words)], capture_output=True, text=True, timeout=120, **settings
    )


pytestmark = pytest.mark.heavy


def test_rows_and_a_page_with_its_folder(tmp_path):
    done = reputon("simulate", "--world", "shared", "--seeds", 1, "--senders", 200, "--json", "--out", tmp_path / "new")
    assert done.returncode == 0, done.stderr
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    assert {"methods", "pools", "liar"} <= {row["table"] for row in rows}
    assert all(set(row) == {"table", "world", "seed", "of", "values"} for row in rows)
    page = (tmp_path / "new" / "simulation.md").read_text()
    assert "--world shared --seeds 1 --senders 200" in page
    assert (tmp_path / "new" / "simulation" / "methods.csv").read_text().count("Reputon mean") >= 5


def test_a_terminal_shows_methods_and_bars():
    done = reputon("simulate", "--world", "drawn", "--seeds", 1, "--senders", 200)
    assert done.returncode == 0, done.stderr
    assert "filter-verdict ratio" in done.stdout
    assert done.stdout.count("drawn: ") == 2


def test_a_wrong_world_is_one_line():
    done = reputon("simulate", "--world", "real")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "reputon: 'real' is no world: shared, drawn, correlated\n"


@pytest.fixture(scope="module")
def scored(tmp_path_factory):
    """The scores that the product gives a made population, and its truth."""
    folder = tmp_path_factory.mktemp("fed")
    (folder / "reputon.toml").write_text(
        f'state_dir = "{folder / "state"}"\n[listing]\nallow_reserved = ["198.18.0.0/15"]\n'
    )
    config = ("--config", folder / "reputon.toml")
    made = reputon("simulate", "--evidence", folder / "made", "--senders", 200, "--world", "shared")
    assert made.returncode == 0, made.stderr
    for path in sorted((folder / "made").glob("*.jsonl")):
        taken = reputon("ingest", "jsonl", path, "--source", path.stem, "--now", NOW, *config)
        assert taken.returncode == 0, taken.stderr
    done = reputon("score", "--dry-run", "--json", "--now", NOW, *config)
    with (folder / "made" / "truth.csv").open() as file:
        truth = {row["address"]: row for row in csv.DictReader(file)}
    return [json.loads(line) for line in done.stdout.splitlines()], truth


def test_the_product_tells_them_apart(scored):
    lines, truth = scored
    values: dict[str, list[float]] = {"0": [], "1": []}
    for line in lines:
        score = line.get("score")
        if score and score["value"] is not None and score["subject"] in truth:
            values[truth[score["subject"]]["is_bad"]].append(score["value"])
    assert statistics.median(values["0"]) > 85
    assert statistics.median(values["1"]) < 20
    listed = {line["subject"] for line in lines if line.get("change") == "listed"} & set(truth)
    assert listed
    assert not {truth[each]["class"] for each in listed} & {"small", "mid", "large"}
