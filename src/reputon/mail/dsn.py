"""Delivery status: what happened to each recipient of a message, as the reporting server writes it (RFC 3464)."""

import base64
import binascii
import quopri
from collections.abc import Iterator
from dataclasses import dataclass
from email.message import Message

from reputon.mail import mime

TYPES = frozenset({"message/delivery-status", "message/global-delivery-status"})
RECIPIENTS = 1000  # recipients of one report
FIELDS = 100  # fields of one group
VALUE = 8192  # characters of one field

_OF_MESSAGE = frozenset(
    ("original-envelope-id", "reporting-mta", "dsn-gateway", "received-from-mta", "arrival-date", "x-postfix-queue-id",
     "x-postfix-sender")
)  # fmt: skip
_STARTS = ("final-recipient", "original-recipient")

Group = dict[str, str]


@dataclass(frozen=True, slots=True)
class DeliveryStatus:
    """Fields by lower-cased name: of the message, and of each recipient in order."""

    message_fields: Group
    recipients: tuple[Group, ...]


def parse(part: Message | str) -> DeliveryStatus:
    """A report's part, or its text.  Forgiving: groups torn apart or run together are put right where it is clear."""
    text = part if isinstance(part, str) else _text(part)
    message: Group = {}
    recipients: list[Group] = []
    for group in _groups(text):
        first = next((name for name, _ in group if name in _STARTS), None)
        if first and _begins(first, recipients):
            recipients.append({})
        for name, value in group:
            if name in _STARTS and name in recipients[-1] and len(recipients) < RECIPIENTS:
                recipients.append({})
            of_message = name in _OF_MESSAGE or not recipients
            (message if of_message else recipients[-1]).setdefault(name, value)
    return DeliveryStatus(message, tuple(recipients))


def value_of(field: str) -> str:
    """What follows the type in `rfc822; someone@example.org`, `dns; mx.example.org`, `smtp; 550 5.1.1 ...`."""
    kind, semicolon, value = field.partition(";")
    # A type is one word; a reply that comes without one may hold a semicolon of its own.
    return value.strip() if semicolon and kind.strip().replace("-", "").isalnum() else field.strip()


def _begins(name: str, recipients: list[Group]) -> bool:
    """Whether a group with this address is another recipient's; a group may be torn between its two addresses."""
    if not recipients or name in recipients[-1]:
        return len(recipients) < RECIPIENTS
    return set(recipients[-1]) > set(_STARTS) & set(recipients[-1]) and len(recipients) < RECIPIENTS


def _groups(text: str) -> Iterator[list[tuple[str, str]]]:
    group: list[tuple[str, str]] = []
    for line in text.replace("\r\n", "\n").split("\n"):
        if not line.strip():
            if group:
                yield group
            group = []
        elif line[0] in " \t" and group:
            name, value = group[-1]
            group[-1] = name, f"{value} {line.strip()}"[:VALUE]
        else:
            name, colon, value = line.partition(":")
            if colon and " " not in name.strip() and len(group) < FIELDS:
                group.append((name.strip().lower(), value.strip()[:VALUE]))
    if group:
        yield group


def _text(part: Message) -> str:
    """The part's text; the standard library has taken it for messages and split it into groups."""
    inside = part.get_payload()
    if not isinstance(inside, list):
        return mime.text_of(part)
    blocks = []
    for block in inside[: RECIPIENTS + 1]:
        if not isinstance(block, Message):
            continue
        lines = [f"{name}: {value}" for name, value in mime.fields(block)]
        body = block.get_payload()
        blocks.append("\n".join(lines) + ("\n\n" + body if isinstance(body, str) and body.strip() else ""))
    return _undo(mime.header(part, "content-transfer-encoding").lower(), "\n\n".join(blocks))


def _undo(encoding: str, text: str) -> str:
    """RFC 3464 forbids encodings here, and some servers use them."""
    if encoding == "base64":
        try:
            return base64.b64decode("".join(text.split())).decode("utf-8", "replace")
        except (binascii.Error, ValueError):
            return text
    if encoding == "quoted-printable":
        return quopri.decodestring(text.encode("utf-8", "replace")).decode("utf-8", "replace")
    return text
