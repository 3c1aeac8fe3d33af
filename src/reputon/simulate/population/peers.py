"""Peers: how others judge senders, written again by their published rules, one function each.

Every function takes counts (steps, N, kinds) of all sources together and the length of a step in days, and gives how
bad each of N senders is at the end: higher is worse.
"""

from collections.abc import Callable

import numpy as np

from reputon.evidence.kinds import Kind
from reputon.score.model import Floats
from reputon.simulate.population.classes import KINDS

MONTH = 30.0  # days
WEEK = 7.0
FRESH = 2.0  # days until a report has lost its extra weight (SpamCop)
FRESHEST = 4.0
FEW_TRAPS = 6
SPAM, HAM = 12.0, -2.0  # scores of a content filter for what it calls spam and not (15 is rspamd's to reject)
DILUTION = 0.98  # TxRep's, per message
LEAST = 10  # messages below which rspamd is silent

Peer = Callable[[Floats, float], Floats]


def complaint_ratio(counts: Floats, step: float) -> Floats:
    """Complaints by messages over 30 days: what providers publish limits for (Google: 0.1 and 0.3 %)."""
    return _ratio(counts, step, Kind.COMPLAINT)


def filtered_ratio(counts: Floats, step: float) -> Floats:
    """The content filters' verdicts by messages over 30 days: Microsoft SNDS's filter result."""
    return _ratio(counts, step, Kind.FILTERED)


def spamcop(counts: Floats, step: float) -> Floats:
    """SpamCop's weighting (mailsc.spamcop.net/fom-serve/cache/297.html).

    Reports count 4 to 1 when new, 1 to 1 from 48 hours, nothing after a week; fewer than 6 trap hits count five times,
    more are squared.  All by the volume; SpamCop estimates that by its own queries.
    """
    last = counts[-round(WEEK / step) :]
    age = np.arange(len(last))[::-1, None] * step
    weight = np.maximum(1.0, FRESHEST - (FRESHEST - 1) * age / FRESH)
    reports = (weight * last[..., _COLUMN[Kind.COMPLAINT]]).sum(axis=0)
    traps = last[..., [_COLUMN[Kind.TRAP_PRISTINE], _COLUMN[Kind.TRAP_RECYCLED]]].sum(axis=(0, 2))
    squared = np.where(traps < FEW_TRAPS, 5 * traps, traps**2)
    badness: Floats = (reports + squared) / np.maximum(last[..., 0].sum(axis=0), 1)
    return badness


def rspamd(counts: Floats, step: float) -> Floats:
    """The moving average of rspamd (src/plugins/lua/reputation.lua, eaac8e9): its weight grows with elapsed time alone.

    A message moves the average by 1 - exp(-dt / 30 days), so many in one step move it as one does.
    """
    value, last, is_known = _zeros(counts), np.full(counts.shape[1], -1.0), np.zeros(counts.shape[1], dtype=np.bool_)
    for now, each in enumerate(counts):
        on, score = each[:, 0] > 0, _filter_score(each)
        alpha = np.where(is_known, 1 - np.exp(-(now - last) * step / MONTH), 1.0)
        value = np.where(on, (1 - alpha) * value + alpha * score, value)
        last, is_known = np.where(on, now, last), is_known | on
    return np.where(counts[..., 0].sum(axis=0) >= LEAST, value, 0.0)


def txrep(counts: Floats, step: float) -> Floats:  # noqa: ARG001 - it knows no time
    """SpamAssassin's TxRep (lib/Mail/SpamAssassin/Plugin/TxRep.pm): a mean that fades by messages, not by time."""
    total, weight = _zeros(counts), _zeros(counts)
    for each in counts:
        kept = DILUTION ** each[:, 0]
        gained = (1 - kept) / (1 - DILUTION)
        total, weight = total * kept + gained * _filter_score(each), weight * kept + gained
    return total / np.maximum(weight, 1.0)


PEERS: dict[str, Peer] = {
    "complaint ratio, 30 d": complaint_ratio,
    "SpamCop weighting": spamcop,
    "rspamd moving average": rspamd,
    "TxRep mean": txrep,
    "filter-verdict ratio, 30 d": filtered_ratio,
}

_COLUMN = {kind: column for column, kind in enumerate(KINDS)}


def _ratio(counts: Floats, step: float, kind: Kind) -> Floats:
    last = counts[-round(MONTH / step) :]
    ratio: Floats = last[..., _COLUMN[kind]].sum(axis=0) / np.maximum(last[..., 0].sum(axis=0), 1)
    return ratio


def _filter_score(counts: Floats) -> Floats:
    """The mean score that a content filter gives the messages of a step."""
    share = counts[:, _COLUMN[Kind.FILTERED]] / np.maximum(counts[:, 0], 1)
    score: Floats = HAM + (SPAM - HAM) * share
    return score


def _zeros(counts: Floats) -> Floats:
    return np.zeros(counts.shape[1])
