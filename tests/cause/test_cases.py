"""Every labelled case by the real verb: the provider is never blamed wrongly, every fact says where it was read."""

from collections import Counter

import pytest
from tests.cause import cases

from reputon.remedy.plan import PLANS

CASES = cases.load()
ENOUGH = 0.95  # of the cases, as issue 4 asks


@pytest.fixture(scope="module")
def causes():
    return {case.name: case.cause() for case in CASES}


def test_there_are_cases_of_every_cause():
    counted = Counter(case.expect["cause"] for case in CASES)
    assert set(counted) == set(PLANS)
    assert counted.total() >= 210
    assert min(counted.values()) >= 10


def test_labels_argue_and_do_not_contradict_themselves():
    for case in CASES:
        assert case.expect["why"], case.name
        assert case.said["about"], case.name
        assert case.expect["cause"] not in case.expect.get("not", []), case.name


def test_a_wrong_blame_and_a_missed_label_are_seen():
    blamed = {"id": "provider-shared", "facts": [], "missing": [], "verified": True}
    others = [case for case in CASES if case.expect["cause"] != "provider-shared"]
    assert all(case.blames_wrongly(blamed) and case.misses(blamed) for case in others)
    assert not any(case.blames_wrongly(blamed) for case in CASES if case not in others)


def test_the_provider_is_never_blamed_wrongly(causes):
    assert [case.name for case in CASES if case.blames_wrongly(causes[case.name])] == []


def test_no_cause_is_one_that_the_label_excludes(causes):
    assert [case.name for case in CASES if causes[case.name]["id"] in case.expect.get("not", [])] == []


def test_every_fact_says_where_it_was_read(causes):
    assert [name for name, cause in causes.items() if not all(fact["read_in"] for fact in cause["facts"])] == []


def test_every_cause_has_a_fact_or_says_what_is_missing(causes):
    assert [name for name, cause in causes.items() if not cause["facts"] and not cause["missing"]] == []


def test_nothing_is_verified_against_the_label(causes):
    told = [case for case in CASES if case.expect.get("verified") is False]
    assert [case.name for case in told if causes[case.name].get("verified")] == []


def test_enough_causes_are_right(causes):
    missed = [f"{case.name}: {causes[case.name]['id']}" for case in CASES if not _is_right(case, causes)]
    assert 1 - len(missed) / len(CASES) >= ENOUGH, "\n".join(missed)


def test_enough_whole_labels_are_right(causes):
    missed = {case.name: found for case in CASES if (found := case.misses(causes[case.name]))}
    assert 1 - len(missed) / len(CASES) >= ENOUGH, missed


def _is_right(case, causes):
    return causes[case.name]["id"] == case.expect["cause"]
