"""Runner: looks and tells until it is stopped; one at a time over one history."""

import fcntl
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Event

from reputon.watch import delivery, outbox, setback
from reputon.watch.channels import Channel
from reputon.watch.history import History
from reputon.watch.looking import Around, Clock, look
from reputon.watch.notice import Notice
from reputon.watch.outbox import Status
from reputon.watch.subjects import WatchError

LOCK = "watch.lock"
SHORTEST, LONGEST = 2.0, 15.0  # seconds between passes; new watches are seen within the longest
KEEP = timedelta(days=90)

Say = Callable[[str | Notice], None]  # sentences about the run, and what changed


def wall_clock() -> datetime:
    """The time now."""
    return datetime.now(UTC)


@contextmanager
def alone(state_dir: Path) -> Iterator[None]:
    """Nobody else runs the watch meanwhile; the lock ends with its process, also when that is killed.  WatchError."""
    state_dir.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(state_dir / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise WatchError(f"a watch is running already over {state_dir}: only one may") from None
        yield
    finally:
        os.close(descriptor)


def recover(history: History, say: Say) -> None:
    """Tell what may have been sent when the last runner ended; it is not sent again."""
    for alert in outbox.recover(history):
        say(f"perhaps sent before the last end, and not sent again: {alert.notice.title} ({alert.channel})")


def once(
    history: History, around: Around, channels: Mapping[str, Channel], say: Say,
    clock: Clock = wall_clock, stopped: Callable[[], bool] = lambda: False,
) -> None:  # fmt: skip
    """One pass: look at what is due, and tell what waits."""
    if said := setback.undo(history, clock()):
        say(said)
    looked = look(history, around, clock, stopped)
    for warning in looked.warnings:
        say(warning)
    for notice in looked.changes:
        say(notice)
    for done in delivery.deliver(history, channels, clock(), stopped):
        if done.status is not Status.SENT:
            say(f"alert {done.alert.id} by {done.alert.channel}: {done.status}: {done.said}")


def run(
    history: History, around: Around, channels: Mapping[str, Channel], say: Say, stop: Event,
    keep: timedelta = KEEP, clock: Clock = wall_clock,
) -> None:  # fmt: skip
    """Pass after pass until `stop` is set; what is older than `keep` is forgotten once a day."""
    recover(history, say)
    told: set[str | Notice] = set()
    forget = clock()

    def say_once(what: str | Notice) -> None:
        # A warning stands for as long as its reason, and is worth one line.
        if what not in told:
            told.add(what)
            say(what)

    while not stop.is_set():
        once(history, around, channels, say_once, clock, stop.is_set)
        now = clock()
        if now >= forget:
            history.forget(now - keep)
            forget, told = now + timedelta(days=1), set()
        nexts = (history.next_due(), outbox.next_try(history, channels))
        wait = min(((each - now).total_seconds() for each in nexts if each), default=LONGEST)
        stop.wait(min(max(wait, SHORTEST), LONGEST))
