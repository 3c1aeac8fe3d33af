"""Postfix logs of a receiving server: who sent how much, and how much of it to nobody.

Volume is counted by recipient, where the recipient was judged: delivered, unknown, or refused for its content.  What was
refused before that (by a list, by a policy) is `rejected` and no volume: nothing was seen of it.  Mail of our own users
(authenticated, or from this machine) is no evidence about a sender.
"""

from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Generic, TypeVar

from reputon.authentication.domains import organizational
from reputon.evidence.ingest import Found, Line, Reader
from reputon.evidence.kinds import Evidence, Kind, Unreadable, masked
from reputon.mail import postfix_log
from reputon.mail.postfix_log import Entry, LogError
from reputon.subject import SubjectError, address_key, address_text

OPEN = 100_000  # messages, and proofs of authentication, that are remembered; the oldest are forgotten first

_DELIVERING = frozenset(("smtp", "lmtp", "local", "virtual", "pipe", "error"))
_NOBODY = ("5.1.1", "5.1.0", "5.1.10")
_CONTENT = {"virus": Kind.MALWARE, "malware": Kind.MALWARE, "infected": Kind.MALWARE, "spam": Kind.FILTERED}

_Key = TypeVar("_Key")
_Value = TypeVar("_Value")


class _Bounded(OrderedDict[_Key, _Value], Generic[_Key, _Value]):
    """A dictionary that forgets its oldest entries."""

    def remember(self, key: _Key, value: _Value) -> None:
        self[key] = value
        self.move_to_end(key)
        while len(self) > OPEN:
            self.popitem(last=False)


@dataclass(frozen=True, slots=True)
class _Message:
    """What is known of a message in the queue: its client, its envelope sender's domain, its DKIM signature."""

    address: int
    sender: str | None = None
    signed: str | None = None
    is_verified: bool = False


class PostfixLog:
    """One log, read from its beginning: a line about a delivery needs the line about its client."""

    def __init__(self, now: datetime) -> None:
        self._now = now
        self._messages: _Bounded[str, _Message] = _Bounded()
        self._passes: _Bounded[tuple[int, str], None] = _Bounded()

    def line(self, line: Line) -> Iterator[Found]:
        """What a line completes; a last line without its end is still being written and waits for the next time."""
        if not line.is_whole:
            return
        text = line.text.decode("utf-8", "replace")
        try:
            entry = postfix_log.parse(text, self._now)
            if entry is not None:
                yield from self._entry(entry)
        except (LogError, SubjectError) as error:
            yield Unreadable(line.where, masked(text), str(error))

    def _entry(self, entry: Entry) -> Iterator[Evidence]:
        if entry.program == "policyd-spf":
            self._spf(entry)
        elif ": " in entry.text and "reject: " in entry.text:
            yield from self._rejected(entry)
        elif entry.queue_id is not None:
            yield from self._queued(entry, entry.queue_id)

    def _queued(self, entry: Entry, name: str) -> Iterator[Evidence]:
        message = self._messages.get(name)
        if entry.program == "smtpd":
            self._client(entry, name)
        elif message is None:
            return
        elif entry.program == "opendkim":
            self._messages[name] = _signed(message, entry)
        elif entry.program == "qmgr" and entry.text == "removed":
            del self._messages[name]
        elif entry.program == "qmgr":
            self._messages[name] = replace(message, sender=_domain(entry.field("from")))
        elif entry.program in _DELIVERING:
            yield from self._settled(entry, message)

    def _client(self, entry: Entry, name: str) -> None:
        address = postfix_log.client(entry.text) if entry.field("client") else None
        if address and not entry.field("sasl_username") and not address.startswith(("127.", "::1", "unknown")):
            self._messages.remember(name, _Message(address_key(address)))

    def _settled(self, entry: Entry, message: _Message) -> Iterator[Evidence]:
        """A recipient's end: deferred is none."""
        status = entry.field("status")
        if status == "sent":
            yield from self._seen(entry, message, Kind.SENT, Kind.DELIVERED)
        elif status == "bounced" and entry.field("dsn") in _NOBODY:
            yield from self._seen(entry, message, Kind.SENT, Kind.UNKNOWN_USER)
        elif status == "bounced":
            yield from self._seen(entry, message, Kind.REJECTED)

    def _rejected(self, entry: Entry) -> Iterator[Evidence]:
        """`reject: RCPT from name[address]: 550 5.1.1 <..>: ...; from=<..> to=<..>`, or a milter's at the end."""
        place, _, said = entry.text.partition("reject: ")[2].partition(": ")
        address = postfix_log.client(place)
        code, _, rest = said.partition(" ")
        is_milter = entry.text.startswith("milter-reject")
        if address is None or address.startswith("127.") or not (code.startswith("5") or is_milter):
            return
        message = _Message(address_key(address), _domain(entry.field("from")))
        words = said.lower()
        content = next((kind for word, kind in _CONTENT.items() if word in words), None)
        if code == "550" and rest.startswith(_NOBODY):
            yield from self._seen(entry, message, Kind.SENT, Kind.UNKNOWN_USER)
        elif is_milter and content is not None:
            yield from self._seen(entry, message, Kind.SENT, content)
        else:
            yield from self._seen(entry, message, Kind.REJECTED)

    def _seen(self, entry: Entry, message: _Message, *kinds: Kind) -> Iterator[Evidence]:
        tenant = self._tenant(message)
        for kind in kinds:
            yield Evidence(entry.time, message.address, tenant, kind)

    def _tenant(self, message: _Message) -> str:
        """Whose mail it is, where somebody has proved it; nobody's otherwise."""
        if message.signed is not None and message.is_verified:
            return message.signed
        if message.sender is not None and (message.address, message.sender) in self._passes:
            return message.sender
        return f"unauth@{address_text(message.address)}"

    def _spf(self, entry: Entry) -> None:
        """`Pass; identity=mailfrom; client-ip=..; envelope-from=..`, with or without `prepend Received-SPF: `."""
        verdict = entry.text.removeprefix("prepend Received-SPF: ")
        address, sender = entry.field("client-ip"), _domain(entry.field("envelope-from"))
        if verdict.startswith("Pass") and entry.field("identity") == "mailfrom" and address and sender:
            self._passes.remember((address_key(address), sender), None)


def _signed(message: _Message, entry: Entry) -> _Message:
    """OpenDKIM says the domain and the success in two lines; two domains are no proof of either."""
    if entry.text == "DKIM verification successful":
        return replace(message, is_verified=True)
    found = _domain("@" + (entry.field("d") or ""))
    return replace(message, signed=found if message.signed in (None, found) else None) if found else message


def _domain(address: str | None) -> str | None:
    """The organizational domain of an envelope address; None for the empty sender and what names none."""
    try:
        return organizational(address.rpartition("@")[2].strip('">')) if address else None
    except SubjectError:
        return None


READER = Reader(PostfixLog)
