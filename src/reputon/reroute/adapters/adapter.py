"""Adapter: what every MTA's plug-in has: the names of its files, one pure function of their texts, and a reload."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from reputon.reroute.incident import Route, Texts


def _nothing(directory: Path, routes: Sequence[Route]) -> None:
    """For an MTA that looks at its files by itself."""


@dataclass(frozen=True, slots=True)
class Adapter:
    """A plug-in.

    `files`: names in the configuration directory, in the order to write them when a route is added (what is named
    by another file comes before it); a route is taken back in the other order, so that no file ever names what is
    not there.
    `changed(texts, routes)`: every file's text with exactly these routes in it, whatever routes were in it before;
    without routes, byte for byte what was there before the first; RerouteError where it cannot be.
    `check(directory, routes)`: refuses, before anything is changed, what only the MTA itself can tell.
    `reload(directory, routes)`: makes the MTA read its files; RerouteError where it does not take them.
    """

    files: tuple[str, ...]
    changed: Callable[[Texts, Sequence[Route]], Texts]
    check: Callable[[Path, Sequence[Route]], None] = _nothing
    reload: Callable[[Path, Sequence[Route]], None] = _nothing
