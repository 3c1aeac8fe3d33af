"""Adding: a watch made of what a person asked for, refused where it could never be looked at."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from reputon.watch import schedule
from reputon.watch.looking import Around
from reputon.watch.subjects import LISTS, NAME_LENGTH, Watch, WatchError, parse

_LONGEST = timedelta(days=30)


def made(text: str, name: str, every: timedelta, lists: Sequence[str], around: Around, now: datetime) -> Watch:
    """The watch; WatchError says what to write instead."""
    kind, subject = parse(text)
    if not schedule.LEAST <= every <= _LONGEST:
        raise WatchError("--every: from 10m to 30d")
    if len(name) > NAME_LENGTH or not name.isprintable():
        raise WatchError(f"--name: at most {NAME_LENGTH} characters that can be printed")
    if kind == "pool":
        around.known.pool(subject)  # refuses a pool that nobody knows
    return Watch(subject, kind, name or subject, every, now, _named(lists, around))


def _named(lists: Sequence[str], around: Around) -> tuple[str, ...]:
    """The names of the lists; closed ones are never asked, and private ones cannot be."""
    if len(lists) > LISTS:
        raise WatchError(f"--lists: at most {LISTS}")
    found = []
    for name in lists:
        entry = around.catalogue.find(name)
        if entry is None:
            raise WatchError(f"--lists: there is no list called {name!r}: give a name from the catalogue, or a zone")
        if not entry.can_be_asked:
            raise WatchError(f"--lists: {entry.name} cannot be asked ({entry.status})")
        found.append(entry.name)
    return tuple(dict.fromkeys(found))
