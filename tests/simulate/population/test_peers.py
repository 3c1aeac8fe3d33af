"""Peers: their published examples, and what their rules say by hand."""

import math

import numpy as np
import pytest

from reputon.simulate.population import peers
from reputon.simulate.population.classes import KINDS

DAY = 1.0


def days(*each):
    """Daily counts of one sender."""
    made = np.zeros((len(each), 1, len(KINDS)))
    for day, counts in enumerate(each):
        for name, count in counts.items():
            made[day, 0, KINDS.index(name)] = count
    return made


def test_spamcops_own_examples():
    # "2 traps + 3 reports = 13", "7 traps + 3 reports = 52", at reports' lowest weight; here of 1000 messages.
    old = [{"sent": 0, "complaint": 3}, {}, {}]
    few, many = days(*old, {"sent": 1000, "trap-pristine": 2}), days(*old, {"sent": 1000, "trap-pristine": 7})
    assert peers.spamcop(few, DAY) == pytest.approx([13 / 1000])
    assert peers.spamcop(many, DAY) == pytest.approx([52 / 1000])


@pytest.mark.parametrize(("age", "weight"), [(0, 4), (1, 2.5), (2, 1), (6, 1), (7, 0)])
def test_spamcops_freshness(age, weight):
    counts = days({"complaint": 10, "sent": 0}, *[{}] * (age - 1), *[{"sent": 100}] * min(age, 1))
    if not age:
        counts = days({"complaint": 10, "sent": 100})
    assert peers.spamcop(counts, DAY) == pytest.approx([10 * weight / 100])


def test_ratios_are_of_thirty_days():
    old = {"sent": 100, "complaint": 100, "filtered": 100}
    assert peers.complaint_ratio(days(old, *[{"sent": 10, "complaint": 1}] * 30), DAY) == pytest.approx([0.1])
    assert peers.filtered_ratio(days(*[{"sent": 10, "filtered": 5}] * 2), DAY) == pytest.approx([0.5])
    assert peers.complaint_ratio(days({}), DAY) == [0]


def test_rspamds_average_moves_with_time_alone():
    clean, spam = {"sent": 20}, {"sent": 20, "filtered": 20}
    alpha = 1 - math.exp(-1 / 30)
    moved = peers.HAM + alpha * (peers.SPAM - peers.HAM)
    assert peers.rspamd(days(clean, spam), DAY) == pytest.approx([moved])
    flood = {"sent": 20_000, "filtered": 20_000}
    assert peers.rspamd(days(clean, flood), DAY) == pytest.approx([moved])
    assert peers.rspamd(days({"sent": 9, "filtered": 9}), DAY) == [0]  # silent below ten messages


def test_txrep_forgets_by_messages():
    assert peers.txrep(days({"sent": 1}, {"sent": 1, "filtered": 1}), DAY) == pytest.approx([(0.98 * -2 + 12) / 1.98])
    assert peers.txrep(days({"sent": 500}, {"sent": 5000, "filtered": 5000}), DAY) == pytest.approx([12], abs=1e-6)


@pytest.mark.parametrize("name", peers.PEERS)
def test_a_peer_judges_everybody_and_worse_mail_worse(name):
    kinds = ("filtered", "complaint", "trap-pristine")
    worse = days(*[{"sent": 100, **dict.fromkeys(kinds, 30)}] * 5)
    better = days(*[{"sent": 100, **dict.fromkeys(kinds, 1)}] * 5)
    nothing = days(*[{}] * 5)
    found = peers.PEERS[name](np.concatenate([worse, better, nothing], axis=1), DAY)
    assert found.shape == (3,)
    assert np.isfinite(found).all()
    assert found[0] > found[1]
