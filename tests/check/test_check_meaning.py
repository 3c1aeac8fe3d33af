"""Answers and what they mean: the matrix of what lists and servers really say, and the laws of the overall verdict."""

from collections.abc import Iterable
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reputon import lists
from reputon.check.meaning import Result, State, cannot_be_asked, judge, not_asked, overall, prove, with_text
from reputon.resolver import Answer, Question, Status

NOW = datetime(2026, 11, 24, 9, 30, tzinfo=UTC)
CATALOGUE = lists.load()
QUESTION = Question("7.2.0.192.bl.example", "A")


def said(*records: str, status: Status | None = None, why: str = "") -> Answer:
    return Answer(QUESTION, status or Status.ANSWER, records, why)


NO = said(status=Status.NXDOMAIN)
EMPTY = said(status=Status.NODATA)
LATE = said(status=Status.TIMEOUT, why="no answer in 2 s")
BROKEN = said(status=Status.SERVFAIL, why="the server said SERVFAIL")
TURNED_AWAY = said(status=Status.REFUSED)
NOBODY = said(status=Status.NOT_ASKED, why="not asked: offline")
YES = said("127.0.0.2")

ZEN, COP, SCORE, URI = "Spamhaus ZEN", "SpamCop", "Sender Score", "SURBL"
SPIKE, WHITE, KARMA, PARKED = "Mailspike reputation", "DNSWL", "Hostkarma", "203.0.113.5"

# list, answer for the subject, for the entry always listed, for the one never listed, state, a piece of the reason
MATRIX = {
    "listed": (COP, YES, YES, NO, "listed", "reported by users"),
    "listed, with the test entry late": (COP, YES, LATE, LATE, "listed", "reported by users"),
    "policy": (ZEN, said("127.0.0.10"), YES, NO, "listed-by-policy", "PBL"),
    "policy and abuse": (ZEN, said("127.0.0.10", "127.0.0.2"), YES, NO, "listed", "SBL: a source of spam, listed by"),
    "a documented and a strange code": (ZEN, said("127.0.0.77", "127.0.0.4"), YES, NO, "listed", "XBL"),
    "a whole network": ("UCEPROTECT Level 3", YES, YES, NO, "listed-by-policy", "nothing is said of the address"),
    "public resolver": (ZEN, said("127.255.255.254"), YES, NO, "unknown", "public or unattributable resolver"),
    "error beside a listing": (ZEN, said("127.0.0.2", "127.255.255.255"), YES, NO, "unknown", "too many queries"),
    "not registered": (SCORE, said("127.255.255.255"), YES, NO, "unknown", "not registered with Validity"),
    "error code that the list does not document": (COP, said("127.255.255.254"), YES, NO, "unknown", "refuse"),
    "undocumented code": (COP, said("127.0.0.9"), YES, NO, "unknown", "127.0.0.9, which this list does not document"),
    "127.0.0.1 where it is nothing": (COP, said("127.0.0.1"), YES, NO, "unknown", "does not document"),
    "127.0.0.1 where it is a refusal": (URI, said("127.0.0.1"), YES, NO, "unknown", "refused"),
    "127.0.0.1 where it is a listing": (SCORE, said("127.0.0.1"), YES, NO, "listed", "botnet"),
    "127.0.0.1 where it is praise": (KARMA, said("127.0.0.1"), YES, NO, "white", "white"),
    "outside 127/8": (COP, said(PARKED), YES, NO, "unknown", "outside 127.0.0.0/8"),
    "parked: everything answers": (COP, said(PARKED), said(PARKED), said(PARKED), "unknown", "outside 127.0.0.0/8"),
    "listed, but so is everybody": (COP, YES, YES, YES, "unknown", "lists everybody"),
    "not listed, but the never listed is": (COP, NO, YES, YES, "unknown", "must never be listed"),
    "clean": (COP, NO, YES, NO, "clean", "not in it"),
    "clean, by no data": (COP, EMPTY, YES, NO, "clean", "not in it"),
    "clean, the test entry has another code": (COP, NO, said("127.0.0.99"), NO, "clean", "not in it"),
    "dead: the test entry is gone": (COP, NO, NO, NO, "unknown", "silent on its own test entry too"),
    "the test entry is late": (COP, NO, LATE, NO, "unknown", "test entry could not be asked"),
    "the test entry is refused": (ZEN, NO, said("127.255.255.254"), NO, "unknown", "public"),
    "the test entry is parked": (COP, NO, said(PARKED), NO, "unknown", "outside"),
    "servfail": (COP, BROKEN, YES, NO, "unknown", "SERVFAIL"),
    "refused": (COP, TURNED_AWAY, YES, NO, "unknown", "REFUSED"),
    "timeout": (COP, LATE, YES, NO, "unknown", "no answer in 2 s"),
    "offline": (COP, NOBODY, NOBODY, NOBODY, "unknown", "offline"),
    "bits": (SCORE, said("127.0.0.20"), YES, NO, "listed", "pristine spam trap + score too low"),
    "bits of a domain list": (URI, said("127.0.0.72"), YES, NO, "listed", "phishing + abuse"),
    "a bit that nobody explains": (SCORE, said("127.0.0.66"), YES, NO, "unknown", "does not document"),
    "grade, bad": (SPIKE, said("127.0.0.11"), YES, NO, "graded", "bad"),
    "grade, good": (SPIKE, said("127.0.0.18"), YES, NO, "white", "good"),
    "several colours": (KARMA, said("127.0.0.4", "127.0.0.2"), YES, NO, "listed", "black; brown"),
    "white": (WHITE, said("127.0.5.3"), YES, NO, "white", "high trust"),
    "white, over the limit": (WHITE, said("127.0.0.255"), YES, NO, "unknown", "too many"),
    "white and strange": (KARMA, said("127.0.0.1", "127.0.0.9"), YES, NO, "unknown", "does not document"),
    "not text of an address": (COP, said("nonsense"), YES, NO, "unknown", "outside"),
}  # fmt: skip


@pytest.mark.parametrize("case", MATRIX.values(), ids=MATRIX.keys())
def test_what_an_answer_means(case):
    name, subject, always, never, state, reason = case
    entry = CATALOGUE.by_name(name)
    assert entry is not None
    result = judge(entry, subject, prove(entry, always, never), NOW)
    assert result.state == state
    assert reason in ((result.why if state == "unknown" else result.meaning) or "")
    assert (result.why is None) == (state != "unknown")
    assert (result.list, result.zone, result.asked_at) == (name, entry.zone, NOW)


answers = st.builds(
    lambda status, records: said(*records, status=status) if status is Status.ANSWER else said(status=status),
    st.sampled_from(Status),
    st.lists(st.sampled_from(["127.0.0.1", "127.0.0.2", "127.0.0.10", "127.255.255.254", PARKED, "x"]), min_size=1),
)


@given(st.sampled_from(CATALOGUE.lists), answers, answers, answers)
def test_clean_needs_silence_from_a_list_that_is_proven_alive(entry, subject, always, never):
    result = judge(entry, subject, prove(entry, always, never), NOW)
    if result.state is State.CLEAN:
        assert subject.status in (Status.NXDOMAIN, Status.NODATA)
        assert always.status is Status.ANSWER
        assert never.status is not Status.ANSWER or "127.0.0.2" not in never.records
    if result.state is State.UNKNOWN:
        assert result.why
    else:
        assert result.meaning


@given(st.sampled_from(CATALOGUE.lists), st.permutations(["127.0.0.2", "127.0.0.10", "127.0.0.4", "127.0.0.77"]))
def test_the_order_of_records_is_irrelevant(entry, records):
    def result(codes: Iterable[str]) -> Result:
        return judge(entry, said(*codes), prove(entry, YES, NO), NOW)

    assert result(records) == result(sorted(records))


def made(state: State, matters: bool) -> Result:
    return Result("x", "x.example", state, (), None, None, None, NOW, matters)


results = st.lists(st.builds(made, st.sampled_from(State), st.booleans()), max_size=8)


@given(results)
def test_never_clean_while_a_list_that_matters_is_unknown(found):
    verdict = overall(found)
    if any(result.state is State.UNKNOWN and result.matters for result in found):
        assert verdict in (State.LISTED, State.POLICY, State.UNKNOWN)
    if verdict is State.CLEAN:
        assert any(result.state is State.CLEAN for result in found)
    assert (verdict is State.LISTED) == any(result.state is State.LISTED for result in found)


@given(results.flatmap(lambda found: st.tuples(st.just(found), st.permutations(found))))
def test_the_order_of_lists_is_irrelevant(both):
    assert overall(both[0]) is overall(both[1])


@pytest.mark.parametrize(
    ("found", "verdict"),
    [
        ([], "unknown"),
        ([("clean", True)], "clean"),
        ([("clean", True), ("unknown", False)], "clean"),
        ([("clean", True), ("listed-by-policy", False)], "clean"),
        ([("clean", True), ("white", False), ("graded", False)], "clean"),
        ([("clean", False), ("unknown", True)], "unknown"),
        ([("listed", False), ("unknown", True)], "listed"),
        ([("listed-by-policy", True), ("unknown", True)], "listed-by-policy"),
        ([("white", False)], "white"),
        ([("graded", True), ("white", True)], "graded"),
        ([("unknown", False)], "unknown"),
    ],
)
def test_the_overall_verdict(found, verdict):
    assert overall(made(State(state), matters) for state, matters in found) == verdict


@pytest.mark.parametrize(
    ("name", "why"),
    [("SORBS", "closed"), ("AHBL", "everybody is listed"), ("Cloudmark CSI", "cannot be asked over DNS"), (COP, None)],
)
def test_lists_that_cannot_be_asked(name, why):
    entry = CATALOGUE.by_name(name)
    assert entry is not None
    found = cannot_be_asked(entry)
    assert (why is None) == (found is None)
    assert why is None or why in (found or "")
    assert not_asked(entry, "because", NOW).state is State.UNKNOWN


def test_the_words_of_a_list_are_bounded():
    result = with_text(made(State.LISTED, True), "a\n b " * 1000)
    assert (result.text or "").startswith("a b a b")
    assert len(result.text or "") <= 300
    assert with_text(result, " ").text is None
