"""Scoring: the product's formula over the counts of a made population: what fades, what is capped, what it gives."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from reputon.score.model import Assessed, Floats, Parameters, Signal, assess
from reputon.simulate.population.capping import VOLUME, capped, harms
from reputon.simulate.population.classes import BAD_KINDS, KINDS, OWN
from reputon.simulate.population.generate import Counts


def faded(counts: Counts, parameters: Parameters) -> Floats:
    """What is left of daily counts (days, sources, N, kinds) after the last of the days: (sources, N, kinds).

    As the engine has it (score/tally.sql): a day fades by its age, and counts at most as the larger of `day_volume`
    and the sender's median day, all kinds alike.
    """
    kept = counts[-parameters.memory_days :]
    volume = kept[..., VOLUME].sum(axis=1, dtype=np.float64)
    most = np.maximum(parameters.day_volume, _median(volume))
    age = np.arange(len(kept))[::-1, None]
    weight = 2.0 ** (-age / parameters.half_life_days) * most / np.maximum(volume, most)
    left: Floats = np.einsum("dn,dsnk->snk", weight, kept)
    return left


def _median(volume: Floats) -> Floats:
    """The lower median of the days on which a sender sent, of (days, N); 0 where it never did."""
    ordered = np.sort(np.where(volume > 0, volume, np.inf), axis=0)
    days = (volume > 0).sum(axis=0)
    middle = np.take_along_axis(ordered, np.maximum(days + 1, 2)[None] // 2 - 1, axis=0)[0]
    return np.where(days > 0, middle, 0.0)


@dataclass(frozen=True, slots=True)
class Cap:
    """How what a source says is capped: which sources are own, and whether bad evidence is weighed by its harm."""

    own: tuple[int, ...] = ()
    by_harm: bool = False


def whole(by_source: NDArray[np.number], cap: Cap | None, signals: Sequence[Signal]) -> Floats:
    """What counts of (sources, N, kinds): (N, kinds)."""
    amounts = by_source.astype(np.float64)
    if cap is None:
        together: Floats = amounts.sum(axis=0)
        return together
    own = np.isin(np.arange(len(amounts)), cap.own)
    return capped(amounts, own, harms(BAD_KINDS, signals) if cap.by_harm else None)


def assessed(amounts: Floats, signals: Sequence[Signal]) -> Assessed:
    """The formula for what N senders have of each kind (N, kinds)."""
    worth = np.array([[signal.kinds.get(kind, 0.0) for signal in signals] for kind in KINDS])
    return assess(amounts[:, VOLUME], amounts @ worth, tuple(signals))


CAPS = {
    "no cap": None,
    "capped by messages": Cap(),
    "capped by messages, own sources": Cap(OWN),
    "capped by harm": Cap(by_harm=True),
    "capped by harm, own sources": Cap(OWN, by_harm=True),
}
CAPPED = "capped by harm, own sources"
