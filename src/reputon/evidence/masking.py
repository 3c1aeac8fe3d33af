"""Masking: texts of strangers without the recipients in them, which are never kept or shown in clear.

What may be a recipient is hidden, and much that is none with it: an excerpt is for finding a line, not for reading it.
"""

import re

EXCERPT = 120  # characters of an unreadable line that are kept
_WORD = 36  # characters of a word in a reason; a longer one may be an address that was cut before its `@`

# Each of these goes through a text once: what may repeat is never followed by what may not match.
_AT = re.compile(r"%(?:25)*40|\\[ux]\{?0*40\}?|\\u(?:ff20|fe6b)|&#(?:0*64|x0*40);|\+40|[\uff20\ufe6b]", re.IGNORECASE)
_SAID = re.compile(  # the value of a key whose value is a recipient, in a log or in JSON
    r"""((?<![a-z0-9])(?:to|rcpt|recipients?|ctladdr|user|mailbox)\\?["']?\ ?[=:]\ ?)"""
    r"""(?:<[^<>]*>?|\[[^\[\]]*\]?|\\*"(?:\\.|[^"\\])*"?|[^\s,;"'<>{}\[\]]+)""",
    re.IGNORECASE,
)
_AFTER = re.compile(r"(?<![^\s\"'])(=>|->|>>|==|\*\*) \S+")  # whom Exim has delivered to, deferred or refused
_BRACKETED = re.compile(r"(?!^<\d{1,3}>)<([^<>= ][^<>]*)>?")  # but for syslog's priority, and Exim's `<=`


def masked(text: str, most: int = EXCERPT) -> str:
    """The beginning of a text, without what may be a recipient: of addresses only the domain is left."""
    words = text[: 4 * most].replace("\0", "").split()
    is_cut = len(text) > 4 * most and bool(words)
    if is_cut:
        words[-1] = "..."  # what is cut there may have been the beginning of an address
    shown = _AT.sub("@", " ".join(words))
    if is_cut and shown.count('"') % 2:
        shown = shown.rpartition('"')[0] + "..."  # and so may what is quoted there
    shown = _SAID.sub(r"\1***", _AFTER.sub(r"\1 ***", shown))
    shown = _without_locals(_BRACKETED.sub(_bracketed, shown))
    return "".join(c if c.isprintable() else "?" for c in shown)[:most]


def reason(why: object, most: int = 300) -> str:
    """Why a text could not be read, without what of it may be a recipient, whole or cut."""
    words = masked(str(why), most).split(" ")
    return " ".join(word if len(word) <= _WORD or "@" in word else "***" for word in words)


def _bracketed(found: re.Match[str]) -> str:
    _, at, domain = found[1].rpartition("@")
    return f"<***@{domain}>" if at else "<***>"


def _without_locals(text: str) -> str:
    """The text with `***` before every `@` for the word there, or for all of it that is quoted."""
    parts, done = list[str](), 0
    while (at := text.find("@", done)) >= 0:
        parts += text[done : _local(text, done, at)], "***@"
        done = at + 1
    return "".join(parts) + text[done:]


def _local(text: str, start: int, at: int) -> int:
    """Where the local part before an `@` begins, not before `start`."""
    if text.endswith("<***", start, at):
        return at - 3
    end = begin = start + len(text[start:at].rstrip())
    if text.endswith('"', start, end):
        begin = text.rfind('"', start, end - 1)
        while begin > start and text[begin - 1] == "\\":
            begin = text.rfind('"', start, begin)
    return max(start, text.rfind(" ", start, begin) + 1) if begin > start else start
