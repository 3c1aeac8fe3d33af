"""Rows of tests: what sources say of tenants at addresses by day, made by Hypothesis."""

from hypothesis import strategies as st

from reputon.evidence.kinds import Kind
from reputon.evidence.rows import key
from reputon.score import asking
from reputon.score.arithmetic import Row
from reputon.score.judgement import BAD

TENANTS = ["one.example", "two.example", "unauth@192.0.2.7"]
KEYS = [3221225991, 3221225992]
KINDS = ["sent", "delivered", *(str(each) for each in BAD)]
SOURCES = asking.sources([("own", True, None), ("own2", True, 120), ("feed", False, None), ("capped", False, 70)])

# (days ago, source, address key, tenant, kind, count)
EVIDENCE = st.lists(
    st.tuples(
        st.integers(0, 64), st.sampled_from(["own", "own2", "feed", "capped"]), st.sampled_from(KEYS),
        st.sampled_from(TENANTS), st.sampled_from(KINDS + ["sent"] * 5), st.integers(1, 400),
    ),
    max_size=40,
)  # fmt: skip


def rows(evidence, today):
    """The same as the arithmetic takes it."""
    return [
        Row(today - ago, 0 if source.startswith("own") else key(source), subject, key(tenant), Kind(kind), count)
        for ago, source, subject, tenant, kind, count in evidence
    ]
