"""Measures: how well a way of judging tells the bad from the good, and how true its rates are."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from reputon.score.model import Floats

Flags = NDArray[np.bool_]


class Calibration(NamedTuple):
    """How true rates are: the mean squared error a message, and the mean distance from what happened then."""

    brier: float
    error: float


def auc(badness: Floats, is_bad: Flags) -> float:
    """How often a bad one looks worse than a good one; ties count half.  0.5 where there are none of either."""
    good, bad = np.sort(badness[~is_bad]), badness[is_bad]
    if not len(good) or not len(bad):
        return 0.5
    below, not_above = (np.searchsorted(good, bad, side) for side in ("left", "right"))
    return float((below + not_above).mean() / (2 * len(good)))


def caught(badness: Floats, is_bad: Flags, false: float, weight: Floats | None = None) -> float:
    """The part of the bad above the lowest threshold that at most the part `false` of the good lies above.

    `weight` (N,): parts of what was sent instead of parts of the senders.
    """
    weights = np.ones(len(badness)) if weight is None else weight
    above = badness[is_bad] > threshold(badness[~is_bad], false, weights[~is_bad])
    total = weights[is_bad].sum()
    return float((weights[is_bad] * above).sum() / total) if total else 0.0


def threshold(badness: Floats, false: float, weight: Floats) -> float:
    """The lowest of these values that at most the part `false` of the weight lies above; ties stay together."""
    order = np.argsort(-badness, kind="stable")
    values, gone = badness[order], np.cumsum(weight[order])
    if not len(values):
        return float("-inf")
    is_last = np.append(values[1:] != values[:-1], [True])
    allowed = np.flatnonzero(is_last & (gone <= false * gone[-1]))
    # Above the threshold lie whole groups of ties: those that are allowed; it is the value that comes after them.
    return float(np.append(values, -np.inf)[allowed[-1] + 1 if len(allowed) else 0])


def curve(badness: Floats, is_bad: Flags, falses: Floats) -> Floats:
    """The part of the bad that is caught at each of these parts of the good."""
    return np.array([caught(badness, is_bad, float(each)) for each in falses])


def flips(listed: Flags, days_a_step: float) -> float:
    """How often a sender came onto the list or went from it, per 1000 address-days, of (steps, N)."""
    days = listed.size * days_a_step
    return float(1000 * (listed[1:] != listed[:-1]).sum() / days) if days else 0.0


def first(flags: Flags) -> Floats:
    """The first step (steps, N) at which each flag is set, from 0; nan where it never is."""
    return np.where(flags.any(axis=0), flags.argmax(axis=0), np.nan)


def until(flags: Flags, sent: Floats) -> Floats:
    """What was sent until the end of the first step (steps, N) at which each flag is set; nan where it never is."""
    done = np.cumsum(sent, axis=0)
    at = np.take_along_axis(done, flags.argmax(axis=0)[None], axis=0)[0]
    return np.where(flags.any(axis=0), at, np.nan)


def calibration(rates: Floats, hits: Floats, trials: Floats, bins: int = 10) -> Calibration:
    """How true `rates` (N,) were for `hits` of `trials` (N,) that came after; bins hold equally many trials."""
    seen = trials > 0
    rates, hits, trials = rates[seen], hits[seen], trials[seen]
    if not len(rates):
        return Calibration(0.0, 0.0)
    brier = (hits * (1 - rates) ** 2 + (trials - hits) * rates**2).sum() / trials.sum()
    order = np.argsort(rates, kind="stable")
    done = np.cumsum(trials[order])
    place = np.minimum((bins * (done - trials[order] / 2) / done[-1]).astype(np.int64), bins - 1)
    said = np.bincount(place, (rates * trials)[order], bins)
    was = np.bincount(place, hits[order], bins)
    return Calibration(float(brier), float(np.abs(said - was).sum() / trials.sum()))


def blocked(listed: Flags, sent: Floats) -> float:
    """The part of what was sent (steps, N) by those who were listed at the end of the step before."""
    total = sent.sum()
    return float((sent[1:] * listed[:-1]).sum() / total) if total else 0.0
