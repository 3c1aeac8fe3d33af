"""Rating from the command line: what the rater's verbs share: an engine over the store, the ledger, the rule."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, fields, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from reputon.cli import console

if TYPE_CHECKING:
    from reputon.config import Config
    from reputon.listing.ledger import Ledger
    from reputon.listing.policy import Settings
    from reputon.score.asking import Asked
    from reputon.score.engines import Engine, Resources

FOLDER = "scores"  # of the state directory: tallies, sums and scores, all of which evidence makes again

NowOption = Annotated[str | None, typer.Option("--now", metavar="TIME", help="As of this time (RFC 3339).")]


@dataclass(frozen=True)
class Rating:
    """Everything that scoring needs at a time."""

    engine: "Engine"
    asked: "Asked"
    folder: Path
    ledger: "Ledger"
    settings: "Settings"


@contextmanager
def opened(config: "Config", now: str | None) -> "Iterator[Rating]":
    """The state directory's evidence, sealed, and its ledger."""
    from reputon.evidence.sources import Sources
    from reputon.evidence.store import Store
    from reputon.score import asking, engines, parameters

    at, folder = time_of(now), config.state_dir / FOLDER
    with Store(config.state_dir, config.evidence.url) as store, ledger_of(config) as ledger:
        store.seal()
        with Sources(config.state_dir) as register:
            registered = [(each.name, each.trust == "own", each.sent_cap) for each in register.all()]
        sealed = store.files()
        sources = asking.sources(registered, {source for each in sealed for source in each.sources})
        asked = asking.Asked(sealed, sources, parameters.load(), at, store.names)
        with engines.opened(config.score.engine, resources(config)) as engine:
            yield Rating(engine, asked, folder, ledger, rule_of(config))


def with_engine(config: "Config", engine: str | None, master: str | None) -> "Config":
    """The configuration with another engine, or another cluster."""
    said: dict[str, Any] = {
        name: value for name, value in (("engine", engine), ("master", master)) if value is not None
    }
    return replace(config, score=replace(config.score, **said))


def resources(config: "Config") -> "Resources":
    """What scoring may take."""
    from reputon.score.engines import Resources

    threads = config.score.threads or os.cpu_count() or 1
    return Resources(config.score.memory_mb << 20, threads, config.state_dir / FOLDER / "spill", config.score.master)


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
