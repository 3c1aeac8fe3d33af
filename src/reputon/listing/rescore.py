"""Rescore: evidence in, scores and listings out: runs the engine, asks the rule, writes the ledger."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

import pyarrow as pa

from reputon.listing import policy, sharing
from reputon.listing.ledger import Ledger
from reputon.listing.policy import Change, Listing, Settings
from reputon.score import engine
from reputon.score.judgement import Entity
from reputon.score.model import Parameters, PublishedScore, Score
from reputon.subject import Subject, address_text


@dataclass(frozen=True, slots=True)
class Rescored:
    """What evidence makes of everybody.  `listings` are in force after `changes`; `spared`: addresses, and why."""

    scores: tuple[Score, ...]
    published: tuple[PublishedScore, ...]
    changes: tuple[Change, ...]
    listings: tuple[Listing, ...]
    spared: dict[Subject, str]


def rescore(rows: pa.Table, ledger: Ledger, settings: Settings, parameters: Parameters, now: datetime) -> Rescored:
    """Score everybody, change the listings by the rule, and write it all down in one step."""
    found = propose(rows, ledger, settings, parameters, now)
    ledger.apply(found.changes, found.published, now)
    return found


def propose(rows: pa.Table, ledger: Ledger, settings: Settings, parameters: Parameters, now: datetime) -> Rescored:
    """What `rescore` would do; nothing is written.  `rows`: evidence since `engine.since`, see evidence.store.ROWS."""
    tenants = engine.scores(rows, "tenant", parameters, now)
    # Mail that nobody authenticated is in its address's score already.
    scores = (
        *engine.scores(rows, "address", parameters, now),
        *(each for each in tenants if each.subject.kind == "domain"),
    )
    volumes = engine.volumes(rows, "pair", parameters, now)
    recent = engine.recent(rows, "pair", parameters, now)
    judged = sharing.judge(recent, volumes, settings, parameters, now)
    new = policy.changes(judged.verdicts, ledger.past(now - policy.MEMORY), settings, now)
    renewed = {change.listing.subject for change in new}
    ended = [Change("expired", each, _quiet(each)) for each in ledger.over(now) if each.subject not in renewed]
    in_force = {each.subject: each for each in ledger.listings(now)}
    in_force |= {change.listing.subject: change.listing for change in new}
    return Rescored(scores, tuple(_published(scores, volumes)), (*ended, *new), tuple(in_force.values()), judged.spared)


def _quiet(listing: Listing) -> str:
    return f"nothing bad was seen since {listing.last_seen:%Y-%m-%d %H:%M} UTC"


def _published(scores: Iterable[Score], volumes: dict[Entity, int]) -> Iterable[PublishedScore]:
    """What anybody may know."""
    tenants = {address_text(key): count for key, count in sharing.effective_tenants(volumes).items()}
    for each in scores:
        if each.value is None:
            continue
        top = f"{each.top.kind}:{each.top.impact}" if each.top else ""
        is_shared = tenants.get(each.subject.text, 0.0) >= sharing.SHARED
        yield PublishedScore(each.subject, each.value, each.confidence, round(each.sample), top, is_shared)
