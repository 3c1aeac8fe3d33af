"""Entries: manual listings, exemptions, the safety list; and what can never be listed."""

from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reputon.listing import policy
from reputon.listing.database import LedgerError
from reputon.listing.entry import Entry, ListingError, Protection, canonical, covers, entered
from reputon.listing.policy import Change, Listing, Reason, Settings, Verdict
from reputon.subject import SubjectError, of_key, parse

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
DAY = timedelta(days=1)
OPEN = Settings(own_networks=("9.9.8.0/24", "2a00:1234::/32")).protection()


def entry(kind, subject, until=NOW + DAY, since=NOW):
    return Entry(kind, subject, since, until, "anna", "because")


def verdict(seen=NOW):
    return Verdict(True, True, "it is bad", (Reason("score", 1.0, 5),), seen)


def listing(subject, until=NOW + DAY):
    return Listing(parse(subject), "address", (Reason("score", 1.0, 5),), NOW - DAY, NOW - DAY, until, 1)


@pytest.mark.parametrize(
    ("subject", "says"),
    [
        ("192.0.2.7", "reserved space"),
        ("2001:db8::1", "reserved space"),
        ("9.9.8.200", "network of our own"),
        ("2a00:1234:5::1", "network of our own"),
        ("9.9.7.1", "9.9.7.0/24 is exempt until 2026-11-25 12:00 UTC by anna: because"),
        ("2a01:1:2:3::4", "exempt"),  # its /64 holds an exempt prefix of /72
        ("safe.example", "on the safety list"),
        ("mail.safe.example", "on the safety list"),
        ("9.9.9.9", ""),
        ("2a01:1:2:4::", ""),
        ("unsafe.example", ""),
        ("example", "public suffix"),
        ("co.uk", "public suffix"),
        ("a.co.uk", ""),
        ("xn--0.example", ""),
    ],
)
def test_what_must_not_be_listed_and_why(subject, says):
    said = [entry("exempt", "9.9.7.0/24"), entry("exempt", "2a01:1:2:3::/72"), entry("safety", "safe.example", None),
            entry("manual", "9.9.9.9")]  # fmt: skip
    why = Settings(own_networks=("9.9.8.0/24", "2a00:1234::/32")).protection(said).why(parse(subject))
    assert says in why
    assert bool(says) == bool(why)


@given(st.integers(1 << 24, (1 << 32) - 1), st.integers(8, 32), st.integers(1 << 24, (1 << 32) - 1))
def test_an_address_is_protected_as_its_prefix_says(key, length, other):
    network = (key >> (32 - length)) << (32 - length)
    made = Protection.of((), (), [entry("safety", f"{of_key(network)}/{length}", None)])
    is_inside = other >> (32 - length) == network >> (32 - length)
    assert ("safety list" in made.why(of_key(other))) == (is_inside and not _reserved(other))
    assert covers(entry("safety", f"{of_key(network)}/{length}", None), of_key(other)) == is_inside


def _reserved(key):
    return "reserved" in Protection.of().why(of_key(key))


@pytest.mark.parametrize(
    ("kind", "text", "until", "error", "says"),
    [
        ("manual", "9.9.9.0/24", DAY, ListingError, "is a prefix"),
        ("manual", "9.9.9.9", None, ListingError, "an end is needed"),
        ("manual", "192.0.2.7", DAY, ListingError, "reserved space"),
        ("manual", "9.9.8.7", DAY, ListingError, "network of our own"),
        ("manual", "co.uk", DAY, ListingError, "public suffix"),
        ("exempt", "9.9.9.0/24", None, ListingError, "an end is needed"),
        ("exempt", "9.9.9.0/24", 367 * DAY, ListingError, "a year at most"),
        ("exempt", "9.9.9.0/24", -DAY, ListingError, "over already"),
        ("exempt", "9.9.9.1/24", DAY, SubjectError, "no prefix"),
        ("exempt", "0.0.0.0/0", DAY, ListingError, "too wide"),
        ("safety", "::/0", None, ListingError, "too wide"),
        ("safety", "com", None, ListingError, "top-level domain"),
        ("exempt", "COM.", DAY, ListingError, "top-level domain"),
        ("safety", "not a name!", None, SubjectError, "neither"),
    ],
)
def test_wrong_entries_say_why(kind, text, until, error, says):
    with pytest.raises(error, match=says):
        entered(kind, text, NOW, until and NOW + until, "anna", "because", OPEN)


@pytest.mark.parametrize("words", ["", "  \n ", "\x1b", "x" * 1001])
def test_words_are_one_line_of_text(words):
    with pytest.raises(ListingError, match="--why"):
        entered("exempt", "9.9.9.9", NOW, NOW + DAY, "anna", words, OPEN)
    assert entered("exempt", "9.9.9.9", NOW, NOW + DAY, "a\nb\x1b[1m", "y", OPEN).who == "a b [1m"


@pytest.mark.parametrize(
    ("text", "canonical"),
    [("9.9.9.9/32", "9.9.9.9"), ("2A01::1", "2a01::/64"), ("2a01::/64", "2a01::/64"), ("2a01::/80", "2a01::/64"),
     ("2a01::/48", "2a01::/48"), ("EXAMPLE.org.", "example.org")],
)  # fmt: skip
def test_entries_are_canonical(text, canonical):
    assert entered("exempt", text, NOW, NOW + DAY, "anna", "because", OPEN).subject == canonical


@given(
    st.text(st.sampled_from("0123456789abcdef.:/-g %é"), max_size=20), st.sampled_from(["manual", "exempt", "safety"])
)
def test_any_text_is_an_entry_or_an_error(text, kind):
    try:
        made = entered(kind, text, NOW, NOW + DAY, "anna", "because", OPEN)
    except ValueError:
        return
    assert canonical(made.subject) == made.subject
    with suppress(SubjectError):  # such as ::/20, whose first address nobody may score
        assert kind == "manual" or Protection.of((), (), [made]).why(parse(made.subject.partition("/")[0]))


def test_the_rule_does_not_list_the_exempt_and_ends_their_listings():
    said = [entry("exempt", "9.9.9.0/24"), entry("safety", "spam.example", None)]
    found = {parse(text): verdict() for text in ("9.9.9.9", "spam.example", "9.9.10.1")}
    made = policy.changes(found, [listing("9.9.9.9")], Settings(), NOW, said)
    assert [(each.what, each.listing.subject.text) for each in made] == [("removed", "9.9.9.9"), ("listed", "9.9.10.1")]
    assert made[0].listing.removed
    assert "exempt" in made[0].why
    later = policy.changes(found, [], Settings(), NOW + DAY, said)  # the exemption has ended, the safety list has not
    assert [each.listing.subject.text for each in later] == []  # what was seen is a day old
    again = policy.changes({parse("9.9.9.9"): verdict(NOW + DAY)}, [], Settings(), NOW + DAY, said)
    assert [each.what for each in again] == ["listed"]


def test_a_network_that_became_ours_is_freed():
    made = policy.changes({}, [listing("9.9.9.9")], Settings(own_networks=("9.9.9.0/24",)), NOW)
    assert [(each.what, each.listing.expires) for each in made] == [("removed", NOW)]


def test_a_manual_listing_lasts_as_said_and_the_rule_may_make_it_longer(ledger):
    new = entered("manual", "9.9.9.9", NOW, NOW + timedelta(hours=2), "anna", "seen by eye", OPEN)
    (made,) = ledger.entries.add(new, NOW)
    assert ledger.listings(NOW) == [made.listing]
    assert made.listing.expires == NOW + timedelta(hours=2)
    assert [(each.what, each.who) for each in ledger.changes()] == [("listed", "anna"), ("added", "anna")]
    # What was seen before an operator's word still counts for the rule.
    (longer,) = policy.changes({parse("9.9.9.9"): verdict(NOW - timedelta(hours=1))}, ledger.past(NOW), Settings(), NOW)
    assert (longer.what, longer.listing.expires) == ("extended", NOW + timedelta(hours=23))
    assert [reason.kind for reason in longer.listing.reasons] == ["score", "manual"]
    over = policy.expired([made.listing], ())
    assert "it was to last until" in over[0].why
    assert policy.expired([made.listing], [longer]) == ()


def test_a_manual_entry_without_its_listing_lists_again():
    said = [entry("manual", "9.9.9.9")]
    (made,) = policy.changes({}, [], Settings(), NOW, said)
    assert (made.what, made.who, made.listing.expires) == ("listed", "anna", NOW + DAY)
    assert policy.changes({}, [made.listing], Settings(), NOW, said) == ()
    assert policy.changes({}, [replace(made.listing, expires=NOW, removed=True)], Settings(), NOW, said) == ()


def test_a_manual_entry_makes_a_listing_longer_never_shorter(ledger):
    ledger.apply([Change("listed", listing("9.9.9.9", NOW + 5 * DAY), "bad")], [], NOW)
    for days, ends in ((2, 5), (7, 7)):
        new = entered("manual", "9.9.9.9", NOW, NOW + days * DAY, "anna", "x", OPEN)
        (made,) = ledger.entries.add(new, NOW)
        assert (made.what, made.listing.expires) == ("extended", NOW + ends * DAY)
    assert [reason.kind for reason in ledger.listings(NOW)[0].reasons] == ["score", "manual"]
    ledger.remove(parse("9.9.9.9"), NOW + timedelta(seconds=1), "mended")
    assert ledger.entries.in_force(NOW + timedelta(seconds=1)) == []


def test_an_exemption_ends_listings_at_once_and_can_be_withdrawn(ledger):
    for text in ("9.9.9.9", "9.9.8.9", "spam.example"):
        ledger.apply([Change("listed", listing(text), "bad")], [], NOW)
    made = ledger.entries.add(entry("exempt", "9.9.9.0/24"), NOW)
    assert [each.listing.subject.text for each in made] == ["9.9.9.9"]
    assert [each.subject.text for each in ledger.listings(NOW)] == ["9.9.8.9", "spam.example"]
    ledger.entries.add(entry("safety", "spam.example", None), NOW)
    assert [each.subject.text for each in ledger.listings(NOW)] == ["9.9.8.9"]
    exempted, protected = ledger.entries.in_force(NOW)
    assert (exempted.kind, protected.kind, protected.until) == ("exempt", "safety", None)
    before = ledger.revision()
    assert ledger.entries.withdraw(protected.id, NOW + timedelta(hours=1), "ben", "a mistake").subject == "spam.example"
    assert ledger.revision() == before + 1
    assert [each.id for each in ledger.entries.in_force(NOW + timedelta(hours=1))] == [exempted.id]
    assert ledger.entries.in_force(NOW + DAY) == []
    assert [each.what for each in ledger.changes(3)] == ["withdrawn", "removed", "protected"]
    assert ledger.changes(subject="9.9.9.0/24")[0].until == NOW + DAY


def test_what_was_exempted_while_a_run_judged_is_not_listed(ledger):
    ledger.entries.add(entry("safety", "9.9.9.0/24", None), NOW)
    ledger.apply([Change("listed", listing(text), "bad") for text in ("9.9.9.9", "9.9.8.9")], [], NOW)
    assert [each.subject.text for each in ledger.listings(NOW)] == ["9.9.8.9"]


def test_what_cannot_be_withdrawn(ledger):
    ledger.entries.add(entry("manual", "9.9.9.9"), NOW)
    with pytest.raises(LedgerError, match=r"listing remove 9\.9\.9\.9"):
        ledger.entries.withdraw(1, NOW, "anna", "x")
    with pytest.raises(LedgerError, match="no entry 7"):
        ledger.entries.withdraw(7, NOW, "anna", "x")
