"""postscreen before Postfix: it adds the weights of our codes, and refuses from its threshold on.

Its refusal names the list only: it asks for no TXT record.
"""

from concurrent.futures import ThreadPoolExecutor

import pytest
from tests.servers.dialogue import to_recipient
from tests.servers.postfix import Postfix
from tests.zone.clients.lists import BL, CODED, LISTED, PASSED

pytestmark = [pytest.mark.server, pytest.mark.heavy]

SERVICES = """\
2525 inet n - n - 1 postscreen
smtpd pass - - n - - smtpd
dnsblog unix - - n - 0 dnsblog
tlsproxy unix - - n - 0 tlsproxy
"""


@pytest.fixture(scope="module")
def mta(place):
    with Postfix(
        place=place,
        services=SERVICES,
        inet_protocols="all",
        inet_interfaces="loopback-only",
        mynetworks="",
        mydestination="receiver.test",
        smtpd_relay_restrictions="reject_unauth_destination",
        postscreen_access_list="",
        postscreen_greet_wait="2s",
        postscreen_dnsbl_sites=f"{BL}=127.0.0.2*2 {BL}=127.0.0.3*1 {BL}=127.0.0.4*1",
        postscreen_dnsbl_threshold="2",
        postscreen_dnsbl_action="enforce",
    ) as running:
        yield running


@pytest.fixture(scope="module")
def said(place, mta):
    """What each client is told: all of them at once, since postscreen lets each wait."""

    def dialogue(client):
        return to_recipient(place, 2525, client, "anna@sender.test", "bob@receiver.test")

    clients = [*LISTED, *PASSED, *CODED]
    with ThreadPoolExecutor(len(clients)) as pool:
        return dict(zip(clients, pool.map(dialogue, clients), strict=True))


@pytest.mark.parametrize("client", LISTED)
def test_a_listed_client_is_refused(mta, said, client):
    assert said[client] == (550, f"5.7.1 Service unavailable; client [{client}] blocked using {BL}")
    assert f"addr {client} listed by domain {BL} as 127.0.0.2" in mta.log()


@pytest.mark.parametrize("client", PASSED)
def test_another_is_let_through(said, client):
    assert said[client] == (250, "2.1.5 Ok")


def test_the_weights_of_several_codes_add_up(mta, said):
    assert {client: said[client][0] for client in CODED} == {"192.0.2.70": 250, "192.0.2.71": 250, "192.0.2.72": 550}
    assert "DNSBL rank 3 for [192.0.2.72]" in mta.log()
