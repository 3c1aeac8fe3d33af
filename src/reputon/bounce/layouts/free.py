"""Free text: any other bounce, and pasted text: the addresses it is about and the words around its reply code."""

import re
from dataclasses import replace

from reputon.bounce import reply
from reputon.bounce.notice import Notice
from reputon.bounce.refusal import ADDRESS, Refusal, address

# A line with a reply code, or with an enhanced code alone; dates, sizes and line numbers are no codes.
_CODE = re.compile(r"(?<![\w./@=-])(?<!\d:)(?:[45][0-5]\d[- ,]#?(?=\S)|[45]\.\d{1,3}\.\d{1,3}(?![.\d])|#[45]\.\d\.\d)")
_ANNOUNCES = re.compile(
    r"(?i)recipient|following address|could not be delivered|undeliver|delivery (?:has )?failed|failed address|"
    r"unable to deliver|wasn't delivered|not delivered|was unable|addresse? had|rcpt to|does not like|returned mail"
)
_EMPTY = re.compile(
    rf"{_ANNOUNCES.pattern}|automatic|notification|mail ?server|following (?:recipient|address|reason)|^[^a-z]*$"
)
_BECAUSE = re.compile(r"(?i)\bdue to (?!the following)|\bbecause (?!of the following)")
_CLOSING = re.compile(r"(?i)please reply|if you (?:feel|believe)|for further")
_CONTACT = re.compile(r"(?i)\bcontact|further assistance|questions|please reply|help ?desk|for help")
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9._-]{1,63}")
_HEADERS = ("x-failed-recipients", "x-failed-recipient")
_SALUTATION = ("sorry", "dear", "hello", "for ", "please", "if you", "contact", "from", "sender")
RECIPIENTS = 100  # recipients of one text
_LINES = 600
_WIDTH = 1000  # characters of a line; some servers write a whole reply on one
_BEFORE = 4
_AFTER = 6  # lines that a refusal goes on for
_PHASE = 8192  # characters in which the phase of the dialogue is sought, where there is one recipient
_NEAR = 14  # lines with words that are taken where none of them has a code
_OWN = ("postmaster@", "mailer-daemon@", "abuse@", "helpdesk@", "support@", "noreply@", "no-reply@")


def read(notice: Notice) -> list[Refusal]:
    """The refusals of a text; the same words for each address where it cannot be told who was refused how."""
    lines = [line.strip()[:_WIDTH] for line in notice.text.split("\n")[:_LINES]]
    named = [each for name in _HEADERS for each in ADDRESS.findall(notice.header.get(name, ""))]
    recipients = _unique(named) or _recipients(lines, notice) or _local(lines, notice)
    # Nobody chose the line breaks of pasted text: there the whole paragraph counts.
    text = _words(lines, before=0 if notice.header else _BEFORE)
    if not recipients and (text or notice.embedded is None):  # else what came back is asked itself
        recipients = _returned(notice)
    if not recipients:
        return [Refusal(None, text)] if text else []
    several = len(recipients) > 1
    found = [_refusal(each, _about(lines, each, recipients), None if several else text) for each in recipients]
    if not any(_says(each.text) for each in found) and (announced := _before(lines, recipients[0])):
        found = [replace(each, text=announced) for each in found]
    if several:
        return found
    return [replace(found[0], phase=reply.phase_of(notice.text[:_PHASE]))]


def about(notice: Notice, recipient: str) -> Refusal | None:
    """What a text says of a recipient who is known; None where it does not name this one."""
    if recipient not in notice.text:
        return None
    lines = [line.strip()[:_WIDTH] for line in notice.text.split("\n")[:_LINES]]
    return _refusal(recipient, _about(lines, recipient, []))


def _refusal(recipient: str, about: list[str], common: str | None = None) -> Refusal:
    """The words about a recipient: those with a code, else those that stand for all, else those beside the address."""
    phase = reply.phase_of(" ".join(about)[:_PHASE]) if common is None else None
    return Refusal(recipient, _words(about) or common or _near(about), phase=phase)


def _recipients(lines: list[str], notice: Notice) -> list[str]:
    """Addresses on a line of their own, else those in a line that announces or holds a refusal."""
    ours = {each.lower() for name in ("from", "to", "cc") for each in ADDRESS.findall(notice.header.get(name, ""))}
    alone: list[str] = []
    near: list[str] = []
    others: list[str] = []
    before = ""
    helpers: set[str] = set()
    for line in lines:
        found = address(line) if "@" in line else None
        if found and (found in helpers or (_CONTACT.search(line) and not _CODE.search(line))):
            helpers.add(found)
        elif found and not (found.lower().startswith(_OWN) and not _ANNOUNCES.search(before)):
            bare = line.strip("<>\"'():;,.#*- \t").removeprefix("mailto:")
            if bare.lower().startswith(found.lower()) and (len(bare) < len(found) + 4 or line.startswith("<")):
                alone.append(found)
            elif found.lower() not in ours and (
                _CODE.search(line) or _ANNOUNCES.search(line) or _ANNOUNCES.search(before)
            ):
                near.append(found)
            elif not line.lower().startswith(_SALUTATION):
                others.append(found)
        before = line or before
    named = _unique(alone or near or others[:1])
    return [each for each in named if each.lower() not in ours or len(named) == 1][:RECIPIENTS]


def _returned(notice: Notice) -> list[str]:
    """Whom the returned message was for, where it was for one."""
    field = notice.returned.first("to") if notice.returned else None
    found = _unique(ADDRESS.findall(field or ""))
    return found if len(found) == 1 and found[0].lower() not in notice.header.get("to", "").lower() else []


def _local(lines: list[str], notice: Notice) -> list[str]:
    """Names without a domain, on lines of their own below one that announces them: users of the system that writes."""
    domain = (address(notice.header.get("from", "")) or "").partition("@")[2]
    found: list[str] = []
    is_announced = False
    for line in lines:
        if is_announced and _NAME.fullmatch(line):
            found.append(f"{line}@{domain}")
        elif line:
            is_announced = line.endswith(":") and _ANNOUNCES.search(line) is not None
    return _unique(found)[:RECIPIENTS] if domain else []


def _about(lines: list[str], recipient: str, recipients: list[str]) -> list[str]:
    """The lines from the first that names this recipient up to the next that names another."""
    start = next((at for at, line in enumerate(lines) if recipient in line), None)
    if start is None:  # a name that stands there without its domain
        start = next((at for at, line in enumerate(lines) if line == recipient.partition("@")[0]), 0)
    end = start + 1
    while end < len(lines) and not _begins(lines[end], recipient, recipients):
        end += 1
    return lines[start:end]


def _begins(line: str, recipient: str, recipients: list[str]) -> bool:
    """Whether a line begins with another recipient."""
    if recipient in line[: len(recipient) + 8]:
        return False
    if line.startswith("<") and ADDRESS.match(line[1:]):
        return True
    return any(line.startswith(each, line[:1] in ("<", '"', "'")) for each in recipients if each in line)


def _words(lines: list[str], before: int = 0) -> str:
    """The first line with a code, what follows it up to an empty line, and as many lines before it."""
    for at, line in enumerate(lines):
        found = _CODE.search(line)
        if found:
            earlier = _until_empty(lines[max(0, at - before) : at][::-1])[::-1]
            return " ".join([*earlier, line, *_until_empty(lines[at + 1 : at + _AFTER])])
    return ""


def _near(lines: list[str]) -> str:
    """The words beside an address where nothing has a code."""
    said = [each for each in lines if each][:_NEAR]
    end = next((at for at, line in enumerate(said) if _CLOSING.match(line)), len(said))
    return " ".join(said[:end])


def _says(text: str) -> bool:
    """Whether a text says more than an address and its kind."""
    return any("@" not in word and any(map(str.isalpha, word)) for word in text.removeprefix("SMTP ").split())


def _before(lines: list[str], recipient: str) -> str:
    """The words that come before the addresses, where nothing comes after them; to announce them is no reason."""
    end = next((at for at, line in enumerate(lines) if recipient in line), 0)
    told = [each for each in lines[:end] if each and (not _EMPTY.search(each) or _BECAUSE.search(each))]
    return " ".join(told[-_NEAR:])


def _until_empty(lines: list[str]) -> list[str]:
    end = next((at for at, line in enumerate(lines) if not line), len(lines))
    return lines[:end]


def _unique(addresses: list[str]) -> list[str]:
    return list({each.lower(): each for each in reversed(addresses)}.values())[::-1]
