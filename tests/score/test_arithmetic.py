"""The arithmetic: it is the SQL and the formula in plain numbers; a loss is shared exactly; more is never less."""

from collections import defaultdict
from datetime import UTC, datetime
from functools import cache

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.evidence_made import PARAMETERS, resources
from tests.rows_made import EVIDENCE, KEYS, KINDS, SOURCES, TENANTS

from reputon.evidence.kinds import Kind
from reputon.evidence.rows import KIND_CODES, ROWS, key
from reputon.score import about, arithmetic, asking, engines, relations
from reputon.score.arithmetic import Row
from reputon.score.history import history
from reputon.score.judgement import BAD, ONE
from reputon.score.model import assess

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
TODAY = int(NOW.timestamp()) // 86400


@pytest.fixture(scope="module")
def engine(tmp_path_factory):
    with engines.opened("duckdb", resources(tmp_path_factory.mktemp("engine"))) as made:
        yield made


@cache
def asked(now=NOW):
    return asking.Asked((), SOURCES, PARAMETERS, now, lambda keys: dict.fromkeys(keys, TENANTS[0]))


def named(engine, evidence, now=NOW):
    """The relations that `about.name` makes, from rows (days ago, source, subject, tenant, kind, count)."""
    rows = [(TODAY - ago, key(source), subject, key(tenant), KIND_CODES[Kind(kind)], count)
            for ago, source, subject, tenant, kind, count in evidence]  # fmt: skip
    daily: dict[tuple[int, ...], int] = defaultdict(int)
    for *pair, count in rows:
        daily[tuple(pair)] += count
    names = ("day", "source", "subject", "tenant", "kind", "count")
    columns = list(zip(*((*pair, count) for pair, count in daily.items()), strict=True)) or [()] * len(names)
    schema = pa.schema([ROWS.field(each) for each in names])
    today = int(now.timestamp()) // 86400
    table = pa.table([pa.array(c, f.type) for c, f in zip(columns, schema, strict=True)], schema=schema)
    engine.table("all_days", table)
    engine.view("days", f"SELECT * FROM all_days WHERE day < {today}", keep=True)
    engine.view("hours", f"SELECT *, 24 * day AS hour FROM all_days WHERE day = {today}", keep=True)
    relations.counted(engine, asked(now), asked(now).first_day)
    parts = [relations.add(engine, asked(now), closed=closed) for closed in (True, False)]
    engine.view("sums", " UNION ALL ".join(parts), keep=True)


def by_sql(engine, scope, now=NOW):
    """What counts of each entity, and its score."""
    query = relations.entities(engine, "sums", relations.SCOPES[scope], capped=True)
    return {row["subject"] or row["tenant"]: {kind: row[kind.replace("-", "_")] for kind in Kind}
               for batch in engine.read(query) for row in batch.to_pylist()}  # fmt: skip


@given(EVIDENCE, st.sampled_from(["address", "tenant"]))
@settings(max_examples=40, deadline=None)
def test_it_is_what_the_sql_and_the_formula_give(engine, evidence, scope):
    named(engine, evidence)
    expected = by_sql(engine, scope)
    rows = list(about.rows(engine, asked(), earlier=30))
    for entity, amounts in expected.items():
        of = [row for row in rows if (row.subject if scope == "address" else row.tenant) == entity]
        made = arithmetic.redone(arithmetic.grouped(of), PARAMETERS, TODAY)
        whole = {kind: round(amount * ONE) for kind, amount in made.worked.amounts.items()}
        assert whole == {kind: amount for kind, amount in amounts.items() if kind in whole}
        assert not any(amount for kind, amount in amounts.items() if kind not in whole)
        score = by_formula(amounts)
        assert made.worked.product == pytest.approx(score.value[0], abs=0.011)
        assert (made.worked.low, made.worked.high) == pytest.approx((score.low[0], score.high[0]), abs=0.011)


def by_formula(amounts):
    sample = np.array([amounts["sent"] / ONE])
    counts = np.array([[sum(amounts[kind] / ONE * worth for kind, worth in signal.kinds.items())
                        for signal in PARAMETERS.signals]])  # fmt: skip
    return assess(sample, counts, PARAMETERS.signals)


@given(EVIDENCE, st.integers(1, 29))
@settings(max_examples=25, deadline=None)
def test_the_past_is_what_a_run_said_at_the_end_of_that_day(engine, evidence, ago):
    mine = [each for each in evidence if each[2] == KEYS[0]]
    named(engine, mine)
    rows = arithmetic.grouped(about.rows(engine, asked(), earlier=30))
    points = history(rows, len(evidence), PARAMETERS, TODAY, TODAY - 64)
    (point,) = [each for each in points if each.day == TODAY - ago]
    then = datetime.fromtimestamp((TODAY - ago + 1) * 86400 - 1, UTC)
    named(engine, mine, then)
    found = about.score(engine, asked(then), "address")
    value = found.value if found else None
    assert (point.value is None) == (value is None)
    if point.value is not None:
        assert point.value == pytest.approx(value, abs=0.011)
    assert point.is_whole


def test_a_point_tells_whether_all_of_its_days_are_kept():
    rows = arithmetic.grouped([Row(TODAY, 0, 1, 1, Kind.SENT, 100)])
    points = history(rows, 1, PARAMETERS, TODAY, TODAY - 40)
    assert [each.is_whole for each in points] == [False] * 24 + [True] * 7
    assert len(history(rows, 120_000, PARAMETERS, TODAY, TODAY - 40)) == 11
    assert history(rows, 10**6, PARAMETERS, TODAY, TODAY - 40) == ()


AMOUNTS = st.dictionaries(st.sampled_from(KINDS), st.floats(0, 1e6).map(lambda each: round(each, 6)))


@given(AMOUNTS)
def test_the_loss_is_shared_exactly(amounts):
    made = arithmetic.worked(amounts, PARAMETERS)
    assert sum(each.points for each in made.terms) == made.loss == round(10_000 - made.product * 100)
    total = sum(each.share for each in made.terms)
    assert total == pytest.approx(1, abs=1e-12) if any(each.badness for each in made.terms) else total == 0
    for each in made.terms:
        assert abs(each.points - each.share * made.loss) < 1
        assert 0 < each.factor <= 1


@given(AMOUNTS, st.sampled_from(KINDS), st.floats(0, 1e5))
def test_more_blame_never_raises_a_score_and_more_volume_never_lowers_it(amounts, kind, more):
    before = arithmetic.worked(amounts, PARAMETERS)
    after = arithmetic.worked(amounts | {kind: amounts.get(kind, 0.0) + more}, PARAMETERS)
    gained = 1 if kind == Kind.SENT else -1 if kind in BAD else 0
    for figure in ("product", "low", "high"):
        difference = getattr(after, figure) - getattr(before, figure)
        assert difference * gained >= -1e-6 if gained else difference == 0


@given(st.lists(st.integers(0, 10**6), min_size=1, max_size=6), st.integers(0, 10_000))
def test_points_add_up(weights, loss):
    total = sum(weights)
    shares = [each / total for each in weights] if total else [0.0 for _ in weights]
    assert sum(arithmetic.points(shares, loss)) == (loss if total else 0)
