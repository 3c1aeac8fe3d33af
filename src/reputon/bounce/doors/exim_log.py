"""exim-log: Exim's main log: `**` failed, `==` deferred, and what its own ACLs rejected."""

import re
from collections.abc import Iterator
from functools import partial

from reputon.bounce.doors import logs
from reputon.bounce.doors.event import NEWS, Event, Item
from reputon.bounce.doors.logs import LogError, Queue
from reputon.bounce.doors.source import Source
from reputon.bounce.refusal import Refusal, address, host

_LINE = re.compile(
    r"(?P<time>\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?:[.,]\d{1,6})?(?: [+-]\d{4})?) (?:\[\d{1,10}\] )?"
    r"(?:(?P<id>[0-9A-Za-z]{6}-[0-9A-Za-z]{6,11}-[0-9A-Za-z]{2,4}) )?(?P<said>.*)"
)
# The flag, the address, the address that it came of, then fields and the words.
_DELIVERY = re.compile(
    r"(?P<flag>\*\*|==) (?P<to>\S{1,320}?):?(?: \([^)]{0,320}\))?(?: <(?P<original>[^>]{0,320})>)?:? (?P<rest>.*)"
)
_SERVER = re.compile(r"\bH=(?P<host>[\w.-]{1,253})?(?: ?\([^)]{0,253}\))? ?\[(?P<address>[\da-fA-F.:]{2,45})\]")
_INTERFACE = re.compile(r"\bI=\[(?P<address>[\da-fA-F.:]{2,45})\]")
_ERROR = re.compile(r"\bSMTP error from remote mail server (?P<when>after .{1,400}?): (?P<words>[245]\d\d\b.*)")
_REJECTED = re.compile(
    r"(?:.{0,300}? )?(?P<soft>temporarily )?rejected (?P<what>connection|EHLO or HELO|MAIL|RCPT|after DATA|DATA)\b"
    r"(?P<rest>.{0,400}?): (?P<words>.*)"
)
_RECEIVED = re.compile(r"<= .{0,2000}? id=(?P<message_id>\S{1,900})")
_PHASES = {
    "connection": "connect", "EHLO or HELO": "ehlo", "MAIL": "mail", "RCPT": "rcpt", "DATA": "data",
    "after DATA": "end-of-data",
}  # fmt: skip


def read(source: Source) -> Iterator[Item] | None:
    """Each failed or deferred recipient of a log."""
    return logs.read(source, lambda queue: partial(_said, queue))


def _said(queue: Queue, line: str) -> Event | None:
    found = _LINE.search(line[:400])  # syslog may stand before it
    if found is None:
        return None
    said = line[found.start("said") :]
    if found["id"] is None:
        rejected = _REJECTED.match(said) if said.startswith("H=") else None
        return _rejected(rejected, said, found["time"]) if rejected else None
    if received := _RECEIVED.match(said):
        queue.remember(found["id"], f"<{received['message_id'].strip('<>')}>")
    if said.startswith("H=") and (rejected := _REJECTED.match(said)):
        return _rejected(rejected, said, found["time"])
    if not said.startswith(("** ", "== ")):
        return NEWS
    interface = _INTERFACE.search(said)
    return Event(
        (_refusal(said),),
        message_id=queue.message_id(found["id"]),
        date=found["time"],
        egress=interface["address"] if interface else None,
    )


def _refusal(said: str) -> Refusal:
    found = _DELIVERY.match(said)
    if found is None:
        raise LogError("looks like a delivery of Exim's, and is not whole")
    error = _ERROR.search(found["rest"])
    server = _SERVER.search(found["rest"])
    words = error["words"] if error else _words(found["rest"])
    return Refusal(
        recipient=found["to"],
        original_recipient=found["original"],
        text=words.replace("\\n", "\n"),  # a reply of several lines
        action="failed" if found["flag"] == "**" else "delayed",
        rhost=host(server["host"] or server["address"]) if server else None,
        phase=logs.phase(error["when"] if error else words),
    )


def _words(rest: str) -> str:
    """What follows the fields, where no server said it."""
    fields, colon, words = rest.partition(": ")
    return words if colon and "=" in fields else rest


def _rejected(found: re.Match[str], said: str, time: str) -> Event:
    """What our own server refused to take from a client."""
    client = _SERVER.search(said)
    refusal = Refusal(
        recipient=address(found["rest"]) if found["what"] == "RCPT" else None,
        text=found["words"].replace("\\n", "\n"),
        action="delayed" if found["soft"] else "failed",
        phase=_PHASES[found["what"]],
    )
    return Event((refusal,), date=time, egress=client["address"] if client else None)
