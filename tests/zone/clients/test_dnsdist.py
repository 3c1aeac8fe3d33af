"""dnsdist in front, configured as the documents say: answers, cache, health, limits, and nothing for transfers."""

import time
from contextlib import ExitStack

import dns.exception
import dns.flags
import dns.message
import dns.query
import dns.rcode
import pytest
from tests.servers.dnsdist import dnsdist
from tests.servers.namespace import Namespace
from tests.servers.program import WAIT
from tests.servers.zones import ask, records, reputon
from tests.zone.clients.lists import BL, LISTED, LISTS, PASSED, name, text

pytestmark = [pytest.mark.server, pytest.mark.heavy]

SERVER, LIMITED = 5310, 54
FEW = 5  # questions a second
CLIENT, NEIGHBOUR = "192.0.2.1", "203.0.113.1"


@pytest.fixture(scope="module")
def place():
    with ExitStack() as stack:
        inside = stack.enter_context(Namespace([CLIENT, NEIGHBOUR]))
        stack.enter_context(reputon(inside, SERVER, BL, LISTS))
        stack.enter_context(dnsdist(inside, BL, SERVER))
        stack.enter_context(dnsdist(inside, BL, SERVER, port=LIMITED, a_second=FEW))
        yield inside


def by_tcp(place, query, port=53):
    with place.connect(port) as client:
        client.setblocking(False)
        return dns.query.tcp(query, "127.0.0.1", WAIT, sock=client)


def test_answers_come_through_whole(place):
    for each in LISTED:
        assert records(ask(place, name(each))) == ["127.0.0.2"]
        assert records(ask(place, name(each), "TXT")) == [text(each)]
    for each in PASSED:
        said = ask(place, name(each))
        assert said.rcode() == dns.rcode.NXDOMAIN
        assert said.authority
    assert records(by_tcp(place, dns.message.make_query(name("192.0.2.72"), "A"))) == ["127.0.0.2", "127.0.0.4"]


def udp(place, client, count):
    """The answers to one question that is asked many times at once; lost ones are none."""
    query = dns.message.make_query(name("192.0.2.66"), "A")
    found = []
    for _ in range(count):
        sock = place.bound(client)
        with sock:
            try:
                found.append(dns.query.udp(query, "127.0.0.1", WAIT, LIMITED, sock=sock))
            except dns.exception.Timeout:
                continue
    return found


def test_a_client_above_the_limit_is_told_to_come_by_tcp(place):
    said = udp(place, CLIENT, 40)
    truncated = [each for each in said if each.flags & dns.flags.TC]
    assert len(truncated) > FEW
    assert not any(each.answer for each in truncated)
    assert all(each.answer for each in udp(place, NEIGHBOUR, FEW))
    query = dns.message.make_query(name("192.0.2.66"), "A")
    assert records(by_tcp(place, query, LIMITED)) == ["127.0.0.2"]


@pytest.mark.parametrize("rdtype", ["AXFR", "IXFR"])
def test_nobody_may_transfer_by_the_address_of_dnsdist(place, rdtype):
    assert by_tcp(place, dns.message.make_query(BL, rdtype)).rcode() == dns.rcode.REFUSED


def test_a_server_that_is_gone_is_noticed_and_comes_back():
    with Namespace() as place:
        server = reputon(place, SERVER, BL, LISTS)
        with server, dnsdist(place, BL, SERVER) as front:
            assert records(ask(place, name("192.0.2.66"))) == ["127.0.0.2"]
            server.__exit__(None, None, None)
            until(lambda: "as 'down'" in front.said())
            assert records(ask(place, name("192.0.2.66"))) == ["127.0.0.2"]  # from the cache
            assert ask(place, name("192.0.2.70")).rcode() == dns.rcode.SERVFAIL  # mail passes
            with reputon(place, SERVER, BL, LISTS):
                until(lambda: front.said().count("as 'up'") > 1)
                assert records(ask(place, name("192.0.2.70"))) == ["127.0.0.3"]


def until(happened):
    end = time.monotonic() + WAIT
    while not happened():
        assert time.monotonic() < end
        time.sleep(0.05)
