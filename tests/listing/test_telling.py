"""Telling: the notice reaches a real SMTP server, and what does not is told."""

from datetime import UTC, datetime
from email import message_from_bytes
from email.policy import default

import pytest
from tests.servers.postfix import free_port
from tests.servers.receiver import Receiver

from reputon.listing.entry import ListingError
from reputon.listing.telling import NotToldError, Relay, contact, tell
from reputon.subject import parse

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)


def send(port, **more):
    relay = Relay(f"127.0.0.1:{port}", "postmaster@rep.example.org", **more)
    tell(relay, ["abuse@example.org", "noc@example.org"], "Your address\r\nBcc: x@y", "A tenant é\n", NOW)


def test_a_notice_arrives():
    with Receiver() as server:
        send(server.port)
    assert [recipient for recipient, _ in server.taken] == ["abuse@example.org", "noc@example.org"]
    found = message_from_bytes(server.taken[0][1], policy=default)
    assert found["Subject"] == "Your address Bcc: x@y"
    assert found["Bcc"] is None
    assert found["Message-ID"].endswith("@rep.example.org>")
    assert found["From"] == "postmaster@rep.example.org"
    assert found["Auto-Submitted"] == "auto-generated"
    assert found.get_content().strip() == "A tenant é"


def test_who_is_refused_is_told():
    refused = pytest.raises(NotToldError, match=r"refused all recipients: 550 5\.1\.1 nobody here")
    with Receiver(refuse=lambda recipient: "550 5.1.1 nobody here") as server, refused:
        send(server.port)
    with Receiver(refuse=lambda recipient: "550 no" if recipient.startswith("noc") else None) as server:
        send(server.port)
    assert [recipient for recipient, _ in server.taken] == ["abuse@example.org"]


def test_a_server_that_is_not_there():
    with pytest.raises(NotToldError, match=r"127\.0\.0\.1"):
        send(free_port())


def test_a_password_is_in_no_message():
    with Receiver() as server, pytest.raises(NotToldError) as told:
        send(server.port, user="anna", password="a secret")
    assert "a secret" not in str(told.value) + repr(Relay("x", "y", "anna", "a secret"))
    assert server.taken == []


@pytest.mark.parametrize(
    ("server", "sender", "key"),
    [("mail.example.org:x", "a@b", "server"), (":25", "a@b", "server"), ("mail.example.org", "nobody", "sender"),
     ("mail.example.org", "a b@c", "sender")],
)  # fmt: skip
def test_a_relay_that_cannot_be_used_names_its_key(server, sender, key):
    with pytest.raises(ListingError, match=f"listing.notice.{key}"):
        Relay(server, sender).place()


def test_the_longest_configured_prefix_wins():
    contacts = {"9.0.0.0/8": "wide@example.org", "9.9.0.0/16": "near@example.org", "2a01::/16": "six@example.org"}
    assert contact(parse("9.9.9.9"), contacts) == "near@example.org"
    assert contact(parse("9.8.9.9"), contacts) == "wide@example.org"
    assert contact(parse("2a01:1::1"), contacts) == "six@example.org"
    assert contact(parse("8.8.8.8"), contacts) == ""
    for wrong in ({"9.9.9.9/8": "a@b"}, {"9.0.0.0/8": "nobody"}):
        with pytest.raises(ListingError, match=r"listing\.contacts"):
            contact(parse("9.9.9.9"), wrong)
