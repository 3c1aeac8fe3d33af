"""The shipped files are parsed once: what is kept equals what would be parsed, and what is wrong is parsed anew."""

import json
import shutil
from pathlib import Path

import pytest

from reputon.lists import shipped


@pytest.fixture
def here(tmp_path, monkeypatch):
    for name in shipped.FILES:
        shutil.copy(Path(shipped.__file__).with_name(name), tmp_path)
    monkeypatch.setattr(shipped, "_HERE", tmp_path)
    return tmp_path


def test_what_is_kept_is_what_was_parsed(here):
    first = shipped.tables()
    assert [path.name for path in (here / "__pycache__").iterdir()] == ["lists.json"]
    assert shipped.tables() == first


def test_a_changed_file_is_parsed_anew(here):
    shipped.tables()
    with (here / "closed.toml").open("a") as file:
        file.write('\n[[list]]\nname = "New"\nzone = "new.example"\nsubjects = ["ip4"]\n')
    assert shipped.tables()[2][1]["list"][-1]["name"] == "New"


@pytest.mark.parametrize("damage", ["", "{", "[]", "{}", "null", '"x"'])
def test_a_damaged_copy_costs_nothing_but_time(here, damage):
    first = shipped.tables()
    (here / "__pycache__" / "lists.json").write_text(damage)
    assert shipped.tables() == first
    assert json.loads((here / "__pycache__" / "lists.json").read_text())["of"]


def test_a_place_that_cannot_be_written_is_no_error(here):
    (here / "__pycache__").write_text("a file where the folder should be")
    assert shipped.tables()[0][0] == "catalogue.toml"
