"""Once: the same file, its copy, its packed form and the file grown longer count each piece once, in any steps."""

import gzip
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.evidence.held import held

from reputon.evidence.ingest import ingest
from reputon.evidence.kinds import Kind
from reputon.evidence.readers import READERS
from reputon.evidence.store import Store

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)

GOOD = st.builds(
    lambda ago, host, kind, count, tenant: json.dumps(
        {"time": (NOW - timedelta(minutes=ago)).isoformat(), "ip": f"192.0.2.{host}", "kind": kind, "count": count,
         "tenant": tenant}
    ),
    st.integers(0, 10_000), st.integers(0, 3), st.sampled_from([str(kind) for kind in Kind]), st.integers(1, 3),
    st.sampled_from(["", "shop.example", "mail.school.example"]),
)  # fmt: skip
BAD = st.sampled_from(
    ['{"time": 1', "null", '{"ip": "192.0.2.1"}', "", "   ", '{"time":"2026-11-24","ip":"x","kind":"sent"}']
)
LINES = st.lists(GOOD | BAD, max_size=25)


def rows(store):
    return sorted(tuple(row.values()) for row in held(store))


def whole(lines):
    """What the file says when it is read at once, by itself."""
    with TemporaryDirectory() as folder, Store(Path(folder)) as store:
        path = Path(folder, "log.jsonl")
        path.write_text("".join(line + "\n" for line in lines))
        ingest(store, READERS["jsonl"], [path], "s", NOW)
        return rows(store)


@given(LINES)
@settings(max_examples=40, deadline=None)
def test_every_good_line_is_one_piece(lines):
    expected = 0
    for line in lines:
        try:
            value = json.loads(line)
            expected += isinstance(value, dict) and {"time", "ip", "kind"} <= value.keys() and value["ip"] != "x"
        except ValueError:
            continue
    assert len(whole(lines)) == expected


@given(LINES, st.lists(st.floats(0, 1), max_size=6))
@settings(max_examples=60, deadline=None)
def test_a_log_that_grows_in_any_steps_is_the_log(lines, cuts):
    data = "".join(line + "\n" for line in lines).encode()
    with TemporaryDirectory() as folder, Store(Path(folder)) as store:
        path = Path(folder, "log.jsonl")
        for cut in [*sorted(cuts), 1.0]:
            path.write_bytes(data[: int(cut * len(data))])
            ingest(store, READERS["jsonl"], [path], "s", NOW)
        assert rows(store) == whole(lines)
        again = ingest(store, READERS["jsonl"], [path], "s", NOW)
        assert again.new == 0
        assert rows(store) == whole(lines)


def line(host=1, **changed):
    return json.dumps({"time": "2026-11-24T10:00:00Z", "ip": f"192.0.2.{host}", "kind": "sent", **changed}) + "\n"


@pytest.fixture
def store(tmp_path):
    with Store(tmp_path / "state") as made:
        yield made


def test_copies_and_packed_copies_count_once_and_sources_apart(store, tmp_path):
    text = line(1) + line(2) + line(1)
    (tmp_path / "log.jsonl").write_text(text)
    (tmp_path / "log.jsonl.1").write_text(text)
    (tmp_path / "log.jsonl.2.gz").write_bytes(gzip.compress(text.encode()))
    first = ingest(store, READERS["jsonl"], [tmp_path / "log.jsonl"], "mx1", NOW)
    assert (first.pieces, first.new) == (3, 3)  # equal lines of one file are two pieces
    copies = [tmp_path / "log.jsonl.1", tmp_path / "log.jsonl.2.gz"]
    second = ingest(store, READERS["jsonl"], copies, "mx1", NOW)
    assert (second.pieces, second.new) == (6, 0)
    assert ingest(store, READERS["jsonl"], copies[:1], "mx2", NOW).new == 3


def test_a_file_that_was_cut_and_written_anew_counts_its_new_lines(store, tmp_path):
    path = tmp_path / "log.jsonl"
    path.write_text(line(1) + line(2))
    ingest(store, READERS["jsonl"], [path], "mx1", NOW)
    path.write_text(line(3))
    assert ingest(store, READERS["jsonl"], [path], "mx1", NOW).new == 1


def test_unreadable_lines_are_kept_aside_once_without_recipients(store, tmp_path):
    path = tmp_path / "log.jsonl"
    path.write_text(line(1) + '{"to": "anna.secret@shop.example"}\n' + line(2) + "torn")
    for _ in range(2):
        done = ingest(store, READERS["jsonl"], [path], "mx1", NOW)
        assert done.pieces == 2
    kept = store.unreadable("mx1")
    assert len(kept) == 1  # the torn last line may still be being written
    assert "anna" not in str(kept)
    assert "log.jsonl:2" in str(kept)


@pytest.mark.parametrize(
    "changed",
    [
        {"time": "1999-01-01T00:00:00Z"}, {"time": "2027-01-01T00:00:00Z"}, {"count": 0}, {"count": -1},
        {"count": 10**12}, {"count": 1.5}, {"count": True}, {"ip": "::1"}, {"ip": "fe80::1"}, {"kind": "spam"},
        {"tenant": "not a name!"}, {"tenant": "x" * 500}, {"more": 1},
    ],
)  # fmt: skip
def test_what_cannot_be_true_is_no_evidence(store, tmp_path, changed):
    path = tmp_path / "log.jsonl"
    path.write_text(line(**changed))
    done = ingest(store, READERS["jsonl"], [path], "mx1", NOW)
    assert (done.pieces, done.unreadable) == (0, 1)


@given(st.sampled_from(sorted(READERS)), st.binary(max_size=2000))
@settings(max_examples=150, deadline=None)
def test_no_bytes_stop_a_reader(name, data):
    with TemporaryDirectory() as folder, Store(Path(folder)) as store:
        path = Path(folder, "x")
        path.write_bytes(data)
        ingest(store, READERS[name], [path], "s", NOW)


def test_a_source_is_forgotten_whole(store, tmp_path):
    path = tmp_path / "log.jsonl"
    path.write_text(line(1) + "bad\n")
    ingest(store, READERS["jsonl"], [path], "liar", NOW)
    ingest(store, READERS["jsonl"], [path], "mx1", NOW)
    assert store.purge("liar") == 1
    assert {each.source for each in store.tallies()} == {"mx1"}
    assert store.unreadable("liar") == []
