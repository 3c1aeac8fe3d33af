"""Doors: the forms in which bounces come, one file each; the first that knows its form reads.

A door is one function that takes a Source and gives what it finds, or None where the file does not have its form.
To add one: write the module with its `read`, and name it here.
"""

from collections.abc import Callable, Iterator
from importlib import import_module

from reputon.bounce.doors.event import Item
from reputon.bounce.doors.source import Source
from reputon.bounce.report import unreadable

Door = Callable[[Source], Iterator[Item] | None]

# Each kind and its module, in the order in which they are asked.  A module is imported when its door is asked: most
# files are mail, and should not wait for the readers of logs and JSON.
DOORS: dict[str, str] = {
    "mbox": "mbox",
    "eml": "eml",
    "msg": "msg",
    "ses": "ses",
    "sendgrid": "sendgrid",
    "mailgun": "mailgun",
    "postmark": "postmark",
    "sparkpost": "sparkpost",
    "kumomta-log": "kumomta_log",
    "postfix-log": "postfix_log",
    "exim-log": "exim_log",
    "sendmail-log": "sendmail_log",
    "exchange-trace": "exchange_trace",
    "text": "text",
}


class DoorError(ValueError):
    """A kind that no door has; the message lists those that there are."""


def check(kind: str | None) -> None:
    """DoorError for a kind that there is not."""
    if kind is not None and kind not in DOORS:
        raise DoorError(f"there is no kind {kind!r}: choose one of {', '.join(DOORS)}")


def items(source: Source, kind: str | None = None, name: str = "") -> Iterator[Item]:
    """What a file of this name holds, by the door of this kind, or by the first that knows its form."""
    check(kind)
    if not source.head.strip() and not source.read(1 << 20).strip():
        return iter([unreadable("the file is empty")])
    for each in _asked(name) if kind is None else (kind,):
        found = door(each)(source)
        if found is not None:
            return found
    why = "this is no mail and no text: give a message as .eml, or the refusal as text"
    return iter([unreadable(why if kind is None else f"this has not the form of {kind}: leave out the kind")])


def _asked(name: str) -> list[str]:
    """The kinds in the order in which they are asked."""
    # What calls itself one mail may return one with its `From ` line.
    return ["eml", *DOORS] if name.lower().endswith(".eml") else list(DOORS)


def door(kind: str) -> Door:
    """The door of a kind."""
    read: Door = import_module(f"{__name__}.{DOORS[kind]}").read
    return read
