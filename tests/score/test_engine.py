"""The engine: the SQL's sums against a slow reference in Python, fading, the cap, the three scopes."""

import math
from collections import defaultdict
from datetime import UTC, datetime, timedelta
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reputon.evidence.store import ROWS
from reputon.score import engine, parameters
from reputon.score.judgement import judged, tenant_subject
from reputon.subject import Subject, address_key

PARAMETERS = parameters.load()
NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
KEY = address_key("192.0.2.7")


def rows(*evidence):
    """(hours ago, source, subject, tenant, kind, count)."""
    made = [(int((NOW - timedelta(hours=ago)).timestamp()), *rest) for ago, *rest in evidence]
    columns: list[Any] = list(zip(*made, strict=True)) or [() for _ in ROWS]
    return pa.table([pa.array(c, f.type) for c, f in zip(columns, ROWS, strict=True)], schema=ROWS)


def reference(evidence, scope):
    """What tally.sql must say, in plain integers."""
    of = {"address": lambda s, t: (s, ""), "tenant": lambda s, t: (0, t), "pair": lambda s, t: (s, t)}[scope]
    daily: dict[Any, int] = defaultdict(int)
    for ago, _, subject, tenant, kind, count in evidence:
        moment = NOW - timedelta(hours=ago)
        age = NOW.toordinal() - moment.toordinal()
        if moment <= NOW and age < PARAMETERS.memory_days:
            daily[of(subject, tenant), age, kind] += count
    totals: dict[Any, int] = defaultdict(int)
    for (entity, age, kind), count in daily.items():
        weight = round(engine.ONE * 2 ** (-age / PARAMETERS.half_life_days))
        # Every day of the evidence has its say in the median, also those that have faded away.
        volumes = sorted(volume for (who, _, what), volume in daily.items() if who == entity and what == "sent")
        most = max(volumes[(len(volumes) - 1) // 2] if volumes else 0, PARAMETERS.day_volume)
        volume = daily.get((entity, age, "sent"), 0)
        totals[entity, kind] += count * (weight * most // volume if volume > most else weight)
    amounts: dict[Any, dict[str, float]] = defaultdict(dict)
    for (entity, kind), total in totals.items():
        amounts[entity][kind] = total / engine.ONE
    return amounts


EVIDENCE = st.lists(
    st.tuples(
        st.integers(0, 30 * 24),
        st.sampled_from(["a", "b"]),
        st.sampled_from([KEY, KEY + 1, address_key("2001:db8::1")]),
        st.sampled_from(["one.example", "two.example", "unauth@192.0.2.7"]),
        st.sampled_from(["sent", "complaint", "unknown-user", "trap-pristine", "trap-recycled", "malware", "filtered"]),
        st.integers(1, 400),
    ),
    max_size=40,
)


@given(EVIDENCE, st.sampled_from(["address", "tenant", "pair"]), st.randoms())
@settings(max_examples=40, deadline=None)
def test_engine_is_the_reference_in_any_order(evidence, scope, dice):
    expected = {
        (each.subject, each.tenant): (each.value, each.low, each.high)
        for each in judged(reference(evidence, scope), PARAMETERS, NOW)
    }
    dice.shuffle(evidence)
    found = engine.scores(rows(*evidence), scope, PARAMETERS, NOW)
    assert {(each.subject, each.tenant): (each.value, each.low, each.high) for each in found} == expected


def only(found):
    (score,) = found
    return score


def test_evidence_fades_by_half_in_seven_days():
    fresh = only(engine.scores(rows((0, "s", KEY, "t.example", "sent", 40)), "address", PARAMETERS, NOW))
    week = only(engine.scores(rows((7 * 24, "s", KEY, "t.example", "sent", 40)), "address", PARAMETERS, NOW))
    assert fresh.sample == 40
    assert week.sample == 20
    month = rows((PARAMETERS.memory_days * 24 + 24, "s", KEY, "t.example", "sent", 40))
    assert engine.scores(month, "address", PARAMETERS, NOW) == []


def test_a_burst_counts_as_the_usual_day():
    usual = [(24 * day, "s", KEY, "t.example", "sent", 100) for day in range(1, 10)]
    burst = [*usual, (0, "s", KEY, "t.example", "sent", 100_000), (0, "s", KEY, "t.example", "complaint", 1000)]
    score = only(engine.scores(rows(*burst), "address", PARAMETERS, NOW))
    assert score.sample == pytest.approx(100 + sum(100 * 2 ** (-day / 7) for day in range(1, 10)), abs=0.1)
    complaints = next(each for each in score.factors if each.kind == "complaint")
    assert complaints.count == pytest.approx(1, abs=0.01)  # 1000 of 100,000 is one of 100


def test_too_little_is_no_score():
    score = only(engine.scores(rows((0, "s", KEY, "t.example", "sent", 19)), "address", PARAMETERS, NOW))
    assert score.value is None
    bad = rows((0, "s", KEY, "t.example", "sent", 1), (0, "s", KEY, "t.example", "complaint", 1))
    assert only(engine.scores(bad, "address", PARAMETERS, NOW)).value is not None


def test_recent_has_one_day_as_it_is():
    evidence = rows(
        (1, "log", KEY, "t.example", "sent", 300), (2, "loop", KEY, "t.example", "complaint", 3),
        (3, "traps", KEY, "t.example", "trap-pristine", 1), (25, "log", KEY, "t.example", "sent", 7),
    )  # fmt: skip
    ((entity, found),) = engine.recent(evidence, "pair", PARAMETERS, NOW).items()
    assert entity == (KEY, "t.example")
    assert (found.sent, found.pieces, found.sources) == (300, 2, frozenset(("loop", "traps")))
    assert found.latest == int((NOW - timedelta(hours=2)).timestamp())


def test_whom_a_tenant_is():
    assert tenant_subject("shop.example") == Subject("domain", "shop.example")
    assert tenant_subject("unauth@192.0.2.7") == Subject("ip", "192.0.2.7")


def test_no_rows_no_scores():
    assert engine.scores(rows(), "address", PARAMETERS, NOW) == []
    assert not math.isnan(engine.since(PARAMETERS, NOW))
