"""Quoting: strangers' words on one line and within bounds, and names only where they are names.

What a bounce says was written by others.  It reaches people in plans and tickets, and some of it in command lines that
are there to be pasted, so that nothing in it may break a line, reorder it, or mean something to a shell.
"""

import re
import unicodedata
from datetime import UTC, datetime
from ipaddress import ip_address

from reputon import subject

UNKNOWN = "unknown"
NAME = 80  # characters of a name, an address or an identifier that are shown
WORDS = 300  # characters of anybody's words

_UNSEEN = ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp")  # controls, direction marks, line and paragraph separators
_MESSAGE_ID = re.compile(r"<?[A-Za-z0-9._@+=-]{1,200}>?")  # those of Message-ID that no shell reads as its own


def one_line(text: str | None, most: int = 200) -> str:
    """The text on one line, of at most `most` characters; what cannot be seen is a space."""
    text = text or ""
    some = text[: 4 * most]  # enough to see whether it is too long once the spaces are gone
    seen = "".join(" " if unicodedata.category(each) in _UNSEEN else each for each in some)
    line = " ".join(seen.split())
    is_whole = len(line) <= most and some == text
    return line if is_whole else line[: most - 1].rstrip() + "…"


def brief(text: str, most: int = 100) -> str:
    """The first clause of a long text on one line; a provider's file has the rest (`reputon provider show`)."""
    return one_line(re.split(r"[;(]|, with ", text, maxsplit=1)[0].strip(), most)


def domain_name(text: str | None) -> str | None:
    """The domain that the text is, in lower case; None for anything else."""
    try:
        name = subject.domain(text or "")
    except subject.SubjectError:
        return None
    return None if name.startswith("-") else name  # which a command would take for an option


def address(text: str | None) -> str | None:
    """The IP address that the text is; None for anything else, and for one with a zone, which may be any text."""
    try:
        return None if "%" in (text or "") else str(ip_address(text or ""))
    except ValueError:
        return None


def message_id(text: str | None) -> str | None:
    """A Message-ID that can be pasted between single quotes; None for one that has more in it."""
    return text if text and _MESSAGE_ID.fullmatch(text) else None


def or_unknown(text: str | None) -> str:
    """A name on one line, or that it is not known."""
    return one_line(text, NAME) or UNKNOWN


def utc(moment: datetime) -> str:
    """A time as support desks read it."""
    return moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
