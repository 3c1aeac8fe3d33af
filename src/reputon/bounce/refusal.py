"""A refusal: one recipient and the text that says why, as a layout finds them, before anybody judges them."""

import re
from dataclasses import dataclass

# An address as bounces print it; RFC 5321 bounds its parts, and so the pattern stays linear.
ADDRESS = re.compile(r"""[A-Za-z0-9._%+=/!#$&*?^{}|~'-]{1,120}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){0,8}""")
HOST = re.compile(r"^\[?([A-Za-z0-9][A-Za-z0-9-]{0,62}(?:\.[A-Za-z0-9-]{1,63}){1,10})\]?$")


@dataclass(frozen=True, slots=True)
class Refusal:
    """`text` is everything that was said, wrapping included; `status` the enhanced code beside it."""

    recipient: str | None
    text: str = ""
    action: str | None = None
    status: str | None = None
    original_recipient: str | None = None
    rhost: str | None = None


def address(text: str) -> str | None:
    """The first address in a text, lower-cased in its domain only, without the quotes around it."""
    found = ADDRESS.search(text)
    return found.group().strip("'.") if found else None


def host(text: str) -> str | None:
    """A host's name (or address) where the text is nothing else; names are lower-cased."""
    found = HOST.match(text.strip().split(" ")[0].rstrip(".;,")) if text.strip() else None
    return found.group(1).lower() if found else None
