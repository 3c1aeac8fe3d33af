"""Disputes: anybody may, the clock runs, accepting one ends the listing."""

from datetime import UTC, datetime, timedelta

import pytest

from reputon.listing import dispute
from reputon.listing.database import LedgerError
from reputon.listing.dispute import MOST, Dispute
from reputon.listing.policy import Change, Listing, Reason
from reputon.subject import parse

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
SUBJECT = parse("9.9.9.9")
LISTED = Change("listed", Listing(SUBJECT, "address", (Reason("score", 1.0, 3),), NOW, NOW,
                                  NOW + timedelta(days=5), 1), "bad")  # fmt: skip


@pytest.mark.parametrize(
    ("hours", "state"),
    [(0, "open"), (47.9, "open"), (48, "late"), (167.9, "late"), (168, "overdue"), (1000, "overdue")],
)
def test_the_clock_of_rfc_6471(hours, state):
    assert dispute.state(Dispute(1, SUBJECT, NOW, "x", "y"), NOW + timedelta(hours=hours)) == state


def test_accepting_ends_the_listing_rejecting_does_not(ledger):
    ledger.apply([LISTED], [], NOW)
    first = ledger.disputes.open(SUBJECT, NOW, "carl@example.org", "we are clean")
    second = ledger.disputes.open(SUBJECT, NOW, "dora", "so are we")
    assert ledger.disputes.waiting() == [first, second]
    done = ledger.disputes.answer(first.id, False, NOW, "anna", "no, you are not")
    assert dispute.state(done, NOW + timedelta(days=9)) == "rejected"
    assert ledger.listing(SUBJECT, NOW) is not None
    ledger.disputes.answer(second.id, True, NOW, "anna", "a trap of ours was wrong")
    assert ledger.listing(SUBJECT, NOW) is None
    assert ledger.disputes.waiting() == []
    assert [each.answer for each in ledger.disputes.of(SUBJECT)] == ["no, you are not", "a trap of ours was wrong"]
    told = [(each.what, each.who) for each in ledger.changes()]
    assert told == [("removed", "anna"), ("accepted", "anna"), ("rejected", "anna"),
                    ("disputed", "dora"), ("disputed", "carl@example.org"), ("listed", "rule")]  # fmt: skip
    with pytest.raises(LedgerError, match="was answered by anna"):
        ledger.disputes.answer(first.id, True, NOW, "ben", "x")


def test_one_may_be_answered_though_nobody_is_listed_any_more(ledger):
    opened = ledger.disputes.open(SUBJECT, NOW, "carl", "why was I listed?")
    assert ledger.disputes.answer(opened.id, True, NOW, "anna", "by mistake").accepted


def test_one_party_has_one_open_dispute_and_a_flood_ends(ledger):
    opened = ledger.disputes.open(SUBJECT, NOW, "carl", "x")
    with pytest.raises(LedgerError, match=f"number {opened.id}"):
        ledger.disputes.open(SUBJECT, NOW, "carl", "again")
    for number in range(MOST - 1):
        ledger.disputes.open(SUBJECT, NOW, f"flood{number}", "x")
    with pytest.raises(LedgerError, match="open disputes"):
        ledger.disputes.open(SUBJECT, NOW, "late", "x")
    ledger.disputes.answer(opened.id, False, NOW, "anna", "no")
    ledger.disputes.open(SUBJECT, NOW, "carl", "but now")
    with pytest.raises(LedgerError, match="no dispute 999"):
        ledger.disputes.answer(999, True, NOW, "anna", "x")
