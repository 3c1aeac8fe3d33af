"""Rule: the listing rule over a made population: what the last 24 hours make of everybody, and the clock that follows.

The same figures as the product's (reputon.listing.policy), over arrays.  Each message counts as a piece of evidence, as
in logs and complaints.
"""

from dataclasses import dataclass
from datetime import timedelta

import numpy as np
from numpy.typing import NDArray

from reputon.listing.policy import MEMORY, Settings, quiet
from reputon.score.model import Parameters
from reputon.simulate.population.capping import VOLUME
from reputon.simulate.population.generate import Counts
from reputon.simulate.population.scoring import Cap, assessed, whole

Flags = NDArray[np.bool_]
_CHUNK = 1 << 16  # rows assessed at once


@dataclass(frozen=True, slots=True)
class Rule:
    """What decides: the listing's settings, the score's parameters, and how sources are capped."""

    settings: Settings
    parameters: Parameters
    cap: Cap | None = None


@dataclass(frozen=True, slots=True)
class Found:
    """What the rule says, (steps, N): the optimistic score is low; and there is enough to list."""

    is_low: Flags
    is_bad: Flags


def recent(counts: Counts, window: int) -> Counts:
    """The sums of the last `window` steps, at the end of every step."""
    total = counts.cumsum(axis=0, dtype=np.int32)
    total[window:] -= total[:-window].copy()
    return total


def found(windows: Counts, rule: Rule) -> Found:
    """What the rule says of windows (steps, sources, N, kinds)."""
    steps, _, senders, _ = windows.shape
    signals = rule.parameters.signals
    is_low = np.zeros(steps * senders, dtype=np.bool_)
    bad = windows[..., VOLUME + 1 :].sum(axis=3)
    # What has nothing bad is not low: with priors alone, and good volume, the formula gives 90 and more.
    rows = np.flatnonzero(bad.any(axis=1).ravel())
    for first in range(0, len(rows), _CHUNK):
        some = rows[first : first + _CHUNK]
        step, sender = np.divmod(some, senders)
        amounts = whole(windows[step, :, sender].swapaxes(0, 1), rule.cap, signals)
        is_low[some] = assessed(amounts, signals).high < rule.settings.threshold
    enough = (
        (windows[..., VOLUME].sum(axis=1) >= rule.settings.min_volume)
        & (bad.sum(axis=1) >= rule.settings.min_evidence)
        & ((bad > 0).sum(axis=1) >= rule.settings.min_sources)
    )
    low = is_low.reshape(steps, senders)
    return Found(low, low & enough)


def listed(is_bad: Flags, has_bad: Flags, step: timedelta, settings: Settings) -> Flags:
    """Who is listed at the end of each step, (steps, N): from the verdicts, and from where anything bad was seen."""
    memory = MEMORY / step
    most = int(MEMORY / timedelta(hours=settings.quiet_hours)) + 1  # listings that one sender can have in its memory
    quiets = np.array([quiet(times, settings) / step for times in range(1, most + 1)])
    ends = np.full((most, is_bad.shape[1]), -np.inf)  # of the listings so far, the newest first
    times, seen = np.ones(is_bad.shape[1], dtype=np.int64), np.full(is_bad.shape[1], -np.inf)
    made = np.zeros_like(is_bad)
    for now, (bad, any_bad) in enumerate(zip(is_bad, has_bad, strict=True), start=1):
        seen[any_bad] = now
        fresh = bad & (ends[0] <= now)
        ends[1:, fresh] = ends[:-1, fresh]
        ends[0, fresh] = -np.inf
        times[fresh] = np.minimum(1 + (ends[1:, fresh] > now - memory).sum(axis=0), most)
        ends[0, bad] = np.maximum(ends[0], seen + quiets[times - 1])[bad]
        made[now - 1] = ends[0] > now
    return made


def followed(counts: Counts, step: timedelta, rule: Rule) -> Flags:
    """Who is listed at the end of each step of the counts (steps, sources, N, kinds)."""
    verdict = found(recent(counts, round(timedelta(hours=24) / step)), rule)
    return listed(verdict.is_bad, has_bad(counts), step, rule.settings)


def has_bad(counts: Counts) -> Flags:
    """Where any bad evidence was seen, (steps, N)."""
    any_bad: Flags = np.any(counts[..., VOLUME + 1 :] > 0, axis=(1, 3))
    return any_bad
