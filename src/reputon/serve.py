"""The long-running processes, wired together: the DNS server over the ledger, the spam trap, and the watch."""

import asyncio
import logging
import os
import signal
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from dataclasses import asdict, replace
from datetime import timedelta
from multiprocessing import parent_process
from pathlib import Path
from queue import Empty, SimpleQueue
from secrets import token_bytes
from tempfile import TemporaryDirectory
from threading import Event, Thread
from time import sleep, time
from typing import TYPE_CHECKING

from reputon.config import Config
from reputon.zone import closing, native, own, privileges, service
from reputon.zone import metrics as zone_metrics
from reputon.zone.access import Action, Rule, network, plain
from reputon.zone.attendant import Attendant
from reputon.zone.follow import Follower
from reputon.zone.guard import Key, Limits, Protection, unknown_zones
from reputon.zone.keeper import Keeper
from reputon.zone.keys import parse_keys
from reputon.zone.own import Settings
from reputon.zone.primary import Primary
from reputon.zone.publish import Publisher
from reputon.zone.query_log import QueryLog
from reputon.zone.rare import Identity
from reputon.zone.server import Address, Options, Server, parse_address
from reputon.zone.table import Table
from reputon.zone.transferring import ANY_ZONE, Transfers, TransferSettings, secondary

if TYPE_CHECKING:
    from reputon.evidence.kinds import Evidence
    from reputon.resolver import Resolver
    from reputon.watch.channels import Channel
    from reputon.watch.history import History
    from reputon.watch.looking import Around, Clock
    from reputon.watch.notice import Notice
    from reputon.watch.runner import Say

RELOAD = 1.0  # seconds between looks at the ledger's revision
_LOOK = 0.05  # seconds between looks whether the first table is there
_ALL = "all"  # zones
_WAKE = 0.5  # seconds between looks whether a signal has come
_PATIENCE = 10.0  # seconds after which a table that could not be written is tried again


def zone_settings(settings: Config, root: str | None = None) -> Settings:
    """What our own zones say of themselves."""
    of = settings.zone
    return Settings(
        root or of.root,
        of.url,
        of.name_servers,
        of.contact,
        of.ttl,
        of.negative_ttl,
        3600 * of.stale_hours,
        closing.parse(of.closing),
    )


def protection(settings: Config) -> Protection:
    """What protects the zones."""
    of = settings.serve.dns
    rules = (
        Rule(prefix, Action[action.upper()], "" if zone == _ALL else zone)
        for zone, actions in of.access.items()
        for prefix, action in actions.items()
    )
    keys = (Key(name, each.key, each.per_second, each.per_day) for name, each in of.keys.items())
    return Protection(tuple(rules), of.keyed, tuple(keys), of.quota_code, Limits(**asdict(of.limits)))


def _transfers(settings: Config, table: Callable[[], Table]) -> Primary | None:
    """What serves whole zones, where somebody may have one; ValueError, OSError."""
    of = settings.serve.dns
    if not of.transfer:
        return None
    keys = parse_keys(of.transfer_keys.read_text()) if of.transfer_keys is not None else ()
    zones = {
        ANY_ZONE if zone == _ALL else plain(zone): Transfers(
            tuple(map(network, each.clients)), each.keys, tuple(map(secondary, each.notify))
        )
        for zone, each in of.transfer.items()
    }
    return Primary(table, TransferSettings(zones, keys), settings.state_dir / "zone" / "journal")


def _drop_privileges(user: str) -> None:
    privileges.drop(user)
    if not user and os.geteuid() == 0:
        logging.getLogger(__name__).warning("this answers the network as root: name a user in `serve.dns.user`")


def publisher(settings: Config, root: str | None = None) -> Publisher:
    """The zones over the ledger of `settings.state_dir`; ContentError where the root is no domain name."""
    from reputon.listing.ledger import Ledger

    return Publisher(Ledger(settings.state_dir, settings.listing.ledger), zone_settings(settings, root))


def publish(settings: Config, root: str | None, output: Path, stop: Event | None = None) -> None:
    """Write the table of our own zones, and again whenever the ledger changes until `stop`; none: once."""
    from reputon.zone import stored

    ours = publisher(settings, root)
    stored.write(ours.table, output)
    written = ours.table
    while stop is not None and not stop.wait(RELOAD):
        ours.try_reload()
        if ours.table is not written:
            written = _try_write(ours.table, output, written)


def _try_write(table: Table, output: Path, written: Table) -> Table:
    """Write it, if that is possible; what is written now."""
    from reputon.zone import stored

    try:
        stored.write(table, output)
    except OSError as error:  # a full disk: the old file is still there, and somebody may make room
        logging.getLogger(__name__).warning("%s cannot be written, the zones stay as they are: %s", output, error)
        sleep(_PATIENCE)
        return written
    return table


def _publish_beside(settings: Config, root: str | None, output: Path) -> None:
    """As `publish`, in a process of its own, for as long as the one that serves lives: it must never wait for this."""
    stop, server = Event(), parent_process()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches both; who serves ends this
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    assert server is not None

    def outlive() -> None:
        server.join()
        stop.set()

    Thread(target=outlive, daemon=True).start()
    privileges.drop(settings.serve.dns.user)
    publish(settings, root, output, stop)


def serve_dns(
    settings: Config, listen: Iterable[Address], tables: Sequence[Path], options: Options, root: str | None
) -> None:
    """Answer until SIGTERM or SIGINT, from files, or from the ledger; OSError where an address cannot be had."""
    logging.basicConfig(stream=sys.stderr, level=logging.INFO, format="%(levelname)s %(name)s: %(message)s")
    said = _signals(signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
    of = settings.serve.dns
    transfers = _transfers(settings, lambda: server.table)
    options = replace(
        options, identity=Identity(of.version, of.name), protection=protection(settings), transfers=transfers,
        when_bound=lambda: _drop_privileges(of.user), sample_every=of.log_sample,
        loop=native.serve() if of.user else None,  # that user may read neither the compiler nor what is kept of it
    )  # fmt: skip
    with nullcontext(tables) if tables else _table_kept(settings, root) as paths:
        follower = Follower(paths, lambda new: _swap(server, new))
        server = Server(follower.open(), listen, options)
        for zone in unknown_zones(options.protection, server.table):
            _say(f"no zone {zone} is served: what the configuration says of it protects nothing")
        with server, _attended(settings, server) as query_log:
            for host, port in server.addresses:
                _say(f"listening on {f'[{host}]' if ':' in host else host}:{port}")
            follower.start()
            service.tell(service.READY, service.status(_zones(server.table)))
            while _next_signal(said) == signal.SIGHUP:
                service.tell(service.reloading())
                follower.look_now()
                if query_log is not None:
                    query_log.reopen()
                service.tell(service.READY)
            service.tell(service.STOPPING)
            follower.stop()
    _say("stopped")


@contextmanager
def _attended(settings: Config, server: Server) -> Iterator[QueryLog | None]:
    """Metrics, the log and samples of a running server, as the configuration wants them; its log of samples."""
    of = settings.serve.dns
    where = _listen(of.metrics, "serve.dns.metrics")
    query_log = None
    if of.log_sample:
        path = of.log or settings.state_dir / "zone" / "queries.jsonl"
        path.parent.mkdir(parents=True, exist_ok=True)
        query_log = QueryLog(path, server.samples)
    attendant = Attendant(server.seen, lambda: server.table, of.stats_minutes, query_log)
    with nullcontext() if where is None else zone_metrics.served(server.seen, *where):
        attendant.start()
        try:
            yield query_log
        finally:
            attendant.stop()


def warm_dns() -> None:
    """Compile the fast loop, unless it was before, so that the next `serve dns` has it at once."""
    from reputon.zone import native

    # A service manager says this before each start, and a restart must not wait for a compiler.
    _say(f"compiled before: {native.image_path()}" if native.load() else f"compiled: {native.warm()}")


def _swap(server: Server, table: Table) -> None:
    server.swap(table)
    service.tell(service.status(_zones(table)))
    _say(f"zones reloaded: {_zones(table)}")


def _zones(table: Table) -> str:
    return ", ".join(f"{each.apex} serial {each.serial}" for each in table.zones)


def _next_signal(said: SimpleQueue[int]) -> int:
    """Wait for one, and look again and again.

    Python runs a handler when this thread runs: a signal that came just before it began to wait, or to another thread,
    wakes it never (seen on a busy machine: SIGTERM did nothing).
    """
    while True:
        with suppress(Empty):
            return said.get(timeout=_WAKE)


def _signals(*numbers: signal.Signals) -> SimpleQueue[int]:
    """Those of these signals that come from now on."""
    said: SimpleQueue[int] = SimpleQueue()
    for each in numbers:
        signal.signal(each, lambda number, _: said.put(number))
    return said


@contextmanager
def _table_kept(settings: Config, root: str | None) -> Iterator[Sequence[Path]]:
    """The file of our own zones, kept current by a process beside this one; there is one when this begins."""
    path = settings.state_dir / "zone" / "current.table"
    own.contents((), (), zone_settings(settings, root))  # a wrong name is told here, and not by the other process
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)  # of another root, perhaps
    beside = Keeper("the process that writes our zones", _publish_beside, (settings, root, path))
    try:
        while not path.exists():
            if not beside.is_alive():
                raise OSError("the zones cannot be made from the ledger: see the message above")
            sleep(_LOOK)
        beside.keep()
        yield [path]
    finally:
        beside.stop()


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
            _listen(settings.watch.metrics, "watch.metrics")
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
    _listen(settings.watch.metrics, "watch.metrics")
    say("a rehearsal on a copy of the history: nothing is kept, and no alerts are sent")
    with TemporaryDirectory(prefix="reputon-watch-") as folder:
        with History(settings.state_dir) as history:
            history.copy(Path(folder))
        with History(Path(folder)) as copy:
            runner.once(copy, replace(around, channels=()), {}, say, clock or runner.wall_clock)


def _listen(text: str, key: str) -> Address | None:
    """Where the metrics are to be served, if at all; ValueError where they could not be."""
    try:
        return parse_address(text) if text else None
    except ValueError as error:
        raise ValueError(f"`{key}`: {error}") from None


def _say_change(what: "str | Notice") -> None:
    _say(what if isinstance(what, str) else f"{what.at:%Y-%m-%dT%H:%M:%SZ} {what.title}")


def _metrics(history: "History", listen: str) -> AbstractContextManager[int | None]:
    where = _listen(listen, "watch.metrics")
    if where is None:
        return nullcontext()
    from reputon.watch import metrics

    return metrics.served(history, *where)


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)  # noqa: T201 - the process tells whoever started it
