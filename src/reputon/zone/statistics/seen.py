"""Seen: what a running server has done and what it serves, as values: for metrics, the log and people."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from reputon.zone.table import Table

_ANSWERS = ("listed", "not_listed", "no_data", "record", "refused", "faulty", "truncated")


@dataclass(frozen=True, slots=True)
class Seen:
    """A server at one moment; all numbers since its start.

    `counters`: for each apex (`""`: none of ours), how often what became of a question, and `bytes`.  `handed_on`,
    `dropped`: packets of the slow path, and those that it had no time for.  `keys`: by whose key it is, what it asked.
    """

    table: Table
    counters: Mapping[str, Mapping[str, int]]
    swaps: int = 0
    is_fast: bool = False
    handed_on: int = 0
    dropped: int = 0
    sampled: int = 0
    samples_lost: int = 0
    keys: Mapping[str, Mapping[str, int]] = field(default_factory=dict)


def line(before: Seen, now: Seen, seconds: float) -> str:
    """What was done in between, in one line for the log: zone by zone what happened at all, the busiest first."""
    done = {apex: _more(before.counters.get(apex, {}), counts) for apex, counts in now.counters.items()}
    totals = {apex: sum(each.get(name, 0) for name in _ANSWERS) for apex, each in done.items()}
    rate = sum(totals.values()) / max(seconds, 1e-9)
    parts = [f"{rate:.1f} answers/s in {seconds / 60:.0f} min, slow path {now.handed_on - before.handed_on}"]
    if lost := now.dropped - before.dropped:
        parts.append(f"and {lost} dropped there")
    busiest = sorted(totals, key=lambda each: -totals[each])
    return "; ".join([" ".join(parts), *(_told(apex, done[apex]) for apex in busiest if any(done[apex].values()))])


def _told(apex: str, counts: Mapping[str, int]) -> str:
    return f"{apex or '(no zone)'}: " + " ".join(f"{name}={count}" for name, count in counts.items() if count)


def _more(before: Mapping[str, int], now: Mapping[str, int]) -> dict[str, int]:
    return {name: count - before.get(name, 0) for name, count in now.items()}
