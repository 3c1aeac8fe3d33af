"""The watch, as the configuration wants it."""

import signal
from contextlib import AbstractContextManager, nullcontext
from dataclasses import asdict, replace
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Event
from typing import TYPE_CHECKING

from reputon.config import Config
from reputon.serve.saying import address_of
from reputon.serve.saying import say as tell

if TYPE_CHECKING:
    from reputon.resolver import Resolver
    from reputon.watch.channels import Channel
    from reputon.watch.history import History
    from reputon.watch.looking import Around, Clock
    from reputon.watch.notice import Notice
    from reputon.watch.runner import Say


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


def serve(
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
            address_of(settings.watch.metrics, "watch.metrics")
            runner.recover(history, say)
            runner.once(history, around, channels, say, clock, stop.is_set)
            return
        with _metrics(history, settings.watch.metrics):
            tell(f"watching {len(history.watches())} subjects")
            runner.run(history, around, channels, say, stop, timedelta(days=settings.watch.keep_days), clock)
    tell("stopped")


def rehearse(settings: Config, resolver: "Resolver", clock: "Clock | None" = None, say: "Say | None" = None) -> None:
    """One pass over a copy of the history, which is thrown away: nothing is kept, and nobody is told."""
    from reputon.watch import runner
    from reputon.watch.history import History

    around, _ = watching(settings, resolver)
    say = say or _say_change
    address_of(settings.watch.metrics, "watch.metrics")
    say("a rehearsal on a copy of the history: nothing is kept, and no alerts are sent")
    with TemporaryDirectory(prefix="reputon-watch-") as folder:
        with History(settings.state_dir) as history:
            history.copy(Path(folder))
        with History(Path(folder)) as copy:
            runner.once(copy, replace(around, channels=()), {}, say, clock or runner.wall_clock)


def _say_change(what: "str | Notice") -> None:
    tell(what if isinstance(what, str) else f"{what.at:%Y-%m-%dT%H:%M:%SZ} {what.title}")


def _metrics(history: "History", listen: str) -> AbstractContextManager[int | None]:
    where = address_of(listen, "watch.metrics")
    if where is None:
        return nullcontext()
    from reputon.watch import metrics

    return metrics.served(history, *where)
