"""Postfix's reject_rbl_client and reject_rhsbl_sender: refused with our words, or let through."""

import pytest
from tests.servers.dialogue import to_recipient
from tests.servers.postfix import Postfix
from tests.zone.clients.lists import BL, CODED, DOM, LISTED, PASSED, UNSERVED, text

pytestmark = [pytest.mark.server, pytest.mark.heavy]

ALL, MALWARE, REFUSED = 2525, 2526, 2527
SERVICES = f"""\
[::1]:{ALL} inet n - n - - smtpd
127.0.0.1:{ALL} inet n - n - - smtpd
127.0.0.1:{MALWARE} inet n - n - - smtpd
  -o smtpd_client_restrictions=reject_rbl_client,{BL}=127.0.0.4
127.0.0.1:{REFUSED} inet n - n - - smtpd
  -o smtpd_client_restrictions=reject_rbl_client,{UNSERVED}
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
        smtpd_client_restrictions=f"reject_rbl_client {BL}=127.0.0.[2..11]",
        smtpd_sender_restrictions=f"reject_rhsbl_sender {DOM}=127.0.0.[2..11]",
        smtpd_delay_reject="yes",
    ) as running:
        yield running


@pytest.fixture
def said(place, mta):
    """What Postfix says to a recipient."""

    def dialogue(client, sender="anna@sender.test", port=ALL):
        return to_recipient(place, port, client, sender, "bob@receiver.test")

    return dialogue


@pytest.mark.parametrize("client", LISTED)
def test_a_listed_client_is_refused_with_our_words(said, client):
    code, words = said(client)
    assert code == 554
    assert f"Client host [{client}] blocked using {BL}; {text(client)}" in words


@pytest.mark.parametrize("client", PASSED)
def test_another_is_let_through(said, client):
    assert said(client) == (250, "2.1.5 Ok")


@pytest.mark.parametrize("client", CODED)
def test_a_filter_on_a_code_takes_that_code_alone(said, client):
    assert said(client)[0] == 554
    assert said(client, port=MALWARE)[0] == (250 if client == "192.0.2.70" else 554)


def test_mail_passes_where_the_server_refuses_to_say(said):
    assert said("192.0.2.66", port=REFUSED)[0] == 250


@pytest.mark.parametrize("sender", ["anna@bad.example", "anna@test", "anna@worse.example", "anna@mail.worse.example"])
def test_a_listed_sender_domain_is_refused_with_our_words(said, sender):
    code, words = said("192.0.2.1", sender)
    assert code == 554
    assert f"Sender address [{sender}] blocked using {DOM}; Reputon lists the domain " in words
    assert sender.endswith(words.split()[-1])


@pytest.mark.parametrize("sender", ["anna@good.example", "anna@mail.bad.example", "anna@invalid"])
def test_another_sender_domain_is_let_through(said, sender):
    assert said("192.0.2.1", sender)[0] == 250
