"""postmark: Postmark's webhooks: bounces by their TypeCode, complaints about spam."""

import re
from collections.abc import Iterator

from reputon.bounce.doors import logs, webhook
from reputon.bounce.doors.event import NEWS, Event, EventKind, Item
from reputon.bounce.doors.source import Source
from reputon.bounce.doors.webhook import Object, word
from reputon.bounce.refusal import Refusal, address
from reputon.mail import dsn

_OURS = re.compile(rb'"RecordType"\s{0,9}:')
_NEWS = ("Delivery", "Open", "Click", "SubscriptionChange", "Inbound")
# The codes that are no refusal, and those of a delay; every other one is a failure.
_KINDS: dict[str, EventKind] = {
    "16": "other", "32": "other",  # asked to leave a list, or to join it
    "64": "autoreply", "128": "autoreply", "16384": "autoreply",  # a person's program answered
    "512": "complaint", "100001": "complaint",
}  # fmt: skip
_DELAYED = ("2", "256")  # Transient, DnsError


def read(source: Source) -> Iterator[Item] | None:
    """Each event of a file."""
    return webhook.read(source, "postmark", _OURS, _told)


def _told(found: Object) -> Event | None:
    record, code = word(found.get("RecordType")), word(found.get("TypeCode")) or ""
    if record in _NEWS:
        return NEWS
    if record == "SpamComplaint" or (record == "Bounce" and code in _KINDS):
        return _event(found, (), _KINDS.get(code, "complaint"))
    return _event(found, (_refusal(found, code),), None) if record == "Bounce" else None


def _refusal(found: Object, code: str) -> Refusal:
    text = dsn.value_of(word(found.get("Details")) or "") or word(found.get("Description")) or ""
    return Refusal(
        recipient=address(word(found.get("Email")) or ""),
        text=text,
        action="delayed" if code in _DELAYED else "failed",
        phase=logs.phase(text),
    )


def _event(found: Object, refusals: tuple[Refusal, ...], kind: EventKind | None) -> Event:
    return Event(
        refusals,
        kind,
        message_id=word(found.get("MessageID")),
        subject=word(found.get("Subject")),
        date=word(found.get("BouncedAt")),
    )
