"""The guard: a run that lists far too many stops; one bad sender never stops it."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reputon.listing import guard
from reputon.listing.policy import Change, Listing, Reason, Settings
from reputon.subject import Subject, of_key

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)


def change(subject, what="listed"):
    until = NOW + timedelta(days=1)
    return Change(what, Listing(subject, "address", (Reason("score", 1.0, 3),), NOW, NOW, until, 1), "bad")


def addresses(count, start=0):
    return [of_key((9 << 24) + start + number) for number in range(count)]


def good(count, volume=100):
    return dict.fromkeys(addresses(count), volume)


def known(traffic, total=None):
    kinds = [each.kind for each in traffic]
    senders = max(kinds.count("ip"), kinds.count("domain"))
    return guard.Good(traffic, sum(traffic.values()) if total is None else total, senders)


@pytest.mark.parametrize(
    ("listed", "traffic", "seen", "settings", "says"),
    [
        (addresses(1), good(1), 1, {}, None),  # the only sender there is
        (addresses(1), good(2), 2, {}, None),
        (addresses(2), good(3), 3, {}, None),
        (addresses(3), good(3), 3, {}, "100.0% of the known-good mail, more than 66.7%"),
        (addresses(10), good(1000), 5000, {}, None),
        (addresses(11), good(1000), 5000, {}, "1.1% of the known-good mail, more than 1.0%"),
        (addresses(11), good(1000), 5000, {"most_share": 0.02}, None),
        (addresses(20, 5000), good(10), 20, {}, None),  # few: a share of few addresses says nothing
        (addresses(21, 5000), good(10), 41, {}, "21 of the 41 addresses seen, more than 50.0%"),
        (addresses(21, 5000), good(10), 42, {}, None),
        (addresses(21, 5000), good(10), 41, {"most_addresses": 1.0}, None),
        (addresses(5, 5000), {}, 100, {"most_listings": 5}, None),
        (addresses(6, 5000), {}, 100, {"most_listings": 5}, "6 new listings, more than 5"),
        ([], {}, 0, {}, None),
    ],
)
def test_where_a_run_stops(listed, traffic, seen, settings, says):
    halt = guard.check(map(change, listed), known(traffic), seen, Settings(**settings))
    if says is None:
        assert halt is None
    else:
        assert halt is not None
        assert says in halt.why
        assert halt.listings == len(listed)


def test_one_large_good_sender_among_many_stops_it():
    traffic = good(1000) | {Subject("ip", "9.9.9.9"): 5000}
    halt = guard.check([change(Subject("ip", "9.9.9.9"))], known(traffic), 2000, Settings())
    assert halt is not None
    assert halt.good_share == pytest.approx(5000 / 105_000)


def test_a_message_counts_once_though_its_address_and_its_tenant_are_listed():
    one, tenant = of_key(9 << 24), Subject("domain", "a.example")
    traffic = good(300) | {tenant: 100}
    assert guard.check([change(one), change(tenant)], known(traffic, 30_000), 1000, Settings()) is None


def test_a_halted_run_still_extends_and_ends():
    all_ = [change(subject, what) for subject, what in
            zip(addresses(4), ("listed", "extended", "expired", "removed"), strict=True)]  # fmt: skip
    assert [each.what for each in guard.halted(all_)] == ["extended", "expired", "removed"]


SUBJECTS = st.lists(st.sampled_from(addresses(60)), unique=True)


@given(SUBJECTS, SUBJECTS, st.dictionaries(st.sampled_from(addresses(60)), st.integers(1, 1000)), st.integers(60, 9999))
def test_more_listings_never_undo_a_halt(some, more, traffic, seen):
    settings = Settings(most_share=0.1, most_listings=30)
    fewer = guard.check(map(change, some), known(traffic), seen, settings)
    all_ = guard.check(map(change, {*some, *more}), known(traffic), seen, settings)
    assert fewer is None or all_ is not None


@given(st.integers(1, 500), st.integers(0, 499), st.integers(1, 10**9))
def test_a_sender_of_usual_size_can_always_be_listed(count, which, volume):
    traffic = good(count, volume)
    found = guard.check([change(addresses(count)[which % count])], known(traffic), count, Settings(most_share=0))
    assert found is None


@given(SUBJECTS, st.dictionaries(st.sampled_from(addresses(60)), st.integers(1, 1000)))
def test_what_was_listed_before_stops_nothing(subjects, traffic):
    old = [change(each, "extended") for each in subjects]
    strict = Settings(most_share=0, most_addresses=0, most_listings=1)
    assert guard.check(old, known(traffic), 60, strict) is None
