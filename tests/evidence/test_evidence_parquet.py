"""Evidence as Parquet: what each type of column becomes, what is refused and how it is said, and bounds."""

from contextlib import suppress
from datetime import UTC, datetime, timedelta, timezone

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reputon.evidence.ingest import ingest
from reputon.evidence.kinds import Evidence, EvidenceError, Kind, Unreadable
from reputon.evidence.readers import READERS, parquet
from reputon.evidence.store import Store
from reputon.subject import address_key, address_text

NOW = datetime(2026, 11, 25, tzinfo=UTC)
THEN = datetime(2026, 11, 24, 9, 30, tzinfo=UTC)
BROKEN = (EvidenceError, OSError)  # what a file that cannot be read (further) ends with
SECONDS = int(THEN.timestamp())


def good(**columns):
    table = {
        "time": [SECONDS, SECONDS], "ip": ["192.0.2.1", "2001:db8:1:2::25"], "kind": ["sent", "complaint"],
        "count": [7, None], "tenant": ["mail.example.org", None],
    }  # fmt: skip
    return pa.table({name: value for name, value in (table | columns).items() if value is not None})


def found(path, table=None, **options):
    if table is not None:
        pq.write_table(table, path, **options)
    return [each for batch in parquet.batches(path, NOW) for each in batch]


@pytest.fixture
def path(tmp_path):
    return tmp_path / "evidence.parquet"


def test_rows_are_evidence(path):
    one, other = found(path, good())
    assert (one.time, address_text(one.subject), one.tenant, one.kind, one.count) == (
        THEN, "192.0.2.1", "example.org", Kind.SENT, 7,
    )  # fmt: skip
    assert (address_text(other.subject), other.tenant, other.count) == (
        "2001:db8:1:2::/64", "unauth@2001:db8:1:2::/64", 1,
    )  # fmt: skip


@pytest.mark.parametrize(
    "time",
    [
        pa.array([SECONDS] * 2, pa.int32()),
        pa.array([SECONDS] * 2, pa.uint64()),
        pa.array([THEN] * 2, pa.timestamp("s", "UTC")),
        pa.array([THEN.replace(tzinfo=None)] * 2, pa.timestamp("ms")),
        pa.array([THEN.astimezone(timezone(timedelta(hours=2)))] * 2, pa.timestamp("us", "+02:00")),
        pa.array([SECONDS * 10**9 + 123] * 2, pa.int64()).cast(pa.timestamp("ns", "Europe/Berlin")),
    ],
    ids=lambda each: str(each.type),
)
def test_every_form_of_time(path, time):
    assert {each.time for each in found(path, good(time=time))} == {THEN}


def test_text_may_be_a_dictionary_or_large(path):
    table = good(
        ip=pa.array(["192.0.2.1", "192.0.2.2"], pa.large_string()),
        kind=pa.array(["sent", "sent"]).dictionary_encode(),
    )
    assert [each.kind for each in found(path, table)] == [Kind.SENT] * 2


def test_a_subject_is_a_key(path):
    keys = [address_key("192.0.2.1"), address_key("2001:db8:1:2::1")]
    assert [each.subject for each in found(path, good(ip=None, subject=keys))] == keys
    assert [each.subject for each in found(path, good(ip=None, subject=keys, count=None, tenant=None))] == keys


@pytest.mark.parametrize(
    ("columns", "why"),
    [
        ({"time": [None, SECONDS]}, "time is null"),
        ({"time": [0, SECONDS]}, "lies before 2000"),
        ({"time": [1 << 62, SECONDS]}, ""),
        ({"ip": ["bob@example.org", "192.0.2.1"]}, "***@example.org"),
        ({"ip": ["fe80::1", "192.0.2.1"]}, "link-local"),
        ({"ip": None, "subject": [address_key("fe7f::1") + (1 << 48), 5]}, "link-local"),
        ({"ip": None, "subject": [None, 5]}, "subject is null"),
        ({"kind": ["spam", "sent"]}, "none of"),
        ({"count": [0, 1]}, "not between"),
        ({"tenant": ["not a domain", None]}, "neither"),
        ({"tenant": ["co.uk", None]}, "public suffix"),
    ],
)
def test_a_row_that_cannot_be_is_kept_aside(path, columns, why):
    bad, fine = found(path, good(**columns))
    assert isinstance(fine, Evidence)
    assert isinstance(bad, Unreadable)
    assert why in bad.why
    assert bad.where == "evidence.parquet:1"
    assert "bob@" not in bad.why + bad.excerpt


@pytest.mark.parametrize(
    ("table", "why"),
    [
        (good(kind=None), "has no column `kind`"),
        (good(time=None), "has no column `time`"),
        (good(ip=None), "has no column `ip` (nor `subject`)"),
        (good(time=["now", "then"]), "column `time` is string: it must be a timestamp or whole seconds"),
        (good(time=[1.5, 2.5]), "column `time` is double"),
        (good(ip=[1, 2]), "column `ip` is int64: it must be text"),
        (good(count=["1", "2"]), "column `count` is string: it must be a whole number"),
        (good(kind=[["sent"], ["sent"]]), "column `kind` is list<element: string>: it must be text"),
        (good().append_column("kind", pa.array(["sent", "sent"])), "has no column `kind`, or two"),
    ],
)
def test_a_file_that_cannot_be_says_why(path, table, why):
    pq.write_table(table, path)
    with pytest.raises(BROKEN, match="column") as error:
        found(path)
    assert why in str(error.value)


def test_batches_are_bounded_and_the_same_each_time(path, monkeypatch):
    monkeypatch.setattr(parquet, "BATCH", 10)
    pq.write_table(pa.concat_tables([good()] * 20), path, row_group_size=15)
    one, other = ([len(batch) for batch in parquet.batches(path, NOW)] for _ in range(2))
    assert one == other
    assert (max(one), sum(one)) == (10, 40)


def test_a_file_counts_once_and_a_broken_one_is_named(path):
    pq.write_table(good(), path)
    worse = path.with_name("worse.parquet")
    pq.write_table(good(kind=None), worse)
    with Store(path.parent / "state") as store:
        once, again = (ingest(store, READERS["parquet"], [path, worse], "mx", NOW) for _ in range(2))
    assert (once.new, again.new, again.doubled) == (2, 0, 2)
    assert [(each.where, "no column `kind`" in each.why) for each in once.broken] == [("worse.parquet", True)]


def test_a_column_that_unpacks_too_far_is_refused(path, monkeypatch):
    monkeypatch.setattr(parquet, "CHUNK", 100)
    table = good(tenant=["x" * 1000 + ".example", None])
    with pytest.raises(BROKEN, match="write smaller row groups"):
        found(path, table)


def test_what_a_torn_file_has_is_found_before_the_error(path, monkeypatch):
    monkeypatch.setattr(parquet, "BATCH", 10)
    pq.write_table(pa.concat_tables([good()] * 20), path, row_group_size=20, compression="zstd")
    offset = pq.ParquetFile(path).metadata.row_group(1).column(1).data_page_offset
    data = bytearray(path.read_bytes())
    data[offset : offset + 40] = b"\xff" * 40
    path.write_bytes(data)
    batches = parquet.batches(path, NOW)
    assert [len(next(batches)), len(next(batches))] == [10, 10]
    with pytest.raises(BROKEN):
        next(batches)


@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_any_bytes_are_evidence_or_a_broken_file(tmp_path_factory, data):
    path = tmp_path_factory.getbasetemp() / "fuzz.parquet"
    pq.write_table(good(), path)
    text = path.read_bytes()
    start, end = sorted(data.draw(st.tuples(*[st.integers(0, len(text))] * 2)))
    path.write_bytes(text[:start] + data.draw(st.binary(max_size=30)) + text[end:])
    with suppress(*BROKEN):
        assert all(isinstance(each, (Evidence, Unreadable)) for each in found(path))
