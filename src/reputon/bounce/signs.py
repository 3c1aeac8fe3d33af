"""Signs: what kind of mail a notice is, by who wrote it, how it is marked, and what its subject and first lines say."""

import re
from collections.abc import Callable, Iterable

from reputon.bounce import phrases, reply
from reputon.bounce.notice import Notice
from reputon.bounce.phrases import plain, says
from reputon.bounce.refusal import Refusal
from reputon.bounce.report import Kind

_SUBJECT = 500  # characters of a field, and of a text, in which a mail shows what it is
_TEXT = 8192
_FIRST = 800  # where an autoresponder has said whose it is

_PREFIX = re.compile(r"\s{0,9}(\w{1,8})(?:\[\d{1,3}\])? ?[:\N{FULLWIDTH COLON}]")
_DELIVERY = re.compile(r"delivery.{0,20}(?:status|report|problem|error|notification|fail|delay)")
_DOMAIN = re.compile(r"@[^\s<>,;]{1,255}")
_CONFIRM = re.compile(r"confirm [0-9a-f]{8,64}$")  # how list managers want a subscription confirmed


def kind(notice: Notice) -> Kind | None:
    """What a mail is that is no bounce, whatever else it says; None for what may be one."""
    return next((name for name, shows in _KINDS if shows(notice)), None)


def is_bounce(notice: Notice, refusals: list[Refusal]) -> bool:
    """Whether a notice without a machine's report is a bounce, or hands one on.

    It is marked as one.  Or nobody wrote it to a list or in an answer, it is about a mail to somebody, and two of four
    signs are there: a mail system wrote it, its subject says so, its text speaks of failure, it returns the message.
    """
    if _has(notice, phrases.NDR_FIELDS) or any(each.action for each in refusals):
        return True
    written, returns = _by_system(notice), notice.returned is not None
    named = returns or bool(refusals)
    if _is_answer(notice) or (not written and (not named or _is_on_list(notice, refusals))):
        return False
    text = _text(notice)
    speaks = (
        says(text, phrases.FAILED)
        or says(text, phrases.LATE)
        or (written and says(text, phrases.FAILED_LOOSELY))
        or any(_has_code(each) for each in refusals)
    )
    signs = (written, _tells_return(notice), speaks, returns)
    return sum(signs) >= 2 and (signs[1] or (written and named))


def action(notice: Notice) -> str | None:
    """What a notice's words say became of the message, where no machine's report does: `failed` or `delayed`."""
    subject, text = _own_subject(notice), _text(notice)
    if says(text, phrases.GAVE_UP) or says(subject, phrases.GAVE_UP):
        return "failed"
    if says(subject, phrases.LATE_SUBJECT) or says(text, phrases.LATE):
        return "delayed"
    return "failed" if _tells_return(notice) else None


def is_pasted(notice: Notice) -> bool:
    """Whether this is text from a mail program's window: its fields name people, and nothing of the transport."""
    return not _has(notice, phrases.MAIL_FIELDS) and notice.status is None


def is_autoreply(notice: Notice) -> bool:
    """A reply that a program sent for a person (RFC 3834); Exchange marks its bounces so, too."""
    if notice.status is not None or _is_from_daemon(notice) or _has(notice, phrases.NDR_FIELDS):
        return False
    if notice.returned is not None and _is_about_failure(notice) and _prefix(notice) not in phrases.ANSWERS:
        return False
    first = f"{_subject(notice)} {_text(notice)[:_FIRST]}"
    answers = says(first, phrases.AWAY) or says(first, phrases.RECEIVED)
    if _is_marked(notice) or _away_subject(notice):
        return answers or not _is_about_failure(notice)
    hinted = _is_null(notice) or _precedence(notice) in phrases.BULK or "x-auto-response-suppress" in notice.header
    return answers and hinted


def _is_complaint(notice: Notice) -> bool:
    if notice.type == "complaint" or _has(notice, phrases.COMPLAINT_FIELDS):
        return True
    reported = notice.text[:_SUBJECT].lstrip().startswith("{") and '"complaint"' in _text(notice)[:_SUBJECT]
    return notice.status is None and (reported or _subject(notice).startswith(phrases.COMPLAINS))


def _is_news(notice: Notice) -> bool:
    """A report on something else: lists, quotas, quarantines, and the reports of DMARC and TLS."""
    if notice.status is not None or notice.returned is not None:
        return False
    subject, text = _subject(notice), _text(notice)[:_FIRST]
    if _CONFIRM.search(subject) or (says(subject, phrases.NEWS_SUBJECT) and not subject.startswith(phrases.RETURNED)):
        return True
    if _is_about_failure(notice):  # though a list's fields may be there, copied from the message that came back
        return False
    return _has(notice, phrases.NEWS_FIELDS) or (
        says(text, phrases.OWN_MAILBOX) and not says(text, phrases.ABOUT_A_MESSAGE)
    )


def _is_challenge(notice: Notice) -> bool:
    """The mail is held until its sender does something; where a server refused it, that is a bounce."""
    groups = notice.status.recipients if notice.status else ()
    diagnostics = " ".join(group.get("diagnostic-code", "") for group in groups)
    if _has_code(Refusal(None, diagnostics), smtp_only=True):
        return False
    words = f"{plain(diagnostics)} {_subject(notice)} {_text(notice)}"
    if not says(words, phrases.HOLDS) or (notice.status is None and _is_about_failure(notice)):
        return False
    asked = says(words, phrases.ASKS) or _has(notice, phrases.CHALLENGE_FIELDS)
    return asked and not _has_code(Refusal(None, notice.text[:_TEXT]), smtp_only=True)


# Asked in this order: a complaint may return a bounce, and a list's confirmation is marked as an automatic reply.
_KINDS: tuple[tuple[Kind, Callable[[Notice], bool]], ...] = (
    ("complaint", _is_complaint),
    ("other", _is_news),
    ("challenge", _is_challenge),
    ("autoreply", is_autoreply),
)


def _is_answer(notice: Notice) -> bool:
    """Whether somebody answers a mail here, and so perhaps one about a bounce."""
    return not _is_null(notice) and _prefix(notice) in phrases.ANSWERS and _has(notice, phrases.ANSWER_FIELDS)


def _is_on_list(notice: Notice, refusals: list[Refusal]) -> bool:
    """Whether a list distributes it.  Some systems put the fields of the message that they return on their bounce."""
    bounces = says(_DOMAIN.sub("@", plain(notice.header.get("to", "")[:_SUBJECT])), phrases.BOUNCE_ADDRESSES)
    named = any(each.recipient and _has_code(each) for each in refusals) and not _subject(notice).startswith("[")
    return _has(notice, phrases.LIST_FIELDS) and not (bounces or named or notice.returned is not None)


def _by_system(notice: Notice) -> bool:
    return _is_from_daemon(notice) or _is_null(notice)


def _is_from_daemon(notice: Notice) -> bool:
    # Not of their domains: newsletters come from `bounce.example.org`, too.
    return says(_DOMAIN.sub("@", plain(notice.header.get("from", "")[:_SUBJECT])), phrases.DAEMONS)


def _is_null(notice: Notice) -> bool:
    """Whether nobody is to be told if this mail fails (RFC 5321 section 4.5.5)."""
    return notice.header.get("return-path", "x").strip() in ("<>", "")


def _is_marked(notice: Notice) -> bool:
    marked = notice.header.get("auto-submitted", "no").lower().startswith("auto-replied")
    return marked or _precedence(notice) in ("auto_reply", "auto-reply") or _has(notice, phrases.AUTOREPLY_FIELDS)


def _precedence(notice: Notice) -> str:
    return notice.header.get("precedence", "").strip().lower()


def _away_subject(notice: Notice) -> bool:
    subject = _subject(notice)
    found = _PREFIX.match(subject) if _prefix(notice) in phrases.ANSWERS else None
    return subject[found.end() if found else 0 :].strip().startswith(phrases.AWAY_SUBJECT)


def _is_about_failure(notice: Notice) -> bool:
    return _tells_return(notice) and says(_text(notice)[:_FIRST], phrases.FAILED)


def _tells_return(notice: Notice) -> bool:
    subject = _subject(notice)
    return says(subject, phrases.RETURNED) or bool(_DELIVERY.search(subject))


def _own_subject(notice: Notice) -> str:
    """The subject without that of the message which it returns: `Undeliverable: Delay of the project`."""
    head = _subject(notice).partition(":")[0]
    return head if says(head, phrases.RETURNED) else _subject(notice)


def _prefix(notice: Notice) -> str | None:
    """What stands before the first colon of the subject: `re`, `fw`."""
    found = _PREFIX.match(_subject(notice))
    return found.group(1) if found else None


def _subject(notice: Notice) -> str:
    return plain(next((notice.header[name] for name in phrases.SUBJECT_FIELDS if name in notice.header), "")[:_SUBJECT])


def _text(notice: Notice) -> str:
    return plain(notice.text[:_TEXT])


def _has(notice: Notice, names: Iterable[str]) -> bool:
    return any(name in notice.header for name in names)


def _has_code(refusal: Refusal, *, smtp_only: bool = False) -> bool:
    said = reply.read(refusal.text)
    return bool(said.smtp or (said.enhanced and not smtp_only))
