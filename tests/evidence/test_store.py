"""The store: what is acknowledged is there, once, open or sealed, here or in an object store; a source can go."""

import json
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyarrow import fs

from reputon.authentication import domains
from reputon.evidence import archive, manifest, places, rows
from reputon.evidence.chunk import Chunk
from reputon.evidence.kinds import Evidence, EvidenceError, Kind, Unreadable
from reputon.evidence.store import Store

START = datetime(2026, 11, 24, tzinfo=UTC)


def piece(host=1, hours=0, tenant="shop.example", kind=Kind.SENT, count=1, identity=None):
    return Evidence(START + timedelta(hours=hours), 0xC0000200 + host, tenant, kind, count, identity)


def held(store):
    """What a store says, as a multiset."""
    return Counter(tuple(row.values()) for row in store.rows().to_pylist())


def said(source, *pieces):
    return Counter(tuple(row.values()) for row in rows.batch(source, pieces).to_pylist())


@pytest.fixture
def store(tmp_path):
    with Store(tmp_path / "state") as made:
        yield made


def test_a_batch_counts_once(store):
    assert store.add("mx1", b"1", [piece(1), piece(1), piece(2)])
    assert not store.add("mx1", b"1", [piece(3)])
    assert store.add("mx2", b"1", [piece(3)])
    assert held(store) == said("mx1", piece(1), piece(1), piece(2)) + said("mx2", piece(3))


def test_record_batches_count_like_pieces(store):
    record = rows.batch("mx1", [piece(1), piece(2)])
    assert store.add("mx1", b"1", record, names=["shop.example"])
    assert not store.add("mx1", b"1", record)
    assert held(store) == said("mx1", piece(1), piece(2))
    assert store.names(record["tenant"].to_pylist()) == {rows.key("shop.example"): "shop.example"}
    with pytest.raises(EvidenceError):
        store.add("mx2", b"2", record)


def test_an_identity_counts_once_within_and_across_batches(store):
    store.add("loop", b"1", [piece(1, identity=b"a"), piece(1, identity=b"a"), piece(2, identity=b"b")])
    store.add("loop", b"2", [piece(1, identity=b"a"), piece(3, identity=b"c")])
    assert held(store) == said("loop", piece(1), piece(2), piece(3))


def test_sealing_changes_where_it_lies_and_not_what_is_said(store):
    pieces = [piece(host, hours) for host in range(5) for hours in (0, 1, 23, 24)]
    store.add("mx1", b"1", pieces[:12])
    store.add("mx2", b"2", pieces[12:])
    before = held(store)
    made = store.seal()
    assert held(store) == before
    assert made == store.files()
    assert sum(store.read(each).num_rows for each in made) == sum(before.values())
    assert [(each.day - 20781, each.hour - 498744, each.rows) for each in made] == [
        (0, 0, 5),
        (0, 1, 5),
        (0, 23, 5),
        (1, 24, 5),
    ]
    assert made[0].path.endswith(f"evidence/date=2026-11-24/hour=00/{made[0].node}-1.parquet")
    table = pq.read_table(pa.BufferReader(Path(made[0].path).read_bytes()))
    assert table.schema.equals(rows.ROWS)
    order = [tuple(row[name] for name in rows.ORDER) for row in table.to_pylist()]
    assert order == sorted(order)
    assert store.seal() == []
    assert store.files(days={20782}) == made[3:]
    assert store.moment()[0].num_rows == 0
    assert store.moment()[1] == made
    assert store.moment(int(START.timestamp()) + 7200)[1] == made[2:]
    store.add("mx1", b"late", [piece(9, 0)])
    assert store.seal()[0].hour == made[0].hour  # a closed day gets one file more
    assert held(store) == before + said("mx1", piece(9, 0))


def test_rows_of_a_time(store):
    store.add("mx1", b"1", [piece(1, 0), piece(2, 5)])
    for _ in range(2):
        at = int(START.timestamp())
        assert store.rows(until=at).num_rows == 0
        assert store.rows(at, at + 1)["subject"].to_pylist() == [0xC0000201]
        assert store.rows(at + 1)["subject"].to_pylist() == [0xC0000202]
        store.seal()


def test_tallies_and_names(store):
    store.add("mx1", b"1", [piece(1, count=5), piece(2, kind=Kind.COMPLAINT)])
    store.seal()
    store.add("mx1", b"2", [piece(1, count=7, tenant="unauth@192.0.2.1")])
    assert [(each.source, each.kind, each.pieces, each.count) for each in store.tallies()] == [
        ("mx1", "complaint", 1, 1), ("mx1", "sent", 2, 12),
    ]  # fmt: skip
    assert store.names([0, rows.key("mx1")]) == {rows.key("mx1"): "mx1"}


@pytest.mark.parametrize("is_sealed", [True, False])
def test_a_source_is_forgotten_whole(store, is_sealed):
    for source in ("mx1", "liar"):
        store.add(source, b"1", [piece(1), piece(2, 3)], [Unreadable("x:1", "", "why")])
    if is_sealed:
        store.seal()
    assert store.purge("liar") == 2
    assert held(store) == said("mx1", piece(1), piece(2, 3))
    assert [name for name, _ in store.unreadable()] == ["mx1"]
    assert store.purge("liar") == 0
    assert store.add("liar", b"1", [piece(1)])  # it may speak again


def test_what_is_sealed_while_a_source_is_forgotten_is_forgotten_too(store, monkeypatch):
    store.add("liar", b"1", [piece(1)])
    forget = archive.Archive.forget

    def slow(whose, source):
        gone = forget(whose, source)
        whose.seal()
        return gone

    monkeypatch.setattr(archive.Archive, "forget", slow)
    assert store.purge("liar") == 1
    assert held(store) == said("liar")


def test_a_name_with_the_key_of_another_is_refused(store, monkeypatch):
    store.add("mx1", b"1", [piece(1, tenant="a.example")])
    monkeypatch.setattr("reputon.evidence.settling.key", lambda name: 7)
    monkeypatch.setattr("reputon.evidence.store.key", lambda name: 7)
    monkeypatch.setattr("reputon.evidence.rows.key", lambda name: 7)
    store.add("x", b"2", [])
    with pytest.raises(EvidenceError, match="same key"):
        store.add("x", b"3", [piece(1, tenant="b.example")])


def test_what_is_old_goes(store):
    store.add("mx1", b"1", [piece(1, 0), piece(2, 48)], [Unreadable("x:1", "", "why")])
    assert [each.day for each in store.retain(1, today=20783)] == [20781]
    assert held(store) == said("mx1", piece(2, 48))
    assert not store.add("mx1", b"1", [piece(1)])  # what was read today is known until it is old itself


def test_files_of_names_become_one(tmp_path, monkeypatch):
    monkeypatch.setattr(archive, "NAME_FILES", 2)
    url = str(tmp_path / "shared")
    with Store(tmp_path / "a", url) as a, Store(tmp_path / "b", url) as b:
        for number in range(5):
            a.add("mx1", bytes([number]), [piece(number, tenant=f"t{number}.example")])
            a.seal()
        a.retain(35, today=20790)
        assert len(list((tmp_path / "shared" / "names").iterdir())) == 1
        wanted = {rows.key(name): name for name in ("mx1", *(f"t{number}.example" for number in range(5)))}
        assert b.names(wanted) == wanted
        assert a.seal() == []
        assert b.names(wanted) == wanted


def test_files_of_no_manifest_count_for_nobody(store, tmp_path):
    store.add("mx1", b"1", [piece(1)])
    (file,) = store.seal()
    orphan = Path(file.path).with_name(f"{file.node}-77.parquet")
    other = Path(file.path).with_name("ffff-1.parquet")
    torn = Path(file.path).with_name(f".{file.node}-1.parquet.x7")
    for each in (orphan, torn, other):
        each.write_bytes(b"torn")
    assert held(store) == said("mx1", piece(1))
    store.seal()
    assert (orphan.exists(), torn.exists(), other.exists()) == (False, False, True)


class Strict(fs.FileSystemHandler):  # type: ignore[misc]
    """An object store: what it cannot do, it does not; everything else is a folder's."""

    def __init__(self, folder):
        self.of = fs.SubTreeFileSystem(str(folder), fs.LocalFileSystem())

    def get_type_name(self):
        return "strict"

    def normalize_path(self, path):
        return path

    def get_file_info(self, paths):
        return self.of.get_file_info(paths)

    def get_file_info_selector(self, selector):
        return self.of.get_file_info(selector)

    def create_dir(self, path, recursive):
        self.of.create_dir(path, recursive=recursive)

    def open_input_file(self, path):
        return self.of.open_input_file(path)

    def open_output_stream(self, path, metadata):
        return self.of.open_output_stream(path)

    def delete_file(self, path):
        self.of.delete_file(path)

    def _refuse(self, *_):
        raise AssertionError("an object store cannot do this")

    open_input_stream = open_append_stream = move = copy_file = delete_dir = _refuse
    delete_dir_contents = delete_root_dir_contents = _refuse


@pytest.mark.parametrize("form", ["folder", "file"])
def test_many_nodes_write_to_one_place(tmp_path, form):
    url = str(tmp_path / "shared") if form == "folder" else (tmp_path / "shared").as_uri()
    with Store(tmp_path / "a", url) as a, Store(tmp_path / "b", url) as b:
        a.add("mx1", b"1", [piece(1, tenant="a.example")])
        b.add("mx2", b"1", [piece(2, tenant="b.example")])
        a.seal()
        b.seal()
        assert a.files() == b.files()
        assert len({each.node for each in a.files()}) == 2
        expected = said("mx1", piece(1, tenant="a.example")) + said("mx2", piece(2, tenant="b.example"))
        assert held(a) == held(b) == expected
        wanted = {rows.key(name): name for name in ("a.example", "b.example", "mx1", "mx2")}
        assert a.names(wanted) == b.names(wanted) == wanted
        a.add("mx1", b"2", [piece(3)])
        a.seal()
        assert a.purge("mx1") == 2
        assert held(b) == said("mx2", piece(2, tenant="b.example"))


def test_an_object_store_needs_no_renaming(tmp_path, monkeypatch):
    made = fs.PyFileSystem(Strict(tmp_path))
    monkeypatch.setattr(places, "from_uri", lambda uri: (made, "bucket/reputon"))
    with Store(tmp_path / "state", "s3://bucket/reputon") as store:
        store.add("mx1", b"1", [piece(1), piece(2, 5)])
        store.seal()
        store.add("liar", b"2", [piece(3)])
        store.seal()
        assert store.purge("liar") == 1
        assert held(store) == said("mx1", piece(1), piece(2, 5))
        assert store.files()[0].path.startswith("s3://bucket/reputon/evidence/date=2026-11-24/hour=00/")
        assert store.read(store.files()[1], ["subject"]).to_pydict() == {"subject": [0xC0000202]}


@given(st.lists(st.tuples(st.integers(0, 9), st.booleans()), max_size=12))
@settings(max_examples=25, deadline=None)
def test_batches_in_any_order_sealed_at_any_time_are_the_same(steps):
    with TemporaryDirectory() as folder, Store(Path(folder)) as store:
        for number, seals in steps:
            store.add("mx1", bytes([number]), [piece(number, number), piece(number)])
            if seals:
                store.seal()
        known = {number for number, _ in steps}
        assert held(store) == said("mx1", *(p for n in known for p in (piece(n, n), piece(n))))


def test_a_chunk_counts_what_is_after_its_last_known_mark(store):
    def chunk(*numbers):
        return Chunk([bytes([n]) for n in numbers], [(place, piece(n)) for place, n in enumerate(numbers)])

    assert store.settle("mx1", chunk(1, 2)).new == 2
    assert store.settle("mx1", chunk(1)).new == 0  # a copy that ends before our chunk did
    assert store.settle("mx1", chunk(1, 2, 3)).new == 1
    assert store.settle("mx1", chunk(1, 2, 3)).new == 0
    assert store.settle("mx1", chunk(0, 3, 4)).new == 1
    assert store.settle("mx2", chunk(1, 2)).new == 2


def test_messages_are_known_each_by_itself(store):
    def chunk(*numbers):
        return Chunk(
            [bytes([n]) for n in numbers], [(place, piece(n)) for place, n in enumerate(numbers)], chained=False
        )

    assert store.settle("loop", chunk(1, 2, 1)).new == 2
    assert store.settle("loop", chunk(3, 1, 4, 2)).new == 2
    assert store.settle("loop", chunk(5, 6)).new == 2
    assert store.settle("loop", chunk(1, 2, 3, 4, 5, 6)).new == 0
    assert held(store) == said("loop", *(piece(number) for number in range(1, 7)))


@pytest.mark.parametrize("url", ["s3://key:secret@bucket/x", "relative/path", "nowhere://x/y"])
def test_a_place_that_cannot_be_is_told(tmp_path, url):
    with Store(tmp_path / "state", url) as store:
        store.add("mx1", b"1", [piece(1)])  # what is taken in does not need it
        with pytest.raises(EvidenceError):
            store.seal()


JSON = st.recursive(
    st.none() | st.integers() | st.text(max_size=5) | st.floats(),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["version", "files", "names", "store", "sealed_to", "path", "day"]), inner, max_size=6
        )
    ),
    max_leaves=12,
)


@given(JSON.map(lambda value: json.dumps(value).encode()) | st.binary(max_size=60))
@settings(max_examples=200, deadline=None)
def test_no_manifest_makes_a_reader_fail(data):
    class Place:
        def get(self, name):
            return pa.py_buffer(data)

        def shown(self, name):
            return name

    place: Any = Place()
    with pytest.raises(EvidenceError):
        manifest.load(place, "node")


def test_a_sealed_file_says_by_which_suffixes_names_became_tenants(tmp_path):
    with Store(tmp_path) as store:
        store.add("mx1", b"1", [piece()])
        (file,) = store.seal()
    assert pq.read_schema(file.path).metadata[b"reputon.suffixes"] == domains.snapshot().encode()
