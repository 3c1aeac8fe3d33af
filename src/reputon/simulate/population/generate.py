"""Generate: what every source sees of every sender at every step, as one array of counts."""

import numpy as np
from numpy.typing import NDArray

from reputon.score.model import Floats
from reputon.simulate.population.classes import KINDS, SOURCES
from reputon.simulate.population.worlds import MOST, Senders, Variation

Counts = NDArray[np.int32]  # (steps, sources, senders, kinds)

_STEADY = 4.0  # shape of the Gamma by which a sender's days differ: the coefficient of variation is 1/2
_WEEKEND = 0.4  # of a weekday's mail
_NIGHT = 0.25  # of the mean hour's, at 3 o'clock; as much more at 15


def daily(senders: Senders, days: int, world: Variation, rng: np.random.Generator) -> Counts:
    """Whole days: senders rest on some, and send more on others."""
    shape = (days, len(senders.volume))
    amount = (rng.random(shape) < senders.active) * rng.gamma(_STEADY, 1 / _STEADY, shape)
    if world.is_diurnal:
        amount *= np.where(np.arange(days) % 7 >= 5, _WEEKEND, 1.0)[:, None]
    return seen(senders, amount, world, rng)


def hourly(senders: Senders, hours: int, world: Variation, rng: np.random.Generator, steps_an_hour: int = 1) -> Counts:
    """Hours, or parts of one, from a midnight on; every sender is at work."""
    amount = np.full((hours * steps_an_hour, len(senders.volume)), 1 / (24 * steps_an_hour))
    if world.is_diurnal:
        amount *= by_hour(np.arange(len(amount)) / steps_an_hour)[:, None]
    return seen(senders, amount, world, rng)


def by_hour(hour: Floats) -> Floats:
    """How much of the mean hour's mail an hour of the day has."""
    wave: Floats = 1 - (1 - _NIGHT) * np.cos((hour - 3) * np.pi / 12)
    return wave


def seen(senders: Senders, amount: Floats, world: Variation, rng: np.random.Generator) -> Counts:
    """What is seen where a sender sends `amount` (steps, N) times its daily volume in a step."""
    sent = rng.poisson(senders.volume * amount)
    more = np.exp(world.campaigns * rng.normal(size=amount.shape) - world.campaigns**2 / 2)
    counts = np.zeros((len(amount), len(SOURCES), len(senders.volume), len(KINDS)), dtype=np.int32)
    for column in range(len(KINDS)):
        rate = senders.rates[:, column - 1] * more
        found = rng.binomial(sent, np.minimum(rate, MOST)) if column else sent
        counts[..., column] = np.moveaxis(rng.multinomial(found, senders.seen_by[:, column]), -1, 1)
    return counts


def part(counts: Counts, share: float, rng: np.random.Generator) -> Counts:
    """A random part of what was seen, message by message."""
    chosen: Counts = rng.binomial(counts, share).astype(np.int32)
    return chosen
