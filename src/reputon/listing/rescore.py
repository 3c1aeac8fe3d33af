"""Rescore: evidence in, scores and listings out: runs the engine, asks the rule, writes the ledger."""

from dataclasses import dataclass
from pathlib import Path

from reputon.listing import policy, sharing
from reputon.listing.ledger import Ledger
from reputon.listing.policy import Change, Listing, Settings
from reputon.score import reading, recent, run
from reputon.score.engines import Engine
from reputon.score.run import Asked, Results
from reputon.subject import Subject


@dataclass(frozen=True, slots=True)
class Rescored:
    """What evidence makes of everybody.  `listings` are in force after `changes`; `spared`: addresses, and why."""

    results: Results
    changes: tuple[Change, ...]
    listings: tuple[Listing, ...]
    spared: dict[Subject, str]


def rescore(engine: Engine, asked: Asked, folder: Path, ledger: Ledger, settings: Settings) -> Rescored:
    """Score everybody, change the listings by the rule, and write it all down in one step.

    `folder` holds what runs leave for the next one.
    """
    found = propose(engine, asked, folder, ledger, settings)
    publish(engine, asked, found, ledger)
    run.published(folder)
    return found


def propose(engine: Engine, asked: Asked, folder: Path, ledger: Ledger, settings: Settings) -> Rescored:
    """What `rescore` would do; nothing is written but what the next run needs."""
    results = run.score(engine, asked, folder)
    recents = recent.recents(engine, asked, results, settings.threshold)
    judged = sharing.judge(recents, settings, asked.parameters, asked.now)
    new = policy.changes(judged.verdicts, ledger.past(asked.now - policy.MEMORY), settings, asked.now)
    ended = policy.expired(ledger.over(asked.now), new)
    in_force = {each.subject: each for each in ledger.listings(asked.now)}
    in_force |= {change.listing.subject: change.listing for change in new}
    return Rescored(results, ended + new, tuple(in_force.values()), judged.spared)


def publish(engine: Engine, asked: Asked, found: Rescored, ledger: Ledger) -> None:
    """Write what was found into the ledger: of the scores only whom the run scored anew, where it left the others."""
    results, names = found.results, asked.names
    shared = frozenset(
        key
        for key, count in recent.effective(engine, results.paths("sharing")).items()
        if count >= sharing.SHARED
    )  # fmt: skip
    if results.fresh is None:
        ledger.apply(found.changes, (), asked.now)
        ledger.replace_scores(reading.published(engine, results, names, shared))
    else:
        scores = reading.published(engine, results, names, shared)
        ledger.apply(found.changes, scores, asked.now, reading.unscored(engine, results, names))
