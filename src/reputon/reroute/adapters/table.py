"""Table: a plain transport table that a small MTA reads again by itself, or that others build their own from.

One line a receiver: `example.org hard:[relay.example]:587`, or `mx:mx.example.org soft:[192.0.2.7]:25`.
"""

from collections.abc import Mapping, Sequence

from reputon.reroute import block
from reputon.reroute.adapters.adapter import Adapter
from reputon.reroute.incident import RerouteError, Route, Texts

FILE = "reputon_transport"


def changed(texts: Texts, routes: Sequence[Route]) -> Texts:
    """The table with these routes."""
    rest = block.out(texts[FILE], FILE)
    wanted = {name: f"{route.mode}:{route.relay.nexthop}" for route in routes for name in route.receivers}
    taken = sorted(wanted.keys() & read(rest or "").keys())
    if taken:
        raise RerouteError(f"{FILE} has a route of its own for {taken[0]}: take that line out first")
    body = "".join(f"{name} {way}\n" for name, way in sorted(wanted.items()))
    return {FILE: block.put(rest, body, FILE) if body else rest}


def read(text: str) -> Mapping[str, tuple[str, str]]:
    """What a table says: receiver → (mode, next hop), for the MTA that reads it; other lines are passed over."""
    found: dict[str, tuple[str, str]] = {}
    for line in text.split("\n"):
        words = line.split()
        if len(words) == 2 and not line.startswith("#") and ":" in words[1]:
            mode, _, nexthop = words[1].partition(":")
            found[words[0].lower()] = (mode, nexthop)
    return found


ADAPTER = Adapter(files=(FILE,), changed=changed)
