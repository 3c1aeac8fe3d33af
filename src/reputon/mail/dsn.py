"""Delivery status: what happened to each recipient of a message, as the reporting server writes it (RFC 3464)."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from reputon.mail import mime, transfer

TYPES = frozenset({"message/delivery-status", "message/global-delivery-status"})
RECIPIENTS = 1000  # recipients of one report
FIELDS = 100  # fields of one group
TEXT = mime.SIZE  # characters of a report: a thousand recipients take more than people would read
VALUE = 8192  # characters of one field

_OF_MESSAGE = frozenset(
    ("original-envelope-id", "reporting-mta", "dsn-gateway", "received-from-mta", "arrival-date", "x-postfix-queue-id",
     "x-postfix-sender")
)  # fmt: skip
_STARTS = ("final-recipient", "original-recipient")

# A field with the lines that it goes on for, or the empty line between two groups.  A line that begins with a reply
# code goes on with the reply above it, though nobody indented it.
_LINE = re.compile(
    r"^[ \t]*+(?:([^\s:]++)[ \t]*+:([^\n]*+(?:\n(?:[ \t]++(?=\S)|(?=[245]\d\d[ -]))[^\n]*+)*+)|$)", re.MULTILINE
)

Group = dict[str, str]


@dataclass(frozen=True, slots=True)
class DeliveryStatus:
    """Fields by lower-cased name: of the message, and of each recipient in order."""

    message_fields: Group
    recipients: tuple[Group, ...]


def parse(part: mime.Part | str) -> DeliveryStatus:
    """A report's part, or its text.  Forgiving: groups torn apart or run together are put right where it is clear."""
    message: Group = {}
    recipients: list[Group] = []
    for group in _groups(part if isinstance(part, str) else _text(part)):
        first = next((name for name, _ in group if name in _STARTS), None)
        if first and _begins(first, recipients):
            recipients.append({})
        for name, value in group:
            if name in _STARTS and name in recipients[-1] and len(recipients) < RECIPIENTS:
                recipients.append({})
            fields = message if name in _OF_MESSAGE or not recipients else recipients[-1]
            if not fields.get(name):  # of a field that stands twice, the first that says something
                fields[name] = value
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
    for name, value in _LINE.findall(text.replace("\r\n", "\n")):
        if not name:
            if group:
                yield group
            group = []
        elif len(group) < FIELDS:
            group.append((name.lower(), " ".join(value.split())[:VALUE]))
    if group:
        yield group


def _text(part: mime.Part) -> str:
    """The part's text; RFC 3464 forbids encodings here, and some servers use them, declared or not."""
    text = mime.text_of(part, TEXT)
    if ":" in text or part.encoding == "base64":
        return text
    return mime.decode(transfer.unbase64(text.encode("utf-8", "replace")), part.charset)
