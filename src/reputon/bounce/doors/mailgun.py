"""mailgun: Mailgun's webhooks: failed for good or for now, rejected, complained; and its older flat form."""

import re
from collections.abc import Iterator

from reputon.bounce.doors import logs, webhook
from reputon.bounce.doors.event import NEWS, Event, Item
from reputon.bounce.doors.source import Source
from reputon.bounce.doors.webhook import Object, mapping, when, word
from reputon.bounce.refusal import Refusal, address, host

_OURS = re.compile(rb'"(?:event-data|delivery-status|X-Mailgun-Sid|message-headers|my-var-1)"\s{0,9}:')
_FAILED = ("failed", "rejected", "bounced", "dropped")  # the last two are of the older form
_NEWS = ("accepted", "delivered", "opened", "clicked", "unsubscribed", "stored", "list_member_uploaded")


def read(source: Source) -> Iterator[Item] | None:
    """Each event of a file."""
    return webhook.read(source, "mailgun", _OURS, _told)


def _told(found: Object) -> Event | None:
    data = mapping(found.get("event-data")) or found
    kind = word(data.get("event"))
    if kind in _NEWS:
        return NEWS
    if kind == "complained":
        return _event(data, ())
    return _event(data, (_refusal(data),)) if kind in _FAILED else None


def _refusal(data: Object) -> Refusal:
    status = mapping(data.get("delivery-status"))
    text = _text(status) if status else _older(data)
    return Refusal(
        recipient=address(word(data.get("recipient")) or ""),
        text=text,
        action="delayed" if data.get("severity") == "temporary" else "failed",
        status=word(status.get("enhanced-code")),
        rhost=host(word(status.get("mx-host")) or ""),
        phase=logs.phase(text),
    )


def _text(status: Object) -> str:
    """The receiver's words; its code stands beside them, or before them as well."""
    words = word(status.get("message")) or word(status.get("description")) or ""
    return _coded(word(status.get("code")), words)


def _older(data: Object) -> str:
    words = word(data.get("error")) or word(data.get("description")) or word(data.get("notification")) or ""
    return _coded(word(data.get("code")), words)


def _coded(code: str | None, words: str) -> str:
    """With the code before it, where it is a reply's: Mailgun has codes of its own, such as 605 and 498."""
    is_reply = code is not None and re.fullmatch(r"[45][0-5]\d", code)
    return f"{code} {words}" if is_reply and not words.startswith(code or "") else words


def _event(data: Object, refusals: tuple[Refusal, ...]) -> Event:
    headers = mapping(mapping(data.get("message")).get("headers"))
    return Event(
        refusals,
        kind=None if refusals else "complaint",
        message_id=word(headers.get("message-id")) or word(data.get("Message-Id")),
        subject=word(headers.get("subject")),
        date=when(data.get("timestamp")),
        egress=word(mapping(data.get("envelope")).get("sending-ip")),
    )
