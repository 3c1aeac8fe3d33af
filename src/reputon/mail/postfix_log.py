"""Postfix's log: one line of it: when, which program, which message, and the few fields that evidence needs."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

_AHEAD = timedelta(days=1)  # how far a line's time may lie ahead before it must be last year's
_YEARS = 5  # back from now in which 29 February occurs
# Queue ids: short ones are hexadecimal, long ones have digits and consonants (postconf: enable_long_queue_ids).
_ID = frozenset("0123456789ABCDEFGHJKLMNPQRSTVWXYZbcdfghjklmnpqrstvwxyz")
_MILTERS = ("opendkim", "policyd-spf")


class LogError(ValueError):
    """A line that claims to be Postfix's and cannot be read; the message says why."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One line.  `program` is the last part of its name (`smtpd`); `queue_id` None where the line names no message."""

    time: datetime
    program: str
    queue_id: str | None
    text: str

    def field(self, name: str) -> str | None:
        """The value of `name=<value>` or `name=value,` in the line; None where it is not there."""
        start = self.text.find(f"{name}=")
        while start > 0 and self.text[start - 1] not in " ;,":
            start = self.text.find(f"{name}=", start + 1)
        if start < 0:
            return None
        rest = self.text[start + len(name) + 1 :]
        if rest.startswith("<"):
            return rest[1:].partition(">")[0]
        ends = [at for at in map(rest.find, ",; ") if at >= 0]
        return rest[: min(ends, default=len(rest))]


def parse(line: str, now: datetime) -> Entry | None:
    """The line, or None for another program's; times without a zone are taken for UTC, without a year for the last."""
    stamp, rest = _stamp(line)
    _, _, rest = rest.partition(" ")
    tag, colon, text = rest.partition(": ")
    name = tag.partition("[")[0]
    is_postfix = name.startswith("postfix") and "/" in name
    if not colon or not (is_postfix or name in _MILTERS):
        return None
    head, colon, tail = text.partition(": ")
    has_id = bool(colon) and (head == "NOQUEUE" or _is_id(head))
    return Entry(
        _time(stamp, now), name.rpartition("/")[2], head if has_id and head != "NOQUEUE" else None,
        tail if has_id else text,
    )  # fmt: skip


def client(text: str) -> str | None:
    """The address in `name[address]` (or `name[address]:port`), the first in the text."""
    address, bracket, _ = text.partition("[")[2].partition("]")
    return address.removeprefix("IPv6:") if bracket else None


def _stamp(line: str) -> tuple[str, str]:
    """The time's text and the rest: RFC 3339, or the fifteen letters of RFC 3164."""
    if line[:1].isdigit():
        stamp, _, rest = line.partition(" ")
        return stamp, rest
    return line[:15], line[16:]


def _time(stamp: str, now: datetime) -> datetime:
    if stamp[:1].isdigit():
        try:
            found = datetime.fromisoformat(stamp)
        except ValueError:
            raise LogError(f"{stamp[:40]!r} is no time") from None
        return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
    for year in range((now + _AHEAD).year, now.year - _YEARS, -1):
        try:
            # Fixed English names: the log's language does not follow the reader's locale.
            found = datetime.strptime(f"{year} {stamp}", "%Y %b %d %H:%M:%S").replace(tzinfo=UTC)
        except ValueError:
            continue
        if found <= now + _AHEAD:
            return found
    raise LogError(f"{stamp[:40]!r} is no time")


def _is_id(text: str) -> bool:
    return len(text) >= 6 and set(text) <= _ID
