"""unbound with QNAME minimisation in front: it asks for shorter names first, which exist if anything is below them."""

from contextlib import ExitStack

import dns.rcode
import pytest
from tests.servers.namespace import Namespace
from tests.servers.unbound import unbound
from tests.servers.zones import ask, rbldnsd, records, reputon
from tests.zone.clients.lists import BL, DOM, LISTED, LISTS, PASSED, name, text

pytestmark = [pytest.mark.server, pytest.mark.heavy]

SERVER = 5310
TEST_ENTRY_6 = ".".join(reversed("00000000000000000000ffff7f000002")) + f".{BL}"  # ::ffff:127.0.0.2
LISTED_DOMAINS = ["bad.example", "worse.example", "mail.worse.example", "test"]
PASSED_DOMAINS = ["good.example", "mail.bad.example", "invalid"]


@pytest.fixture
def resolver(request):
    """A server of that kind behind an unbound that has not asked it anything yet."""
    server, strict = request.param
    with ExitStack() as stack:
        place = stack.enter_context(Namespace())
        stack.enter_context(server(place, SERVER, BL, LISTS))
        stack.enter_context(unbound(place, [BL, DOM], SERVER, strict=strict))
        yield place


def found(place, names):
    """What is listed of those names."""
    answers = {each: ask(place, each) for each in names}
    assert {answer.rcode() for answer in answers.values()} <= {dns.rcode.NOERROR, dns.rcode.NXDOMAIN}
    return [each for each, answer in answers.items() if records(answer)]


@pytest.mark.parametrize(
    "resolver", [(reputon, True), (reputon, False)], indirect=True, ids=["ours-strict", "ours-relaxed"]
)
def test_every_listing_is_found_and_no_other(resolver):
    listed = [*map(name, LISTED), TEST_ENTRY_6, *(f"{each}.{DOM}" for each in LISTED_DOMAINS)]
    passed = [*map(name, PASSED), *(f"{each}.{DOM}" for each in PASSED_DOMAINS)]
    assert found(resolver, [*passed, *listed]) == listed
    assert {each: records(ask(resolver, name(each), "TXT")) for each in LISTED} == {
        each: [text(each)] for each in LISTED
    }
    assert records(ask(resolver, name("192.0.2.72"))) == ["127.0.0.2", "127.0.0.4"]


@pytest.mark.parametrize("resolver", [(rbldnsd, False)], indirect=True, ids=["rbldnsd-relaxed"])
def test_rbldnsd_is_found_where_the_resolver_asks_again_after_nxdomain(resolver):
    assert found(resolver, map(name, LISTED)) == list(map(name, LISTED))


@pytest.mark.parametrize("resolver", [(rbldnsd, True)], indirect=True, ids=["rbldnsd-strict"])
def test_rbldnsd_is_missed_where_the_resolver_believes_nxdomain(resolver):
    assert found(resolver, map(name, LISTED)) == []
