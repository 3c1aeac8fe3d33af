"""The long-running processes, wired together: the DNS server over the ledger, the spam trap, and the watch."""

import asyncio
import logging
import signal
import sys
from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import asdict, replace
from datetime import timedelta
from pathlib import Path
from secrets import token_bytes
from tempfile import TemporaryDirectory
from threading import Event
from time import time
from typing import TYPE_CHECKING

from reputon.config import Config
from reputon.zone.publish import Publisher
from reputon.zone.server import Address, Limits, Server, parse_address
from reputon.zone.table import Settings

if TYPE_CHECKING:
    from reputon.evidence.kinds import Evidence
    from reputon.resolver import Resolver
    from reputon.watch.channels import Channel
    from reputon.watch.history import History
    from reputon.watch.looking import Around, Clock
    from reputon.watch.notice import Notice
    from reputon.watch.runner import Say

RELOAD = 1.0  # seconds between looks at the ledger's revision


def publisher(settings: Config, root: str | None = None) -> Publisher:
    """The zones over the ledger of `settings.state_dir`; ZoneError where the root is no domain name."""
    from reputon.listing.ledger import Ledger

    of = settings.zone
    zone = Settings(root or of.root, of.url, of.name_servers, of.contact, of.ttl, of.negative_ttl)
    return Publisher(Ledger(settings.state_dir, settings.listing.ledger), zone)


def serve_dns(publisher: Publisher, listen: Iterable[Address], limits: Limits | None = None) -> None:
    """Answer until SIGTERM or SIGINT; OSError where an address cannot be had."""
    logging.basicConfig(stream=sys.stderr, level=logging.INFO, format="%(levelname)s %(name)s: %(message)s")
    asyncio.run(_serve_dns(publisher, Server(publisher.ask, listen, limits)))


def serve_trap(settings: Config) -> None:
    """Take mail to traps until SIGTERM or SIGINT; OSError where the address cannot be had."""
    from reputon.evidence.kinds import source_name
    from reputon.evidence.sources import Sources

    of = settings.serve.trap
    where = parse_address(of.listen)
    with Sources(settings.state_dir) as register:
        register.meet(source_name(of.source), of.kind, int(time()))
    asyncio.run(_serve_trap(settings, where))


async def _serve_trap(settings: Config, where: Address) -> None:
    from reputon import resolver
    from reputon.evidence import traps
    from reputon.evidence.kinds import Kind

    of = settings.serve.trap
    asked = resolver.named(settings.dns.resolver)
    trap = traps.TrapSettings(of.hostname, frozenset(of.proxies), frozenset(of.xclients), asked)
    server = await traps.listen(*where, Kind(of.kind), _kept(settings), trap)
    _say(f"taking mail to traps at {server.address[0]}:{server.address[1]}")
    _say("clients with loopback, private or link-local addresses are never hits: to try it, deliver from elsewhere")
    await _signalled()
    await server.stop()
    _say("stopped")


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


async def _serve_dns(publisher: Publisher, server: Server) -> None:
    await server.start()
    for host, port in server.addresses:
        _say(f"listening on {f'[{host}]' if ':' in host else host}:{port}")
    reloading = asyncio.create_task(_keep_current(publisher))
    try:
        await _signalled()
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


def watching(settings: Config, resolver: "Resolver | None" = None) -> "tuple[Around, dict[str, Channel]]":
    """What the watch works with, and its channels, each checked; ValueError names the key that is wrong."""
    from reputon import lists
    from reputon import resolver as resolvers
    from reputon.cause import providers, world
    from reputon.watch import delivery
    from reputon.watch.channels import Channel
    from reputon.watch.looking import Around
    from reputon.watch.subjects import Known
    from reputon.watch.transitions import Kind, Rules

    of, asked = settings.watch, resolver or resolvers.named(settings.dns.resolver)
    channels = {name: Channel(name, **asdict(each)) for name, each in of.alerts.items()}
    for channel in channels.values():
        delivery.check(channel)
    own = world.read_inventory(settings.cause.inventory).addresses if settings.cause.inventory else ()
    silence = timedelta(hours=of.silent_hours) if of.silent_hours else None
    told = {Kind(each) for each in of.tell} | ({Kind.AUDIBLE} if "silent" in of.tell else set())
    known = providers.load(settings.cause.providers, settings.state_dir / providers.FRESH)
    around = Around(
        lists.load(settings.lists.catalogue), asked, Known(asked, own, known),
        Rules(timedelta(seconds=of.apart), silence, frozenset(told), of.low_impact),
        settings.lists.keys, tuple(channels), of.sample,
    )  # fmt: skip
    return around, channels


def serve_watch(
    settings: Config, resolver: "Resolver | None" = None, clock: "Clock | None" = None, once: bool = False,
    say: "Say | None" = None,
) -> None:  # fmt: skip
    """Look and tell until SIGTERM or SIGINT, or one pass; ValueError where another watch runs over the same state."""
    from reputon.watch import runner
    from reputon.watch.history import History

    around, channels = watching(settings, resolver)
    clock, say, stop = clock or runner.wall_clock, say or _say_change, Event()
    for each in (signal.SIGTERM, signal.SIGINT):
        signal.signal(each, lambda *_: stop.set())
    with runner.alone(settings.state_dir), History(settings.state_dir) as history:
        if once:
            _listen(settings.watch.metrics)
            runner.recover(history, say)
            runner.once(history, around, channels, say, clock, stop.is_set)
            return
        with _metrics(history, settings.watch.metrics):
            _say(f"watching {len(history.watches())} subjects")
            runner.run(history, around, channels, say, stop, timedelta(days=settings.watch.keep_days), clock)
    _say("stopped")


def rehearse_watch(
    settings: Config, resolver: "Resolver", clock: "Clock | None" = None, say: "Say | None" = None
) -> None:
    """One pass over a copy of the history, which is thrown away: nothing is kept, and nobody is told."""
    from reputon.watch import runner
    from reputon.watch.history import History

    around, _ = watching(settings, resolver)
    say = say or _say_change
    _listen(settings.watch.metrics)
    say("a rehearsal on a copy of the history: nothing is kept, and no alerts are sent")
    with TemporaryDirectory(prefix="reputon-watch-") as folder:
        with History(settings.state_dir) as history:
            history.copy(Path(folder))
        with History(Path(folder)) as copy:
            runner.once(copy, replace(around, channels=()), {}, say, clock or runner.wall_clock)


def _listen(text: str) -> Address | None:
    """Where the metrics are to be served, if at all; ValueError where they could not be."""
    try:
        return parse_address(text) if text else None
    except ValueError as error:
        raise ValueError(f"`watch.metrics`: {error}") from None


def _say_change(what: "str | Notice") -> None:
    _say(what if isinstance(what, str) else f"{what.at:%Y-%m-%dT%H:%M:%SZ} {what.title}")


def _metrics(history: "History", listen: str) -> AbstractContextManager[int | None]:
    where = _listen(listen)
    if where is None:
        return nullcontext()
    from reputon.watch import metrics

    return metrics.served(history, *where)


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)  # noqa: T201 - the process tells whoever started it
