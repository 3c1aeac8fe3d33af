"""Event: what a line of a log or a webhook tells of one attempt at delivery, before anybody judges it."""

from dataclasses import dataclass
from typing import Literal

from reputon.bounce.refusal import Refusal
from reputon.bounce.report import Message

# What an event is where its refusals do not say so: a complaint has none, an answer of a person's program neither.
EventKind = Literal["complaint", "autoreply", "other"]


@dataclass(frozen=True, slots=True)
class Event:
    """The refusals of one event, and what is known around them.

    `reporter` is the server or service that tells it; `date` when the message was sent, or else when it was refused,
    as it was written; `egress` the address that the mail left from.
    """

    refusals: tuple[Refusal, ...] = ()
    kind: EventKind | None = None
    reporter: str | None = None
    message_id: str | None = None
    subject: str | None = None
    date: str | None = None
    egress: str | None = None


# No refusal: a delivery, a click.  It counts only where a file holds nothing else.
NEWS = Event(kind="other")

# What a door finds: a mail as bytes, pasted text, an event, or a sentence about what could not be read.
Item = bytes | str | Event | Message
