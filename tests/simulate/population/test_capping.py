"""The cap on a source: laws over whatever sources say, and figures worked out by hand."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from reputon.score import parameters
from reputon.simulate.population.capping import capped, harms

# Sums of 4 sources below 2**53 are exact, so the laws need no tolerance but where a quotient is taken.
COUNTS = st.one_of(st.just(0.0), st.integers(1, 2**40).map(float), st.floats(2**-20, 1e6))
SOURCES = st.integers(1, 4).flatmap(
    lambda s: st.tuples(arrays(np.float64, (s, 3, 4), elements=COUNTS), arrays(np.bool_, (s,)))
)
NEARLY = 1 + 1e-9
WEIGHTS = st.none() | arrays(np.float64, (3,), elements=st.floats(1e-3, 1e6))


def weighed(bad, weights):
    return bad.sum(axis=-1) if weights is None else bad @ weights


@given(SOURCES, WEIGHTS)
def test_never_increases_anything(said, weights):
    by_source, own = said
    counted = capped(by_source, own, weights)
    assert counted.shape == by_source.shape[1:]
    assert (counted >= 0).all()
    assert (counted <= by_source.sum(axis=0)).all()


@given(arrays(np.float64, (1, 3, 4), elements=COUNTS), st.integers(0, 3), st.integers(0, 3))
def test_a_source_alone_counts_nothing_unless_it_is_own(alone, before, after):
    silent = np.zeros((1, 3, 4))
    by_source = np.concatenate([silent] * before + [alone] + [silent] * after)
    own = np.zeros(len(by_source), dtype=bool)
    assert (capped(by_source, own) == 0).all()
    own[before] = True
    assert (capped(by_source, own) == alone[0]).all()


@given(SOURCES, arrays(np.float64, (1, 3, 4), elements=COUNTS), WEIGHTS)
def test_a_liar_at_most_doubles_what_the_others_say(said, lies, weights):
    by_source, own = said
    counted = capped(np.concatenate([by_source, lies]), np.append(own, False), weights)
    honest = by_source.sum(axis=0)
    assert (counted[:, 0] <= 2 * honest[:, 0] * NEARLY).all()
    assert (weighed(counted[:, 1:], weights) <= 2 * weighed(honest[:, 1:], weights) * NEARLY).all()


@given(SOURCES)
def test_own_sources_always_count_whole(said):
    by_source, own = said
    counted = capped(by_source, own)
    assert (counted * NEARLY >= by_source[own].sum(axis=0)).all()
    assert (capped(by_source, np.ones_like(own)) == by_source.sum(axis=0)).all()


@given(SOURCES, st.randoms(use_true_random=False))
def test_the_order_of_sources_says_nothing(said, random):
    by_source, own = said
    order = list(range(len(own)))
    random.shuffle(order)
    np.testing.assert_allclose(capped(by_source[order], own[order]), capped(by_source, own), rtol=1e-9)


@pytest.mark.parametrize(
    ("by_source", "own", "counted"),
    [
        # sent, complaint, trap: who agrees is not scaled
        ([[100, 2, 0], [100, 2, 0]], [0, 0], [200, 4, 0]),
        # the second says 40 where the first says 4: it counts as 4, all kinds alike; its volume as 100
        ([[100, 4, 0], [900, 30, 10]], [0, 0], [200, 7, 1]),
        # three: 12 against 2 + 4 counts as 6
        ([[10, 2, 0], [10, 4, 0], [10, 0, 12]], [0, 0, 0], [30, 6, 6]),
        # what is own counts whole and confirms the others
        ([[10, 8, 0], [0, 20, 0]], [1, 0], [10, 16, 0]),
        # volume without bad evidence, and bad evidence without volume, are capped each by itself
        ([[50, 0, 0], [0, 7, 0]], [0, 0], [0, 0, 0]),
    ],
)  # fmt: skip
def test_figures_by_hand(by_source, own, counted):
    found = capped(np.array(by_source, dtype=float)[:, None, :], np.array(own, dtype=bool))
    np.testing.assert_allclose(found, [counted])


def test_filter_verdicts_do_not_confirm_trap_hits_by_harm():
    # sent, filtered, trap-pristine: 40 verdicts of the others carry 40 forged hits by messages, and 0.004 by harm:
    # a verdict weighs 1 / 0.1, a hit 1 / 1e-5.
    said, own = np.array([[[1000.0, 40, 0]], [[0, 0, 50]]]), np.zeros(2, dtype=bool)
    weights = harms(("filtered", "trap-pristine"), parameters.load().signals)
    np.testing.assert_allclose(weights, [10, 1e5])
    np.testing.assert_allclose(capped(said, own), [[0, 40, 40]])
    np.testing.assert_allclose(capped(said, own, weights), [[0, 40, 0.004]])


def test_what_no_signal_counts_weighs_nothing():
    assert harms(("delivered", "trap-recycled"), parameters.load().signals) == pytest.approx([0, 2e4])


@pytest.mark.parametrize(("shape", "sources"), [((2, 3), 2), ((2, 3, 4), 3)])
def test_other_shapes_are_refused(shape, sources):
    with pytest.raises(ValueError, match="expected"):
        capped(np.zeros(shape), np.zeros(sources, dtype=bool))


def test_nobody_says_nothing():
    assert (capped(np.zeros((0, 2, 3)), np.zeros(0, dtype=bool)) == 0).all()
    assert capped(np.zeros((2, 0, 3)), np.zeros(2, dtype=bool)).shape == (0, 3)
