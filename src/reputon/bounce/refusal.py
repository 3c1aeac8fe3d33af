"""A refusal: one recipient and the text that says why, as a layout finds them, before anybody judges them."""

import re
from dataclasses import dataclass

# An address as bounces print it.  Its parts are bounded (Exchange's inner names are longer than RFC 5321 allows), and
# it begins only where a word does: so it is linear.
ADDRESS = re.compile(
    r"""(?<![A-Za-z0-9._%+=/!#$&*?^{}|~'-])[A-Za-z0-9._%+=/!#$&*?^{}|~'-]{1,320}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){0,8}"""
)
# A quoted local part that needs no quotes is the same address without them (RFC 5321 section 4.1.2).
_QUOTED = re.compile(r'"([A-Za-z0-9._%+=/!#$&*?^{}|~-]{1,64})"(?=@)')
HOST = re.compile(r"^\[?([A-Za-z0-9][A-Za-z0-9-]{0,62}(?:\.[A-Za-z0-9-]{1,63}){1,10})\]?$")


@dataclass(frozen=True, slots=True)
class Refusal:
    """`text` is everything that was said, wrapping included; `status` the enhanced code beside it.

    `phase` is where in the SMTP dialogue it was said, where a log or a webhook tells it (PHASES of `bounce.report`).
    """

    recipient: str | None
    text: str = ""
    action: str | None = None
    status: str | None = None
    original_recipient: str | None = None
    rhost: str | None = None
    phase: str | None = None


def address(text: str) -> str | None:
    """The first address in a text, lower-cased in its domain only, without the quotes around it."""
    found = ADDRESS.search(unquoted(text))
    return found.group().strip("'.") if found else None


def unquoted(text: str) -> str:
    """A text with its addresses' local parts freed of quotes that they do not need."""
    return _QUOTED.sub(r"\1", text) if '"@' in text else text


def host(text: str) -> str | None:
    """The host's name or address that a text begins with; names are lower-cased, codes such as 5.1.1 are none."""
    found = HOST.match(text.strip().partition(" ")[0].rstrip(".;,"))
    name = found.group(1).lower() if found else ""
    return name if name.count(".") == 3 or any(character.isalpha() for character in name) else None
