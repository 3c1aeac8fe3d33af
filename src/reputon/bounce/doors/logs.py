"""Logs: lines of servers: what every log has in common: times and hosts, queues, and where a server refused."""

import re
from collections.abc import Callable, Iterator
from functools import partial
from typing import NamedTuple

from reputon.bounce.doors.event import Event, Item
from reputon.bounce.doors.source import Source, text_of
from reputon.bounce.report import unreadable

QUEUE = 100_000  # messages of a queue that are remembered
_TAG = 512  # characters of a line in which its program stands

# What a line says: None where it is another program's; LogError where it is ours and broken.
Said = Callable[[str], Event | None]

_STAMP = re.compile(
    r"(?P<time>[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d"
    r"|\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d[\d.,]{0,10}(?:[Zz]|[+-]\d\d:?\d\d)?) (?P<host>[\w.:-]{1,255})\s?$"
)


class LogError(ValueError):
    """A line that looks like a delivery and cannot be read; the message says where it departs."""


class Queue:
    """The Message-ID of each message in the queue, which other lines tell than the refusals; the latest of them."""

    def __init__(self) -> None:
        self._known: dict[str, str] = {}

    def remember(self, queue_id: str, message_id: str) -> None:
        """That this message of the queue has this Message-ID."""
        self._known.pop(queue_id, None)
        self._known[queue_id] = message_id
        if len(self._known) > QUEUE:
            del self._known[next(iter(self._known))]

    def message_id(self, queue_id: str | None) -> str | None:
        """The Message-ID, where a line told it."""
        return self._known.get(queue_id or "")


class Entry(NamedTuple):
    """A line of syslog's by one program: its tag, what follows that, and the time and the host before it."""

    tag: re.Match[str]
    said: str
    time: str | None
    host: str | None


def read_tagged(source: Source, tag: re.Pattern[str], said: Callable[[Queue, Entry], Event]) -> Iterator[Item] | None:
    """The refusals of the program with this tag, one message a line; None where the head has no line of it."""
    return read(source, lambda queue: partial(_of_tagged, tag, partial(said, queue)))


def _of_tagged(tag: re.Pattern[str], said: Callable[[Entry], Event], line: str) -> Event | None:
    found = tag.search(line[:_TAG])
    return said(Entry(found, line[found.end() :], *_stamp(line[: found.start()]))) if found else None


def read(source: Source, said: Callable[[Queue], Said]) -> Iterator[Item] | None:
    """The refusals of a log, one message a line; None where no line of its head is one of these."""
    return _items(source, said(Queue())) if _claims(source, said(Queue())) else None


def _claims(source: Source, said: Said) -> bool:
    for line in text_of(source.head).split("\n"):
        try:
            if said(line.rstrip("\r")) is not None:
                return True
        except LogError:
            continue  # pasted text may hold the half of a line
    return False


def _items(source: Source, said: Said) -> Iterator[Item]:
    for line in source.lines():
        try:
            found = said(text_of(line.text))
        except LogError as error:
            yield unreadable(f"line {line.number}: {error}")
            continue
        if found is not None:
            refused_and_cut = line.is_cut and found.refusals
            yield unreadable(f"line {line.number} is longer than any log's") if refused_and_cut else found


def _stamp(before: str) -> tuple[str | None, str | None]:
    """The time and the host that a line of syslog's begins with."""
    found = _STAMP.search(before[-300:])
    return (found["time"], found["host"]) if found else (None, None)


# Where in the dialogue it happened, as MTAs word it, and the phase of `bounce.report` that this is.
_WHEN = re.compile(
    r"(?i)(?:in reply to|after|while sending|while performing the|while receiving the) (?:the )?(?:pipelined )?"
    r"(?P<when>end of data|initial (?:connection|server greeting)|sending data block|message body|"
    r"[eh]hlo|lhlo|starttls|auth|mail|rcpt|data|\.)(?![a-z])"
)
_CONNECTING = re.compile(
    r"(?i)refused to talk to me|^connect to |connection (?:refused|timed out|reset) (?:with|by) |no route to host|"
    r"cannot connect to remote server|"
    r"^(?:connection (?:timed out|refused)|network is unreachable)"
)
_PHASES = {
    "end of data": "end-of-data", ".": "end-of-data", "message body": "end-of-data",
    "sending data block": "end-of-data",
    "initial connection": "connect", "initial server greeting": "connect", "ehlo": "ehlo", "helo": "ehlo",
    "lhlo": "ehlo", "starttls": "starttls", "auth": "auth", "mail": "mail", "rcpt": "rcpt", "data": "data",
}  # fmt: skip


def phase(text: str) -> str | None:
    """Where in the dialogue a refusal came, where its text says so."""
    if _CONNECTING.search(text):
        return "connect"
    found = list(_WHEN.finditer(text[:8192]))
    return _PHASES[found[-1]["when"].lower()] if found else None
