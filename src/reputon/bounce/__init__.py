"""Bounce: what the refusal said: any bounce or pasted refusal becomes one report per recipient."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from io import BytesIO
from typing import BinaryIO

from reputon import lists
from reputon.bounce import dialects, doors, signs
from reputon.bounce import notice as notices
from reputon.bounce.dialects import Dialects
from reputon.bounce.doors.event import NEWS, Event, Item
from reputon.bounce.doors.source import Source, SourceError
from reputon.bounce.judge import judge
from reputon.bounce.layouts import LAYOUTS, exchange
from reputon.bounce.notice import Notice
from reputon.bounce.refusal import Refusal, address, host
from reputon.bounce.report import Kind, Message, Report, Returned, as_json, kind_of, unreadable
from reputon.mail import dsn, mime

__all__ = ["Kind", "Message", "Report", "Returned", "as_json", "read", "read_all"]

Judging = Callable[[Refusal], Report]

_FORWARDS = 2  # bounces that were forwarded, and forwarded again
_TELLS: dict[Kind, str] = {"complaint": "feedback", "autoreply": "vacation"}  # what these kinds are a report of


def read(data: bytes, catalogue: lists.Catalogue | None = None) -> Message:
    """The first message of a file that is in memory (see `read_all`)."""
    return next(read_all(BytesIO(data), catalogue=catalogue))


def read_all(
    file: BinaryIO,
    kind: str | None = None,
    catalogue: lists.Catalogue | None = None,
    name: str = "",
    rules: Dialects | None = None,
) -> Iterator[Message]:
    """Every message of a file, at least one; the file is read once, from its beginning, and never held whole.

    The form is known by the file's first 16 KiB (`name` helps where two would fit), or it is `kind` (one of
    `doors.DOORS`; DoorError for another).  A mailbox gives a message for each mail, a log one for each line that
    refuses or defers (sendmail's has several recipients), a webhook one for each event.  Refusals are judged by
    `rules`, or by those that ship.  What tells of no refusal counts only where there is nothing else.
    Reading never raises: `error` says what cannot be read, and where.
    """
    doors.check(kind)
    catalogue = lists.load() if catalogue is None else catalogue
    return _messages(file, kind, name, partial(judge, catalogue=catalogue, rules=rules or dialects.load()))


def _messages(file: BinaryIO, kind: str | None, name: str, judging: Judging) -> Iterator[Message]:
    is_silent = True
    try:
        for item in doors.items(Source(file), kind, name):
            if item != NEWS:
                is_silent = False
                yield _message(item, judging)
    except (SourceError, OSError) as error:
        is_silent = False
        yield unreadable(f"cannot be read further: {error}")
    if is_silent:
        yield Message(is_bounce=False, kind="other")


def _message(item: Item, judging: Judging) -> Message:
    """What an item says, whatever door it came through."""
    if isinstance(item, Message):
        return item
    if isinstance(item, Event):
        return _of_event(item, judging)
    if isinstance(item, str):
        return _pasted(item, judging)
    try:
        return _mail(mime.parse(item), judging)
    except mime.MailError as error:
        return unreadable(str(error))


def _of_event(event: Event, judging: Judging) -> Message:
    """What a line of a log or a webhook says."""
    reports = tuple(judging(each) for each in event.refusals)
    kind, is_bounce = kind_of(tuple(each.action for each in reports))
    return Message(
        is_bounce=event.kind is None and is_bounce,
        kind=event.kind or kind,
        reports=reports,
        reporter=event.reporter,
        subject=event.subject,
        message_id=event.message_id,
        date=event.date,
        egress=event.egress,
    )


def _pasted(pasted: str, judging: Judging) -> Message:
    """Text without mail headers: a bounce's text, or a single refusal."""
    text, returned = notices.split(pasted)
    notice = Notice({}, text, notices.status_in(text), returned)
    refusals = _refusals(notice)
    reports = tuple(judging(each) for each in refusals)
    if not any(each.smtp or each.enhanced or each.wrapper_smtp for each in reports):
        return Message(is_bounce=False, kind="other")
    return _of_original(Message(is_bounce=True, kind="pasted", reports=reports), notice)


def _mail(mail: mime.Part, judging: Judging, depth: int = 0) -> Message:
    """What a mail says; where it says nothing itself, the bounce that it forwards."""
    notice = notices.take_apart(mail)
    message = _of_original(_judged(notice, judging), notice)
    said = any(each.text or each.smtp for each in message.reports)
    if notice.embedded is None or said or message.kind in ("autoreply", "challenge", "complaint") or depth >= _FORWARDS:
        return message
    inner = _mail(notice.embedded, judging, depth + 1)
    return inner if inner.is_bounce and (inner.reports or not message.is_bounce) else message


def _judged(notice: Notice, judging: Judging) -> Message:
    settled = signs.kind(notice)
    if settled in _TELLS:
        return Message(is_bounce=False, kind=settled, reports=_told(notice, settled))
    if settled == "other":
        return Message(is_bounce=False, kind=settled)
    refusals = [] if notice.type == "other" else _refusals(notice)
    told = signs.action(notice)
    told_of = [each if each.action or not told else replace(each, action=told) for each in refusals]
    reports = tuple(judging(each) for each in told_of)
    if settled is not None:  # a report may come with it, that says who asks
        return Message(is_bounce=False, kind=settled, reports=reports if notice.status else ())
    if notice.status is None and not (notice.type is None and signs.is_bounce(notice, refusals)):
        return Message(is_bounce=False, kind="other")
    kind, is_bounce = kind_of(tuple(each.action for each in reports) or (None,))
    return Message(is_bounce=is_bounce, kind="pasted" if signs.is_pasted(notice) else kind, reports=reports)


def _told(notice: Notice, kind: Kind) -> tuple[Report, ...]:
    """Whom a complaint or an answer is about, without an action: nothing was refused."""
    field = notice.returned.first("to") if kind == "complaint" and notice.returned else notice.header.get("from")
    named = notice.complained or (field or "",)
    return tuple(
        Report(recipient=address(each), reason=_TELLS[kind], subject_kind="other", fault="unknown") for each in named
    )


def _refusals(notice: Notice) -> list[Refusal]:
    return next((found for layout in LAYOUTS.values() if (found := layout(notice))), [])


def _of_original(message: Message, notice: Notice) -> Message:
    """The message with what the notice tells about its writer and about the original."""
    returned = notice.returned
    if returned is None:
        return replace(message, reporter=_reporter(notice))
    return replace(
        message,
        returned=returned,
        reporter=_reporter(notice),
        subject=mime.unfold(returned.first("subject") or "") or None,
        message_id=returned.first("message-id"),
        date=returned.first("date"),
    )


def _reporter(notice: Notice) -> str | None:
    fields = notice.status.message_fields if notice.status else {}
    return host(dsn.value_of(fields.get("reporting-mta", ""))) or exchange.reporter(notice.text)
