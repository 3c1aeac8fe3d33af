"""Telling: a notice as a mail to the owner's abuse contact, through a mail server of one's own."""

import smtplib
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, make_msgid
from ipaddress import ip_network

from reputon import deadline, submission
from reputon.listing.entry import ListingError
from reputon.listing.rdap import is_address
from reputon.subject import Subject

TIMEOUT = 20.0  # seconds for each step
_PORT = 25


class NotToldError(ValueError):
    """A notice that was surely not taken by the mail server; the message says why, without secrets."""


@dataclass(frozen=True, slots=True)
class Relay:
    """The mail server that takes notices: `server` is HOST or HOST:PORT, `sender` must take answers."""

    server: str
    sender: str
    user: str = ""
    password: str = field(default="", repr=False)

    def place(self) -> tuple[str, int]:
        """Its host and port; ListingError names the key that is wrong."""
        if not is_address(self.sender):
            raise ListingError("listing.notice.sender: an address like postmaster@example.org that takes answers")
        host, colon, port = self.server.rpartition(":")
        if not colon or self.server.endswith("]"):
            host, port = self.server, str(_PORT)
        if not host.strip("[]") or not port.isdecimal() or not 0 < int(port) < 1 << 16:
            raise ListingError("listing.notice.server: write HOST:PORT, as in mail.example.org:587")
        return host.strip("[]"), int(port)


def contact(subject: Subject, contacts: Mapping[str, str]) -> str:
    """The configured contact of an address, by the longest prefix that holds it; empty for none.  ListingError."""
    wanted, best, found = ip_network(subject.text), -1, ""
    for text, address in contacts.items():
        try:
            network = ip_network(text)
        except ValueError as error:
            raise ListingError(f"listing.contacts: {error}: write a prefix as 192.0.2.0/24") from None
        if not is_address(address):
            raise ListingError(f"listing.contacts: {address!r} is no address like abuse@example.org")
        if network.version == wanted.version and network.prefixlen > best and (
            wanted.network_address in network
        ):  # fmt: skip
            best, found = network.prefixlen, address
    return found


def tell(relay: Relay, to: Sequence[str], subject: str, text: str, now: datetime) -> None:
    """Hand the mail to the relay; NotToldError where it did not take it for anybody."""
    host, port = relay.place()
    smtp = smtplib.SMTP(timeout=TIMEOUT)
    smtp._host = host  # type: ignore[attr-defined] # whose name its certificate must bear, where we connect later
    try:
        with deadline.ended_by(deadline.WHOLE, lambda: smtp.sock):
            smtp.connect(host, port)
            submission.greet(smtp, host, relay.user, relay.password)
            smtp.send_message(_mail(relay.sender, to, subject, text, now), relay.sender, list(to))
    except smtplib.SMTPAuthenticationError as error:
        raise NotToldError(f"the mail server refused the login ({error.smtp_code})") from None
    except smtplib.SMTPRecipientsRefused as error:
        code, said = next(iter(error.recipients.values()))
        raise NotToldError(
            f"the mail server refused all recipients: {code} {said.decode('ascii', 'replace')}"
        ) from None
    except OSError as error:  # what smtplib raises is of this kind too
        raise NotToldError(f"the mail server at {host}:{port}: {error.strerror or error}") from None
    finally:
        with suppress(OSError):
            smtp.quit()
        smtp.close()


def _mail(sender: str, to: Sequence[str], subject: str, text: str, now: datetime) -> EmailMessage:
    made = EmailMessage(SMTP)
    made["From"], made["To"] = sender, ", ".join(to)
    made["Subject"] = " ".join(subject.split())
    made["Date"] = format_datetime(now)
    made["Message-ID"] = make_msgid(domain=sender.rpartition("@")[2])
    made["Auto-Submitted"] = "auto-generated"  # so that nobody's vacation answers (RFC 3834)
    made.set_content(text, cte="quoted-printable")
    return made
