"""rspamd's rbl module: it marks by our codes, of the client's address, the sender's domain and what a message links to.

It asks for no TXT record; the words of a refusal are its own.
"""

import pytest
from tests.servers.rspamd import rspamd
from tests.zone.clients.lists import BL, DOM, LISTED, PASSED

pytestmark = [pytest.mark.server, pytest.mark.heavy]

RBL = f"""
  default_exclude_private_ips = false;  # so that the test entry, 127.0.0.2, is asked for
  default_exclude_local = false;
  rbls {{
    reputon {{
      symbol = "REPUTON_OTHER";
      rbl = "{BL}";
      checks = ["from"];
      returncodes {{
        REPUTON_SCORE = "127.0.0.2";
        REPUTON_TRAP = "127.0.0.3";
        REPUTON_MALWARE = "127.0.0.4";
      }}
    }}
    reputon_dom {{
      symbol = "REPUTON_DOM_OTHER";
      rbl = "{DOM}";
      checks = ["urls"];
      selector = "from('smtp'):domain";
      returncodes {{ REPUTON_DOM = "127.0.0.2"; }}
    }}
  }}
"""
WEIGHTS = {"REPUTON_SCORE": 10.0, "REPUTON_TRAP": 6.0, "REPUTON_MALWARE": 6.0, "REPUTON_DOM": 10.0}


@pytest.fixture(scope="module")
def scan(place):
    """What rspamd says of a message."""

    def of(client="192.0.2.1", sender="anna@sender.test", text="Hi."):
        return running.scan(client, sender, text)

    running = rspamd(place, 11333, RBL, WEIGHTS)
    with running.program:
        yield of


@pytest.mark.parametrize("client", LISTED)
def test_a_listed_client_is_rejected(scan, client):
    found = scan(client)
    assert found.action == "reject"
    assert found.symbols == {"REPUTON_SCORE": [f"{client}:from"]}


@pytest.mark.parametrize("client", PASSED)
def test_another_is_let_through(scan, client):
    found = scan(client)
    assert (found.action, found.symbols) == ("no action", {})


def test_each_code_is_a_symbol_of_its_own(scan):
    assert list(scan("192.0.2.70").symbols) == ["REPUTON_TRAP"]
    assert list(scan("192.0.2.71").symbols) == ["REPUTON_MALWARE"]
    both = scan("192.0.2.72")
    assert sorted(both.symbols) == ["REPUTON_MALWARE", "REPUTON_SCORE"]
    assert both.action == "reject"


@pytest.mark.parametrize("sender", ["anna@bad.example", "anna@worse.example", "anna@mail.worse.example"])
def test_a_listed_sender_domain_is_rejected(scan, sender):
    found = scan(sender=sender)
    assert found.action == "reject"
    assert found.symbols == {"REPUTON_DOM": [f"{sender.partition('@')[2]}:selector"]}


@pytest.mark.parametrize("sender", ["anna@good.example", "anna@mail.bad.example"])
def test_another_sender_domain_is_let_through(scan, sender):
    assert scan(sender=sender).symbols == {}


def test_a_link_to_a_listed_domain_is_rejected(scan):
    assert scan(text="See http://www.bad.example/x .").symbols == {"REPUTON_DOM": ["bad.example:url"]}
    assert scan(text="See http://www.good.example/x .").symbols == {}
