"""Transitions: which answers change what, and the laws that hold for all of them."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reputon.check import Result, State
from reputon.watch import tables
from reputon.watch.transitions import Kind, Rules, Standing, Standpoint, Transition, after, confirm_at, standing

START = datetime(2026, 11, 1, tzinfo=UTC)
CLEAN, LISTED, OTHER = Standing(False), Standing(True, ("127.0.0.2",)), Standing(True, ("127.0.0.4",))
LETTERS = {"c": CLEAN, "l": LISTED, "o": OTHER, "?": None}


def played(answers, rules=Rules(), known=None):  # noqa: B008 - frozen
    """The transitions of `(minute, answer)`, and what is known in the end."""
    known, found = known or Standpoint(), list[Transition]()
    for minute, said in answers:
        known, changes = after(known, said, START + timedelta(minutes=minute), rules)
        found += changes
    return known, found


def kinds(text, step=10, rules=Rules()):  # noqa: B008 - frozen
    answers = [(number * step, LETTERS[letter]) for number, letter in enumerate(text)]
    return [str(each.kind) for each in played(answers, rules)[1]]


@pytest.mark.parametrize(
    ("answers", "told"),
    [
        ("", []),
        ("cccc", []),  # where a story begins is no change
        ("????", []),
        ("l", []),  # one answer is none
        ("ll", ["listed"]),
        ("lll", ["listed"]),
        ("lc", []),
        ("lclclc", []),
        ("c?l?l", ["listed"]),  # unknown is between them, not against them
        ("cl???????l", ["listed"]),
        ("clcl", []),
        ("cllc", ["listed"]),
        ("cll" + "c" * 3, ["listed", "delisted"]),
        ("lo", ["listed"]),  # listed twice, whatever for
        ("ll" + "oo", ["listed", "changed"][:1]),  # damped: 10 minutes are not enough for a second change
        ("ll" + "ooo", ["listed", "changed"]),
        ("ll" + "olo", ["listed"]),
        ("ll" + "oco" * 2, ["listed"]),
        ("ll" + "ccc" + "lllll", ["listed", "delisted", "listed"]),
        ("ll" + "ccc" + "llll", ["listed", "delisted"]),  # each change of a day doubles the wait
    ],
)
def test_what_is_told(answers, told):
    assert kinds(answers) == told


def test_two_answers_must_lie_apart():
    assert kinds("clllll", step=1) == []
    assert kinds("c" + "l" * 11, step=1) == ["listed"]
    rules = Rules(apart=timedelta(hours=1))
    assert kinds("cllllll", rules=rules) == []
    assert kinds("clllllll", rules=rules) == ["listed"]


def test_less_than_ten_minutes_apart_cannot_be_had():
    assert kinds("cll", step=5, rules=Rules(apart=timedelta(0))) == []


def test_first_and_last_seen():
    known, (listed, delisted) = played([(0, CLEAN), (10, LISTED), (20, LISTED), (50, LISTED), (60, CLEAN), (90, CLEAN)])
    minute = timedelta(minutes=1)
    assert (listed.since, listed.at) == (START + 10 * minute, START + 20 * minute)
    assert (known.first_seen, known.last_seen) == (START + 10 * minute, START + 50 * minute)
    assert (delisted.since, delisted.at, delisted.codes) == (START + 60 * minute, START + 90 * minute, LISTED.codes)


def test_silence_is_told_once_and_its_end_too():
    rules = Rules(silence=timedelta(minutes=30))
    assert kinds("c??????c?c", rules=rules) == ["silent", "audible"]
    assert kinds("c????l??l", rules=rules) == ["silent", "audible", "listed"]
    assert kinds("c???c", rules=rules) == []


@pytest.mark.parametrize("state", State)
def test_every_state_is_a_standing_or_unknown(state):
    said = standing(Result("L", "l.test", state, ("127.0.0.2",), None, None, None, START))
    expected = {State.LISTED: LISTED, State.POLICY: LISTED, State.UNKNOWN: None}.get(state, CLEAN)
    assert said == expected


@pytest.mark.parametrize(
    ("kind", "impact", "named", "rules", "wanted"),
    [
        (Kind.LISTED, "high", False, Rules(), True),
        (Kind.DELISTED, "medium", False, Rules(), True),
        (Kind.CHANGED, "high", True, Rules(), False),
        (Kind.LISTED, "low", False, Rules(), False),
        (Kind.LISTED, "low", True, Rules(), True),
        (Kind.LISTED, "low", False, Rules(low_impact=True), True),
        (Kind.CHANGED, "high", False, Rules(alerts=frozenset({Kind.CHANGED})), True),
    ],
)
def test_who_wants_to_know(kind, impact, named, rules, wanted):
    assert rules.wants(kind, impact, named) is wanted


# --- laws ------------------------------------------------------------------------------------------------------------

SAID = st.sampled_from([CLEAN, LISTED, OTHER, None])
ANSWERS = st.lists(st.tuples(st.integers(1, 200), SAID), max_size=60).map(
    lambda steps: [(sum(step for step, _ in steps[: place + 1]), said) for place, (_, said) in enumerate(steps)]
)
RULES = st.builds(
    Rules,
    apart=st.sampled_from([timedelta(minutes=10), timedelta(minutes=45)]),
    silence=st.sampled_from([None, timedelta(minutes=90), timedelta(hours=6)]),
)
_FAMILY = {Kind.LISTED: 0, Kind.DELISTED: 0, Kind.SILENT: 1, Kind.AUDIBLE: 1}


@given(ANSWERS, RULES)
def test_never_the_same_twice_in_a_row(answers, rules):
    _, found = played(answers, rules)
    for family in (0, 1):
        mine = [each.kind for each in found if _FAMILY.get(each.kind) == family]
        assert all(one != other for one, other in pairwise(mine))
        assert mine[:1] in ([], [Kind.LISTED], [Kind.SILENT])
    codes = [each.codes for each in found if each.kind in (Kind.LISTED, Kind.CHANGED, Kind.DELISTED)]
    changed = [place for place, each in enumerate(found) if each.kind is Kind.CHANGED]
    assert all(found[place].codes for place in changed)
    assert len(codes) <= len(answers) // 2 + 1


@given(ANSWERS, st.data())
def test_unknowns_change_nothing(answers, data):
    known = [(minute, said) for minute, said in answers if said is not None]
    mixed = []
    for minute, said in known:
        mixed.append((minute, said))
        mixed += [(minute, None)] * data.draw(st.integers(0, 2))
    assert played(known)[1] == played(mixed)[1] == played(answers)[1]


@given(ANSWERS, RULES)
def test_a_restart_between_any_two_answers_changes_nothing(answers, rules):
    known, found = Standpoint(), []
    for answer in answers:
        known = tables.standpoint_of(tables.kept_standpoint(known))  # what a restart reads is what was written
        known, changes = played([answer], rules, known)
        found += changes
    assert (known, found) == played(answers, rules)


@given(ANSWERS, RULES)
def test_a_change_has_two_agreeing_answers_apart_and_none_against_it_between(answers, rules):
    found = played(answers, rules)[1]
    for change in found:
        if change.kind not in (Kind.LISTED, Kind.DELISTED):
            continue
        assert change.at - change.since >= rules.apart
        between = [said for minute, said in answers if change.since <= START + timedelta(minutes=minute) <= change.at]
        assert {said.listed for said in between if said is not None} == {change.kind is Kind.LISTED}


@given(ANSWERS, RULES)
def test_what_is_in_doubt_says_when_it_can_be_settled(answers, rules):
    known, _ = played(answers, rules)
    when = confirm_at(known, rules)
    assert (when is None) == (known.doubt is None)
    if when is not None and known.doubt is not None:
        _, early = after(known, known.doubt, when - timedelta(seconds=1), Rules(rules.apart))
        settled, _ = after(known, known.doubt, when, rules)
        assert not [each for each in early if each.kind is not Kind.AUDIBLE]
        assert settled.standing == known.doubt
