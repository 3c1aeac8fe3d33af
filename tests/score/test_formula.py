"""The formula: scores that were worked out by hand, and what must hold for any counts."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reputon.score import parameters
from reputon.score.model import assess

PARAMETERS = parameters.load()
NAMES = [signal.name for signal in PARAMETERS.signals]


def value(sample, **counts):
    row = [[counts.get(name.replace("-", "_"), 0.0) for name in NAMES]]
    return assess(np.array([float(sample)]), np.array(row, dtype=float), PARAMETERS.signals)


# By hand, of 10^7 messages (the prior has no say): g = ln(rate / low) / ln(high / low), score = 100 (1 - w g).
@pytest.mark.parametrize(
    ("counts", "expected"),
    [
        ({}, 100.0),
        ({"complaint": 10_000}, 100.0),  # 0.1 %: the loss begins
        ({"complaint": 30_000}, 69.32),  # 0.3 %: g = ln 3 / ln 30 = 0.3230
        ({"complaint": 100_000}, 35.69),  # 1 %: g = ln 10 / ln 30 = 0.6770
        ({"complaint": 300_000}, 5.0),  # 3 %: g = 1
        ({"complaint": 3_000_000}, 5.0),
        ({"unknown_user": 500_000}, 69.16),  # 5 %: g = ln 2.5 / ln 12.5 = 0.3628
        ({"unknown_user": 2_500_000}, 15.0),
        ({"trap": 1_000}, 51.0),  # 1e-4: g = 1/2
        ({"filtered": 3_000_000}, 60.0),  # 30 %: g = 1/2
        ({"malware": 10_000}, 1.0),
        ({"complaint": 30_000, "unknown_user": 500_000}, 47.94),  # a product: 0.6932 * 0.6916
    ],
)
def test_by_hand(counts, expected):
    assert value(10_000_000, **counts).value[0] == pytest.approx(expected, abs=0.02)


@pytest.mark.parametrize(("rate", "expected"), [(0.003, 69.34), (0.01, 35.71), (0.03, 5.03)])
def test_the_known_bands(rate, expected):
    """Scoring.md 6.2: 0.3 % of complaints alone make 69, 1 % 36, 3 % 5 (of a million messages)."""
    assert value(1_000_000, complaint=rate * 1_000_000).value[0] == pytest.approx(expected, abs=0.05)


def test_a_small_sample_is_drawn_to_the_prior():
    few, many = value(20, complaint=1), value(20_000, complaint=1_000)
    assert few.value[0] > many.value[0]
    assert few.high[0] - few.low[0] > many.high[0] - many.low[0]


COUNTS = st.tuples(*[st.floats(0, 1e6) for _ in NAMES])
ROWS = st.lists(st.tuples(st.floats(0, 1e7), COUNTS), min_size=1, max_size=5)


@given(ROWS)
def test_laws(rows):
    sample = np.array([each for each, _ in rows])
    found = assess(sample, np.array([counts for _, counts in rows]), PARAMETERS.signals)
    assert ((found.value >= 0) & (found.value <= 100)).all()
    assert ((found.low <= found.value) & (found.value <= found.high)).all()
    total = found.shares.sum(axis=1)
    assert np.all(np.isclose(total, 1) | (total == 0))
    assert np.all((total == 0) == (found.badness == 0).all(axis=1))


@given(st.floats(0, 1e6), COUNTS, st.integers(0, len(NAMES) - 1), st.floats(0, 1e6))
def test_more_bad_evidence_never_helps(sample, counts, column, more):
    worse = [count + (more if index == column else 0) for index, count in enumerate(counts)]
    found = assess(np.array([sample, sample]), np.array([counts, worse]), PARAMETERS.signals)
    assert found.value[1] <= found.value[0]


@given(st.floats(0, 1e6), COUNTS, st.floats(0, 1e6))
def test_more_volume_never_hurts(sample, counts, more):
    found = assess(np.array([sample, sample + more]), np.array([counts, counts]), PARAMETERS.signals)
    assert found.value[1] >= found.value[0]


@given(ROWS)
@settings(max_examples=30)
def test_a_sender_is_scored_alone(rows):
    """Absolute, no percentile: who else is there changes nothing."""
    sample, counts = np.array([each for each, _ in rows]), np.array([each for _, each in rows])
    together = assess(sample, counts, PARAMETERS.signals).value
    alone = [assess(sample[[i]], counts[[i]], PARAMETERS.signals).value[0] for i in range(len(rows))]
    assert together.tolist() == alone


def test_the_loss_is_shared_by_logarithms():
    found = value(10_000_000, complaint=30_000, unknown_user=500_000)
    losses = [-math.log(0.6932), -math.log(0.6916)]
    shares = [found.shares[0][NAMES.index(name)] for name in ("complaint", "unknown-user")]
    assert shares == pytest.approx([each / sum(losses) for each in losses], abs=0.001)


@pytest.mark.parametrize("text", ["", "version = 1", "signal = 3", "x = ["])
def test_a_bad_parameter_file_is_named(tmp_path, text):
    path = tmp_path / "mine.toml"
    path.write_text(text)
    with pytest.raises(parameters.ParametersError, match=r"mine\.toml"):
        parameters.load(path)
