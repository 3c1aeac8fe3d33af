"""Score: how good a sender is, 0 to 100: one vectorised formula over counts, and what its answer is made of.

score = 100 * product over the signals of (1 - weight * badness), where badness grows with the logarithm of a rate
that is drawn towards its prior while little was seen (scoring.md 6.2).  Any one signal can sink a score, and the
logarithms of the factors share the loss exactly.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.special import betaincinv

from reputon.subject import Subject

OPTIMISTIC, PESSIMISTIC = 0.2, 0.8  # quantiles of each rate for the bounds of a score
PLACES = 2  # decimals: logarithms differ in the last bit between machines, decisions must not
SHOWN = 0.2  # share of the loss from which a factor is of medium impact
HIGH = 0.5

Impact = Literal["LOW", "MEDIUM", "HIGH"]
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Signal:
    """One thing that speaks against a sender: its prior, its limits, and the kinds of evidence that count for it."""

    name: str
    mean: float
    strength: float
    low: float
    high: float
    weight: float
    kinds: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Parameters:
    """The published parameters (parameters.toml)."""

    version: str
    half_life_days: float
    memory_days: int
    day_volume: int
    least_sample: float
    signals: tuple[Signal, ...]


@dataclass(frozen=True, slots=True)
class Factor:
    """What one signal did to a score.  `count` and `rate` fade with time; `share` is its part of the loss."""

    kind: str
    count: float
    rate: float
    low: float
    high: float
    weight: float
    badness: float
    share: float

    @property
    def impact(self) -> Impact:
        """How much of the loss it is."""
        return impact(self.share)


@dataclass(frozen=True, slots=True)
class Score:
    """A score with its bounds (20 % and 80 % quantiles), and why.  `tenant` where it is about one of an address.

    `value` is None where there is no data: that is not a score of 0.
    """

    subject: Subject
    tenant: str | None
    value: float | None
    low: float
    high: float
    sample: float
    factors: tuple[Factor, ...]
    as_of: datetime
    version: str

    @property
    def confidence(self) -> float:
        """1 where the bounds meet, 0 where they are as far apart as they can be (RFC 7071)."""
        return round(1 - (self.high - self.low) / 100, 4)

    @property
    def top(self) -> Factor | None:
        """The factor that costs most."""
        return max((each for each in self.factors if each.share > 0), key=lambda each: each.share, default=None)


@dataclass(frozen=True, slots=True)
class PublishedScore:
    """What the public sees of a score (DESIGN.md section 3): no counts, no names."""

    subject: Subject
    value: float
    confidence: float
    sample: int
    top: str
    shared: bool


@dataclass(frozen=True, slots=True)
class Assessed:
    """The formula's answer for N senders and S signals: scores (N,), rates, badness and shares (N, S)."""

    value: Floats
    low: Floats
    high: Floats
    rates: Floats
    badness: Floats
    shares: Floats


def impact(share: float) -> Impact:
    """What a share of the loss is called."""
    return "HIGH" if share > HIGH else "MEDIUM" if share >= SHOWN else "LOW"


def assess(sample: Floats, counts: Floats, signals: tuple[Signal, ...]) -> Assessed:
    """The formula: `sample` (N,) messages and `counts` (N, S) of each signal, both >= 0, give N scores."""
    mean, strength, weight = (np.array([getattr(s, key) for s in signals]) for key in ("mean", "strength", "weight"))
    seen = np.maximum(sample[:, None], counts)  # complaints can arrive before, or without, the volume
    bad, good = counts + mean * strength, seen - counts + (1 - mean) * strength
    rates = bad / (bad + good)
    badness = _badness(rates, signals)
    losses = -np.log1p(-weight * badness)
    total = losses.sum(axis=1, keepdims=True)
    shares = np.divide(losses, total, out=np.zeros_like(losses), where=total > 0)
    value = _product(badness, weight)
    high, low = (_product(_badness(betaincinv(bad, good, q), signals), weight) for q in (OPTIMISTIC, PESSIMISTIC))
    # The mean of a very skewed posterior lies outside its quantiles; a score never lies outside its own bounds.
    return Assessed(value, np.minimum(low, value), np.maximum(high, value), rates, badness, shares)


def _badness(rates: Floats, signals: tuple[Signal, ...]) -> Floats:
    low, high = np.array([s.low for s in signals]), np.array([s.high for s in signals])
    # At `low` or below nothing is lost; the maximum also keeps a rate of zero out of the logarithm.
    grown: Floats = np.log(np.maximum(rates, low) / low) / np.log(high / low)
    return np.minimum(grown, 1.0)


def _product(badness: Floats, weight: Floats) -> Floats:
    left: Floats = np.prod(1 - weight * badness, axis=1)
    return np.round(100 * left, PLACES)
