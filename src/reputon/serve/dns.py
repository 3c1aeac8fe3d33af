"""The DNS server, as the configuration wants it."""

import logging
import os
import signal
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import asdict, replace
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING

from reputon.config import Config
from reputon.serve.publishing import table_kept
from reputon.serve.saying import address_of, say
from reputon.zone.access import Action, Rule, network, plain
from reputon.zone.guard import Key, Limits, Protection, unknown_zones
from reputon.zone.machine import native
from reputon.zone.server import privileges, service
from reputon.zone.server.follow import Follower
from reputon.zone.server.rare import Identity
from reputon.zone.server.server import Address, Options, Server
from reputon.zone.statistics import metrics as zone_metrics
from reputon.zone.statistics.attendant import Attendant
from reputon.zone.statistics.query_log import QueryLog
from reputon.zone.table import Table
from reputon.zone.transfer.keys import parse_keys
from reputon.zone.transfer.primary import Primary
from reputon.zone.transfer.settings import ANY_ZONE, Transfers, TransferSettings, secondary

if TYPE_CHECKING:
    pass


_ALL = "all"  # zones
_WAKE = 0.5  # seconds between looks whether a signal has come


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


def serve(
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
    with nullcontext(tables) if tables else table_kept(settings, root) as paths:
        follower = Follower(paths, lambda new: _swap(server, new))
        server = Server(follower.open(), listen, options)
        for zone in unknown_zones(options.protection, server.table):
            say(f"no zone {zone} is served: what the configuration says of it protects nothing")
        with server, _attended(settings, server) as query_log:
            for host, port in server.addresses:
                say(f"listening on {f'[{host}]' if ':' in host else host}:{port}")
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
    say("stopped")


@contextmanager
def _attended(settings: Config, server: Server) -> Iterator[QueryLog | None]:
    """Metrics, the log and samples of a running server, as the configuration wants them; its log of samples."""
    of = settings.serve.dns
    where = address_of(of.metrics, "serve.dns.metrics")
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


def warm() -> None:
    """Compile the fast loop, unless it was before, so that the next `serve dns` has it at once."""
    from reputon.zone.machine import native

    # A service manager says this before each start, and a restart must not wait for a compiler.
    say(f"compiled before: {native.image_path()}" if native.load() else f"compiled: {native.warm()}")


def _swap(server: Server, table: Table) -> None:
    server.swap(table)
    service.tell(service.status(_zones(table)))
    say(f"zones reloaded: {_zones(table)}")


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
