"""Rows: keys that stay, batches that say what the pieces say, and none that cannot be."""

from datetime import UTC, datetime, timedelta

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reputon.evidence import rows
from reputon.evidence.kinds import Evidence, EvidenceError, Kind

START = datetime(2000, 1, 1, tzinfo=UTC)

PIECES = st.lists(
    st.builds(
        lambda seconds, subject, tenant, kind, count: Evidence(
            START + timedelta(seconds=seconds), subject, tenant, kind, count
        ),
        st.integers(0, 10**9), st.integers(0, 2**63 - 1),
        st.sampled_from(["a.example", "b.example", "unauth@192.0.2.1"]),
        st.sampled_from(list(Kind)), st.integers(1, 10**9),
    ),
    min_size=1, max_size=30,
)  # fmt: skip


def test_kinds_keep_their_numbers():
    assert {str(kind): code for kind, code in rows.KIND_CODES.items()} == {
        "sent": 1, "delivered": 2, "rejected": 3, "unknown-user": 4, "complaint": 5, "trap-pristine": 6,
        "trap-recycled": 7, "filtered": 8, "malware": 9, "authentication-failure": 10,
    }  # fmt: skip
    assert list(rows.KIND_CODES) == list(Kind)


def test_keys_stay_what_they_are():
    # Evidence that was sealed says these numbers.
    assert rows.key("mx1") == 6417345545865275962
    assert rows.key("t3.example") == 3131389534168285311
    assert rows.key("unauth@192.0.2.1") == rows.UNAUTHENTICATED == 0


@given(st.text(max_size=80))
def test_a_key_is_a_positive_number_of_63_bits(name):
    assert 0 < rows.key(name) < 1 << 63 or name.startswith("unauth@")


@given(PIECES)
@settings(max_examples=100, deadline=None)
def test_a_batch_says_what_its_pieces_say(pieces):
    record = rows.checked("mx1", rows.batch("mx1", pieces))
    assert record.schema == rows.ROWS
    for row, piece in zip(record.to_pylist(), pieces, strict=True):
        assert datetime.fromtimestamp(row["time"], UTC) == piece.time
        assert START.fromtimestamp(row["day"] * 86400, UTC).date() == piece.time.date()
        assert (row["hour"] % 24, row["hour"] // 24) == (piece.time.hour, row["day"])
        assert (row["source"], row["tenant"]) == (rows.key("mx1"), rows.key(piece.tenant))
        assert (row["subject"], rows.KINDS[row["kind"]], row["count"]) == (piece.subject, piece.kind, piece.count)
    *bounds, data = rows.packed(record)
    assert rows.unpacked(data).to_pylist() == record.to_pylist()
    times = record["time"].to_pylist()
    assert bounds == [rows.key("mx1"), len(pieces), min(times), max(times)]


GOOD = {"day": 20000, "hour": 480000, "time": 1728000000, "source": rows.key("mx1"), "subject": 1, "tenant": 0,
        "kind": 1, "count": 1}  # fmt: skip


@pytest.mark.parametrize(
    "changed",
    [{"source": 5}, {"day": 19999}, {"hour": 480001}, {"kind": 11}, {"kind": 0}, {"count": 0}, {"tenant": None}],
)
def test_what_others_made_is_looked_at(changed):
    nullable = pa.schema([field.with_nullable(True) for field in rows.ROWS])
    rows.checked("mx1", pa.RecordBatch.from_pylist([GOOD], schema=nullable))
    with pytest.raises(EvidenceError):
        rows.checked("mx1", pa.RecordBatch.from_pylist([GOOD | changed], schema=nullable))
    with pytest.raises(EvidenceError, match="columns"):
        rows.checked("mx1", pa.RecordBatch.from_pylist([{"day": 1}]))
