"""Adapter: what every MTA's plug-in has: the names of its files, one pure function of their texts, and a reload."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from reputon.reroute.incident import Route, Texts


def _as_it_is(_directory: Path, route: Route) -> Route:
    """For an MTA that has nothing to add."""
    return route


def _nothing(_directory: Path, _routes: Sequence[Route]) -> None:
    """For an MTA that looks at its files by itself."""


@dataclass(frozen=True, slots=True)
class Adapter:
    """A plug-in.

    `files`: names in the configuration directory, in the order to write them when a route is added (what is named
    by another file comes before it); a route is taken back in the other order, so that no file ever names what is
    not there.
    `changed(texts, routes)`: every file's text with exactly these routes in it, whatever routes were in it before;
    without routes, byte for byte what was there before the first; RerouteError where it cannot be.
    `prepared(directory, route)`: the route with what only the MTA itself can tell (`usual`), or RerouteError, before
    anything is changed.
    `reload(directory, routes)`: makes the MTA read its files; RerouteError where it does not take them.
    """

    files: tuple[str, ...]
    changed: Callable[[Texts, Sequence[Route]], Texts]
    prepared: Callable[[Path, Route], Route] = _as_it_is
    reload: Callable[[Path, Sequence[Route]], None] = _nothing
