"""The spam trap, as the configuration wants it."""

import asyncio
import signal
from collections.abc import Callable, Sequence
from secrets import token_bytes
from time import time
from typing import TYPE_CHECKING

from reputon.config import Config
from reputon.serve.saying import say
from reputon.zone.server.server import Address, parse_address

if TYPE_CHECKING:
    from reputon.evidence.kinds import Evidence


def serve(settings: Config) -> None:
    """Take mail to traps until SIGTERM or SIGINT; OSError where the address cannot be had."""
    from reputon.evidence.kinds import source_name
    from reputon.evidence.sources import Sources

    of = settings.serve.trap
    where = parse_address(of.listen)
    with Sources(settings.state_dir) as register:
        register.meet(source_name(of.source), of.kind, int(time()))
    asyncio.run(_serve(settings, where))


async def _serve(settings: Config, where: Address) -> None:
    from reputon import resolver
    from reputon.evidence import traps
    from reputon.evidence.kinds import Kind

    of = settings.serve.trap
    asked = resolver.named(settings.dns.resolver)
    trap = traps.TrapSettings(of.hostname, frozenset(of.proxies), frozenset(of.xclients), asked)
    server = await traps.listen(*where, Kind(of.kind), _kept(settings), trap)
    say(f"taking mail to traps at {server.address[0]}:{server.address[1]}")
    say("clients with loopback, private or link-local addresses are never hits: to try it, deliver from elsewhere")
    await _signalled()
    await server.stop()
    say("stopped")


def _kept(settings: Config) -> "Callable[[Sequence[Evidence]], None]":
    """Puts hits into the store, which it opens where it is first called: in the one thread that calls it."""
    from reputon.evidence.store import Store

    opened: list[Store] = []

    def keep(hits: "Sequence[Evidence]") -> None:
        if not opened:
            opened.append(Store(settings.state_dir, settings.evidence.url))
        opened[0].add(settings.serve.trap.source, token_bytes(16), hits)  # each hit is one: nothing comes twice here

    return keep


async def _signalled() -> None:
    """Wait for SIGTERM or SIGINT."""
    stop, loop = asyncio.Event(), asyncio.get_running_loop()
    for each in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(each, stop.set)
    await stop.wait()
