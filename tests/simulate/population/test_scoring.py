"""Scoring: what fades and is capped, by hand; and that formula, rule and clock over arrays are the product's own."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from reputon.listing import policy
from reputon.listing.policy import Settings
from reputon.score import parameters
from reputon.score.judgement import judged
from reputon.simulate.population import rule, scoring
from reputon.simulate.population.classes import KINDS, SOURCES
from reputon.subject import parse

PARAMETERS = parameters.load()
NOW = datetime(2026, 3, 2, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def daily(*sent, bad=0):
    counts = np.zeros((len(sent), 1, 1, len(KINDS)), dtype=np.int32)
    counts[:, 0, 0, 0] = sent
    counts[:, 0, 0, 1] = bad
    return counts


def test_a_day_fades_by_half_in_seven():
    left = scoring.faded(daily(40, 0, 0, 0, 0, 0, 0, 40), PARAMETERS)
    assert left[0, 0, 0] == pytest.approx(40 + 20)


def test_a_flood_counts_as_the_median_day():
    # The lower median of the days with mail is 100; of the flood's 10,000 messages and complaints 1 % count.
    left = scoring.faded(daily(100, 0, 100, 300, 10_000, bad=500), PARAMETERS)
    fade = [2 ** (-age / 7) for age in (4, 2, 1, 0)]
    np.testing.assert_allclose(left[0, 0, 0], 100 * sum(fade))
    idle = 500 * 2 ** (-3 / 7)  # complaints on a day without mail are not capped
    np.testing.assert_allclose(left[0, 0, 1], 500 * (fade[0] + fade[1] + fade[2] / 3 + fade[3] / 100) + idle)


def test_a_small_sender_may_have_a_day_of_fifty():
    assert scoring.faded(daily(2, 2, 50), PARAMETERS)[0, 0, 0] == pytest.approx(
        50 + 2 * 2 ** (-1 / 7) + 2 * 2 ** (-2 / 7)
    )


def test_older_than_its_memory_is_forgotten():
    old = daily(1000, *[0] * PARAMETERS.memory_days)
    assert scoring.faded(old, PARAMETERS).sum() == 0


AMOUNTS = arrays(np.int64, (3, len(KINDS)), elements=st.integers(0, 1000))


@given(AMOUNTS)
def test_the_formula_is_the_products(amounts):
    table = {(0, f"t{n}.example"): dict(zip(KINDS, row.tolist(), strict=True)) for n, row in enumerate(amounts)}
    scores = judged(table, PARAMETERS, NOW)
    found = scoring.assessed(amounts.astype(float), PARAMETERS.signals)
    np.testing.assert_allclose(found.high, [score.high for score in scores])
    np.testing.assert_allclose(found.low, [score.low for score in scores])


WINDOWS = arrays(np.int32, (2, len(SOURCES), 3, len(KINDS)), elements=st.sampled_from([0, 0, 0, 1, 2, 9, 40]))


@given(WINDOWS)
@settings(max_examples=60)
def test_the_verdict_is_of_the_products_score_and_settings(windows):
    made, rules = rule.found(windows, rule.Rule(Settings(), PARAMETERS)), Settings()
    for step, sender in np.ndindex(2, 3):
        mine = windows[step, :, sender]
        bad, messages = mine[:, 1:], dict(zip(KINDS, mine.sum(axis=0).tolist(), strict=True))
        (score,) = judged({(1, ""): messages}, PARAMETERS, NOW)
        is_low = bool(bad.any()) and score.high < rules.threshold
        enough = (
            messages["sent"] >= rules.min_volume
            and bad.sum() >= rules.min_evidence
            and bad.any(axis=1).sum() >= rules.min_sources
        )
        assert made.is_low[step, sender] == is_low
        assert made.is_bad[step, sender] == (is_low and enough)


@given(arrays(np.bool_, (400,), elements=st.sampled_from([False] * 30 + [True])))
@settings(max_examples=40, deadline=None)
def test_the_clock_is_the_products(is_bad):
    """Step by step of six hours over 100 days; every bad step has something bad in it, the others nothing."""
    step, subject = timedelta(hours=6), parse("203.0.113.9")
    history: list[policy.Listing] = []
    expected = []
    for number, bad in enumerate(is_bad, start=1):
        now = NOW + number * step
        verdict = policy.Verdict(True, bool(bad), "", (), now if bad else None)
        past = [each for each in history if each.expires > now - policy.MEMORY]
        for change in policy.changes({subject: verdict}, past, ALLOWED, now):
            if change.what == "extended":
                history.pop()
            history.append(change.listing)
        expected.append(bool(history) and history[-1].expires > now)
    found = rule.listed(is_bad[:, None], is_bad[:, None], step, Settings())
    assert found[:, 0].tolist() == expected


ALLOWED = Settings(allow_reserved=("203.0.113.0/24",))


def test_a_window_holds_its_last_steps():
    counts = np.arange(1, 6, dtype=np.int32).reshape(5, 1, 1, 1)
    assert rule.recent(counts, 2).ravel().tolist() == [1, 3, 5, 7, 9]
    assert rule.recent(counts, 9).ravel().tolist() == [1, 3, 6, 10, 15]


@pytest.mark.parametrize("name", scoring.CAPS)
def test_a_cap_takes_and_never_gives(name):
    rng = np.random.default_rng(1)
    said = rng.integers(0, 50, (len(SOURCES), 20, len(KINDS)))
    said[3] *= 1000  # who says so much more than all the others is capped
    left = scoring.whole(said, scoring.CAPS[name], PARAMETERS.signals)
    assert (left <= said.sum(axis=0)).all()
    assert (left == said.sum(axis=0)).all() == (scoring.CAPS[name] is None)
