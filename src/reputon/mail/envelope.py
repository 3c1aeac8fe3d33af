"""Envelope: addresses and replies of SMTP as servers write them into their logs, where both may be hostile."""

import re

# One address: its local part may be quoted, or escaped, and hold anything, even what looks like the rest of a line.
MAILBOX = r'(?:"(?:[^"\\]|\\.)*+"|\\.|[^\s"\\<>,])++'

_DOMAIN = 253  # RFC 1035 section 2.3.4
_ENHANCED = re.compile(r"\b5\d\d[ -](5\.\d{1,3}\.\d{1,3})\b")


def domain_of(mailbox: str) -> str | None:
    """The domain of an envelope's address, lower case; None where there is none (a bounce) or no possible one."""
    domain = mailbox.rpartition("@")[2].strip(" .\"'<>").lower() if "@" in mailbox else ""
    return domain if 0 < len(domain) <= _DOMAIN else None


def enhanced(words: str) -> str | None:
    """The enhanced code of a final refusal (RFC 3463) in a server's words, as in `550 5.1.1 User unknown`."""
    found = _ENHANCED.search(words[:2000])
    return found[1] if found else None
