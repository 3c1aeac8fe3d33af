"""Readers of reports: a folder of fixtures each with what they are evidence of beside them, bombs, and fuzz.

`NAME.jsonl` holds what is found in NAME, in order: a piece of evidence as JSON lines have it, or
`{"unreadable": "words of the reason"}`.
"""

import gzip
import io
import json
import zipfile
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reputon.evidence.files import Line
from reputon.evidence.ingest import Found, ingest
from reputon.evidence.kinds import Evidence, Unreadable
from reputon.evidence.readers import READERS
from reputon.evidence.store import Store
from reputon.mail import aggregate, packed
from reputon.subject import address_text

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
FOLDER = Path(__file__).parent / "readers"
REPORTS = ("xarf", "dsn", "dmarc", "snds", "trap-pristine", "trap-recycled")
FIXTURES = [path for name in REPORTS for path in sorted((FOLDER / name).iterdir()) if path.suffix != ".jsonl"]
RECIPIENTS = ("ann@us.example", "bob@us.example", "trap@us.example")


def read(name, content):
    """What a reader finds in a file's bytes."""
    reader = READERS[name]
    texts = [content] if reader.whole else list(io.BytesIO(content))
    reading, found = reader.open(NOW), list[Found]()
    for number, text in enumerate(texts, 1):
        is_whole = reader.whole or text.endswith(b"\n")
        found += reading.line(Line(text if reader.whole else text.rstrip(), f"file:{number}", is_whole))
    return found


def plain(evidence):
    return {
        "time": evidence.time.strftime("%Y-%m-%dT%H:%M:%SZ"), "ip": address_text(evidence.subject),
        "tenant": evidence.tenant, "kind": str(evidence.kind), "count": evidence.count,
    }  # fmt: skip


def agrees(found, expected):
    if isinstance(found, Unreadable):
        return expected.get("unreadable", "\0") in found.why
    return plain(found) == expected


@pytest.mark.parametrize("path", FIXTURES, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_what_a_report_is_evidence_of(path):
    expected = [json.loads(line) for line in Path(f"{path}.jsonl").read_text().splitlines()]
    found = read(path.parent.name, path.read_bytes())
    assert len(found) == len(expected), found
    for each, wanted in zip(found, expected, strict=True):
        assert agrees(each, wanted), (each, wanted)
    assert not [name for name in RECIPIENTS if name in str(found)]


@pytest.mark.parametrize("name", REPORTS)
def test_the_same_files_again_count_once(name, tmp_path):
    with Store(tmp_path) as store:
        paths = [path for path in FIXTURES if path.parent.name == name]
        first = ingest(store, READERS[name], paths, "s", NOW)
        again = ingest(store, READERS[name], paths, "s", NOW)
    assert first.new > 0
    assert (again.new, again.broken) == (0, first.broken)


# --- DMARC aggregate reports: bombs

GOOD = (FOLDER / "dmarc" / "rfc7489.xml").read_bytes()


def the_reason(content):
    (found,) = read("dmarc", content)
    assert isinstance(found, Unreadable)
    return found.why


def zipped(content):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("report.xml", content)
    return out.getvalue()


@pytest.mark.parametrize("pack", [gzip.compress, zipped])
def test_a_packed_bomb_is_refused(pack, monkeypatch):
    monkeypatch.setattr(packed, "EXPANDED", 1 << 20)
    assert "unpacks to more than" in the_reason(pack(GOOD + b" " * (1 << 20)))
    assert len(read("dmarc", pack(GOOD + b" " * 1000))) == 4


def test_a_gzip_file_without_its_end_is_cut_short():
    assert "gzip file is cut short" in the_reason(gzip.compress(GOOD)[:-4])


def test_a_bomb_within_a_bomb_is_no_report():
    assert the_reason(gzip.compress(gzip.compress(GOOD)))


def test_a_zip_file_of_many_members_is_refused_before_they_are_read():
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for number in range(50):
            archive.writestr(f"{number}.xml", GOOD)
    assert "many members" in the_reason(out.getvalue())


@pytest.mark.parametrize(
    ("bound", "most", "content"),
    [
        ("DEPTH", 10, b"<feedback>" + b"<a>" * 20),
        ("ELEMENTS", 100, b"<feedback>" + b"<a/>" * 200),
        ("ROWS", 1, GOOD),
    ],
)
def test_bounds_of_the_document(bound, most, content, monkeypatch):
    monkeypatch.setattr(aggregate, bound, most)
    assert "has more than" in the_reason(content)


def test_a_long_value_is_cut():
    found = read("dmarc", GOOD.replace(b"20261124.1", b"x" * 100_000))
    assert len(found) == 4
    assert all(each.identity for each in found)


def test_the_same_report_in_another_packing_counts_once(tmp_path):
    one, other, next_one = (tmp_path / name for name in ("a.xml", "b.zip", "c.xml"))
    one.write_bytes(GOOD)
    other.write_bytes(zipped(GOOD + b"\n"))
    next_one.write_bytes(GOOD.replace(b"20261124.1", b"20261124.2"))
    with Store(tmp_path / "state") as store:
        done = ingest(store, READERS["dmarc"], [one, other, next_one], "s", NOW)
    assert (done.pieces, done.new, done.unreadable) == (12, 8, 0)


# --- SNDS


def test_a_day_downloaded_again_counts_once(tmp_path):
    rows = (FOLDER / "snds" / "day.csv").read_bytes().splitlines(keepends=True)
    (tmp_path / "a.csv").write_bytes(b"".join(rows))
    (tmp_path / "b.csv").write_bytes(b"".join(rows[::-1]))
    with Store(tmp_path / "state") as store:
        done = ingest(store, READERS["snds"], [tmp_path / "a.csv", tmp_path / "b.csv"], "s", NOW)
    assert done.pieces == 2 * done.new == 18


# --- whatever they are given

CONTENT = {name: [path.read_bytes() for path in FIXTURES if path.parent.name == name] for name in REPORTS}


@st.composite
def damaged(draw, pieces):
    """A fixture with a piece cut out and another put in."""
    text = draw(st.sampled_from(pieces))
    start, end = sorted(draw(st.tuples(*[st.integers(0, len(text))] * 2)))
    put = draw(st.binary(max_size=20) | st.sampled_from(pieces).map(lambda piece: piece[: 4 * len(text)]))
    return text[:start] + put + text[end:]


@pytest.mark.parametrize("name", REPORTS)
@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_nothing_makes_a_reader_fail(name, data):
    content = data.draw(st.binary(max_size=120) | damaged(CONTENT[name]))
    for found in read(name, content):
        assert isinstance(found, (Evidence, Unreadable))
        if isinstance(found, Unreadable):
            assert len(found.why) <= 300
