"""A report: what one refusal said, in the words of one table whoever wrote it; and the message that carried it."""

from dataclasses import dataclass, fields
from typing import Any, Literal

Kind = Literal["bounce", "delay", "autoreply", "challenge", "complaint", "pasted", "other", "unreadable"]

ACTIONS = ("failed", "delayed", "delivered", "relayed", "expanded")  # RFC 3464 section 2.3.3
SUBJECT_KINDS = ("ip", "domain", "content", "auth", "rate", "other")
FAULTS = ("sender", "provider", "recipient-policy", "receiver", "unknown")
# Where in the SMTP dialogue the receiver refused (RFC 5321); `end-of-data` is the reply to the whole message.
PHASES = ("connect", "ehlo", "starttls", "auth", "mail", "rcpt", "data", "end-of-data")

# Sisimai's public names, so that results can be compared.
REASONS = frozenset(
    ("authfailure", "badreputation", "blocked", "contenterror", "delivered", "exceedlimit", "expired", "failedstarttls",
     "feedback", "filtered", "hasmoved", "hostunknown", "mailboxfull", "mailererror", "mesgtoobig", "networkerror",
     "norelaying", "notaccept", "notcompliantrfc", "onhold", "policyviolation", "rejected", "requireptr",
     "securityerror", "spamdetected", "speeding", "suspend", "syntaxerror", "systemerror", "systemfull", "toomanyconn",
     "undefined", "userunknown", "vacation", "virusdetected")
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Report:
    """What happened to one recipient.

    `smtp`, `enhanced` and `text` are the receiver's own; what a provider put around them stands in `wrapper_*`.
    `enhanced` is reconciled of what the words and the fields say; `status` keeps the report's own Status field.
    `phase` is one of PHASES.  `list` is the canonical name of the list that the refusal names, `zone` the zone as
    written, `removal` the page or address that the text names for removal.  `rule` is the dialect rule that the
    judgement rests on.
    """

    recipient: str | None = None
    original_recipient: str | None = None
    action: str | None = None
    smtp: str | None = None
    enhanced: str | None = None
    reason: str | None = None
    subject_kind: str | None = None
    list: str | None = None
    zone: str | None = None
    listed_ip: str | None = None
    return_code: str | None = None
    rhost: str | None = None
    fault: str | None = None
    text: str | None = None
    rule: str | None = None
    status: str | None = None
    phase: str | None = None
    removal: str | None = None
    wrapper_smtp: str | None = None
    wrapper_enhanced: str | None = None
    wrapper_text: str | None = None


@dataclass(frozen=True, slots=True)
class Returned:
    """The headers of the message that came back, (name, value) in their order, unfolded."""

    headers: tuple[tuple[str, str], ...]

    def first(self, name: str) -> str | None:
        """The value of the first field with this lower-case name."""
        return next((value for key, value in self.headers if key.lower() == name), None)


@dataclass(frozen=True, slots=True)
class Message:
    """A message about a message.  `is_bounce` is None where it could not be read; then `error` says why.

    `reporter` is the server that wrote it; `subject`, `message_id` and `date` are those of the original message;
    `egress` is the address that it left from, where a log or a webhook tells it.
    """

    is_bounce: bool | None
    kind: Kind
    reports: tuple[Report, ...] = ()
    returned: Returned | None = None
    reporter: str | None = None
    subject: str | None = None
    message_id: str | None = None
    date: str | None = None
    egress: str | None = None
    error: str | None = None

    def header(self, name: str) -> str | None:
        """The first field with this lower-case name of the message that came back."""
        return self.returned.first(name) if self.returned else None


def unreadable(why: str) -> Message:
    """The answer for what is no mail, or too much of it."""
    return Message(is_bounce=None, kind="unreadable", error=why)


def kind_of(actions: tuple[str | None, ...]) -> tuple[Kind, bool]:
    """What a delivery report is, and whether it is a bounce: news of success is none, a delay is one."""
    if any(action in (None, "failed") for action in actions):
        return "bounce", True
    return ("delay", True) if "delayed" in actions else ("other", False)


_NAMES = tuple(each.name for each in fields(Report))  # `asdict` copies, which takes longer than reading a bounce


def as_json(message: Message) -> dict[str, Any]:
    """The part of `diagnose --json` that a message is (DESIGN.md section 4)."""
    found: dict[str, Any] = {"is_bounce": message.is_bounce, "kind": message.kind}
    found["reports"] = [{name: getattr(report, name) for name in _NAMES} for report in message.reports]
    return found | ({"error": message.error} if message.error else {})
