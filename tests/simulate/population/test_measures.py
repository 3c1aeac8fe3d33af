"""Measures: tables worked out by hand, and laws."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from reputon.simulate.population import measures

BADNESS = arrays(np.float64, st.integers(1, 30), elements=st.integers(0, 9).map(float))


def flags(*rows):
    return np.array([[each == "x" for each in row] for row in rows])


@pytest.mark.parametrize(
    ("good", "bad", "auc"),
    [
        ([1, 2], [3, 4], 1.0),
        ([3, 4], [1, 2], 0.0),
        ([1, 3], [2, 4], 0.75),  # of four pairs, one is the wrong way round
        ([1, 1], [1, 1], 0.5),
        ([1, 2], [2], 0.75),  # one pair right, one tied
        ([], [1], 0.5),
    ],
)
def test_auc_by_hand(good, bad, auc):
    values = np.array([*good, *bad], dtype=float)
    assert measures.auc(values, np.arange(len(values)) >= len(good)) == auc


@pytest.mark.parametrize(
    ("good", "bad", "false", "caught"),
    [
        ([1, 2, 3, 4], [5, 3.5, 2.5, 0], 0.0, 0.25),  # above 4: one
        ([1, 2, 3, 4], [5, 3.5, 2.5, 0], 0.25, 0.5),  # above 3, with the 4 of the good: two
        ([1, 2, 3, 4], [5, 3.5, 2.5, 0], 0.49, 0.5),
        ([1, 2, 4, 4], [5, 3.5, 2.5, 0], 0.25, 0.25),  # both 4s or none
        ([1, 2, 4, 4], [5, 3.5, 2.5, 0], 0.5, 0.75),
        ([1, 2, 3, 4], [5, 3.5, 2.5, 0], 1.0, 1.0),
        ([], [1], 0.0, 1.0),
    ],
)
def test_caught_by_hand(good, bad, false, caught):
    values = np.array([*good, *bad], dtype=float)
    assert measures.caught(values, np.arange(len(values)) >= len(good), false) == caught


def test_caught_by_messages():
    values = np.array([1.0, 2, 3, 2.5, 5])
    is_bad, sent = np.array([False, False, False, True, True]), np.array([90.0, 9, 1, 30, 10])
    assert measures.caught(values, is_bad, 0.005, sent) == 0.25  # the 3 is 1 % of the good mail: not allowed
    assert measures.caught(values, is_bad, 0.01, sent) == 1.0


@given(BADNESS, st.data())
def test_caught_keeps_its_promise_and_grows(values, data):
    is_bad = data.draw(arrays(np.bool_, values.shape))
    found = []
    for false in (0.0, 0.1, 0.3, 0.9):
        limit = measures.threshold(values[~is_bad], false, np.ones((~is_bad).sum()))
        assert (values[~is_bad] > limit).sum() <= false * max((~is_bad).sum(), 1)
        found.append(measures.caught(values, is_bad, false))
    assert found == sorted(found)


@given(BADNESS, st.data())
def test_auc_depends_on_the_order_alone(values, data):
    is_bad = data.draw(arrays(np.bool_, values.shape))
    assert measures.auc(values, is_bad) == measures.auc(values**3, is_bad)
    assert measures.auc(values, is_bad) + measures.auc(-values, is_bad) == pytest.approx(1)


def test_flips_and_firsts_by_hand():
    listed = flags("..", "x.", "x.", "..", "x.")  # five steps of two senders
    assert measures.flips(listed, 1.0) == 300.0  # three flips in ten address-days
    assert measures.flips(listed, 0.5) == 600.0
    np.testing.assert_array_equal(measures.first(listed), [1, np.nan])
    sent = np.array([[3, 1], [4, 1], [5, 1], [6, 1], [7, 1]])
    np.testing.assert_array_equal(measures.until(listed, sent), [7, np.nan])
    assert measures.blocked(listed, sent) == (5 + 6) / 30  # of the steps after those that ended listed


def test_calibration_by_hand():
    # Two senders with 10 messages each: 0.2 was said and 3 came; 0.5 was said and 5 came.
    said, hits, trials = np.array([0.2, 0.5]), np.array([3.0, 5]), np.array([10.0, 10])
    found = measures.calibration(said, hits, trials, bins=2)
    assert found.error == pytest.approx((1 + 0) / 20)
    assert found.brier == pytest.approx((3 * 0.64 + 7 * 0.04 + 5 * 0.25 + 5 * 0.25) / 20)
    together = measures.calibration(said, hits, trials, bins=1)
    assert together.error == pytest.approx(1 / 20)
    assert measures.calibration(said, hits, np.zeros(2)) == (0, 0)


def test_what_was_said_exactly_is_without_error():
    rates = np.linspace(0, 1, 11)
    assert measures.calibration(rates, rates * 100, np.full(11, 100.0)).error == pytest.approx(0)
