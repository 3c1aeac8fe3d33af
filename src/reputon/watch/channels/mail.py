"""Mail: an alert as a message to a server of your own, by SMTP."""

import smtplib
import socket
from contextlib import suppress
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

from reputon import deadline, submission
from reputon.watch.channels.channel import (
    TIMEOUT,
    Channel,
    ChannelError,
    NotDelivered,
    Unclear,
    host_and_port,
)
from reputon.watch.notice import Notice

_PORT = 25


def send(notice: Notice | None, channel: Channel) -> str:
    """Hand it to the server.  Only what happens after the message's first line has left can be unclear."""
    host, port = _checked(channel)
    if notice is None:
        return ""
    smtp = _Session(host)
    with deadline.ended_by(deadline.WHOLE, lambda: smtp.sock):
        return _handed(smtp, notice, channel, port)


class _Session(smtplib.SMTP):
    """A session that is not connected yet, so that its socket can be shut from its first byte on."""

    sock: socket.socket | None

    def __init__(self, host: str) -> None:
        super().__init__(timeout=TIMEOUT)
        self._host = host  # which its certificate must bear


def _handed(smtp: _Session, notice: Notice, channel: Channel, port: int) -> str:
    host = smtp._host
    try:
        code, said_first = smtp.connect(host, port)
        if code != 220:
            raise smtplib.SMTPConnectError(code, said_first)
        submission.greet(smtp, host, channel.user, channel.password)
        refused = _envelope(smtp, channel)
        said = _content(smtp, message(notice, channel).as_bytes())
    except OSError as error:  # what smtplib raises is of this kind too
        raise NotDelivered(_words(error)) from None
    finally:
        with suppress(OSError):  # how the farewell goes says nothing about the message
            smtp.quit()
        smtp.close()
    return said + (f"; not to {', '.join(refused)}" if refused else "")


def message(notice: Notice, channel: Channel) -> EmailMessage:
    """The message; its id comes of the transition, so that a mailbox that knows it already can tell."""
    made = EmailMessage(SMTP)
    made["From"], made["To"] = channel.sender, ", ".join(channel.to)
    made["Subject"] = " ".join(notice.title.split())
    made["Date"] = format_datetime(notice.at)
    domain = channel.sender.rpartition("@")[2]
    made["Message-ID"] = f"<watch.{notice.id}.{int(notice.at.timestamp())}@{domain}>"
    made["Auto-Submitted"] = "auto-generated"  # so that nobody's vacation answers (RFC 3834)
    lines = [f"{notice.title}.", "", *(f"{name}: {text}" for name, text in notice.facts)]
    made.set_content("\n".join(lines) + "\n", cte="quoted-printable")
    return made


def _checked(channel: Channel) -> tuple[str, int]:
    channel.wants("server", channel.server, "HOST:PORT of your mail server")
    channel.wants("to", channel.to, "who is told, a list of addresses")
    channel.wants("sender", channel.sender, "the address that it comes from, which must take bounces")
    for address in (channel.sender, *channel.to):
        local, at, domain = address.rpartition("@")
        plain = address.isascii() and address.isprintable() and not set(address) & set(' <>,;:"()[]\\')
        if not at or not local or not domain or not plain:
            raise ChannelError(f"watch.alerts.{channel.name}: {address!r} is no address like ops@example.org")
    return host_and_port(channel, channel.server, _PORT)


def _envelope(smtp: smtplib.SMTP, channel: Channel) -> list[str]:
    """Sender and recipients; who was refused, where not everybody was."""
    code, said = smtp.mail(channel.sender)
    if code != 250:
        raise NotDelivered(f"the server refused the sender: {code} {said.decode('ascii', 'replace')}")
    answers = {address: smtp.rcpt(address) for address in channel.to}
    refused = [address for address, (code, _) in answers.items() if code not in (250, 251)]
    if len(refused) == len(answers):
        code, said = answers[refused[0]]
        raise NotDelivered(f"the server refused all recipients: {code} {said.decode('ascii', 'replace')}")
    return refused


def _content(smtp: smtplib.SMTP, content: bytes) -> str:
    try:
        code, said = smtp.data(content)
    except smtplib.SMTPDataError as error:
        raise NotDelivered(_words(error)) from None
    except OSError as error:
        raise Unclear(f"the server fell silent after it was sent: {_words(error)}") from None
    words = f"{code} {said.decode('ascii', 'replace')}"
    if code != 250:
        raise NotDelivered(f"the server refused the message: {words}")
    return words


def _words(error: Exception) -> str:
    """The server's words, never ours: a refused login may repeat what was sent."""
    if isinstance(error, smtplib.SMTPAuthenticationError):
        return f"the server refused the login ({error.smtp_code})"
    if isinstance(error, smtplib.SMTPResponseException):
        said = error.smtp_error
        return f"{error.smtp_code} {said.decode('ascii', 'replace') if isinstance(said, bytes) else said}"
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return str(error) or type(error).__name__
