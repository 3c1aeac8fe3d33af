"""The long-running processes, wired together: here the DNS server over the ledger."""

import asyncio
import logging
import signal
import sys
from collections.abc import Iterable

from reputon.config import Config
from reputon.zone.publish import Publisher
from reputon.zone.server import Address, Limits, Server
from reputon.zone.table import Settings

RELOAD = 1.0  # seconds between looks at the ledger's revision


def publisher(settings: Config, root: str | None = None) -> Publisher:
    """The zones over the ledger of `settings.state_dir`; ZoneError where the root is no domain name."""
    from reputon.listing.ledger import Ledger

    of = settings.zone
    zone = Settings(root or of.root, of.url, of.name_servers, of.contact, of.ttl, of.negative_ttl)
    return Publisher(Ledger(settings.state_dir), zone)


def serve_dns(publisher: Publisher, listen: Iterable[Address], limits: Limits | None = None) -> None:
    """Answer until SIGTERM or SIGINT; OSError where an address cannot be had."""
    logging.basicConfig(stream=sys.stderr, level=logging.INFO, format="%(levelname)s %(name)s: %(message)s")
    asyncio.run(_serve_dns(publisher, Server(publisher.ask, listen, limits)))


async def _serve_dns(publisher: Publisher, server: Server) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for each in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(each, stop.set)
    await server.start()
    for host, port in server.addresses:
        _say(f"listening on {f'[{host}]' if ':' in host else host}:{port}")
    reloading = asyncio.create_task(_keep_current(publisher))
    try:
        await stop.wait()
    finally:
        reloading.cancel()
        await server.stop()
    _say("stopped")


async def _keep_current(publisher: Publisher) -> None:
    while True:
        await asyncio.sleep(RELOAD)
        # In a thread of its own: questions are answered from the old table while the next is built.
        if await asyncio.to_thread(publisher.try_reload):
            _say(f"zones reloaded, serial {publisher.table.serial}")


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)  # noqa: T201 - the process tells whoever started it
