"""RFC 3464: the machine's report in a multipart/report; where it says too little, the text beside it is asked."""

import re
from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property
from operator import itemgetter

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
_Index = dict[str, tuple[int, Refusal]]  # by recipient, in lower case: its place in the text, and what is said there


def read(notice: Notice) -> list[Refusal]:
    """One refusal for each recipient of the report."""
    if notice.status is None:
        return []
    # Some writers put the action beside the reporter, once for everybody.
    common = {name: value for name, value in notice.status.message_fields.items() if name == "action"}
    refusals = [_refusal(common | group) for group in notice.status.recipients]
    refusals = [each for each in refusals if each.recipient or each.text or each.status]
    beside = _Beside(notice, alone=len(refusals) == 1)
    return [_completed(each, beside) for each in refusals]


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


class _Beside:
    """The text for people beside a report: read once, however many recipients the report has."""

    def __init__(self, notice: Notice, *, alone: bool) -> None:
        self._notice = notice
        self._alone = alone  # all that the text says is about the one recipient
        self._asked = 0

    def words(self, refusal: Refusal) -> Refusal | None:
        """What the text says of the recipient of a report."""
        about = _first(self._by_code, refusal) or self._named(refusal.recipient)
        found = [about] if about else []
        if self._alone:
            found += self._found[:1]
        return next((each for each in found if _has_code(each)), next(iter(found), None))

    def phase(self, refusal: Refusal) -> str | None:
        """Where in the dialogue it was said, as the text tells."""
        if self._alone:
            return reply.phase_of(self._notice.text[:_TEXT])
        about = _first(self._by_place, refusal)
        return reply.phase_of(about.text) if about else None

    @cached_property
    def _found(self) -> list[Refusal]:
        """The refusals that a layout finds in the text, those with a code first."""
        found: list[Refusal] = next((each for layout in _TEXTS if (each := layout(self._notice))), [])
        return sorted(found, key=lambda each: not _has_code(each))

    @cached_property
    def _by_code(self) -> _Index:
        return _index(self._found)

    @cached_property
    def _by_place(self) -> _Index:
        return _index(postfix.read(self._notice))

    def _named(self, recipient: str | None) -> Refusal | None:
        """What stands beside an address that no layout took for a recipient; each look reads the whole text."""
        self._asked += 1
        return free.about(self._notice, recipient) if recipient and self._asked <= free.RECIPIENTS else None


def _index(refusals: Sequence[Refusal]) -> _Index:
    found: _Index = {}
    for at, each in enumerate(refusals):
        if each.recipient is not None:
            found.setdefault(each.recipient.lower(), (at, each))
    return found


def _first(index: _Index, refusal: Refusal) -> Refusal | None:
    """The first of those about the recipient of a report, by the one or the other of its addresses."""
    names = ((name or "").lower() for name in (refusal.recipient, refusal.original_recipient))
    found = [index[name] for name in names if name in index]
    return min(found, key=itemgetter(0))[1] if found else None


def _has_code(refusal: Refusal) -> bool:
    return reply.read(refusal.text).smtp is not None


def _completed(refusal: Refusal, beside: _Beside) -> Refusal:
    """With what the text for people says of this recipient and the report does not: the words, the phase."""
    if refusal.action in _SUCCESS:
        return refusal
    said = reply.read(refusal.text)
    if said.smtp is None and (each := beside.words(refusal)):
        told = reply.read(each.text)
        if told.smtp or not refusal.text:
            refusal = replace(refusal, text=each.text, rhost=refusal.rhost or each.rhost)
            said = told
    phase = None if said.phase else beside.phase(refusal)
    return refusal if phase is None else replace(refusal, phase=phase)
