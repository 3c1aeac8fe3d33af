"""Bounce: what the refusal said: any bounce or pasted refusal becomes one report per recipient."""

import re
from dataclasses import replace

from reputon import lists
from reputon.bounce import notice as notices
from reputon.bounce import signs
from reputon.bounce.judge import judge
from reputon.bounce.layouts import LAYOUTS, exchange
from reputon.bounce.notice import Notice
from reputon.bounce.refusal import Refusal, address, host
from reputon.bounce.report import Kind, Message, Report, Returned, as_json, kind_of, unreadable
from reputon.mail import dsn, mime

__all__ = ["Kind", "Message", "Report", "Returned", "as_json", "read"]

_HEAD = 16 << 10  # bytes in which a message shows what it is
# Mail begins with two fields (after the `From ` of an mbox); fields of a report alone are pasted text.
_FIELDS = re.compile(
    rb"\A\s{0,200}(?:(?:>?From |[A-Za-z][A-Za-z0-9-]{0,60}[ \t]{0,3}:)[^\n]{0,4000}\n"
    rb"(?:[ \t(][^\n]{0,4000}\n){0,200}){2}"
)
_PASTED_FIELD = re.compile(
    rb"(?i)\A\s{0,200}(?:reporting-mta|final-recipient|action|status|diagnostic-code|error)\s{0,3}:"
)
_FORWARDS = 2  # bounces that were forwarded, and forwarded again
_TELLS: dict[Kind, str] = {"complaint": "feedback", "autoreply": "vacation"}  # what these kinds are a report of
_CONTROLS = bytes(set(range(32)) - set(b"\t\n\r\f\b\x1b"))


def read(data: bytes, catalogue: lists.Catalogue | None = None) -> Message:
    """What a file says: a mail, or pasted text that holds a refusal.  Never raises: `error` says what cannot be read.

    Of a large mail only the beginning is read: a report stands before the message that it returns.
    """
    data = mime.recoded(data[: mime.SIZE]).lstrip()
    if not data.strip():
        return unreadable("the file is empty")
    if _is_binary(data[:_HEAD]):
        return unreadable("this is no mail and no text: give a message as .eml, or the refusal as text")
    catalogue = lists.load() if catalogue is None else catalogue
    if not _FIELDS.match(data[:_HEAD]) or _PASTED_FIELD.match(data[:_HEAD]):
        return _pasted(data, catalogue)
    try:
        return _mail(mime.parse(data), catalogue)
    except mime.MailError as error:
        return unreadable(str(error))


def _is_binary(head: bytes) -> bool:
    """Whether more than a few bytes are no text (UTF-16 is not mail either)."""
    controls = len(head) - len(head.translate(None, _CONTROLS))
    return b"\0" in head[:512] or controls * 20 > len(head)


def _pasted(data: bytes, catalogue: lists.Catalogue) -> Message:
    """Text without mail headers: a bounce's text, or a single refusal."""
    text, returned = notices.split(mime.unescaped(mime.decode(data[: mime.TEXT], "utf-8").replace("\r\n", "\n")))
    notice = Notice({}, text, notices.status_in(text), returned)
    refusals = _refusals(notice)
    reports = tuple(judge(each, catalogue) for each in refusals)
    if not any(each.smtp or each.enhanced or each.wrapper_smtp for each in reports):
        return Message(is_bounce=False, kind="other")
    return _of_original(Message(is_bounce=True, kind="pasted", reports=reports), notice)


def _mail(mail: mime.Part, catalogue: lists.Catalogue, depth: int = 0) -> Message:
    """What a mail says; where it says nothing itself, the bounce that it forwards."""
    notice = notices.take_apart(mail)
    message = _of_original(_judged(notice, catalogue), notice)
    said = any(each.text or each.smtp for each in message.reports)
    if notice.embedded is None or said or message.kind in ("autoreply", "challenge", "complaint") or depth >= _FORWARDS:
        return message
    inner = _mail(notice.embedded, catalogue, depth + 1)
    return inner if inner.is_bounce and (inner.reports or not message.is_bounce) else message


def _judged(notice: Notice, catalogue: lists.Catalogue) -> Message:
    settled = signs.kind(notice)
    if settled in _TELLS:
        return Message(is_bounce=False, kind=settled, reports=(_told(notice, settled),))
    if settled == "other":
        return Message(is_bounce=False, kind=settled)
    refusals = [] if notice.type == "other" else _refusals(notice)
    told = signs.action(notice)
    reports = tuple(judge(replace(each, action=each.action or told), catalogue) for each in refusals)
    if settled is not None:  # a report may come with it, that says who asks
        return Message(is_bounce=False, kind=settled, reports=reports if notice.status else ())
    if notice.status is None and not (notice.type is None and signs.is_bounce(notice, refusals)):
        return Message(is_bounce=False, kind="other")
    kind, is_bounce = kind_of(tuple(each.action for each in reports) or (None,))
    return Message(is_bounce=is_bounce, kind="pasted" if signs.is_pasted(notice) else kind, reports=reports)


def _told(notice: Notice, kind: Kind) -> Report:
    """Whom a complaint or an answer is about, without an action: nothing was refused."""
    field = notice.returned.first("to") if kind == "complaint" and notice.returned else notice.header.get("from")
    return Report(recipient=address(field or ""), reason=_TELLS[kind], subject_kind="other", fault="unknown")


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
