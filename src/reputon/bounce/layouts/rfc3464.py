"""RFC 3464: the machine's report in a multipart/report; where it says too little, the text beside it is asked."""

import re
from dataclasses import replace

from reputon.bounce import reply
from reputon.bounce.layouts import exchange, free, postfix
from reputon.bounce.notice import Notice
from reputon.bounce.refusal import Refusal, address, host, unquoted
from reputon.bounce.report import ACTIONS
from reputon.mail import dsn

_STATUS = re.compile(r"[245]\.\d{1,3}\.\d{1,3}")
_SUCCESS = ("delivered", "relayed", "expanded")


def read(notice: Notice) -> list[Refusal]:
    """One refusal for each recipient of the report."""
    if notice.status is None:
        return []
    # Some writers put the action beside the reporter, once for everybody.
    common = {name: value for name, value in notice.status.message_fields.items() if name == "action"}
    refusals = [_refusal(common | group) for group in notice.status.recipients]
    refusals = [each for each in refusals if each.recipient or each.text or each.status]
    return [_completed(each, notice, alone=len(refusals) == 1) for each in refusals]


def _refusal(group: dsn.Group) -> Refusal:
    final, original = (_recipient(group.get(name, "")) for name in ("final-recipient", "original-recipient"))
    actual = _recipient(group.get("x-actual-recipient", ""))
    status = _STATUS.search(group.get("status", ""))
    action = group.get("action", "").lower().split(" ")[0].strip("();")
    return Refusal(
        recipient=next((each for each in (final, original, actual) if _is_complete(each)), final or original or actual),
        original_recipient=original,
        text=dsn.value_of(group.get("diagnostic-code", "")),
        action=action if action in ACTIONS else None,
        status=status.group() if status else None,
        rhost=host(dsn.value_of(group.get("remote-mta", ""))),
    )


def _recipient(field: str) -> str | None:
    value = unquoted(dsn.value_of(field)).strip("<> \"'")
    found = address(value)
    # A local user, or an address of another kind of mail, is still whom it was for.
    return found or (value if value and " " not in value else None)


def _is_complete(recipient: str | None) -> bool:
    """Whether this is an address that people outside know, not a name inside the server."""
    return recipient is not None and "." in recipient.partition("@")[2]


def _completed(refusal: Refusal, notice: Notice, *, alone: bool) -> Refusal:
    """With the receiver's words from the text for people, where the report gives no reply code."""
    if refusal.action in _SUCCESS or reply.read(refusal.text).smtp:
        return refusal
    beside = exchange.read(notice) or postfix.read(notice) or free.read(notice)
    for each in beside:
        same = each.recipient is not None and each.recipient.lower() == (refusal.recipient or "").lower()
        if (same or alone) and reply.read(each.text).smtp:
            return replace(refusal, text=each.text, rhost=refusal.rhost or each.rhost)
    return refusal
