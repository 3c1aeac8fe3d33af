"""The shipped files are parsed once: what is kept equals what would be parsed, and what is wrong is parsed anew."""

import json
import shutil
from pathlib import Path

import pytest

from reputon import lists, shipped
from reputon.lists.reading import SHIPPED


@pytest.fixture
def here(tmp_path):
    folder = tmp_path / "lists"
    folder.mkdir()
    for name in SHIPPED:
        shutil.copy(Path(lists.__file__).with_name(name), folder)
    return folder


def test_what_is_kept_is_what_was_parsed(here):
    first = shipped.tables(here, SHIPPED)
    assert [path.name for path in (here / "__pycache__").iterdir()] == ["lists.json"]
    assert shipped.tables(here, SHIPPED) == first


def test_a_changed_file_is_parsed_anew(here):
    shipped.tables(here, SHIPPED)
    with (here / "closed.toml").open("a") as file:
        file.write('\n[[list]]\nname = "New"\nzone = "new.example"\nsubjects = ["ip4"]\n')
    assert shipped.tables(here, SHIPPED)[2]["list"][-1]["name"] == "New"


@pytest.mark.parametrize("damage", ["", "{", "[]", "{}", "null", '"x"'])
def test_a_damaged_copy_costs_nothing_but_time(here, damage):
    first = shipped.tables(here, SHIPPED)
    (here / "__pycache__" / "lists.json").write_text(damage)
    assert shipped.tables(here, SHIPPED) == first
    assert json.loads((here / "__pycache__" / "lists.json").read_text())["of"]


def test_a_place_that_cannot_be_written_is_no_error(here):
    (here / "__pycache__").write_text("a file where the folder should be")
    assert shipped.tables(here, SHIPPED)[0]["list"]
