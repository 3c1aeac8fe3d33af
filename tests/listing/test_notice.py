"""The owner's notice: due once in 7 days, ignored after 7 days of silence, and never by whom nobody reached."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reputon.listing import notice
from reputon.listing.database import LedgerError
from reputon.listing.notice import Noisy, Notice
from reputon.listing.proof import hashed
from reputon.subject import parse

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
ADDRESS, OTHER = parse("9.9.9.9"), parse("9.9.9.10")
DAYS = st.integers(0, 60 * 24).map(lambda hours: timedelta(hours=hours))


def told(sent=timedelta(0), acknowledged=None, subject=ADDRESS, number=1):
    when = None if sent is None else NOW + sent
    answered = None if acknowledged is None else NOW + acknowledged
    return Notice(
        subject, NOW + (sent or timedelta(0)), "a tenant is noisy", "abuse@example.org", when, answered, id=number
    )


@pytest.mark.parametrize(
    ("made", "days", "state"),
    [
        (told(None), 0, "due"),
        (told(None), 1.99, "due"),
        (told(None), 2, "stale"),
        (told(None), 100, "stale"),
        (told(), 0, "waiting"),
        (told(), 6.99, "waiting"),
        (told(), 7, "ignored"),
        (told(acknowledged=timedelta(days=1)), 100, "acknowledged"),
        (told(acknowledged=timedelta(days=20)), 100, "acknowledged"),
    ],
)
def test_how_a_notice_stands(made, days, state):
    assert notice.state(made, NOW + timedelta(days=days)) == state


@pytest.mark.parametrize(
    ("notices", "days", "is_ignored"),
    [
        ([], 0, False),
        ([told(None)], 20, False),  # nobody could be reached: nothing was ignored
        ([told()], 6.99, False),
        ([told()], 7, True),
        ([told()], 29.99, True),
        ([told()], 30, False),
        ([told(acknowledged=timedelta(days=6))], 8, False),
        ([told(acknowledged=timedelta(days=12))], 13, False),  # late is better than never
        ([told(), told(timedelta(days=8), number=2)], 9, True),  # the second waits, the first stays ignored
        ([told(), told(timedelta(days=8), timedelta(days=9), number=2)], 10, False),
        ([told(acknowledged=timedelta(days=1)), told(timedelta(days=8), number=2)], 14.9, False),
        ([told(acknowledged=timedelta(days=1)), told(timedelta(days=8), number=2)], 15, True),
    ],
)
def test_who_has_ignored(notices, days, is_ignored):
    assert notice.ignored(notices, NOW + timedelta(days=days)) == ({ADDRESS} if is_ignored else set())


@given(st.lists(st.tuples(DAYS, st.none() | DAYS, st.sampled_from([ADDRESS, OTHER]))), DAYS)
def test_what_is_ignored_was_sent_a_week_ago_and_never_answered_since(rows, at):
    all_ = [told(sent, None if after is None else sent + after, subject, number)
            for number, (sent, after, subject) in enumerate(rows)]  # fmt: skip
    now = NOW + at
    known = [each for each in all_ if each.sent <= now and (each.acknowledged is None or each.acknowledged <= now)]
    for subject in notice.ignored(known, now):
        silent = [each for each in known if each.subject == subject and each.acknowledged is None
                  and each.sent + timedelta(days=7) <= now < each.sent + timedelta(days=30)]  # fmt: skip
        answered = [each.sent for each in known if each.subject == subject and each.acknowledged is not None]
        assert silent
        assert all(sent <= max(each.sent for each in silent) for sent in answered)


@given(st.lists(st.tuples(DAYS, st.booleans())), st.integers(1, 200))
def test_an_address_is_told_once_in_seven_days(steps, hours):
    """However often it is spared, and whether or not its notices can be sent at once."""
    kept: list[Notice] = []
    now = NOW
    for number, (_, is_sent) in enumerate(steps):
        now += timedelta(hours=hours)
        kept += [Notice(each, now, "x", id=number) for each in notice.due([ADDRESS, ADDRESS], kept, now)]
        kept = [replace(each, sent=now) if is_sent and notice.state(each, now) == "due" else each for each in kept]
    sent = sorted(each.sent for each in kept if each.sent is not None)
    assert all(b - a >= notice.WAIT for a, b in pairwise(sent))
    assert sum(notice.state(each, now) == "due" for each in kept) <= 1


def test_tenants_are_told_by_their_own_listing_not_by_a_notice():
    assert notice.due([parse("spam.example")], [], NOW) == ()


def test_the_owner_learns_the_tenant_and_what_to_do():
    subject, text = notice.message(
        told(), [Noisy("spam.example", 116, {"complaint": 4, "trap": 0})], "TOKEN", "https://rep.example.org/9.9.9.9"
    )
    assert "9.9.9.9" in subject
    assert "spam.example" not in subject
    assert "spam.example: 116 messages: 4 complaint\n" in text
    assert "\n    TOKEN\n" in text
    assert "7 days" in text
    assert "https://rep.example.org/9.9.9.9" in text


def test_a_notice_through_the_ledger(ledger):
    assert ledger.notices.want({ADDRESS: "shared by 12 effective tenants"}, NOW) == 1
    assert ledger.notices.want({ADDRESS: "again"}, NOW + timedelta(hours=1)) == 0
    (due,) = ledger.notices.due(NOW)
    assert due.why == "shared by 12 effective tenants"
    void = ledger.notices.token(due, "abuse@example.org")
    ledger.notices.failed(due, "the mail server refused all recipients" * 100)
    assert len(ledger.notices.due(NOW)[0].trouble) == 200
    token = ledger.notices.token(due, "abuse@example.org")
    assert not token.startswith("-")
    ledger.notices.sent(due, "abuse@example.org", NOW, "rule")
    assert ledger.notices.due(NOW) == []
    with pytest.raises(LedgerError, match="somebody else"):
        ledger.notices.token(due, "abuse@example.org")
    week = NOW + notice.WAIT
    assert ledger.notices.ignored(week - timedelta(seconds=1)) == set()
    assert ledger.notices.ignored(week) == {ADDRESS}
    assert ledger.notices.want({ADDRESS: "still"}, week) == 1
    for wrong in (void, "", token[:-1], hashed(token)):
        with pytest.raises(LedgerError, match="no notice has this token"):
            ledger.notices.acknowledge(wrong, week, "anna")
    assert ledger.notices.acknowledge(f" {token}\n", week, "anna").acknowledged == week
    assert ledger.notices.ignored(week) == set()
    before = ledger.revision()
    assert ledger.notices.acknowledge(token, week + timedelta(hours=1), "ben").acknowledged == week
    assert ledger.revision() == before
    assert [each.what for each in ledger.changes()] == ["acknowledged", "notified"]
    assert token not in str(ledger.changes()) + str(ledger.notices.of(ADDRESS))
