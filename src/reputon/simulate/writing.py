"""Writing: the texts of a made world's mail: letters, delivery reports (RFC 3464), complaints (RFC 5965)."""

from datetime import datetime
from email.message import EmailMessage
from email.utils import format_datetime

from reputon.simulate.scene import Letter

PROVIDER_HOST = "out.poolpost.example"
RECEIVER_HOST = "mx.customer.example"
RELAY_HOST = "relay.carrier.example"
_BOUNDARY = "=_report"


def letter(what: Letter) -> bytes:
    """The letter as its author writes it."""
    message = EmailMessage()
    message["From"] = what.sender
    message["To"] = what.recipient
    message["Date"] = format_datetime(what.at)
    message["Message-ID"] = f"<{what.message_id}>"
    message["Subject"] = "Cheap pills, last day" if what.is_spam else "Your order"
    message.set_content("Buy now.\n" if what.is_spam else "Good day,\n\nyour order is ready.\n")
    return message.as_bytes()


def sealed(message: bytes, tenant: str, queue_id: str, now: datetime) -> bytes:
    """The message with what the provider writes on its way out: where it came in, and that it authenticated."""
    head = (
        f"Received: from {tenant} by {PROVIDER_HOST} with ESMTPSA id {queue_id}; {format_datetime(now)}\r\n"
        f"Authentication-Results: {PROVIDER_HOST}; auth=pass smtp.auth=office@{tenant}; "
        f"spf=pass smtp.mailfrom={tenant}; dmarc=pass header.from={tenant}\r\n"
    )
    return head.encode() + message


def report(message: bytes, sender: str, recipient: str, reply: str, queue_id: str, now: datetime) -> bytes:
    """The non-delivery report about a message that was refused with `reply`."""
    status = reply.split()[1] if reply[4:5].isdigit() else "5.0.0"
    words = (
        f"This is the mail system at {PROVIDER_HOST}.\n\nYour message left through our shared pool and was refused:\n\n"
        f"<{recipient}>: host {RECEIVER_HOST} said: {reply}\n"
    )
    fields = (
        f"Reporting-MTA: dns; {PROVIDER_HOST}\nX-Poolpost-Queue-ID: {queue_id}\n"
        f"Arrival-Date: {format_datetime(now)}\n\n"
        f"Final-Recipient: rfc822; {recipient}\nAction: failed\nStatus: {status}\n"
        f"Remote-MTA: dns; {RECEIVER_HOST}\nDiagnostic-Code: smtp; {reply}\n"
    )
    head = {
        "From": f"Mail Delivery System <postmaster@{PROVIDER_HOST}>",
        "To": sender,
        "Date": format_datetime(now),
        "Message-ID": f"<{queue_id}.{now:%Y%m%d%H%M%S}@{PROVIDER_HOST}>",
        "Subject": "Undeliverable: your message was refused",
        "Auto-Submitted": "auto-replied",
    }
    return _report(head, "delivery-status", words, fields, message)


def complaint(message: bytes, what: Letter, address: str, authenticated: str, now: datetime) -> bytes:
    """The complaint (ARF) of a user about a message that came from `address`."""
    fields = (
        f"Feedback-Type: abuse\nUser-Agent: Mailbox/1.0\nVersion: 1\nSource-IP: {address}\n"
        f"Original-Mail-From: <{what.sender}>\nArrival-Date: {format_datetime(now)}\n"
        f"Reporting-MTA: dns; {RECEIVER_HOST}\n"
        f"Authentication-Results: {RECEIVER_HOST}; {authenticated}\n"
    )
    head = {
        "From": f"feedback@{RECEIVER_HOST}",
        "To": "feedback@reputon.test",
        "Date": format_datetime(now),
        "Message-ID": f"<complaint.{what.message_id}>",
        "Subject": "Complaint about a message",
    }
    return _report(head, "feedback-report", "A user says that this message is spam.\n", fields, message)


def _report(head: dict[str, str], kind: str, words: str, fields: str, message: bytes) -> bytes:
    """A multipart/report (RFC 6522): words for people, fields for machines, the headers of the message."""
    headers = message.replace(b"\r\n", b"\n").partition(b"\n\n")[0].decode()
    types = ("text/plain; charset=utf-8", f"message/{kind}", "text/rfc822-headers")
    lines = [*(f"{name}: {value}" for name, value in head.items()), "MIME-Version: 1.0"]
    lines += [f'Content-Type: multipart/report; report-type="{kind}"; boundary="{_BOUNDARY}"', ""]
    for media, body in zip(types, (words, fields, headers + "\n"), strict=True):
        lines += [f"--{_BOUNDARY}", f"Content-Type: {media}", "", body]
    return "\n".join([*lines, f"--{_BOUNDARY}--", ""]).encode()
