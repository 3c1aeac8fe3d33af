"""docs/lists.md tells what the data says: the same lists in its table, each key, and nothing left out that is there."""

import re

import pytest
from tests.lists.page import PAGE, table, written

from reputon import lists
from reputon.lists.keys import LIST_KEYS

CATALOGUE = lists.load()
TEXT = PAGE.read_text()
LEFT_OUT = dict(re.findall(r"^\| `([^`]+)` \| (.+) \|$", TEXT.partition("## Not shipped")[2], flags=re.MULTILINE))


def test_the_table_is_the_data():
    assert written(TEXT) == table(CATALOGUE)


def test_every_key_is_explained():
    rows = re.findall(r"^\| (`[a-z_`, ]+`) \| .+ \|$", TEXT.partition("## The lists")[0], flags=re.MULTILINE)
    told = {key for row in rows for key in re.findall(r"[a-z_]+", row)}
    assert told == {*LIST_KEYS, "state"}


@pytest.mark.parametrize("zone", LEFT_OUT)
def test_what_was_left_out_is_no_list_of_ours(zone):
    known = {name.lower() for entry in CATALOGUE.lists for name in (entry.zone, *entry.other_zones)}
    assert zone.lower() not in known
    assert len(LEFT_OUT[zone]) > 10


def test_the_example_of_the_page_can_be_used(tmp_path):
    own = tmp_path / "own.toml"
    own.write_text(TEXT.partition("```toml\n")[2].partition("```")[0])
    catalogue = lists.load(own)
    spamcop, ours = catalogue.by_name("SpamCop"), catalogue.behind("rbl.receiver.example", "127.1.0.2")
    assert spamcop is not None
    assert spamcop.per_day == 20000
    assert ours is not None
    assert ours.name == "Ours"
