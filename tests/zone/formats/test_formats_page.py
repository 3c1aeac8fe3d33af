"""The page about the formats tells the truth: its examples are read, and answer as it says."""

import re
from pathlib import Path

import pytest
from tests.zone.formats.asked import answer

from reputon.zone.formats import READERS, WRITERS
from reputon.zone.reading.rbldnsd_lines import LINES

PAGE = (Path(__file__).parents[3] / "docs" / "zone-formats.md").read_text()
NOW = 1_800_000_000


def example(kind):
    (found,) = re.findall(rf"^```{kind}\n(.*?)^```", PAGE, flags=re.MULTILINE | re.DOTALL)
    return found


def zone(kind, folder):
    (folder / "list").write_text(example(kind))
    reading = READERS[kind]([str(folder / "list")], "bl.example", NOW)
    assert not reading.warnings
    return reading.zones[0]


def test_table_of_formats():
    rows = re.findall(r"^\| `(\w+)` \| (yes)? ?\| (yes) \|", PAGE, flags=re.MULTILINE)
    assert {kind for kind, reads, _ in rows if reads} == set(READERS)
    assert {kind for kind, _, _ in rows} == set(WRITERS)
    assert all(f"`{kind}`" in PAGE for kind in LINES)


def test_answers_of_the_example(tmp_path):
    content = zone("rbldnsd", tmp_path)
    rows = re.findall(r"^\| ([\d.]+) \| ([\d.]*) ?\| (.*?) ?\|$", PAGE, flags=re.MULTILINE)
    assert len(rows) == 8
    for subject, code, text in rows:
        assert answer(content, subject) == ([code] if code else [], [text] if text else [])


@pytest.mark.parametrize("kind", ["csv", "jsonl"])
def test_rows_of_the_examples(tmp_path, kind):
    content = zone(kind, tmp_path)
    assert answer(content, "192.0.2.1") == (["127.0.0.2", "127.0.0.4"], ["Listed, see https://example.com/?192.0.2.1"])
    assert answer(content, "198.51.100.7") == ([], [])
    assert answer(content, "a.example.com") == (["127.0.0.2"], [])
    assert {value.expires for value in content.values} == {0, 1_896_080_400}


def test_whole_zone_of_the_example(tmp_path):
    content = zone("jsonl", tmp_path)
    assert (content.soa.serial, content.soa.primary, content.ttl) == (7, "ns1.example.com", 300)
    assert content.records[0].text == "192.0.2.80"
    assert content.stale == 1_924_905_600
