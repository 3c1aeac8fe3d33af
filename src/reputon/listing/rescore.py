"""Rescore: evidence in, scores and listings out: runs the engine, asks the rule, writes the ledger."""

from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from pathlib import Path

from reputon import durable
from reputon.listing import guard, policy, sharing
from reputon.listing.guard import Halt
from reputon.listing.ledger import Ledger
from reputon.listing.policy import Change, Listing, Settings
from reputon.score import reading, recent, run
from reputon.score.asking import Asked
from reputon.score.engines import Engine, EngineError, MemoryNeededError
from reputon.score.run import Results
from reputon.subject import Subject

LOCK = "scores.lock"
PAST = "past"  # of the folder: what runs of a time before the last one leave


@dataclass(frozen=True, slots=True)
class Rescored:
    """What evidence makes of everybody.  `listings` are in force after `changes`; `spared`: addresses, and why.

    `halt`: why nothing new was listed, if a run would have listed far too many; `is_past`: a later time was published
    already, and nothing of this one is.
    """

    results: Results
    changes: tuple[Change, ...]
    listings: tuple[Listing, ...]
    spared: dict[Subject, str]
    halt: Halt | None = None
    is_past: bool = False


def rescore(
    engine: Engine, asked: Asked, folder: Path, ledger: Ledger, settings: Settings, *, accept: bool = False
) -> Rescored:
    """Score everybody, change the listings by the rule, and write it all down.

    `folder` holds what runs leave for the next one; `accept`: list however many they are.
    """
    with _alone(folder):
        last = run.latest(folder)
        if last and asked.now < last.as_of:
            found = _proposed(engine, asked, folder / PAST, ledger, settings, accept=accept)
            return replace(found, is_past=True)
        found = _proposed(engine, asked, folder, ledger, settings, accept=accept)
        publish(engine, asked, found, ledger)
    return found


def propose(
    engine: Engine, asked: Asked, folder: Path, ledger: Ledger, settings: Settings, *, accept: bool = False
) -> Rescored:
    """What `rescore` would do; nothing is written but what the next run needs."""
    with _alone(folder):
        return _proposed(engine, asked, folder, ledger, settings, accept=accept)


def _alone(folder: Path) -> AbstractContextManager[None]:
    """No other run changes what this one reads."""
    folder.mkdir(parents=True, exist_ok=True)
    return durable.locked(folder / LOCK)


def _proposed(
    engine: Engine, asked: Asked, folder: Path, ledger: Ledger, settings: Settings, *, accept: bool
) -> Rescored:
    results = _scored(engine, asked, folder, ledger.identity())
    return decide(engine, asked, results, ledger, settings, accept=accept)


def _scored(engine: Engine, asked: Asked, folder: Path, told: str) -> Results:
    """The run; once more from the evidence alone where something that earlier ones left is broken."""
    try:
        return run.score(engine, asked, folder, told)
    except MemoryNeededError:
        raise
    except EngineError:
        run.forget(folder)
        return run.score(engine, asked, folder, told)


def decide(
    engine: Engine, asked: Asked, results: Results, ledger: Ledger, settings: Settings, *, accept: bool = False
) -> Rescored:
    """What the rule makes of a run that this engine has just finished; nothing is written."""
    recents = recent.recents(engine, asked, results, settings.threshold)
    ignored = frozenset(ledger.notices.ignored(asked.now))
    judged = sharing.judge(recents, settings, asked.parameters, asked.now, ignored)
    past = ledger.past(asked.now - policy.MEMORY)
    back = policy.taken_back(judged.verdicts, past, asked.now) if results.is_taken_back else ()
    new = back + policy.changes(judged.verdicts, past, settings, asked.now, ledger.entries.in_force(asked.now))
    good = ledger.good(change.listing.subject for change in new if change.what == "listed")
    halt = None if accept else guard.check(new, good, recents.addresses, settings)
    new = guard.halted(new) if halt else new
    ended = policy.expired(ledger.over(asked.now), new)
    in_force = {each.subject: each for each in ledger.listings(asked.now)}
    in_force |= {change.listing.subject: change.listing for change in new}
    listings = tuple(each for each in in_force.values() if each.expires > asked.now)
    return Rescored(results, ended + new, listings, judged.spared, halt)


def publish(engine: Engine, asked: Asked, found: Rescored, ledger: Ledger) -> None:
    """Write what was found into the ledger: of the scores only whom the run scored anew, where it left the others.

    Of a run that stopped no score is written: what was known good before must still be so for the next one.
    """
    if found.halt:
        ledger.apply(found.changes, (), asked.now)
        return
    results, names = found.results, asked.names
    tenants = recent.effective(engine, results.paths("sharing"))
    shared = frozenset(key for key, count in tenants.items() if count >= sharing.SHARED)
    scores = reading.published(engine, results, names, shared)
    if results.fresh is None:
        ledger.apply(found.changes, (), asked.now)
        ledger.replace_scores(scores)
    else:
        ledger.apply(found.changes, scores, asked.now, reading.unscored(engine, results, names))
    ledger.notices.want(found.spared, asked.now)
    run.published(results.folder.parent, ledger.identity())
