"""kumomta-log: KumoMTA's log records, one JSON object a line (unpacked: it writes them as zstd)."""

import re
from collections.abc import Iterator

from reputon.bounce.doors import logs, webhook
from reputon.bounce.doors.event import NEWS, Event, Item
from reputon.bounce.doors.source import Source
from reputon.bounce.doors.webhook import EVENTS, Object, mapping, when, word
from reputon.bounce.refusal import Refusal, address, host

_OURS = re.compile(rb'"(?:peer_address|egress_pool|bounce_classification|num_attempts)"\s{0,9}:')
_ACTIONS = {
    "Bounce": "failed", "AdminBounce": "failed", "Expiration": "failed", "OOB": "failed", "Rejection": "failed",
    "TransientFailure": "delayed",
}  # fmt: skip
_PORT = re.compile(r"^(?:\[(?P<bare>[\da-fA-F:.]{2,45})\]|(?P<four>[\d.]{7,15})):\d{1,5}$")


def read(source: Source) -> Iterator[Item] | None:
    """Each refused or deferred delivery of a log."""
    return webhook.read(source, "kumomta-log", _OURS, _told)


def _told(found: Object) -> Event | None:
    kind = word(found.get("type"))
    if kind == "Feedback":
        return _event(found, ())
    if kind in _ACTIONS:
        return _event(found, tuple(_refusal(found, each, _ACTIONS[kind]) for each in _recipients(found)))
    return NEWS if kind else None


def _recipients(found: Object) -> list[str | None]:
    """One, or in later versions several; none is one that is not known."""
    value = found.get("recipient")
    texts = [word(each) for each in value[:EVENTS]] if isinstance(value, list) else [word(value)]
    return [address(each or "") for each in texts] or [None]


def _refusal(found: Object, recipient: str | None, action: str) -> Refusal:
    response = mapping(found.get("response"))
    status = _enhanced(mapping(response.get("enhanced_code")))
    words = [word(response.get("code")), status, word(response.get("content"))]
    command = word(response.get("command")) or ""
    return Refusal(
        recipient=recipient,
        text=" ".join(each for each in words if each),
        action=action,
        status=status,
        rhost=host((word(mapping(found.get("peer_address")).get("name")) or "").rstrip(".")),
        phase=logs.phase(f"in reply to {command}") if command else logs.phase(word(response.get("content")) or ""),
    )


def _enhanced(code: Object) -> str | None:
    digits = [word(code.get(each)) for each in ("class", "subject", "detail")]
    return ".".join(each for each in digits if each) if all(digits) else None


def _event(found: Object, refusals: tuple[Refusal, ...]) -> Event:
    headers = {str(name).lower(): value for name, value in mapping(found.get("headers")).items()}
    source = word(mapping(found.get("source_address")).get("address")) or ""
    port = _PORT.match(source)
    return Event(
        refusals,
        kind=None if refusals else "complaint",
        reporter=word(found.get("nodeid")) if "." in (word(found.get("nodeid")) or "") else None,
        message_id=word(headers.get("message-id")),
        subject=word(headers.get("subject")),
        date=when(found.get("timestamp")),
        egress=(port["bare"] or port["four"]) if port else None,
    )
