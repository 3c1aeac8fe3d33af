"""RFC 3464: the machine's report in a multipart/report; where it says too little, the text beside it is asked."""

import re
from dataclasses import replace

from reputon.bounce import reply
from reputon.bounce.layouts import exchange, free, postfix, sendmail
from reputon.bounce.notice import Notice
from reputon.bounce.refusal import Refusal, address, host, unquoted
from reputon.bounce.report import ACTIONS
from reputon.mail import dsn

_STATUS = re.compile(r"[245]\.\d{1,3}\.\d{1,3}")
_TEXT = 8192  # characters of the text for people in which a phase is sought
_SUCCESS = ("delivered", "relayed", "expanded")
_TEXTS = (exchange.read, postfix.read, sendmail.read, free.read)  # how the text beside a report may be written


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
        text=_diagnostic(group.get("diagnostic-code", "")),
        action=action if action in ACTIONS else None,
        status=status.group() if status else None,
        rhost=host(dsn.value_of(group.get("remote-mta", ""))),
    )


def _diagnostic(field: str) -> str:
    """The words; those of a program on the server keep their type, which says that nobody spoke SMTP."""
    return field if field[:7].lower() == "x-unix;" else dsn.value_of(field)


def _recipient(field: str) -> str | None:
    value = unquoted(dsn.value_of(field)).strip("<> \"'")
    found = address(value)
    # A local user, or an address of another kind of mail, is still whom it was for.
    return found or (value if value and " " not in value else None)


def _is_complete(recipient: str | None) -> bool:
    """Whether this is an address that people outside know, not a name inside the server."""
    return recipient is not None and "." in recipient.partition("@")[2]


def _completed(refusal: Refusal, notice: Notice, *, alone: bool) -> Refusal:
    """With what the text for people says of this recipient and the report does not: the words, the phase."""
    if refusal.action in _SUCCESS:
        return refusal
    said = reply.read(refusal.text)
    if said.smtp is None and (each := _beside(refusal, notice, alone=alone)):
        told = reply.read(each.text)
        if told.smtp or not refusal.text:
            refusal = replace(refusal, text=each.text, rhost=refusal.rhost or each.rhost)
            said = told
    phase = None if said.phase else _phase(refusal, notice, alone=alone)
    return refusal if phase is None else replace(refusal, phase=phase)


def _beside(refusal: Refusal, notice: Notice, *, alone: bool) -> Refusal | None:
    """What the text for people says of the recipient of a report."""
    found = next((each for layout in _TEXTS if (each := layout(notice))), [])
    named = [each for each in found if _is_same(each, refusal)]
    known = None if named else free.about(notice, refusal.recipient or "\n")
    about = named or ([known] if known else []) + (found if alone else [])
    return next((each for each in about if reply.read(each.text).smtp), next(iter(about), None))


def _is_same(one: Refusal, other: Refusal) -> bool:
    names = {(name or "").lower() for name in (other.recipient, other.original_recipient)}
    return one.recipient is not None and one.recipient.lower() in names


def _phase(refusal: Refusal, notice: Notice, *, alone: bool) -> str | None:
    """Where in the dialogue it was said, as the text for people tells."""
    if alone:
        return reply.phase_of(notice.text[:_TEXT])
    about = (each for each in postfix.read(notice) if _is_same(each, refusal))
    return next((reply.phase_of(each.text) for each in about), None)
