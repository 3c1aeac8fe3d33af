"""Specials of rbldnsd: the lines that begin with a dollar sign, and what they say of a zone."""

from calendar import timegm
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from reputon.zone.content import FOREVER, ContentError, Soa
from reputon.zone.reading.prefixes import DIGITS, FULL4, name
from reputon.zone.reading.rbldnsd_values import sound

DEFAULT_TTL = 2100  # of rbldnsd, where the file says none
MOST_NAME_SERVERS = 32
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}


@dataclass(slots=True)
class Specials:
    """What the `$` lines of a zone's files say so far.

    `soa.serial` 0 stands for the time of the newest file; `widest` is the largest IPv4 range, in addresses.
    """

    soa: Soa | None = None
    name_servers: tuple[str, ...] = ()
    name_server_ttl: int = 0
    expires: int = FOREVER
    widest: int = 1 << 32
    ttl: int = DEFAULT_TTL
    variables: dict[str, str] = field(default_factory=dict)


def special(line: str) -> str:
    """What follows the dollar sign of such a line, which `#`, `;` or `:` may precede; empty: it is none."""
    if line.startswith("$"):
        return line[1:]
    return line[2:] if line[:1] in ("#", ";", ":") and line[1:2] == "$" else ""


def soa(known: Specials, words: list[str], _now: int) -> None:
    """`$SOA ttl primary contact serial refresh retry expire minimum`: the first one counts."""
    if known.soa:
        return
    if len(words) != 8:
        raise ContentError("$SOA: write $SOA ttl primary contact serial refresh retry expire minimum")
    refresh, retry, expire, minimum = map(seconds, words[4:])
    if not _is_number(words[3]):
        raise ContentError(f"$SOA: the serial {words[3]!r} is no number from 0 to {FULL4}")
    own = seconds(words[0]) or known.ttl
    known.soa = Soa(name(words[1]), name(words[2]), int(words[3]), refresh, retry, expire, minimum, own)


def ns(known: Specials, words: list[str], _now: int) -> None:
    """`$NS ttl server server...`: the first line counts; a server with a minus before it does not."""
    if known.name_servers:
        return
    if len(words) < 2:
        raise ContentError("$NS: write $NS ttl server server...")
    servers = [name(each) for each in words[1:] if not each.startswith("-")]
    known.name_servers = tuple(servers[:MOST_NAME_SERVERS])
    known.name_server_ttl = seconds(words[0]) or known.ttl


def ttl(known: Specials, words: list[str], _now: int) -> None:
    """`$TTL time`: of all records of its dataset, also those before it."""
    if len(words) != 1:
        raise ContentError("$TTL: write $TTL 300 or $TTL 5m")
    known.ttl = seconds(words[0]) or DEFAULT_TTL


def widest(known: Specials, words: list[str], _now: int) -> None:
    """`$MAXRANGE4 size` or `/length`: can only become smaller."""
    text = "".join(words)
    number = text.removeprefix("/")
    if len(words) != 1 or not _is_number(number) or (text != number and int(number) > 32) or text == "0":
        raise ContentError("$MAXRANGE4: write $MAXRANGE4 256 or $MAXRANGE4 /24")
    known.widest = min(known.widest, int(number) if text == number else 1 << 32 - int(number))


def timestamp(known: Specials, words: list[str], now: int) -> None:
    """`$TIMESTAMP made [expires]`: a file of the future is refused; the first to expire ends the zone."""
    if not 1 <= len(words) <= 2:
        raise ContentError("$TIMESTAMP: write $TIMESTAMP 2026:11:24:09:00 [2026:12:01 or +7d]")
    made = _time(words[0])
    if made > now:
        raise ContentError(f"$TIMESTAMP: {words[0]} is in the future: check the clocks of both machines")
    if len(words) == 2 and words[1].startswith("+"):
        if not made:
            raise ContentError("$TIMESTAMP: +time needs the time that it counts from: write both")
        expires = made + seconds(words[1][1:])
    else:
        expires = _time(words[1]) if len(words) == 2 else FOREVER
    known.expires = min(filter(None, (known.expires, expires)), default=FOREVER)


def variable(known: Specials, key: str, text: str) -> None:
    """`$0 text` to `$9 text`, or `$= text`: counts in all texts of its dataset, and cannot be changed."""
    if not text:
        raise ContentError(f"${key}: write the text that it stands for after it")
    known.variables.setdefault(key, sound(text))


VARIABLES = frozenset("0123456789=")
SPECIALS: dict[str, Callable[[Specials, list[str], int], None]] = {
    "soa": soa,
    "ns": ns,
    "nameserver": ns,
    "ttl": ttl,
    "maxrange4": widest,
    "timestamp": timestamp,
}


def _is_number(text: str) -> bool:
    return bool(text) and len(text) < 11 and not text.strip(DIGITS) and int(text) <= FULL4


def seconds(text: str) -> int:
    """A time like `3600`, `90m`, `1w`; DNS counts to 2**31 - 1 seconds (RFC 2181 section 8)."""
    number = text[:-1] if text[-1:].lower() in _UNITS else text
    seconds = int(number) * _UNITS.get(text[-1].lower(), 1) if _is_number(number) else -1
    if not 0 <= seconds < 1 << 31:
        raise ContentError(f"{text[:40]!r} is no time: write seconds, or a number with s, m, h, d or w")
    return seconds


def _time(text: str) -> int:
    """`yyyy:mm:dd[:hh[:mi[:ss]]]`, the colons may be dashes or missing; `0`, `-` and `:` are no time."""
    if text in ("0", "-", ":"):
        return FOREVER
    digits = text.replace(":", "").replace("-", "")
    try:
        found = datetime.strptime(digits.ljust(14, "0"), "%Y%m%d%H%M%S").replace(tzinfo=UTC)
    except ValueError:
        raise ContentError(f"$TIMESTAMP: {text[:40]!r} is no time: write 2026:11:24:09:00") from None
    return timegm(found.timetuple())
