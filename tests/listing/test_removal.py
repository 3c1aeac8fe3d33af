"""Owner removal: proved by DNS, the first at once, the second after a day, the third after review, some never."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reputon.listing import proof, removal
from reputon.listing.database import LedgerError
from reputon.listing.policy import Change, Listing, Reason
from reputon.listing.removal import Removal
from reputon.resolver import World
from reputon.subject import of_key, parse

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
DAY = timedelta(days=1)


def listing(subject, *kinds, until=NOW + 5 * DAY):
    reasons = tuple(Reason(kind, 0.5, 3) for kind in ("score", *kinds))
    return Listing(parse(subject), "address", reasons, NOW, NOW, until, 1)


def had(subject="9.9.9.9", owner="example.org", days=1.0):
    return Removal(parse(subject), owner, removal.prefix_of(parse(subject)), NOW - timedelta(days=days))


@pytest.mark.parametrize(
    ("past", "outcome"),
    [
        ([], "at-once"),
        ([had("8.8.8.8", "other.example")], "at-once"),
        ([had()], "later"),
        ([had("8.8.8.8")], "later"),  # the same owner elsewhere
        ([had("9.9.9.250", "other.example")], "later"),  # another owner, so it says, in the same /24
        ([had(days=30)], "at-once"),
        ([had(), had(days=29.9)], "review"),
        ([had("9.9.9.1", "a.example"), had("9.9.9.2", "b.example")], "review"),  # a snowshoer with many names
        ([had("8.8.8.8"), had("9.9.9.2", "b.example")], "later"),  # one of each: neither has had two
        ([had()] * 9, "review"),
    ],
)
def test_the_limits(past, outcome):
    ruling = removal.rule(listing("9.9.9.9", "complaints"), "example.org", past, NOW)
    assert ruling.outcome == outcome
    assert ruling.until == {"at-once": NOW, "later": NOW + DAY, "review": None}[outcome]


@pytest.mark.parametrize("kind", ["pristine-trap", "malware"])
def test_traps_and_malware_are_never_taken_back(kind):
    ruling = removal.rule(listing("9.9.9.9", "complaints", kind), "example.org", [], NOW)
    assert (ruling.outcome, ruling.until) == ("never", None)
    assert "dispute" in ruling.why


def test_what_an_operator_listed_is_for_the_operator():
    assert removal.rule(listing("9.9.9.9", "manual"), "example.org", [], NOW).outcome == "review"


PAST = st.lists(st.builds(
    had, st.integers(0, 600).map(lambda at: of_key((9 << 24) + at).text), st.sampled_from(["a.example", "b.example"]),
    st.floats(0, 40),
), max_size=8)  # fmt: skip
ORDER = ["at-once", "later", "review", "never"]


@given(PAST, PAST)
def test_more_removals_never_make_it_easier(past, more):
    few = removal.rule(listing("9.0.0.9"), "a.example", past, NOW)
    many = removal.rule(listing("9.0.0.9"), "a.example", past + more, NOW)
    assert ORDER.index(many.outcome) >= ORDER.index(few.outcome)


@given(st.lists(st.tuples(st.integers(0, 255), st.sampled_from(["a", "b", "c", "d", "e"])), max_size=40))
def test_a_prefix_has_two_in_thirty_days_whoever_asks(wishes):
    past: list[Removal] = []
    for minute, (last, owner) in enumerate(wishes):
        subject, now = f"9.9.9.{last}", NOW + timedelta(minutes=minute)
        ruling = removal.rule(listing(subject), f"{owner}.example", past, now)
        if ruling.until is not None:
            past.append(Removal(parse(subject), f"{owner}.example", "9.9.9.0/24", now))
    assert len(past) <= 2


def test_a_removal_never_makes_a_listing_longer():
    ruling = removal.rule(listing("9.9.9.9", until=NOW + timedelta(hours=3)), "example.org", [had()], NOW)
    assert ruling.until == NOW + timedelta(hours=3)


@pytest.mark.parametrize(
    ("subject", "prefix"),
    [("9.9.9.9", "9.9.9.0/24"), ("2a01:1:2:3::", "2a01:1:2::/48"), ("mail.example.org", "mail.example.org")],
)
def test_what_counts_together(subject, prefix):
    assert removal.prefix_of(parse(subject)) == prefix


TOKEN = "t0ken"
TXT = {"TXT": ["v=spf1 -all", f"reputon-token={TOKEN}"]}
NAMED = {"9.9.9.9.in-addr.arpa": {"PTR": ["mx.mail.example.org."]}, "mx.mail.example.org": {"A": ["9.9.9.9"]}}
V6 = "9.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.3.0.0.0.2.0.0.0.1.0.0.0.1.0.a.2.ip6.arpa"


@pytest.mark.parametrize(
    ("subject", "names", "owner"),
    [
        ("9.9.9.9", NAMED | {"_reputon.mx.mail.example.org": TXT}, "example.org"),
        ("9.9.9.9", {"_reputon.9.9.9.9.in-addr.arpa": TXT}, "9.9.9.in-addr.arpa"),
        ("9.9.9.9", {"_reputon.9.9.9.in-addr.arpa": TXT}, "9.9.9.in-addr.arpa"),
        ("example.org", {"_reputon.example.org": TXT}, "example.org"),
        ("2a01:1:2:3::9", {V6: {"PTR": ["six.example.org"]}, "six.example.org": {"AAAA": ["2a01:1:2:3::9"]},
                           "_reputon.six.example.org": TXT}, "example.org"),
        ("2a01:1:2:3::/64", {"_reputon.3.0.0.0.2.0.0.0.1.0.0.0.1.0.a.2.ip6.arpa": TXT},
         "2.0.0.0.1.0.0.0.1.0.a.2.ip6.arpa"),
        ("2a01:1:2:3::/64", {"_reputon.2.0.0.0.1.0.0.0.1.0.a.2.ip6.arpa": TXT}, "2.0.0.0.1.0.0.0.1.0.a.2.ip6.arpa"),
        # Nobody's proof:
        ("9.9.9.9", NAMED, ""),
        ("9.9.9.9", NAMED | {"_reputon.example.org": TXT}, ""),  # not at the address's own name
        ("9.9.9.9", NAMED | {"_reputon.mx.mail.example.org": {"TXT": ["reputon-token=other"]}}, ""),
        ("9.9.9.9", NAMED | {"_reputon.mx.mail.example.org": {"TXT": [TOKEN]}}, ""),
        ("9.9.9.9", {"9.9.9.9.in-addr.arpa": {"PTR": ["mx.victim.example"]}, "mx.victim.example": {"A": ["9.9.9.8"]},
                     "_reputon.mx.victim.example": TXT}, ""),  # the name does not give the address back
        ("9.9.9.9", {"9.9.9.9.in-addr.arpa": {"PTR": ["not a name!", "-"]}}, ""),
        ("mail.example.org", {"_reputon.example.org": TXT}, ""),
    ],
)  # fmt: skip
def test_whose_it_is(subject, names, owner):
    address = subject if ":" in subject and "/" not in subject else None
    found = proof.prove(parse(subject), {proof.hashed(TOKEN)}.__contains__, World(names), address)
    assert found.owner == owner
    assert found.unknown == ()
    assert found.looked


@pytest.mark.parametrize(
    "names",
    [
        {"9.9.9.9.in-addr.arpa": {"timeout": True}},
        NAMED | {"mx.mail.example.org": {"rcode": "SERVFAIL"}},
        NAMED | {"_reputon.mx.mail.example.org": {"rcode": "REFUSED"}},
    ],
)
def test_what_dns_cannot_tell_proves_nothing_and_is_told(names):
    found = proof.prove(parse("9.9.9.9"), lambda _: True, World(names))
    assert found.owner == ""
    assert len(found.unknown) == 1


def proved(ledger, subject, owner, now=NOW):
    token = ledger.removals.token(subject, now)
    assert proof.hashed(token) in ledger.removals.hashes(subject, now)
    return proof.Proof(owner, proof.hashed(token), f"_reputon.{owner}", (), ())


def test_the_road_of_an_owner(ledger):
    for number in range(1, 5):
        ledger.apply([Change("listed", listing(f"9.9.9.{number}"), "bad")], [], NOW)
    first, second, third, fourth = (parse(f"9.9.9.{number}") for number in range(1, 5))
    once = proved(ledger, first, "example.org")
    assert ledger.removals.claim(first, once, NOW, "mended").outcome == "at-once"
    assert ledger.listing(first, NOW) is None
    ledger.apply([Change("listed", listing("9.9.9.1"), "again")], [], NOW)
    with pytest.raises(LedgerError, match="was used"):
        ledger.removals.claim(first, once, NOW, "again")
    ruling = ledger.removals.claim(second, proved(ledger, second, "example.org"), NOW, "mended too")
    assert (ruling.outcome, ruling.until) == ("later", NOW + DAY)
    assert ledger.listing(second, NOW + DAY - timedelta(seconds=1)) is not None
    assert ledger.listing(second, NOW + DAY) is None
    ruling = ledger.removals.claim(third, proved(ledger, third, "other.example"), NOW, "and this")
    assert ruling.outcome == "review"
    assert ledger.listing(third, NOW + 2 * DAY) is not None
    later = NOW + timedelta(days=31)
    ledger.apply([Change("listed", listing("9.9.9.4", until=later + DAY), "bad")], [], NOW)
    assert len(ledger.removals.of(fourth, "example.org", NOW)) == 2
    assert ledger.removals.of(fourth, "example.org", later) == []
    assert [(each.what, each.who) for each in ledger.changes() if each.who != "rule"] == [
        ("shortened", "owner example.org"), ("removed", "owner example.org"),
    ]  # fmt: skip


def test_a_token_is_of_one_subject_and_ends(ledger):
    one, other = parse("9.9.9.1"), parse("9.9.9.2")
    found = proved(ledger, one, "example.org")
    assert ledger.removals.hashes(other, NOW) == set()
    assert ledger.removals.hashes(one, NOW + 7 * DAY) == set()
    ledger.apply([Change("listed", listing("9.9.9.2"), "bad")], [], NOW)
    with pytest.raises(LedgerError, match="was used"):
        ledger.removals.claim(other, found, NOW, "x")
    assert ledger.listing(other, NOW) is not None
    with pytest.raises(LedgerError, match="not listed"):
        ledger.removals.claim(one, found, NOW, "x")
