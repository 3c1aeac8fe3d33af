"""Exim's dnslists: refused with our words, or let through."""

import pytest
from tests.servers.dialogue import to_recipient
from tests.servers.exim import exim
from tests.zone.clients.lists import BL, CODED, DOM, LISTED, PASSED, UNSERVED, text

pytestmark = [pytest.mark.server, pytest.mark.heavy]

WORDS = "message = $dnslist_domain lists $dnslist_matched ($dnslist_value): $dnslist_text"
RULES = [
    f"  deny {WORDS}",
    "       recipients = malware@receiver.test",
    f"       dnslists = {BL}=127.0.0.4",
    "  deny recipients = refused@receiver.test",
    f"       dnslists = {UNSERVED}",
    "  accept recipients = malware@receiver.test : refused@receiver.test",
    f"  deny {WORDS}",
    f"       dnslists = {BL}!&0.255.255.0",
    f"  deny {WORDS}",
    f"       dnslists = {DOM}!&0.255.255.0/$sender_address_domain",
]
PORT = 2525


@pytest.fixture(scope="module")
def said(place):
    """What Exim says to a recipient."""

    def dialogue(client, sender="anna@sender.test", recipient="bob@receiver.test"):
        return to_recipient(place, PORT, client, sender, recipient)

    with exim(place, PORT, RULES):
        yield dialogue


@pytest.mark.parametrize("client", LISTED)
def test_a_listed_client_is_refused_with_our_words(said, client):
    assert said(client) == (550, f"{BL} lists {client} (127.0.0.2): {text(client)}")


@pytest.mark.parametrize("client", PASSED)
def test_another_is_let_through(said, client):
    assert said(client) == (250, "Accepted")


@pytest.mark.parametrize("client", CODED)
def test_a_filter_on_a_code_takes_that_code_alone(said, client):
    assert said(client)[0] == 550
    assert said(client, recipient="malware@receiver.test")[0] == (250 if client == "192.0.2.70" else 550)


def test_both_codes_of_an_address_are_seen(said):
    _, words = said("192.0.2.72")
    assert any(f"({codes})" in words for codes in ("127.0.0.2, 127.0.0.4", "127.0.0.4, 127.0.0.2"))


def test_mail_passes_where_the_server_refuses_to_say(said):
    assert said("192.0.2.66", recipient="refused@receiver.test")[0] == 250


@pytest.mark.parametrize("sender", ["anna@bad.example", "anna@test", "anna@worse.example", "anna@mail.worse.example"])
def test_a_listed_sender_domain_is_refused_with_our_words(said, sender):
    code, words = said("192.0.2.1", sender)
    assert code == 550
    assert f"{DOM} lists {sender.partition('@')[2]} (127.0.0.2): Reputon lists the domain " in words


@pytest.mark.parametrize("sender", ["anna@good.example", "anna@mail.bad.example", "anna@invalid"])
def test_another_sender_domain_is_let_through(said, sender):
    assert said("192.0.2.1", sender)[0] == 250
