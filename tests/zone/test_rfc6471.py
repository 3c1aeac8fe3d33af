"""RFC 6471, as far as DNS shows it: temporary listings, a way to be sure that a list is alive, never the world."""

import dns.message
import pytest
from tests.zone.asking import Kernels, check
from tests.zone.oracle import Oracle

from reputon.zone import own
from reputon.zone.content import Content, Covers, Soa, Value
from reputon.zone.own import Settings

NOW = 1_800_000_000
EVERYBODY = ("1.2.0.192", "2.0.0.127", "4.3.2.1", "0.0.0.0", "255.255.255.255", ".".join("0" * 32), "example", "test")


def zone(**more):
    """A list of one address and one name, for a while."""
    content = Content("bl.example", Soa("ns.example", "hostmaster@example"), ("ns.example",), **more)
    short = content.value_of(Value(("127.0.0.2",), ("Listed: $",), ttl=3600, expires=NOW + 100))
    dataset = content.dataset()
    dataset.add4(0xC0000201, 32, short)
    dataset.add_name("spam.example", Covers.BOTH, short)
    return content


def ask(content, name, now, rdtype="A"):
    packet = dns.message.make_query(f"{name}.bl.example".lstrip("."), rdtype, use_edns=0).to_wire()
    return check(Kernels([content]), Oracle([content]), packet, now)


@pytest.mark.parametrize("name", ["1.2.0.192", "spam.example", "mail.spam.example"])
def test_a_listing_is_temporary_and_so_is_what_caches_keep(name):
    """Section 2.2.1: it ends by itself, to the second; no cache has it longer."""
    content = zone()
    for before in (100, 99, 1):
        (record,) = ask(content, name, NOW + 100 - before).answer
        assert record[1] == before
    for after in (0, 1, 1_000_000):
        assert not ask(content, name, NOW + 100 + after).answer


def test_who_was_removed_is_believed_soon():
    """Section 2.2.3: how long `not listed` is kept is the SOA's minimum, never longer than a listing."""
    said = ask(zone(), "9.9.9.9", NOW)
    ((_, ttl, *_),) = said.authority
    assert (said.rcode, ttl) == (3, 60)


@pytest.mark.parametrize("name", EVERYBODY)
def test_a_list_that_is_not_renewed_lists_nobody(name):
    """Section 3.4: a list that nobody keeps MUST NOT list the world, nor say that all is well."""
    content = zone(stale=NOW)
    for now in (NOW, NOW + 1, NOW + 1_000_000):
        said = ask(content, name, now)
        assert said.rcode == 2
        assert not said.answer
        assert said.edns[3] == ((15, b"\x00\x18"),)
    assert ask(content, name, NOW - 1).rcode in (0, 3)


@pytest.mark.parametrize("name", EVERYBODY)
def test_an_empty_list_lists_nobody(name):
    """Section 3.4."""
    assert ask(Content("bl.example", Soa("ns.example", "hostmaster@example")), name, NOW).rcode == 3


@pytest.mark.parametrize("action", range(5))
def test_whoever_may_not_ask_is_told_of_no_listing(action):
    """Section 3.4: refusing must not look like listing; an error code lies outside of what is a listing."""
    content = zone()
    kernels, oracle = Kernels([content]), Oracle([content])
    kernels.allow(type(kernels.allowed)((action,), (False,)))
    packet = dns.message.make_query("1.2.0.192.bl.example", "A").to_wire()
    said = check(kernels, oracle, packet, NOW)
    codes = [] if isinstance(said, str) else [data for *_, data in said.answer]
    assert codes == {0: [bytes((127, 0, 0, 2))], 4: [bytes((127, 255, 255, 254))]}.get(action, [])


def test_our_lists_are_alive_with_nobody_listed():
    """Section 3.3: 127.0.0.2 is listed, 127.0.0.1 is not; scores and listings are zones apart."""
    contents = own.contents([], [], Settings("reputon.test", "https://reputon.test/{subject}"))
    assert [each.apex for each in contents] == [f"{each}.reputon.test" for each in own.ZONES]
    kernels, oracle = Kernels(contents), Oracle(contents)

    def count(name):
        packet = dns.message.make_query(f"{name}.reputon.test", "A").to_wire()
        return len(check(kernels, oracle, packet, NOW).answer)

    assert [count("2.0.0.127.bl"), count("1.0.0.127.bl")] == [1, 0]
    assert [count("2.0.0.127.score"), count("1.0.0.127.score")] == [1, 0]
    assert [count("test.dom"), count("invalid.dom"), count("test.dscore"), count("invalid.dscore")] == [1, 0, 1, 0]
