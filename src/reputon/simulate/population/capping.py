"""Capping: one source's word counts at most as much as all the others' together, so that no liar decides alone.

The cap of scoring.md 6.1 (RFC 7073's `sources`): of an entity, a source's bad evidence is scaled, all kinds alike,
until it is no more than the bad evidence of the other sources; so is its volume, with which it could whitewash.  Own
sources, those that the operator runs itself, are never scaled.

Bad evidence is summed by messages, or by what each kind weighs: by messages, the filter verdicts that everybody's mail
gets now and then confirm as many forged trap hits; by harm (`harms`) they do not (docs/simulation.md).
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from reputon.score.model import Floats, Signal

VOLUME = 0  # the column of `sent`; every other column is bad evidence


def capped(by_source: Floats, own: NDArray[np.bool_], weights: Floats | None = None) -> Floats:
    """What counts of each kind: `by_source` (sources, N, K), all >= 0, whose column 0 is `sent`, gives (N, K).

    `own` (sources,) says which of them are ours; `weights` (K - 1,) what a message of each bad kind weighs, else 1.
    A source that nobody else confirms counts nothing unless it is own.  A source more can at most double what the
    others say in bad evidence: it gives no more than they do.
    """
    if by_source.ndim != 3 or own.shape != by_source.shape[:1]:
        raise ValueError(f"expected (sources, N, K) and (sources,), not {by_source.shape} and {own.shape}")
    bad = by_source[:, :, VOLUME + 1 :]
    weighed = bad.sum(axis=2) if weights is None else bad @ weights
    scale = np.empty_like(by_source)
    scale[:, :, VOLUME] = _scale(by_source[:, :, VOLUME])
    scale[:, :, VOLUME + 1 :] = _scale(weighed)[:, :, None]
    scale[own] = 1.0
    counted: Floats = (by_source * scale).sum(axis=0)
    return counted


def harms(kinds: Sequence[str], signals: Sequence[Signal]) -> Floats:
    """What a message of each kind weighs: the reverse of the rate at which its signal begins to cost; 0 without one."""
    return np.array([sum(signal.kinds.get(kind, 0.0) / signal.low for signal in signals) for kind in kinds])


def _scale(said: Floats) -> Floats:
    """By how much each source's sum (sources, N) is scaled: the others' sum over its own, at most 1."""
    scale = np.ones_like(said)
    np.divide(_others(said), said, out=scale, where=said > 0)
    return np.minimum(scale, 1.0)


def _others(said: Floats) -> Floats:
    """What all the other sources say together; summed from both ends, as a difference would lose the small ones."""
    others = np.zeros_like(said)
    others[1:] += np.cumsum(said[:-1], axis=0)
    others[:-1] += np.cumsum(said[:0:-1], axis=0)[::-1]
    return others
