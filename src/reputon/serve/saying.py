"""Saying: what a long-running process tells whoever started it, and where it listens."""

import sys

from reputon.zone.server.server import Address, parse_address


def say(line: str) -> None:
    """A line on stderr."""
    print(line, file=sys.stderr, flush=True)  # noqa: T201 - the process tells whoever started it


def address_of(text: str, key: str) -> Address | None:
    """Where the metrics are to be served, if at all; ValueError where they could not be."""
    try:
        return parse_address(text) if text else None
    except ValueError as error:
        raise ValueError(f"`{key}`: {error}") from None
