"""sendmail's text: the addresses with their reasons, and the transcript of the session, in all versions since 5."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from reputon.bounce import reply
from reputon.bounce.notice import Notice
from reputon.bounce.refusal import Refusal, address, host

_MARK = "ranscript of session"  # also with a small letter
_HEADED = re.compile(r"-{3,5} (?:The following addresses|Transcript of session|[A-Z][a-z]{3,9} message)")
_TOLD = re.compile(r"\((reason|expanded from): (.{1,1000}?)\)?$")
_TALKING = re.compile(r"(?:\.\.\. )?[Ww]hile talking to ([\w.-]{1,253}?)\.?:$")
# `550 5.1.1 <one@example.org>... User unknown`; a program or a file may stand for the address.
_RESULT = re.compile(
    r"(?:(?P<smtp>[45]\d\d) (?:[245]\.\d{1,3}\.\d{1,3} )?)?"
    r"(?P<name><[^>\s]{1,320}>|\"[^\"]{1,320}\"|[^\s@<>]{1,320}@[^\s<>]{1,255}?)\.\.\. (?P<words>\S.{0,1000})$"
)
# What sendmail itself makes of a reply: the reply says more.
_GENERIC = ("User unknown", "Service unavailable", "Remote protocol error", "Deferred", "Data format error",
            "Insufficient permission", "Message is too large", "reply: ")  # fmt: skip
_CODED = re.compile(r"[45]\d\d[- ]\S")
_FINAL = re.compile(r"\b5\d\d[- ]")
# How long it was tried, after what was last said: `... for 5 days`.
_GAVE_UP = ("Message could not be delivered for", "Warning: message still undelivered")
_OF_HOST = re.compile(r"[45]\d\d [\w.-]{1,253} \(")  # `421 mx.example.org (smtp)... Deferred`
_PROGRAMS = '"|/:'  # what a name begins with that is a program, a file or a list, and no address
_PHASE = 8192  # characters in which the phase of the dialogue is sought, where there is one recipient
_LINES = 600
_WIDTH = 1000
RECIPIENTS = 100


@dataclass(slots=True)
class _Named:
    """What a text says of one address as it stands there, or of the alias that led there."""

    name: str
    original: str | None = None
    text: str = ""
    rhost: str | None = None

    def refusal(self, common: str, gave_up: str, phase: str | None) -> Refusal:
        text = self.text if _CODED.search(self.text) else common or self.text
        text = text if _FINAL.search(text) else f"{text} {gave_up}".strip()
        recipient = _recipient(self.name)
        original = self.original if recipient else None
        return Refusal(recipient or self.original, text, original_recipient=original, rhost=self.rhost, phase=phase)


@dataclass(slots=True)
class _Session:
    """With whom it talked, the last command, and the refusal of it."""

    rhost: str | None = None
    command: str = ""
    replies: list[str] = field(default_factory=list)

    def said(self) -> str:
        return f"{self.command} <<< {' '.join(self.replies)}" if self.replies else ""


def read(notice: Notice) -> list[Refusal]:
    """One refusal for each address that had errors."""
    if _MARK not in notice.text:
        return []
    lines = [line.strip()[:_WIDTH] for line in notice.text.split("\n")[:_LINES]]
    named = _listed(lines)
    common = ""
    for name, text, rhost in _results(lines):
        if name is None:
            common = common or text
            continue
        each = named.setdefault(name, _Named(name))
        if not _CODED.search(each.text):
            each.text, each.rhost = text, rhost
    found = [each for each in named.values() if each.original or _recipient(each.name)][:RECIPIENTS]
    if any(each.text for each in found):
        phase = reply.phase_of(notice.text[:_PHASE]) if len(found) == 1 else None
        gave_up = next((line for line in lines if line.startswith(_GAVE_UP)), "")
        return [each.refusal(common, gave_up, phase) for each in found]
    return []


def _listed(lines: list[str]) -> dict[str, _Named]:
    """The addresses that a section lists, each perhaps with a reason and the alias that it came of."""
    found: dict[str, _Named] = {}
    is_list = False
    last: _Named | None = None
    for line in lines:
        if line.startswith("---") and _HEADED.match(line):
            is_list, last = "addresses had" in line, None
        elif is_list and (told := _TOLD.match(line)) and last is not None:
            if told.group(1) == "reason":
                last.text = told.group(2)
            else:
                last.original = address(told.group(2))
        elif is_list and _recipient(_name(line)):
            last = found.setdefault(_name(line), _Named(_name(line)))
        elif is_list and line and line[0] in _PROGRAMS:
            last = found.setdefault(line, _Named(line))
    return found


def _results(lines: list[str]) -> Iterator[tuple[str | None, str, str | None]]:
    """Each address of the transcript, what was said of it, and by whom; None for what was said of no address."""
    session = _Session()
    for line in lines:
        if line.endswith(":") and (talking := _TALKING.match(line)):
            session = _Session(host(talking.group(1)))
        elif line.startswith(">>> "):
            session = _Session(session.rhost, line)
        elif line.startswith("<<< "):
            if _CODED.match(line[4:]):
                session.replies.append(line[4:])
        elif "... " in line and (result := _RESULT.match(line)):
            words = result.group("words")
            said = session.said() if words.startswith(_GENERIC) else ""
            own = words if _CODED.match(words) else line
            yield _name(result.group("name")), said or own, session.rhost if said else None
        elif _CODED.match(line) and not _OF_HOST.match(line):
            yield None, session.said() or line, session.rhost


def _name(text: str) -> str:
    return text.strip().strip("<>") if text.startswith("<") else text.strip()


def _recipient(name: str) -> str | None:
    return None if name[:1] in _PROGRAMS else address(name)
