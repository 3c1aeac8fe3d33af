"""sparkpost: SparkPost's webhooks: bounce, out_of_band, delay, policy_rejection, spam_complaint."""

import re
from collections.abc import Iterator

from reputon.bounce.doors import logs, webhook
from reputon.bounce.doors.event import NEWS, Event, Item
from reputon.bounce.doors.source import Source
from reputon.bounce.doors.webhook import Object, mapping, when, word
from reputon.bounce.refusal import Refusal, address

_OURS = re.compile(rb'"msys"\s{0,9}:')
_ACTIONS = {
    "bounce": "failed", "out_of_band": "failed", "policy_rejection": "failed", "delay": "delayed",
    "generation_failure": "failed", "generation_rejection": "failed",
}  # fmt: skip
_CODE = re.compile(r"[45][0-5]\d")


def read(source: Source) -> Iterator[Item] | None:
    """Each event of a file."""
    return webhook.read(source, "sparkpost", _OURS, _told)


def _told(found: Object) -> Event | None:
    msys = mapping(found.get("msys"))
    event = next((each for each in msys.values() if isinstance(each, dict)), None)
    if event is None:
        return NEWS if "msys" in found else None  # SparkPost tries the address with an empty one
    kind = word(event.get("type"))
    if kind == "spam_complaint":
        return _event(event, ())
    if kind in _ACTIONS:
        return _event(event, (_refusal(event, _ACTIONS[kind]),))
    return NEWS if kind else None


def _refusal(event: Object, action: str) -> Refusal:
    words = word(event.get("raw_reason")) or word(event.get("reason")) or ""
    code = word(event.get("error_code")) or ""
    return Refusal(
        recipient=address(word(event.get("rcpt_to")) or word(event.get("raw_rcpt_to")) or ""),
        text=f"{code} {words}" if _CODE.fullmatch(code) and code not in words else words,
        action=action,
        phase=logs.phase(words),
    )


def _event(event: Object, refusals: tuple[Refusal, ...]) -> Event:
    return Event(
        refusals,
        kind=None if refusals else "complaint",
        message_id=word(event.get("message_id")),
        subject=word(event.get("subject")),
        date=when(event.get("timestamp")),
        egress=word(event.get("sending_ip")),
    )
