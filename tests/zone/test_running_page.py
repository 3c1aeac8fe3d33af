"""docs/running-dns.md: what it shows is what the tests of real clients run, and what our own readers take."""

import inspect
import re
import tomllib
from pathlib import Path

import pytest
from tests.zone.clients import test_exim, test_postfix, test_postscreen, test_rspamd, test_spamassassin
from tests.zone.clients.lists import BL, DOM

from reputon import config
from reputon.zone.aggregate.recipe import recipe

PAGE = (Path(__file__).parents[2] / "docs" / "running-dns.md").read_text()


def blocks(kind):
    found = re.findall(rf"^```{kind}\n(.*?)^```", PAGE, flags=re.MULTILINE | re.DOTALL)
    assert found
    return found


def test_the_configuration_is_one(tmp_path):
    (tmp_path / "reputon.toml").write_text(blocks("toml")[0])
    assert config.load(tmp_path / "reputon.toml").serve.dns.listen == ("192.0.2.53:53", "[2001:db8::53]:53")


def test_the_recipe_is_one():
    made = recipe(tomllib.loads(blocks("toml")[1]))
    assert {part.name: part.code for part in made.parts} == {"SpamCop": "127.5.0.2", "PSBL": "127.6.0.2"}


@pytest.mark.parametrize(
    ("kind", "tested"),
    [
        ("exim", "\n".join(test_exim.RULES)),
        ("rspamd", test_rspamd.RBL),
        ("spamassassin", test_spamassassin.RULES),
    ],
)
def test_what_clients_are_told_is_tested(kind, tested):
    (block,) = blocks(kind)
    assert lines(block.replace("bl.example", BL)) <= lines(tested)


def lines(text):
    """Each line, and each part of one that braces hold."""
    return {line.strip() for line in re.sub("([{}])", r"\1\n", text).splitlines()}


def test_what_postfix_is_told_is_tested():
    (block,) = blocks("postfix")
    sources = "".join(inspect.getsource(each) for each in (test_postfix, test_postscreen))
    tested = sources.replace("{BL}", BL).replace("{DOM}", DOM)
    for line in block.splitlines():
        key, _, told = line.partition(" = ")
        assert re.search(rf'{key}=f?"{re.escape(told.replace("bl.example", BL))}"', tested)
