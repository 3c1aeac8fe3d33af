"""Refusals as servers word them, made up from general knowledge in several languages: which list each one names."""

import csv
from pathlib import Path

import pytest

from reputon import bounce

with (Path(__file__).parent / "refusals.tsv").open(encoding="utf-8", newline="") as file:
    ROWS = list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["text"][:40])
def test_a_refusal_names_its_list(row):
    (report,) = bounce.read(row["text"].encode()).reports
    said = {key: getattr(report, key) or "-" for key in row if key != "text"}
    assert said == {key: value for key, value in row.items() if key != "text"}
