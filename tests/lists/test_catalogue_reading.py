"""A user's own catalogue: what it adds and overrides, and one sentence for each mistake."""

import pytest

from reputon import lists
from reputon.lists import CatalogueError, Pattern

OWN = """
[[list]]
name = "Ours"
zone = "bl.ours.example"
subjects = ["ip4"]
codes = { "127.0.0.[2..4]" = "bad", "127.0.0.9" = { meaning = "dynamic", state = "listed-by-policy" } }

[[list]]
name = "spamcop"
removal = "https://ours.example/"

[[mirror]]
zone = "rbl.receiver.example"
codes = { "127.1.0.2" = "Ours", "127.2.0.2" = "SpamCop" }
"""


@pytest.fixture
def read(tmp_path):
    def write_and_load(text):
        path = tmp_path / "own.toml"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return lists.load(path)

    return write_and_load


def test_a_list_of_ones_own_is_added(read):
    catalogue = read(OWN)
    entry = catalogue.by_zone("bl.ours.example")
    assert entry is not None
    assert entry.name == "Ours"
    assert entry.meaning("127.0.0.9").state == "listed-by-policy"
    assert "own.toml" in entry.origin
    assert len(catalogue.lists) == len(lists.load().lists) + 1


def test_a_key_that_is_given_replaces_the_shipped_one_and_no_other(read):
    entry = read(OWN).by_zone("bl.spamcop.net")
    shipped = lists.load().by_zone("bl.spamcop.net")
    assert entry is not None
    assert shipped is not None
    assert entry.removal == "https://ours.example/"
    assert entry.codes == shipped.codes
    assert shipped.removal != entry.removal


def test_a_mirror_of_ones_own_leads_to_lists_of_both(read):
    catalogue = read(OWN)
    assert catalogue.behind("rbl.receiver.example", "127.1.0.2").name == "Ours"
    assert catalogue.behind("rbl.receiver.example", "127.2.0.2").zone == "bl.spamcop.net"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[[list]", "is not TOML"),
        (b"\xff\xfe", "is not TOML"),
        ("[[liste]]\nname = 'x'", "`liste`"),
        ("list = 'x'", "`list`"),
        ("list = ['x']", "has no `name`"),
        ("[[list]]\nzone = 'x.example'", "has no `name`"),
        ("[[list]]\nname = 'X'", "list 'X': `zone` is missing"),
        ("[[list]]\nname = 'X'\nzone = 'x.example'", "`subjects` is missing"),
        ("[[list]]\nname = 'X'\nzone = 7", "`zone`: expected a text"),
        ("[[list]]\nname = 'X'\ncolour = 'red'", "there is no key `colour`"),
        ("[[list]]\nname = 'X'\nsubjects = ['ip']", "`subjects`"),
        ("[[list]]\nname = 'X'\nsubjects = []", "`subjects`"),
        ("[[list]]\nname = 'X'\nstate = 'bad'", "`state`"),
        ("[[list]]\nname = 'X'\nstatus = 'bad'", "`status`"),
        ("[[list]]\nname = 'X'\nneeds_key = 'yes'", "`needs_key`: expected true or false"),
        ("[[list]]\nname = 'X'\ncodes = ['127.0.0.2']", "`codes`: expected a table"),
        ("[[list]]\nname = 'X'\ncodes = { '127.0.0.300' = 'x' }", "`codes`: '300'"),
        ("[[list]]\nname = 'X'\ncodes = { '127.0.2' = 'x' }", "`codes`: '127.0.2'"),
        ("[[list]]\nname = 'X'\ncodes = { '127.0.0.2' = { meaning = 'x' } }", "`codes`"),
        ("[[list]]\nname = 'X'\nmask = { '3' = 'x' }", "`mask`: '3' is not a bit"),
        ("[[list]]\nname = 'X'\nzone = 'x.example'\nsubjects = ['ip4']\npart_of = 'Y'", "no list called 'Y'"),
        ("[[list]]\nname = 'X'\nper_second = 1e-300", "list 'X': `per_second`: expected a number of questions"),
        ("[[list]]\nname = 'X'\nper_second = 0.016", "`per_second`"),
        ("[[list]]\nname = 'X'\nper_second = nan", "`per_second`"),
        ("[[list]]\nname = 'X'\nper_second = true", "`per_second`"),
        ("[[list]]\nname = 'X'\nper_day = 0.5", "`per_day`: expected a number of questions, at least 1"),
        ("[[list]]\nname = 'X'\nzone = '..'", "list 'X': `zone`: '..' is neither"),
        (f"[[list]]\nname = 'X'\nzone = '{'a' * 64}.example'", "list 'X': `zone`"),
        ("[[list]]\nname = 'X'\nother_zones = ['x.example', 'x..example']", "list 'X': `other_zones`: 'x..example'"),
        ("[[list]]\nname = 'X'\nkeyed = 'x.example'", "list 'X': `keyed`: expected a zone with {key} in it"),
        ("[[list]]\nname = 'X'\nkeyed = '{key}..example'", "list 'X': `keyed`"),
        ("[[list]]\nname = 'X'\ntest_listed = 'not a name'", "list 'X': `test_listed`: 'not a name'"),
        ("[[list]]\nname = 'X'\ntest_clean = '127.0.0.300'", "list 'X': `test_clean`: '127.0.0.300'"),
        (
            "[[list]]\nname = 'X'\nzone = 'x.example'\nsubjects = ['ip4']\npart_of = 'x'",
            "list 'X': `part_of`: a list cannot be part of itself",
        ),
        ("[[mirror]]\nzone = '..'\ncodes = { '127.0.0.2' = 'SpamCop' }", "mirror '..': `zone`"),
        ("[[mirror]]\nzone = 'x.example'", "`codes` is missing"),
        ("[[mirror]]\nzone = 'x.example'\ncodes = { '127.0.0.2' = 'Y' }", "no list called 'Y'"),
        ("[[mirror]]\nzone = 'x.example'\nsize = 1", "no key `size`"),
    ],
)
def test_a_mistake_is_one_sentence_with_file_and_key(read, text, said):
    with pytest.raises(CatalogueError) as caught:
        read(text)
    assert said in str(caught.value)
    assert "own.toml" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_one_question_a_minute_is_the_slowest_pace(read):
    table = "[[list]]\nname = 'X'\nzone = 'x.example'\nsubjects = ['ip4']\nper_second = 0.017\nper_day = 1"
    entry = read(table).by_name("X")
    assert (entry.per_second, entry.per_day) == (0.017, 1)


def test_a_missing_file_is_a_sentence(tmp_path):
    with pytest.raises(CatalogueError, match="another file"):
        lists.load(tmp_path / "nothing.toml")


@pytest.mark.parametrize(
    ("text", "yes", "no"),
    [
        ("127.0.0.2", ["127.0.0.2"], ["127.0.0.20", "127.0.0", "127.0.0.2.1", "", "127.0.0.²"]),
        ("127.0.0.[2..11]", ["127.0.0.2", "127.0.0.11"], ["127.0.0.1", "127.0.0.12"]),
        ("127.0.[2..9;11].[1;3]", ["127.0.9.3", "127.0.11.1"], ["127.0.10.1", "127.0.9.2"]),
    ],
)
def test_patterns(text, yes, no):
    pattern = Pattern.parse(text)
    assert all(pattern.matches(code) for code in yes)
    assert not any(pattern.matches(code) for code in no)


@pytest.mark.parametrize("text", ["", "127.0.0", "127.0.0.[11..2]", "127.0.0.x", "127.0.0.[2..]..", "127.0.0.-1"])
def test_what_is_no_pattern(text):
    with pytest.raises(ValueError, match="is not"):
        Pattern.parse(text)
