"""Worlds: how the senders of a seed are drawn, from the figures of the table or from ranges around them."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.special import betaincinv, ndtr

from reputon.score.model import Floats
from reputon.simulate.population.classes import KINDS, SOURCES, Rate, SenderClass

Numbers = NDArray[np.int64]

MOST = 0.95  # a rate
_EVENNESS = 8.0  # how evenly a sender's mail divides among its sources, by their shares (assumed)


@dataclass(frozen=True, slots=True)
class Variation:
    """What a world does with the table: 1.0, False and 0.0 leave it as it is.

    `spread`: means and likenesses are drawn per seed up to so many times above or below; `is_log_normal`: volumes;
    `correlation` of a sender's rates, beyond its class; `campaigns`: sigma of the logarithm by which all its bad rates
    move together from step to step; `is_diurnal`: traffic follows hours and weekdays.
    """

    spread: float = 1.0
    is_log_normal: bool = False
    correlation: float = 0.0
    campaigns: float = 0.0
    is_diurnal: bool = False


# A spread of 2: the published figures of one band differ by that from year to year (complaints 0.5 and 0.9 %).
WORLDS = {
    "shared": Variation(),
    "drawn": Variation(spread=2.0, is_log_normal=True, is_diurnal=True),
    "correlated": Variation(spread=2.0, is_log_normal=True, correlation=0.6, campaigns=0.6, is_diurnal=True),
}


@dataclass(frozen=True, slots=True)
class Senders:
    """N senders: class numbers, messages a day, part of active days (N,); rates (N, bad kinds);
    who sees which part of what (N, kinds, sources), each row of which sums to 1."""

    kind: Numbers
    volume: Floats
    active: Floats
    rates: Floats
    seen_by: Floats


def classes(known: Sequence[SenderClass], world: Variation, rng: np.random.Generator) -> tuple[SenderClass, ...]:
    """The classes of a seed."""
    return tuple(_moved(each, world.spread, rng) for each in known)


def _moved(each: SenderClass, spread: float, rng: np.random.Generator) -> SenderClass:
    factors = spread ** rng.uniform(-1, 1, (len(each.rates), 2))
    rates = tuple(
        Rate(min(rate.mean * mean, MOST), rate.likeness * likeness)
        for rate, (mean, likeness) in zip(each.rates, factors, strict=True)
    )
    return replace(each, rates=rates)


def draw(of: Sequence[SenderClass], world: Variation, count: int, rng: np.random.Generator) -> Senders:
    """So many senders, of the classes by their shares."""
    shares = np.array([each.share for each in of])
    return of_kinds(of, rng.choice(len(of), count, p=shares / shares.sum()), world, rng)


def of_kinds(of: Sequence[SenderClass], kind: Numbers, world: Variation, rng: np.random.Generator) -> Senders:
    """Senders of these class numbers (N,)."""
    low, high = np.array([each.volume for each in of]).T
    if world.is_log_normal:  # as wide as the range: four fifths of the senders lie within it
        power = rng.normal((low + high)[kind] / 2, (high - low)[kind] / 2.56)
    else:
        power = rng.uniform(low[kind], high[kind])
    active = np.array([each.active for each in of])[kind]
    return Senders(kind, 10**power, active, _rates(of, kind, world.correlation, rng), _seen_by(len(kind), rng))


def _rates(of: Sequence[SenderClass], kind: Numbers, correlation: float, rng: np.random.Generator) -> Floats:
    """Beta rates whose normal scores have this correlation (a Gaussian copula)."""
    table = np.array([[(rate.mean, rate.likeness) for rate in each.rates] for each in of])[kind]
    mean, likeness = table[..., 0], table[..., 1]
    common = rng.normal(size=(len(kind), 1))
    score = np.sqrt(correlation) * common + np.sqrt(1 - correlation) * rng.normal(size=mean.shape)
    rates: Floats = np.minimum(betaincinv(mean * likeness, (1 - mean) * likeness, ndtr(score)), MOST)
    return rates


def _seen_by(count: int, rng: np.random.Generator) -> Floats:
    """Which source has which part of each kind: unevenly, and some never meet a sender."""
    share = np.array([each.share for each in SOURCES])
    meets = rng.random((count, len(SOURCES))) < [each.meets for each in SOURCES]
    weight = rng.gamma(_EVENNESS * share, size=meets.shape) * meets + 1e-12 * share  # somebody sees what is sent
    tells = np.array([[kind in each.kinds for each in SOURCES] for kind in KINDS])
    parts = weight[:, None, :] * tells
    seen: Floats = parts / parts.sum(axis=2, keepdims=True)
    return seen
