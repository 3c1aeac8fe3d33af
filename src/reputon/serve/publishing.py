"""Publishing: the table of our own zones, made from the ledger, once or in a process of its own."""

import logging
import os
import shutil
import signal
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from multiprocessing import parent_process
from pathlib import Path
from threading import Event, Thread
from time import sleep
from typing import TYPE_CHECKING

from reputon.config import Config
from reputon.zone import closing, own
from reputon.zone.own import Settings
from reputon.zone.publish import Publisher
from reputon.zone.server import privileges
from reputon.zone.server.keeper import Keeper
from reputon.zone.table import Table

if TYPE_CHECKING:
    pass


RELOAD = 1.0  # seconds between looks at the ledger's revision
_LOOK = 0.05  # seconds between looks whether the first table is there
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


def publisher(settings: Config, root: str | None = None) -> Publisher:
    """The zones over the ledger of `settings.state_dir`; ContentError where the root is no domain name."""
    from reputon.listing.ledger import Ledger

    return Publisher(Ledger(settings.state_dir, settings.listing.ledger), zone_settings(settings, root))


def publish(settings: Config, root: str | None, output: Path, stop: Event | None = None) -> None:
    """Write the table of our own zones, and again whenever the ledger changes until `stop`; none: once."""
    from reputon.zone import stored

    ours = publisher(settings, root)
    if stop is None:
        stored.write(ours.table, output)
        return
    written = _try_write(ours.table, output, None)
    while not stop.wait(RELOAD):
        ours.try_reload()
        if ours.table is not written:
            written = _try_write(ours.table, output, written)


def _try_write(table: Table, output: Path, written: Table | None) -> Table | None:
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


@contextmanager
def table_kept(settings: Config, root: str | None) -> Iterator[Sequence[Path]]:
    """The file of our own zones, kept current by a process beside this one; there is one when this begins."""
    path = settings.state_dir / "zone" / "current.table"
    own.contents((), (), zone_settings(settings, root))  # a wrong name is told here, and not by the other process
    path.parent.mkdir(parents=True, exist_ok=True)
    if settings.serve.dns.user and os.geteuid() == 0:
        shutil.chown(path.parent, settings.serve.dns.user)  # who writes there will be that user
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
