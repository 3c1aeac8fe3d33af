"""Rating from the command line: what the rater's verbs share: the store's rows, the ledger, the rule's settings."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, fields
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
    from reputon.score import engine, parameters

    at = time_of(now)
    published = parameters.load()
    with Store(config.state_dir) as store, ledger_of(config) as ledger:
        rows = store.rows(since=engine.since(published, at), until=int(at.timestamp()) + 1)
        yield Rating(rows, ledger, rule_of(config), published, at)


def time_of(now: str | None, otherwise: datetime | None = None) -> datetime:
    """The time that was said, else that of a made world, else this moment."""
    return console.parse_time(now) if now else otherwise or datetime.now(UTC)


def ledger_of(config: "Config") -> "Ledger":
    """The ledger, which most verbs of `listing` need alone."""
    from reputon.listing.ledger import Ledger

    return Ledger(config.state_dir, config.listing.ledger)


def rule_of(config: "Config") -> "Settings":
    """The rule's figures, out of the section that says where the ledger is, too."""
    from reputon.listing.policy import Settings

    names = [each.name for each in fields(Settings) if each.init]
    return Settings(**{name: getattr(config.listing, name) for name in names})


def bar(value: float, width: int = 20) -> str:
    """A score as a bar."""
    full = round(value / 100 * width)
    return "█" * full + "░" * (width - full)


def style(value: float) -> str:
    """A score's colour: the bands that receivers use (70: filtering starts; 30: our listings)."""
    return "green" if value >= 70 else "yellow" if value >= 30 else "red"
