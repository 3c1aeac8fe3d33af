"""Adapters: how each MTA is told a route: an MTA's files as texts in, as texts out, and how it reads them again."""

from reputon.reroute.adapters import postfix, table
from reputon.reroute.adapters.adapter import Adapter
from reputon.reroute.incident import RerouteError

ADAPTERS: dict[str, Adapter] = {
    "postfix": postfix.ADAPTER,
    "table": table.ADAPTER,
}


def named(name: str) -> Adapter:
    """The adapter of that name; RerouteError names those there are."""
    if name not in ADAPTERS:
        raise RerouteError(f"there is no adapter {name!r}: give one of {', '.join(ADAPTERS)}")
    return ADAPTERS[name]


__all__ = ["ADAPTERS", "Adapter", "named"]
