"""Closing: a zone that ends, as RFC 6471 section 3.4 wants: it warns for a month or more, and then lists nobody."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime

from reputon.zone.content import FOREVER, Content, ContentError, Record

NOTICE = 30 * 86400  # seconds: "one or more months"
_TTL = 300  # seconds


def parse(text: str) -> int:
    """The Unix seconds of a date (its midnight in UTC) or a time, as in 2027-03-31; empty: FOREVER; ContentError."""
    if not text:
        return FOREVER
    try:
        told = datetime.fromisoformat(text)
    except ValueError:
        raise ContentError(f"{text[:40]!r} is no date: write it as 2027-03-31") from None
    return int((told if told.tzinfo else told.replace(tzinfo=UTC)).timestamp())


def close(contents: Iterable[Content], closes: int, now: int) -> None:
    """Let zones that say all they will end at `closes` (Unix seconds; FOREVER: not at all).

    Until then all that they list ends with them, test entries too, so that a server that nobody renews lists nobody
    either; from then on there is nothing but the apex.  A TXT record at the apex tells.
    """
    if closes == FOREVER:
        return
    for content in contents:
        content.records.append(Record("", "TXT", _TTL, f'"{warning(content.apex, closes, now)}"'))
        if now >= closes:
            content.datasets.clear()
            content.records[:] = [each for each in content.records if not each.owner]
            del content.values[1:]
        else:
            ends = (replace(each, expires=_sooner(each.expires, closes)) for each in content.values[1:])
            content.values[1:] = list(ends)


def warning(apex: str, closes: int, now: int) -> str:
    """What clients are told, and the log."""
    day = datetime.fromtimestamp(closes, UTC).strftime("%Y-%m-%d")
    if now >= closes:
        return f"{apex} was closed on {day} and lists nobody: stop asking it"
    return f"{apex} closes on {day} and lists nobody from then on: stop asking it"


def is_short_notice(closes: int, now: int) -> bool:
    """Whether a warning comes less than a month before."""
    return closes != FOREVER and now < closes < now + NOTICE


def _sooner(expires: int, closes: int) -> int:
    return closes if expires == FOREVER else min(expires, closes)
