"""sendgrid: SendGrid's event webhook: bounce (or blocked), dropped, deferred, spamreport."""

import re
from collections.abc import Iterator

from reputon.bounce.doors import logs, webhook
from reputon.bounce.doors.event import NEWS, Event, Item
from reputon.bounce.doors.source import Source
from reputon.bounce.doors.webhook import Object, when, word
from reputon.bounce.refusal import Refusal, address

_OURS = re.compile(rb'"(?:sg_event_id|sg_message_id)"\s{0,9}:')
_ACTIONS = {"bounce": "failed", "blocked": "failed", "dropped": "failed", "deferred": "delayed"}
_NEWS = ("processed", "delivered", "open", "click", "unsubscribe", "group_unsubscribe", "group_resubscribe")


def read(source: Source) -> Iterator[Item] | None:
    """Each event of a file."""
    return webhook.read(source, "sendgrid", _OURS, _told)


def _told(found: Object) -> Event | None:
    kind = word(found.get("event"))
    if kind in _NEWS:
        return NEWS
    if kind == "spamreport":
        return _event(found, ())
    return _event(found, (_refusal(found, _ACTIONS[kind]),)) if kind in _ACTIONS else None


def _refusal(found: Object, action: str) -> Refusal:
    text = word(found.get("reason")) or word(found.get("response")) or ""
    return Refusal(
        recipient=address(word(found.get("email")) or ""),
        text=text,
        action=action,
        status=word(found.get("status")),
        phase=logs.phase(text),
    )


def _event(found: Object, refusals: tuple[Refusal, ...]) -> Event:
    return Event(
        refusals,
        kind=None if refusals else "complaint",
        message_id=word(found.get("smtp-id")) or word(found.get("sg_message_id")),
        date=when(found.get("timestamp")),
        egress=word(found.get("ip")) if refusals else None,
    )
