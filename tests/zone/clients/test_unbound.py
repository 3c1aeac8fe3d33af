"""unbound with QNAME minimisation in front: it asks for shorter names first, which exist if anything is below them."""

from contextlib import ExitStack, contextmanager

import dns.rcode
import pytest
from tests.servers.namespace import Namespace
from tests.servers.unbound import unbound
from tests.servers.zones import ask, rbldnsd, records, reputon
from tests.zone.clients.lists import BL, DOM, LISTED, LISTS, PASSED, name, text

pytestmark = [pytest.mark.server, pytest.mark.heavy]

SERVER = 5310
STRICT, RELAXED = 53, 54  # resolvers: one believes NXDOMAIN of a shorter name, the other asks for the whole one too
TEST_ENTRY_6 = ".".join(reversed("00000000000000000000ffff7f000002")) + f".{BL}"  # ::ffff:127.0.0.2
LISTED_DOMAINS = ["bad.example", "worse.example", "mail.worse.example", "test"]
PASSED_DOMAINS = ["good.example", "mail.bad.example", "invalid"]


@contextmanager
def behind_resolvers(server):
    with ExitStack() as stack:
        place = stack.enter_context(Namespace())
        stack.enter_context(server(place, SERVER, BL, LISTS))
        for port in (STRICT, RELAXED):
            stack.enter_context(unbound(place, [BL, DOM], SERVER, port=port, strict=port == STRICT))
        yield place


@pytest.fixture(scope="module")
def ours():
    with behind_resolvers(reputon) as place:
        yield place


@pytest.fixture(scope="module")
def theirs():
    with behind_resolvers(rbldnsd) as place:
        yield place


def found(place, port, names):
    """What is listed of those names."""
    answers = {each: ask(place, each, port=port) for each in names}
    assert {answer.rcode() for answer in answers.values()} <= {dns.rcode.NOERROR, dns.rcode.NXDOMAIN}
    return [each for each, answer in answers.items() if records(answer)]


@pytest.mark.parametrize("port", [STRICT, RELAXED], ids=["strict", "relaxed"])
def test_every_listing_is_found_and_no_other(ours, port):
    listed = [*map(name, LISTED), TEST_ENTRY_6, *(f"{each}.{DOM}" for each in LISTED_DOMAINS)]
    passed = [*map(name, PASSED), *(f"{each}.{DOM}" for each in PASSED_DOMAINS)]
    assert found(ours, port, [*passed, *listed]) == listed
    for each in LISTED:
        assert records(ask(ours, name(each), "TXT", port)) == [text(each)]
    assert records(ask(ours, name("192.0.2.72"), port=port)) == ["127.0.0.2", "127.0.0.4"]


def test_rbldnsd_is_found_where_the_resolver_asks_again_after_nxdomain(theirs):
    assert found(theirs, RELAXED, map(name, LISTED)) == list(map(name, LISTED))


def test_rbldnsd_is_missed_where_the_resolver_believes_nxdomain(theirs):
    assert found(theirs, STRICT, map(name, LISTED)) == []
