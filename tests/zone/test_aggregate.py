"""Aggregate zones, folder by folder: a recipe, the lists' files, and what is answered then, or why nothing is."""

import json
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.test_cli import one_line, reputon

from reputon import lists
from reputon.zone import stored
from reputon.zone.aggregate import gathering
from reputon.zone.aggregate.recipe import doubts, mirror, recipe
from reputon.zone.content import ContentError
from reputon.zone.own import address_owner
from reputon.zone.server import asking
from reputon.zone.table import compile_zones

HERE = Path(__file__).parent / "aggregates"
FOLDERS = sorted(each for each in HERE.iterdir())
NOW = 1795824000  # 2026-11-28
SEVERAL = HERE / "several"


def expected(folder):
    return json.loads((folder / "expected.json").read_text())


def gathered(folder):
    made = gathering.read(folder / "recipe.toml")
    return made, gathering.gather(made, folder, NOW)


def answered(table, apex, subject, now=NOW):
    """Code by code, what the list says: answers have both in one order."""
    owner = subject if subject[-1].isalpha() else address_owner(subject)
    said = {
        rdtype: asking.said(asking.ask(table, f"{owner}.{apex}", rdtype, lambda: now))[1] for rdtype in ("A", "TXT")
    }
    assert {each.ttl for each in said["A"]} <= {300, 600}
    return dict(zip((each.text for each in said["A"]), (each.text for each in said["TXT"]), strict=True))


@pytest.mark.parametrize(
    "folder", [each for each in FOLDERS if "answers" in expected(each)], ids=lambda each: each.name
)
def test_what_is_answered(folder):
    said = expected(folder)
    made, reading = gathered(folder)
    table = compile_zones(reading.zones, NOW)
    assert [*doubts(made, lists.load()), *reading.warnings] == said["warnings"]
    later = said.get("later", {"at": NOW, "answers": {}})
    for now, answers in ((NOW, said["answers"]), (later["at"], later["answers"])):
        for subject, codes in answers.items():
            assert answered(table, made.zone, subject, now) == codes


@pytest.mark.parametrize("folder", [each for each in FOLDERS if "error" in expected(each)], ids=lambda each: each.name)
def test_what_is_refused(folder):
    with pytest.raises(ContentError) as error:
        gathered(folder)
    assert expected(folder)["error"] in str(error.value)


def test_each_code_has_its_terms_and_a_test_entry():
    made, reading = gathered(SEVERAL)
    table = compile_zones(reading.zones)
    _, terms = asking.said(asking.ask(table, made.zone, "TXT"))
    assert {each.text for each in terms} == {
        "127.5.0.2 is SpamCop; terms: rsync contract of 2026-03, clause 4",
        "127.6.0.2 is PSBL; terms: https://psbl.org/about: free to use",
        '127.7.0.2 is Cash $ "Domains"; terms: our own',
    }
    for subject in ("127.0.0.2", "::ffff:127.0.0.2"):
        codes = asking.said(asking.ask(table, f"{address_owner(subject)}.{made.zone}", "A"))[1]
        assert {each.text for each in codes} == {part.code for part in made.parts}
    assert asking.said(asking.ask(table, f"test.{made.zone}", "A"))[1]


def test_the_mirror_lets_others_read_the_codes(tmp_path):
    made = gathering.read(SEVERAL / "recipe.toml")
    said = mirror(made, lists.load())
    assert said == (SEVERAL / "mirror.toml").read_text()
    (tmp_path / "extra.toml").write_text(said)
    extended = lists.load(tmp_path / "extra.toml")
    for part in made.parts:
        behind = extended.behind(f"1.2.0.192.{made.zone}", part.code)
        assert behind is not None
        assert behind.name == part.name


LIST = {"name": "SpamCop", "terms": "ours", "code": "127.0.0.10", "format": "csv", "files": ["a.csv"]}


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"name": 3}, "`name`: write a text"),
        ({"weight": 3}, "there is no key `weight`"),
        ({"files": []}, "1 to 100 files"),
        ({"files": [1]}, "`files`: write texts"),
        ({"terms": " "}, "write a name, the terms"),
        ({"terms": "a\nb"}, "printable"),
        ({"code": "127.0.0.1"}, "127.0.0.2 or another"),
        ({"code": "127.0.0.001"}, "127.0.0.2 or another"),
        ({"code": "127.255.255.254"}, "127.0.0.2 or another"),
        ({"code": "127.0.0"}, "127.0.0.2 or another"),
        ({"code": "192.0.2.1"}, "127.0.0.2 or another"),
        ({"only": ["127.0.0"]}, "`only`"),
        ({"type": "ip4set"}, "`type` is of rbldnsd's files"),
    ],
)
def test_a_wrong_list_is_named_with_its_key(change, words):
    with pytest.raises(ContentError) as error:
        recipe({"zone": "a.example", "list": [LIST | change]})
    assert words in str(error.value)


@pytest.mark.parametrize("lists_", [[], [LIST | {"name": f"L{n}", "code": f"127.0.1.{n}"} for n in range(17)]])
def test_an_answer_has_room_for_each_list(lists_):
    with pytest.raises(ContentError, match="an answer has room for 1 to 16"):
        recipe({"zone": "a.example", "list": lists_})


def test_terms_in_any_script_are_told(tmp_path):
    (tmp_path / "a.csv").write_text("subject,codes\n192.0.2.1,127.0.0.2\n")
    terms = '"\\;' + "\N{HANGUL SYLLABLE GA}" * 290
    reading = gathering.gather(recipe({"zone": "a.example", "list": [LIST | {"terms": terms}]}), tmp_path, NOW)
    _, (said,) = asking.said(asking.ask(compile_zones(reading.zones), "a.example", "TXT"))
    assert said.text == f"127.0.0.10 is SpamCop; terms: {terms}"


WORDS = (
    st.sampled_from([*LIST, "zone", "list", "only", "ttl", "127.0.0.2", "\N{SUPERSCRIPT TWO}", "a.example"]) | st.text()
)
ANYTHING = st.recursive(
    WORDS | st.integers() | st.booleans() | st.floats() | st.just([LIST]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=8),
    max_leaves=20,
)


@given(st.dictionaries(WORDS, ANYTHING), st.dictionaries(st.sampled_from([*LIST, "type", "only"]), ANYTHING))
def test_whatever_a_file_says_is_a_recipe_or_told(table, change):
    for each in (table, {"zone": "a.example", "list": [LIST | change]}, {"zone": "a.example", "list": [LIST]} | table):
        with suppress(ContentError):
            assert recipe(each).parts


def test_of_long_texts_whole_ones_are_kept(tmp_path):
    texts = "\n".join(letter * 400 for letter in "abc")
    (tmp_path / "a.csv").write_text(f'subject,codes,texts\n192.0.2.1,127.0.0.2,"{texts}"\n')
    reading = gathering.gather(recipe({"zone": "a.example", "list": [LIST]}), tmp_path, NOW)
    (said,) = answered(compile_zones(reading.zones), "a.example", "192.0.2.1").values()
    assert said == f"listed by SpamCop: {'a' * 400}; {'b' * 400}"


def test_the_verb_writes_a_table_and_a_mirror(tmp_path):
    table, codes = tmp_path / "table", tmp_path / "mirror.toml"
    ended = reputon("zone", "aggregate", SEVERAL / "recipe.toml", "--output", table, "--mirror", codes)
    assert ended.returncode == 0, ended.stderr
    assert b"lists.receiver.example: 14 entries of 3 lists, serial " in ended.stdout
    assert answered(stored.read(table), "lists.receiver.example", "192.0.2.1")
    assert codes.read_text() == (SEVERAL / "mirror.toml").read_text()


def test_the_verb_writes_files_of_rbldnsd_that_say_the_same(tmp_path):
    written = tmp_path / "zone.rbl"
    ended = reputon("zone", "aggregate", SEVERAL / "recipe.toml", "--output", written, "--format", "rbldnsd")
    assert ended.returncode == 0, ended.stderr
    back = tmp_path / "table"
    ended = reputon("zone", "import", "rbldnsd", written, "--origin", "lists.receiver.example", "--output", back)
    assert ended.returncode == 0, ended.stderr
    found = answered(stored.read(back), "lists.receiver.example", "192.0.2.2")
    assert found == expected(SEVERAL)["answers"]["192.0.2.2"]


def test_the_verb_tells_a_wrong_recipe_in_one_line(tmp_path):
    wrong = HERE / "without-terms" / "recipe.toml"
    one_line(reputon("zone", "aggregate", wrong, "--output", tmp_path / "table"), 2)
