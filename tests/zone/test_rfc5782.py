"""RFC 5782, point by point: our own zones, and lists in general, by both kernels and the oracle."""

from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from types import SimpleNamespace
from typing import Any

import dns.message
import dns.rdata
import pytest
from tests.zone.asking import Kernels, check
from tests.zone.oracle import Oracle

from reputon.subject import parse
from reputon.zone import own
from reputon.zone.content import Content, Covers, Soa, Value
from reputon.zone.own import ZONES, Settings, address_owner

NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
A, TXT = 1, 16
MAPPED = "::ffff:7f00:{}"
TESTS = {"bl": "2.0.0.127", "score": "2.0.0.127", "dom": "TEST", "dscore": "TEST"}
NEVER = {"bl": "1.0.0.127", "score": "1.0.0.127", "dom": "INVALID", "dscore": "INVALID"}


class Zones:
    """Our zones with some listings, asked everywhere at once."""

    def __init__(self):
        ends = NOW + timedelta(hours=1)
        reasons = (SimpleNamespace(kind="score", share=1.0),)
        listed = ("192.0.2.7", "2001:db8:1:2::/64", "spam.example", "127.0.0.1", "invalid")
        listings: Any = [
            SimpleNamespace(subject=parse(each), scope="it", reasons=reasons, expires=ends) for each in listed
        ]
        settings = Settings("reputon.test", "https://reputon.test/{subject}")
        self.contents = own.contents(listings, [], settings)
        self.kernels, self.oracle = Kernels(self.contents), Oracle(self.contents)

    def ask(self, name, rdtype="A"):
        """The code of the response and the data of its records."""
        packet = dns.message.make_query(f"{name}.reputon.test", rdtype).to_wire()
        said = check(self.kernels, self.oracle, packet, int(NOW.timestamp()))
        return said.rcode, [
            dns.rdata.from_wire("IN", kind, data, 0, len(data)).to_text() for *_, kind, data in said.answer
        ]


@pytest.fixture(scope="module")
def zones():
    return Zones()


def test_a_listed_ipv4_address_has_an_address_of_127(zones):
    """Section 2.1."""
    assert zones.ask("7.2.0.192.bl") == (0, ["127.0.0.2"])


def test_a_listed_ipv6_address_is_32_nibbles(zones):
    """Section 2.4."""
    assert zones.ask(f"{address_owner('2001:db8:1:2::dead')}.bl") == (0, ["127.0.0.2"])
    assert zones.ask(f"{address_owner('2001:db8:1:3::dead')}.bl") == (3, [])


def test_a_name_is_asked_below_the_list(zones):
    """Section 3."""
    assert zones.ask("spam.example.dom") == (0, ["127.0.0.2"])
    assert zones.ask("example.dom") == (0, [])


def test_who_is_listed_has_a_text_that_says_why(zones):
    """Section 2.1: a TXT record SHOULD say the reason; each A has one."""
    for name in ("7.2.0.192.bl", "spam.example.dom", *(f"{owner}.{zone}" for zone, owner in TESTS.items())):
        rcode, texts = zones.ask(name, "TXT")
        assert rcode == 0
        assert len(texts) == 1
        assert "https://reputon.test/" in texts[0]


def test_who_is_not_listed_is_not_there(zones):
    """Section 2.1: no records, and NXDOMAIN."""
    for name in ("8.2.0.192.bl", "7.2.0.192.score", "ham.example.dom", "spam.example.dscore"):
        assert zones.ask(name) == (3, [])
        assert zones.ask(name, "TXT") == (3, [])


@pytest.mark.parametrize("zone", ZONES)
def test_the_test_entry_is_listed_and_its_opposite_is_not(zones, zone):
    """Section 5: 127.0.0.2 and TEST MUST be listed, 127.0.0.1 and INVALID MUST NOT, even by somebody's mistake."""
    rcode, codes = zones.ask(f"{TESTS[zone]}.{zone}")
    assert rcode == 0
    assert all(each.startswith("127.0.") for each in codes)
    assert codes
    assert zones.ask(f"{NEVER[zone]}.{zone}")[1] == []


@pytest.mark.parametrize("zone", ["bl", "score"])
def test_the_test_entries_of_ipv6(zones, zone):
    """Section 5: ::FFFF:7F00:2 MUST be listed, ::FFFF:7F00:1 MUST NOT."""
    assert zones.ask(f"{address_owner(MAPPED.format(2))}.{zone}".upper())[1] != []
    assert zones.ask(f"{address_owner(MAPPED.format(1))}.{zone}") == (3, [])


@pytest.mark.parametrize("code", ["127.0.0.2", "127.0.0.3", "127.0.0.4", "127.0.0.5", "127.0.0.6"])
def test_each_value_has_a_test_entry(zones, code):
    """Section 5: for each value that a list returns there SHOULD be an entry that always does."""
    assert zones.ask(f"{address_owner(code)}.bl") == (0, [code])


def test_several_values_are_several_records():
    """Section 2.3: a combined list."""
    content = Content("bl.example", Soa("ns.example", "hostmaster@example"))
    for code in ("127.0.0.2", "127.0.0.4", "127.0.0.10"):
        known = content.value_of(Value((code,), (f"Listed as {code}: $",)))
        content.dataset().add4(int(ip_address("192.0.2.7")), 32, known)
    packet = dns.message.make_query("7.2.0.192.bl.example", "A").to_wire()
    said = check(Kernels([content]), Oracle([content]), packet)
    assert {data[3] for *_, data in said.answer} == {2, 4, 10}


def test_a_list_of_names_may_cover_what_is_below():
    """Section 3: wildcards."""
    content = Content("dom.example", Soa("ns.example", "hostmaster@example"))
    content.dataset().add_name("spam.test", Covers.BELOW, content.value_of(Value(("127.0.0.2",))))
    kernels, oracle = Kernels([content]), Oracle([content])

    def rcode_and_count(name):
        said = check(kernels, oracle, dns.message.make_query(f"{name}.dom.example", "A").to_wire())
        return said.rcode, len(said.answer)

    assert rcode_and_count("a.b.spam.test") == (0, 1)
    assert rcode_and_count("spam.test") == (0, 0)
    assert rcode_and_count("ham.test") == (3, 0)
