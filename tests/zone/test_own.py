"""What the zones answer: RFC 5782, DESIGN.md section 4, empty names, expiry."""

from datetime import UTC, datetime, timedelta
from ipaddress import IPv6Address
from types import SimpleNamespace
from typing import Any

import dns.rcode
import dns.rdatatype
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reputon.subject import Subject, SubjectError, parse
from reputon.zone import own
from reputon.zone.content import ContentError
from reputon.zone.entries import band, score_code
from reputon.zone.own import Settings
from reputon.zone.server import asking
from reputon.zone.table import compile_zones

NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
SETTINGS = Settings("reputon.test", "https://reputon.test/{subject}")


def nibbles(address):
    return ".".join(reversed(f"{int(IPv6Address(address)):032x}"))


def ask(table, name, rdtype="A", now=NOW):
    return asking.ask(table, name, rdtype, now.timestamp)


@pytest.fixture
def texts(clock):
    def said(publisher, name, rdtype="A"):
        publisher.reload()
        rcode, records = asking.said(ask(publisher.table, f"{name}.reputon.test", rdtype, clock()))
        return rcode, [each.text for each in records]

    return said


@pytest.mark.parametrize(
    ("name", "codes"),
    [
        ("2.0.0.127.bl", ["127.0.0.2"]),
        ("3.0.0.127.bl", ["127.0.0.3"]),
        ("4.0.0.127.bl", ["127.0.0.4"]),
        ("5.0.0.127.bl", ["127.0.0.5"]),
        ("6.0.0.127.bl", ["127.0.0.6"]),
        (nibbles("::ffff:7f00:2") + ".bl", ["127.0.0.2"]),
        (nibbles("::ffff:7f00:6") + ".bl", ["127.0.0.6"]),
        ("2.0.0.127.score", ["127.0.4.0"]),
        (nibbles("::ffff:7f00:2") + ".score", ["127.0.4.0"]),
        ("test.dom", ["127.0.0.2"]),
        ("TEST.dom", ["127.0.0.2"]),
        ("complaints.test.dom", ["127.0.0.6"]),
        ("test.dscore", ["127.0.4.0"]),
    ],
)
def test_rfc_5782_test_entries_say_their_value_and_have_a_text(texts, publisher, name, codes):
    assert texts(publisher, name) == ("NOERROR", codes)
    rcode, said = texts(publisher, name, "TXT")
    assert rcode == "NOERROR"
    assert "https://reputon.test/" in said[0]


@pytest.mark.parametrize(
    "name",
    [
        "1.0.0.127.bl", nibbles("::ffff:7f00:1") + ".bl", "1.0.0.127.score", "invalid.dom", "invalid.dscore",
        "7.0.0.127.bl", "x.test.dom", "0.2.0.0.127.bl", "02.0.0.127.bl", "2.1.0.0.127.bl",
    ],
)  # fmt: skip
def test_rfc_5782_names_that_are_never_listed(texts, publisher, name):
    assert texts(publisher, name) == ("NXDOMAIN", [])


def test_127_0_0_1_and_invalid_stay_clean_even_if_somebody_lists_them(texts, publisher, ledger):
    ledger.list("127.0.0.1")
    ledger.listed.append(SimpleNamespace(**vars(ledger.listed[0]) | {"subject": Subject("domain", "invalid")}))
    ledger.list("127.0.0.9")
    assert texts(publisher, "1.0.0.127.bl") == ("NXDOMAIN", [])
    assert texts(publisher, "invalid.dom") == ("NXDOMAIN", [])
    assert texts(publisher, "9.0.0.127.bl") == ("NOERROR", ["127.0.0.2"])


def test_one_code_for_each_reason_that_carries_its_share(texts, publisher, ledger, reason):
    shares = {"score": 1.0, "malware": 0.2, "complaints": 0.5, "invalid-recipients": 0.19}
    ledger.list("192.0.2.7", *(reason(kind, share) for kind, share in shares.items()))
    assert texts(publisher, "7.2.0.192.bl") == ("NOERROR", ["127.0.0.2", "127.0.0.4", "127.0.0.6"])


def test_a_text_names_scope_reason_expiry_and_page(texts, publisher, ledger, reason):
    ledger.list("2001:db8:1:2::/64", reason("complaints", 0.9))
    assert texts(publisher, nibbles("2001:db8:1:2::99") + ".bl", "TXT") == (
        "NOERROR",
        [
            "scope=address reason=complaints until=2026-11-25T09:00:00Z https://reputon.test/2001:db8:1:2::%2F64",
        ],
    )


def test_a_score_is_its_code_and_its_text(texts, publisher, ledger):
    ledger.score("192.0.2.7", 37.456, shared=True)
    assert texts(publisher, "7.2.0.192.score") == ("NOERROR", ["127.0.4.37"])
    assert texts(publisher, "7.2.0.192.score", "TXT")[1] == [
        "score=37.46 confidence=0.80 sample=1000-9999 top=complaint:HIGH shared=1 https://reputon.test/192.0.2.7"
    ]
    assert texts(publisher, "8.2.0.192.score") == ("NXDOMAIN", [])
    assert texts(publisher, "7.2.0.192.bl") == ("NXDOMAIN", [])


@pytest.mark.parametrize(
    ("value", "code"), [(0, 0), (29.99, 29), (29.999, 30), (30, 30), (99.99, 99), (100, 100), (-3, 0), (130, 100)]
)
def test_a_score_code_lies_below_a_threshold_exactly_when_the_score_does(value, code):
    assert score_code(value) == f"127.0.4.{code}"


@pytest.mark.parametrize(("count", "text"), [(0, "0-9"), (9, "0-9"), (10, "10-99"), (99, "10-99"), (1000, "1000-9999")])
def test_counts_are_shown_in_bands(count, text):
    assert band(count) == text


def test_a_64_is_listed_for_every_address_in_it_and_no_other(texts, publisher, ledger):
    ledger.list("2001:db8:1:2::/64")
    full = nibbles("2001:db8:1:2:dead:beef::1")
    assert texts(publisher, full + ".bl") == ("NOERROR", ["127.0.0.2"])
    assert texts(publisher, full.upper() + ".bl") == ("NOERROR", ["127.0.0.2"])
    assert texts(publisher, nibbles("2001:db8:1:3::1") + ".bl") == ("NXDOMAIN", [])
    assert texts(publisher, "1." + full + ".bl") == ("NXDOMAIN", [])
    assert texts(publisher, full.replace("d", "g") + ".bl") == ("NXDOMAIN", [])
    for cut in range(1, 32):
        assert texts(publisher, ".".join(full.split(".")[cut:]) + ".bl") == ("NOERROR", [])


def test_a_tenant_is_listed_with_every_name_below_it_and_none_above(texts, publisher, ledger):
    ledger.list("example.org")
    ledger.score("example.org", 12)
    for name in ("example.org", "mail.example.org", "a.b.Example.ORG"):
        assert texts(publisher, name + ".dom") == ("NOERROR", ["127.0.0.2"])
        assert texts(publisher, name + ".dscore") == ("NOERROR", ["127.0.4.12"])
    assert texts(publisher, "org.dom") == ("NOERROR", [])
    assert texts(publisher, "notexample.org.dom") == ("NXDOMAIN", [])
    assert texts(publisher, "example.org.bl") == ("NXDOMAIN", [])


def test_a_name_of_its_own_wins_over_its_tenant(texts, publisher, ledger):
    ledger.score("example.org", 12)
    ledger.score("shop.example.org", 90)
    assert texts(publisher, "x.shop.example.org.dscore") == ("NOERROR", ["127.0.4.90"])


def test_a_single_label_lists_nobody_below_it(texts, publisher, ledger):
    ledger.list("org")
    assert texts(publisher, "example.org.dom") == ("NXDOMAIN", [])


def test_a_listing_is_not_answered_from_the_second_it_expires(texts, publisher, ledger, clock):
    ledger.list("192.0.2.7", hours=1)
    ledger.list("2001:db8::/64", hours=1)
    publisher.reload()
    clock.pass_(minutes=59, seconds=30)
    response = ask(publisher.table, "7.2.0.192.bl.reputon.test", now=clock())
    assert [each.ttl for each in response.answer] == [30]
    clock.pass_(seconds=30)
    for name in (
        "7.2.0.192.bl",
        "2.0.192.bl",
        "192.bl",
        nibbles("2001:db8::1") + ".bl",
        nibbles("2001:db8::")[2:] + ".bl",
    ):
        assert texts(publisher, name) == ("NXDOMAIN", [])


@pytest.mark.parametrize("zone", ["bl", "score", "dom", "dscore"])
def test_an_apex_has_soa_and_ns_and_nothing_else(texts, publisher, ledger, zone):
    assert texts(publisher, zone, "NS") == ("NOERROR", ["ns.reputon.test."])
    assert texts(publisher, zone, "SOA") == (
        "NOERROR",
        [f"ns.reputon.test. hostmaster.reputon.test. {int(NOW.timestamp())} 3600 900 604800 60"],
    )
    assert texts(publisher, zone, "A") == ("NOERROR", [])


def test_negative_answers_carry_the_soa_with_the_negative_ttl(publisher):
    for name in ("9.9.9.9.bl", "0.127.bl", "bl"):
        (start,) = ask(publisher.table, f"{name}.reputon.test").authority
        assert (start.name.to_text(), start.rdtype, start.ttl) == ("bl.reputon.test.", dns.rdatatype.SOA, 60)


@pytest.mark.parametrize(("rdtype", "rdtypes"), [("AAAA", []), ("MX", []), ("ANY", ["A"])])
def test_other_types_are_empty_and_any_is_one_type(publisher, rdtype, rdtypes):
    rcode, records = asking.said(ask(publisher.table, "2.0.0.127.bl.reputon.test", rdtype))
    assert rcode == "NOERROR"
    assert [each.rdtype for each in records] == rdtypes


@pytest.mark.parametrize(
    "name", [".", "test", "reputon.test", "www.reputon.test", "xbl.reputon.test", "bl.reputon.test.org"]
)
def test_names_of_others_are_refused(publisher, name):
    assert ask(publisher.table, name).rcode() == dns.rcode.REFUSED


def test_names_to_ask_about_somebody():
    names = own.names_of(" 192.0.2.7 ", SETTINGS)
    assert names == ("7.2.0.192.bl.reputon.test", "7.2.0.192.score.reputon.test")
    assert own.names_of("2001:db8::1", SETTINGS)[0] == nibbles("2001:db8::1") + ".bl.reputon.test"
    assert own.names_of("Example.org", SETTINGS)[0] == "example.org.dom.reputon.test"
    with pytest.raises(SubjectError):
        own.names_of("192.0.2", SETTINGS)


def test_a_root_that_is_no_domain_is_told():
    with pytest.raises(ContentError, match=r"zone\.root"):
        own.contents((), (), Settings("not a name", "https://x.test"))


# Laws.  The model knows no tree: a name answers, or has something below it, if some live entry says so.

OCTETS = st.sampled_from(["0", "2", "10", "192"])
ADDRESSES = st.builds(lambda *parts: ".".join(parts), OCTETS, OCTETS, OCTETS, OCTETS)
PREFIXES = st.sampled_from([f"2001:db8:{each}::/64" for each in ("0:1", "0:2", "1:1", "f:f")])
DOMAINS = st.lists(st.sampled_from(["a", "b", "mail"]), min_size=1, max_size=3).map(
    lambda each: ".".join([*each, "org"])
)
LISTED = st.dictionaries(ADDRESSES | PREFIXES | DOMAINS, st.integers(-2, 3), max_size=8)


def make(listed, now=NOW):
    listings: list[Any] = [
        SimpleNamespace(subject=parse(who), scope="address", reasons=(), expires=NOW + timedelta(hours=hours))
        for who, hours in listed.items()
    ]
    live: list[Any] = [each for each in listings if each.expires > now]
    return compile_zones(own.contents(live, (), SETTINGS))


def names(listed):
    """Names on, below, above and beside what is listed."""
    full = [nibbles(who.removesuffix("::/64") + ":dead:0:0:1") for who in listed if ":" in who]
    octets = [".".join(reversed(who.split("."))) for who in listed if who[0].isdigit() and ":" not in who]
    bases = [*full, *octets, *(who for who in listed if who.endswith("org")), "2.0.0.127", "test", "9.9.9.9"]
    cut = st.tuples(st.sampled_from(bases), st.integers(0, 31)).map(lambda each: each[0].split(".")[each[1] :])
    more = st.lists(st.sampled_from(["1", "f", "g", "a", "b", "mail", "255"]), max_size=2)
    return st.builds(lambda before, base: [*before, *base], more, cut).filter(bool)


def test_model_is_what_the_law_says():
    assert model({"192.0.2.7": 1}, ["2", "0", "192"], "bl") == ("NOERROR", False)


def model(listed, labels, zone):
    name, found, is_there = ".".join(labels), False, False
    for who, hours in listed.items():
        if hours <= 0 or (zone == "dom") != who.endswith("org"):
            continue
        if ":" in who:
            owner, rest = nibbles(who.removesuffix("/64")).split(".")[16:], labels[:-16]
            inside = labels[-16:] == owner and all(len(x) == 1 and x in "0123456789abcdef" for x in rest)
            found |= inside and len(rest) == 16
            is_there |= (inside and len(rest) <= 16) or owner[-len(labels) :] == labels
        else:
            owner = who if zone == "dom" else ".".join(reversed(who.split(".")))
            below = zone == "dom" and name.endswith("." + owner)
            found |= name == owner or below
            is_there |= below or ("." + owner).endswith("." + name)
    return ("NOERROR" if is_there else "NXDOMAIN"), found


TESTS = [f"{each}.0.0.127" for each in range(2, 7)] + [nibbles(f"::ffff:7f00:{each}") for each in range(2, 7)]
NAME_TESTS = ["test"] + [f"{each}.test" for each in ("pristine-trap", "malware", "invalid-recipients", "complaints")]


@settings(deadline=None)
@given(st.data(), LISTED, st.sampled_from(["bl", "dom"]))
def test_a_name_is_there_exactly_if_something_live_is_on_it_or_below_it(data, listed, zone):
    labels = data.draw(names(listed))
    name = ".".join(labels)
    tests = TESTS if zone == "bl" else NAME_TESTS
    response = ask(make(listed), f"{name}.{zone}.reputon.test")
    rcode = dns.rcode.to_text(response.rcode())
    if any(("." + test).endswith("." + name) for test in tests):
        assert rcode == "NOERROR"
    else:
        assert (rcode, bool(response.answer)) == model(listed, labels, zone)


@settings(deadline=None)
@given(st.data(), LISTED, st.sampled_from(["bl", "dom"]))
def test_nothing_is_below_a_name_that_is_not_there(data, listed, zone):
    """RFC 8020: every name above one that is there is there too."""
    labels = data.draw(names(listed))
    made = make(listed)
    above = [".".join([*labels[cut:], f"{zone}.reputon.test"]) for cut in range(len(labels))]
    rcodes = [ask(made, name).rcode() for name in above]
    assert rcodes == sorted(rcodes, reverse=True)  # NXDOMAIN first, and never again after a NOERROR


@settings(deadline=None)
@given(LISTED, st.integers(-3, 4))
def test_no_answer_outlives_its_listing(listed, hours):
    now = NOW + timedelta(hours=hours, minutes=-3)
    made = make(listed)
    for who, end in listed.items():
        name = own.names_of(who, SETTINGS)[0]
        for each in ask(made, name, now=now).answer:
            # A tenant may still be covered by the one above it.
            last = max(listed.values()) if who.endswith("org") else end
            assert now + timedelta(seconds=each.ttl) <= NOW + timedelta(hours=last)
            assert 0 <= each.ttl <= SETTINGS.ttl
