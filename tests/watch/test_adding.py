"""Adding: what could never be looked at, or never to an end, is refused; a watch is found by its name too."""

from datetime import UTC, datetime

import pytest
from tests.watch.made import START, Clock, Lists, blocklist
from tests.watch.test_looking import HOUR, around

from reputon.cli import watched
from reputon.watch import adding
from reputon.watch.subjects import Watch, WatchError, chosen


def made(text, lists=()):
    entries = (blocklist("four", subjects=("ip4",)), blocklist("names", subjects=("domain",)))
    return adding.made(text, "", HOUR, lists, around(Lists(entries, Clock(), lambda *_: None)), START)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("0.0.0.0/0", "too wide"), ("10.0.0.0/7", "too wide"), ("::/0", "too wide"), ("2000::/19", "too wide"),
        ("0.1.0.0/16", "reserved"), ("224.0.0.1", "reserved"), ("240.0.0.0/8", "reserved"), ("::", "reserved"),
        ("169.254.0.0/16", "reserved"), ("fe80::/64", "reserved"), ("ff02::1", "reserved"),
    ],
)  # fmt: skip
def test_what_is_too_wide_or_reserved_is_refused(text, said):
    with pytest.raises(WatchError, match=said):
        made(text)


@pytest.mark.parametrize("text", ["10.0.0.0/8", "2a00::/20", "127.0.0.2", "192.0.2.0/24", "2001:db8::/32"])
def test_what_may_be_listed_is_not(text):
    assert made(text).subject == text


@pytest.mark.parametrize(
    ("text", "lists"), [("example.org", ["four"]), ("2001:db8::1", ["four"]), ("spf:example.org", ["names"])]
)
def test_lists_that_cannot_know_it_are_refused(text, lists):
    with pytest.raises(WatchError, match="cannot"):
        made(text, lists)
    assert made(text, [*lists, "names" if text == "example.org" else "four"] if ":" not in text else []).subject == text


def test_a_watch_is_found_by_its_subject_and_by_a_name_that_is_its_own():
    first, second, third = (Watch(f"192.0.2.{n}", "address", f"mx{n // 2}", HOUR, START) for n in (1, 2, 3))
    watches = [first, second, third]
    assert chosen("192.0.2.2", watches) == second
    assert chosen("mx0", watches) == first
    assert chosen("192.0.2.9", watches) is None
    for text, said in (("mx1", "2 watches are called so"), ("mx9", "give an address")):
        with pytest.raises(WatchError, match=said):
            chosen(text, watches)


def test_another_year_is_shown():
    now = datetime.now(UTC)
    assert watched._short(datetime(2099, 1, 2, 3, 4, tzinfo=UTC)) == "2099-01-02 03:04"
    assert watched._short(now) == f"{now:%m-%d %H:%M}"
