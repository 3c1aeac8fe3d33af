"""Postfix's text: `<one@example.org>: host mx.example.org[192.0.2.1] said: 550 ... (in reply to RCPT TO command)`."""

import re

from reputon.bounce.notice import Notice
from reputon.bounce.refusal import Refusal, host, unquoted

# The block ends at an empty line or at the next recipient; every step is anchored to a line, so it stays linear.
_RECIPIENT = re.compile(
    r"(?m)^[ \t>]{0,4}<([^<>\s]{1,320})>(?: \((?:expanded|orig)[^<>\n]{0,20}<([^<>\s]{1,320})>\))?:[ \t\n]"
)
_HOST = re.compile(r"host ([\w.-]{1,253})\[[\da-fA-F.:]{2,45}\]")
_BLOCK = 4096
RECIPIENTS = 1000  # recipients of one text


def read(notice: Notice) -> list[Refusal]:
    """One refusal for each recipient of the text."""
    found: list[re.Match[str]] = []
    for each in _RECIPIENT.finditer(notice.text):
        # A reply may itself begin with the recipient, and be folded before it.
        if not found or each.group(1) != found[-1].group(1) or "\n\n" in notice.text[found[-1].end() : each.start()]:
            found.append(each)
    ends = [each.start() for each in found[1:]] + [len(notice.text)]
    return [
        _refusal(each, notice.text[each.end() : min(end, each.end() + _BLOCK)])
        for each, end in zip(found[:RECIPIENTS], ends, strict=False)
    ]


def _refusal(found: re.Match[str], block: str) -> Refusal:
    text = " ".join(block.partition("\n\n")[0].split())
    said = _HOST.search(text)
    recipient, original = unquoted(found.group(1)), found.group(2)
    return Refusal(
        recipient=recipient,
        original_recipient=original,
        text=text,
        rhost=host(said.group(1)) if said else None,
    )
