"""Formats: the ways in and out of a zone; the tables of all there are."""

from collections.abc import Callable, Sequence

from reputon.zone.content import ContentError
from reputon.zone.formats import rbldnsd
from reputon.zone.reading import Reading

Reader = Callable[[Sequence[str], str, int], Reading]  # files, the zone's name, the time in Unix seconds

READERS: dict[str, Reader] = {
    "rbldnsd": rbldnsd.read,
}


def reader(name: str) -> Reader:
    """The reader of that name; ContentError."""
    if name not in READERS:
        raise ContentError(f"there is no format {name!r} to read: choose one of {', '.join(READERS)}")
    return READERS[name]
