"""ses: Amazon SES: bounces, complaints and delays, as they are or inside the envelope of an SNS notification."""

import re
from collections.abc import Iterator

from reputon.bounce.doors import logs, webhook
from reputon.bounce.doors.event import NEWS, Event, Item
from reputon.bounce.doors.source import Source
from reputon.bounce.doors.webhook import Object, mapping, sequence, word
from reputon.bounce.refusal import Refusal, address
from reputon.mail import dsn

_OURS = re.compile(rb'\\?"(?:notificationType|eventType)\\?"\s{0,9}:|"TopicArn"\s{0,9}:')
_NEWS = ("Delivery", "Send", "Open", "Click", "Reject", "Rendering Failure", "Subscription")
# Where the recipients of each type stand, and what has become of them.
_BOUNCES = {"Bounce": ("bounce", "bouncedRecipients", "failed"),
            "DeliveryDelay": ("deliveryDelay", "delayedRecipients", "delayed")}  # fmt: skip


def read(source: Source) -> Iterator[Item] | None:
    """Each notification of a file."""
    return webhook.read(source, "ses", _OURS, _told)


def _told(found: Object) -> Event | None:
    if isinstance(message := found.get("Message"), str) and "notificationType" not in found:
        import json

        if found.get("Type") != "Notification":
            return NEWS  # SNS asks to confirm a subscription
        found = mapping(json.loads(message))
    kind = found.get("notificationType") or found.get("eventType")
    if kind == "Complaint":
        return _event(found, (), is_complaint=True)
    if kind in _BOUNCES:
        name, recipients, action = _BOUNCES[kind]
        about = mapping(found.get(name))
        return _event(found, tuple(_refusal(each, about, action) for each in sequence(about.get(recipients))))
    return NEWS if kind in _NEWS else None


def _refusal(recipient: Object, about: Object, action: str) -> Refusal:
    text = dsn.value_of(word(recipient.get("diagnosticCode")) or "") or word(about.get("delayType")) or ""
    said = word(recipient.get("action"))
    return Refusal(
        recipient=address(word(recipient.get("emailAddress")) or ""),
        text=text,
        action=said if said in ("failed", "delayed") else action,
        status=word(recipient.get("status")),
        phase=logs.phase(text),
    )


def _event(found: Object, refusals: tuple[Refusal, ...], *, is_complaint: bool = False) -> Event | None:
    mail = mapping(found.get("mail"))
    common = mapping(mail.get("commonHeaders"))
    outgoing = mapping(mail.get("tags")).get("ses:outgoing-ip")
    if not refusals and not is_complaint:
        return None
    return Event(
        refusals,
        kind="complaint" if is_complaint else None,
        reporter=dsn.value_of(word(mapping(found.get("bounce")).get("reportingMTA")) or "") or None,
        message_id=word(common.get("messageId")) or word(mail.get("messageId")),
        subject=word(common.get("subject")),
        date=word(common.get("date")) or word(mail.get("timestamp")),
        egress=word(outgoing[0]) if isinstance(outgoing, list) and outgoing else None,
    )
