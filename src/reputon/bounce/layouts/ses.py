"""Amazon SES's notification: JSON in place of a bounce's text, sent by mail or handed over as a file."""

import json
from typing import Any

from reputon.bounce.notice import Notice
from reputon.bounce.refusal import Refusal, host
from reputon.mail import dsn
from reputon.mail.charset import paired

_TYPES = ("notificationType", "eventType")
# For each type of event: where its recipients stand, under which key, and what became of them.
_EVENTS = {
    "Bounce": ("bounce", "bouncedRecipients", "failed"),
    "DeliveryDelay": ("deliveryDelay", "delayedRecipients", "delayed"),
    "Delivery": ("delivery", "recipients", "delivered"),
}
RECIPIENTS = 1000


def read(notice: Notice) -> list[Refusal]:
    """One refusal for each recipient that a notification of a bounce, a delay or a delivery names."""
    told = _object(notice.text.lstrip())
    event = next((_EVENTS[told[name]] for name in _TYPES if str(told.get(name)) in _EVENTS), None)
    if event is None:
        return []
    key, recipients, action = event
    about = told.get(key)
    each = about.get(recipients) if isinstance(about, dict) else None
    found = each[:RECIPIENTS] if isinstance(each, list) else []
    if action == "delivered" and isinstance(about, dict):
        said = str(about.get("smtpResponse") or "")
        return [Refusal(one, said, action=action) for one in found if isinstance(one, str)]
    return [_refusal(one, action) for one in found if isinstance(one, dict)]


def _object(text: str) -> dict[str, Any]:
    """The JSON object that a text begins with; mail may have broken its lines within strings."""
    if not text.startswith("{"):
        return {}
    try:
        found, _ = json.JSONDecoder(strict=False).raw_decode(text)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _refusal(recipient: dict[str, Any], action: str) -> Refusal:
    text = dsn.value_of(str(recipient.get("diagnosticCode") or ""))
    status = paired(str(recipient.get("status") or ""))
    return Refusal(
        recipient=paired(str(recipient.get("emailAddress") or "")) or None,
        text=text,
        action=action,
        status=status if status[:1] in ("2", "4", "5") else None,
        rhost=host(str(recipient.get("remoteMta") or "")),
    )
