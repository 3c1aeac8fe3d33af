"""SpamAssassin's check_rbl and its kin: our codes, our words, the sender's domain and what a message links to.

It never asks for 127.0.0.0/8, which to it are its own machines: the test entry shows nothing there.
"""

import pytest
from tests.servers.spamassassin import Mail, spamassassin
from tests.zone.clients.lists import BL, CODED, DOM, LISTED, PASSED, text

pytestmark = [pytest.mark.server, pytest.mark.heavy]

CHECKS = {
    "header __REPUTON": f"check_rbl('reputon-lastexternal', '{BL}.')",
    "header REPUTON_SCORE": r"check_rbl_sub('reputon-lastexternal', '^127\.0\.0\.2$')",
    "header REPUTON_TRAP": r"check_rbl_sub('reputon-lastexternal', '^127\.0\.0\.3$')",
    "header REPUTON_MALWARE": r"check_rbl_sub('reputon-lastexternal', '^127\.0\.0\.4$')",
    "header REPUTON_TEXT": f"check_rbl_txt('reputon-text-lastexternal', '{BL}.', '^Reputon')",
    "header REPUTON_FROM": f"check_rbl_from_domain('reputon-from', '{DOM}.', '^127')",
    "header REPUTON_ENVELOPE": f"check_rbl_envfrom('reputon-envelope', '{DOM}.', '^127')",
    "body REPUTON_LINK": "check_uridnsbl('REPUTON_LINK')",
}
SCORES = {"REPUTON_SCORE": 5, "REPUTON_ENVELOPE": 5, "REPUTON_LINK": 5}
RULES = "".join(
    [
        f"urirhsbl REPUTON_LINK {DOM}. A\n",
        *(f"{rule} eval:{check}\ntflags {rule.split()[1]} net\n" for rule, check in CHECKS.items()),
        *(f"score {name} {score}\n" for name, score in SCORES.items()),
    ]
)
OUTSIDE = [each for each in LISTED if not each.startswith("127.")]
LISTED_SENDERS = ["anna@bad.example", "anna@worse.example", "anna@mail.worse.example"]
BAD_LINK, GOOD_LINK = (f"See http://www.{each}.example/x ." for each in ("bad", "good"))


@pytest.fixture(scope="module")
def judged(place):
    """What SpamAssassin says of every message of these tests, in one run."""
    senders = [*LISTED_SENDERS, "anna@good.example"]
    mails = [Mail(client) for client in (*LISTED, *PASSED, *CODED)]
    mails += [Mail(sender=sender) for sender in senders] + [Mail(text=BAD_LINK), Mail(text=GOOD_LINK)]
    return spamassassin(place, RULES, mails)


@pytest.mark.parametrize("client", OUTSIDE)
def test_a_listed_client_is_marked_with_our_words(judged, client):
    found = judged[Mail(client)]
    assert found.spam
    assert found.rules == ["REPUTON_SCORE", "REPUTON_TEXT"]
    assert f"[{text(client)}]" in found.lists


@pytest.mark.parametrize("client", [*PASSED, "127.0.0.2"])
def test_another_is_let_through(judged, client):
    found = judged[Mail(client)]
    assert (found.spam, found.rules) == (False, [])


def test_each_code_is_a_rule_of_its_own(judged):
    assert judged[Mail("192.0.2.70")].rules == ["REPUTON_TEXT", "REPUTON_TRAP"]
    assert judged[Mail("192.0.2.71")].rules == ["REPUTON_MALWARE", "REPUTON_TEXT"]
    assert judged[Mail("192.0.2.72")].rules == ["REPUTON_MALWARE", "REPUTON_SCORE", "REPUTON_TEXT"]


@pytest.mark.parametrize("sender", LISTED_SENDERS)
def test_a_listed_sender_domain_is_marked(judged, sender):
    found = judged[Mail(sender=sender)]
    assert found.spam
    assert found.rules == ["REPUTON_ENVELOPE", "REPUTON_FROM"]


def test_another_sender_domain_is_let_through(judged):
    assert judged[Mail(sender="anna@good.example")].rules == []


def test_a_link_to_a_listed_domain_is_marked(judged):
    assert judged[Mail(text=BAD_LINK)].spam
    assert judged[Mail(text=BAD_LINK)].rules == ["REPUTON_LINK"]
    assert judged[Mail(text=GOOD_LINK)].rules == []
