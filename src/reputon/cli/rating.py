"""Rating from the command line: what the rater's verbs share: the store's rows, the ledger, the rule's settings."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from reputon.cli import console

if TYPE_CHECKING:
    import pyarrow as pa

    from reputon.config import Config
    from reputon.listing.ledger import Ledger
    from reputon.listing.policy import Settings
    from reputon.score.model import Parameters

NowOption = Annotated[str | None, typer.Option("--now", metavar="TIME", help="As of this time (RFC 3339).")]


@dataclass(frozen=True)
class Rating:
    """Everything that scoring needs at a time."""

    rows: "pa.Table"
    ledger: "Ledger"
    settings: "Settings"
    parameters: "Parameters"
    now: datetime


@contextmanager
def opened(config: "Config", now: str | None) -> "Iterator[Rating]":
    """The state directory's evidence and ledger."""
    from reputon.evidence.store import Store
    from reputon.listing.ledger import Ledger
    from reputon.listing.policy import Settings
    from reputon.score import engine, parameters

    at = console.parse_time(now) if now else datetime.now(UTC)
    published = parameters.load()
    with Store(config.state_dir) as store, Ledger(config.state_dir) as ledger:
        rows = store.rows(since=engine.since(published, at), until=int(at.timestamp()) + 1)
        yield Rating(rows, ledger, Settings(**asdict(config.listing)), published, at)


def bar(value: float, width: int = 20) -> str:
    """A score as a bar."""
    full = round(value / 100 * width)
    return "█" * full + "░" * (width - full)


def style(value: float) -> str:
    """A score's colour: the bands that receivers use (70: filtering starts; 30: our listings)."""
    return "green" if value >= 70 else "yellow" if value >= 30 else "red"
