"""Writing: the texts of a made world's mail: letters, delivery reports (RFC 3464), complaints (RFC 5965)."""

from datetime import datetime
from email.message import EmailMessage, MIMEPart
from email.utils import format_datetime

from reputon.simulate.scene import Letter

PROVIDER_HOST = "out.poolpost.example"
RECEIVER_HOST = "mx.customer.example"
RELAY_HOST = "relay.carrier.example"


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
    whole = EmailMessage()
    whole["From"] = f"Mail Delivery System <postmaster@{PROVIDER_HOST}>"
    whole["To"] = sender
    whole["Date"] = format_datetime(now)
    whole["Message-ID"] = f"<{queue_id}.{now:%Y%m%d%H%M%S}@{PROVIDER_HOST}>"
    whole["Subject"] = "Undeliverable: your message was refused"
    whole["Auto-Submitted"] = "auto-replied"
    whole["Content-Type"] = 'multipart/report; report-type="delivery-status"'
    status = reply.split()[1] if reply[4:5].isdigit() else "5.0.0"
    fields = (
        f"Reporting-MTA: dns; {PROVIDER_HOST}\nX-Poolpost-Queue-ID: {queue_id}\n"
        f"Arrival-Date: {format_datetime(now)}\n\n"
        f"Final-Recipient: rfc822; {recipient}\nAction: failed\nStatus: {status}\n"
        f"Remote-MTA: dns; {RECEIVER_HOST}\nDiagnostic-Code: smtp; {reply}\n"
    )
    words = (
        f"This is the mail system at {PROVIDER_HOST}.\n\nYour message left through our shared pool and was refused:\n\n"
        f"<{recipient}>: host {RECEIVER_HOST} said: {reply}\n"
    )
    _attach(whole, "text/plain; charset=utf-8", words)
    _attach(whole, "message/delivery-status", fields)
    _attach(whole, "text/rfc822-headers", message.partition(b"\r\n\r\n")[0].partition(b"\n\n")[0].decode() + "\n")
    return whole.as_bytes()


def complaint(message: bytes, what: Letter, address: str, authenticated: str, now: datetime) -> bytes:
    """The complaint (ARF) of a user about a message that came from `address`."""
    whole = EmailMessage()
    whole["From"] = f"feedback@{RECEIVER_HOST}"
    whole["To"] = "feedback@reputon.test"
    whole["Date"] = format_datetime(now)
    whole["Message-ID"] = f"<complaint.{what.message_id}>"
    whole["Subject"] = "Complaint about a message"
    whole["Content-Type"] = 'multipart/report; report-type="feedback-report"'
    fields = (
        f"Feedback-Type: abuse\nUser-Agent: Mailbox/1.0\nVersion: 1\nSource-IP: {address}\n"
        f"Original-Mail-From: <{what.sender}>\nArrival-Date: {format_datetime(now)}\n"
        f"Reporting-MTA: dns; {RECEIVER_HOST}\n"
        f"Authentication-Results: {RECEIVER_HOST}; {authenticated}\n"
    )
    _attach(whole, "text/plain; charset=utf-8", "A user says that this message is spam.\n")
    _attach(whole, "message/feedback-report", fields)
    _attach(whole, "text/rfc822-headers", message.partition(b"\r\n\r\n")[0].partition(b"\n\n")[0].decode() + "\n")
    return whole.as_bytes()


def _attach(whole: EmailMessage, kind: str, text: str) -> None:
    part = MIMEPart()
    part["Content-Type"] = kind
    part.set_payload(text)
    whole.attach(part)  # type: ignore[arg-type]  # typeshed wants whole messages for parts
