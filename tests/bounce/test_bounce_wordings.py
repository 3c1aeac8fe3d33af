"""Wordings that no rule knew when they were first read: what each is about, and whose fault it is."""

import pytest

from reputon import lists
from reputon.bounce import dialects
from reputon.bounce.judge import judge
from reputon.bounce.refusal import Refusal

CATALOGUE, RULES = lists.load(), dialects.load()


@pytest.mark.parametrize(
    ("text", "kind", "fault", "listed_ip"),
    [
        ("552 5.7.0 Our policy does not permit .exe attachments", "content", "sender", None),
        ("554 5.7.7 email rejected, message is suspected phishing", "content", "sender", None),
        ("550 This message contains malware (Sanesecurity.Phishing.Cur.123)", "content", "sender", None),
        ("552 5.7.0 Message rejected: contains a macro-enabled document", "content", "sender", None),
        ("550 5.7.1 Password-protected archives are rejected", "content", "sender", None),
        ("554 5.7.1 Newsletter without List-Unsubscribe header refused", "content", "sender", None),
        ("554 5.7.1 Link shortener links are not accepted (bit.example)", "content", "sender", None),
        ("550 5.7.1 Nachricht abgelehnt: Spamverdacht", "content", "sender", None),
        ("550 5.7.1 Courrier refusé : contenu indésirable", "content", "sender", None),
        ("452 4.3.1 Too many messages in this session from your address, slow down", "rate", "sender", None),
        ("450 4.7.1 Error: too much mail from 198.51.100.90", "rate", "sender", "198.51.100.90"),
        ("421 4.7.1 Too many errors from 203.0.113.2, closing connection", "rate", "sender", "203.0.113.2"),
        ("421 4.7.0 Zu viele Verbindungen von 192.0.2.19", "rate", "sender", "192.0.2.19"),
        ("451 4.7.1 Sender deferred: volume from sender.example above limit", "rate", "sender", None),
        ("552 5.2.2 The user's daily quota is exceeded", "other", "recipient-policy", None),
        ("550 5.7.1 Mail from your country is not taken here", "other", "recipient-policy", None),
        ("550 5.7.1 User has blocked you", "other", "recipient-policy", None),
        ("550 5.7.1 You are on the recipient's personal blacklist", "other", "recipient-policy", None),
        ("550 ご利用のIPアドレス 203.0.113.8 はブラックリストに登録されています", "ip", "sender", "203.0.113.8"),
        ("550 Su servidor está en una lista negra", "ip", "sender", None),
        ("554 5.7.1 The domain sender.example is on our internal blacklist", "domain", "sender", None),
        ("554 Your message appears to be bulk and was refused", "content", "sender", None),
        ("550 5.7.1 Impersonation attempt detected", "auth", "sender", None),
        ("550 5.7.1 Mail claiming to be from our own domain must be authenticated", "auth", "sender", None),
        ("450 4.7.1 You may only send 50 mails per connection", "rate", "sender", None),
        ("550 5.7.1 Mailbox accepts mail only from internal senders", "other", "recipient-policy", None),
        ("550 5.7.1 This mailbox does not accept external email", "other", "recipient-policy", None),
        ("554 5.7.1 Your network 203.0.113.0/24 is blocked because of repeated abuse", "ip", "sender", None),
        ("554 5.7.1 203.0.113.9, of your network 203.0.113.0/24, is blocked", "ip", "sender", "203.0.113.9"),
        ("421 DNSBL lookup failed, try later", "other", "receiver", None),
    ],
)
def test_a_wording_is_understood(text, kind, fault, listed_ip):
    report = judge(Refusal("someone@example.org", text), CATALOGUE, RULES)
    assert (report.subject_kind, report.fault, report.listed_ip) == (kind, fault, listed_ip)
