"""Syslog: the head of a line in a mail server's log: when, which program, and what it said.

Times are RFC 3339, or syslog's own (RFC 3164), which have neither year nor zone: the latest year that does not lie in
the future, and UTC.  A line may also have the framing of RFC 5424.
"""

import re
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import NamedTuple

AHEAD = timedelta(days=1)  # how far a server's clock may be ahead of ours
_YEARS = 8  # the longest time between two 29ths of February
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_MONTH = {name: number for number, name in enumerate(_MONTHS, 1)}

Address = IPv4Address | IPv6Address


class LogError(ValueError):
    """A line of a server's that does not have its form; the message says where it departs."""


class Logged(NamedTuple):
    """One line: its time as it is written, the program, its process where the line names one, and what it said."""

    stamp: str
    program: str
    process: str | None
    said: str


def split(text: str) -> Logged | None:
    """The parts of a line; None for what has not syslog's form."""
    if found := _LINE.match(text):
        return Logged(*found.groups())
    found = _FRAMED.match(text) if text.startswith("<") else None
    return Logged(*found.groups()) if found else None


_ISO = r"\d{4}-\d\d-\d\d[Tt ][\d:.]{8,18}(?:[Zz]|[+-]\d\d:?\d\d)"
_LINE = re.compile(
    r"(?:<\d{1,3}>)?([A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d|" + _ISO + r") \S{1,255} "
    r"([^\s\[:]{1,64})(?:\[(\d{1,10})\])?: (?:\[ID \d{1,9} [\w.]{1,30}\] )?(.*)"
)
# RFC 5424 section 6: PRI VERSION TIMESTAMP HOSTNAME APP-NAME PROCID MSGID STRUCTURED-DATA MSG; data of a relay's own.
_FRAMED = re.compile(
    r"<\d{1,3}>1 (" + _ISO + r") \S{1,255} (\S{1,64}) (?:-|(\d{1,10})|\S{1,128}) \S{1,32} "
    r"(?:-|(?:\[[^\]]{0,1000}\]){1,8}) (?:\ufeff)?(.*)"
)


def moment(stamp: str, now: datetime) -> datetime:
    """The time, in UTC; LogError for what is none."""
    try:
        if stamp[0].isdigit():
            return datetime.fromisoformat(stamp.upper()).astimezone(UTC)
        return _with_year(stamp, now)
    except (ValueError, OverflowError):
        raise LogError(f"{stamp!r} is not a time") from None


@lru_cache(maxsize=1024)  # the lines of one second stand together
def _with_year(stamp: str, now: datetime) -> datetime:
    month = _MONTH.get(stamp[:3], 0)
    day, hour, minute, second = int(stamp[4:6]), int(stamp[7:9]), int(stamp[10:12]), int(stamp[13:15])
    for year in range(now.year + 1, now.year - _YEARS - 1, -1):
        try:
            found = datetime(year, month, day, hour, minute, second, tzinfo=UTC)
        except ValueError:
            continue  # the 29th of February of another year, or no day at all
        if found <= now + AHEAD:
            return found
    raise ValueError(stamp)


@lru_cache(maxsize=65536)
def address(text: str) -> Address | None:
    """A client's address as servers write it (`IPv6:` may stand before it), None for `unknown`; LogError for none."""
    if text == "unknown":
        return None
    try:
        return ip_address(text.removeprefix("IPv6:"))
    except ValueError:
        raise LogError(f"{text!r} is not an IP address") from None
