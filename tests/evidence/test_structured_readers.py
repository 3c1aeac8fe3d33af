"""Readers of structured logs: a folder of fixtures each, what is expected beside, and what holds whatever comes."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reputon.evidence.files import Line
from reputon.evidence.ingest import ingest
from reputon.evidence.kinds import Evidence, Kind, Unreadable, checked
from reputon.evidence.readers import READERS, documents, exchange, kumomta, powermta, rows, rspamd
from reputon.evidence.readers.wide import Text
from reputon.evidence.store import Store
from reputon.subject import address_text

NOW = datetime(2026, 11, 25, tzinfo=UTC)
FOLDER = Path(__file__).parent / "readers"
NAMES = ("exchange", "kumomta", "powermta", "rspamd")
FIXTURES = sorted(path for name in NAMES for path in (FOLDER / name).glob("*") if path.suffix != ".jsonl")


def cut(path):
    """The lines of a file, as ingesting hands them over."""
    *whole, last = path.read_bytes().split(b"\n")
    texts = [(text, True) for text in whole] + ([(last, False)] if last else [])
    return [Line(text.rstrip(b" \t\r\n"), f"{path.name}:{n}", end) for n, (text, end) in enumerate(texts, 1)]


def read(name, path):
    """What a reader finds in a file."""
    reading = READERS[name].open(NOW)
    return [each for line in cut(path) for each in reading.line(line)]


def lines(name, *texts):
    """What a reader finds in whole lines."""
    reading = READERS[name].open(NOW)
    return [each for n, text in enumerate(texts, 1) for each in reading.line(Line(text, f"log:{n}", is_whole=True))]


def plain(found):
    if isinstance(found, Unreadable):
        return {"unreadable": found.why, "where": found.where}
    return {
        "time": found.time.strftime("%Y-%m-%dT%H:%M:%SZ"), "ip": address_text(found.subject), "tenant": found.tenant,
        "kind": str(found.kind), "count": found.count,
    }  # fmt: skip


@pytest.mark.parametrize("path", FIXTURES, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_fixture(path):
    expected = [json.loads(line) for line in path.with_suffix(".jsonl").read_text().splitlines()]
    found = read(path.parent.name, path)
    assert [plain(each) for each in found] == expected
    for each in found:
        assert isinstance(each, Unreadable) or checked(each, NOW)


def test_every_reader_has_a_broken_fixture_from_which_it_recovers():
    for name in NAMES:
        (path,) = (FOLDER / name).glob("broken.[!j]*")
        found = read(name, path)
        assert isinstance(found[-1], Evidence), name
        assert sum(isinstance(each, Unreadable) for each in found) > 5, name


@pytest.mark.parametrize("path", FIXTURES, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_no_recipient_is_shown(path):
    shown = str(read(path.parent.name, path))
    assert not [who for who in ("ann@", "ben@", "cat@", "gone@", "secret@", "joe@") if who in shown]


@pytest.mark.parametrize("path", FIXTURES, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_each_file_counts_once_and_a_longer_one_by_what_is_new(path, tmp_path):
    data, copy = path.read_bytes(), tmp_path / "log"
    with Store(tmp_path / "state") as store:
        for end in (len(data) // 3, len(data) * 2 // 3, len(data)):
            copy.write_bytes(data[:end])
            ingest(store, READERS[path.parent.name], [copy], "mx", NOW)
        grown = store.rows().to_pylist()
        done = ingest(store, READERS[path.parent.name], [path], "mx", NOW)
        assert (done.new, done.broken) == (0, [])
        assert len(grown) == len(store.rows().to_pylist()) > 0


# --- rspamd


def test_histories_that_overlap_count_once(tmp_path):
    history, rows_of = FOLDER / "rspamd" / "history.json", FOLDER / "rspamd" / "rows.log"
    newer = json.loads(history.read_text())
    newer["rows"].insert(0, dict(newer["rows"][1], **{"message-id": "new"}))
    later = tmp_path / "later.json"
    later.write_text(json.dumps(newer))
    with Store(tmp_path / "state") as store:
        done = [ingest(store, READERS["rspamd"], [path], "mx", NOW).new for path in (history, rows_of, later)]
    assert done == [10, 0, 1]


@pytest.mark.parametrize("action", rspamd.ACTIONS)
def test_every_action_of_rspamd(action):
    row = {"ip": "192.0.2.7", "action": action, "unix_time": 1795512600, "user": "unknown", "symbols": {}}
    found = [each.kind for each in lines("rspamd", json.dumps(row).encode())]
    assert found == list(rspamd.ACTIONS[action] or ())


@pytest.mark.parametrize("symbol", sorted(rspamd.VIRUSES))
def test_a_virus_is_malware_and_a_scanner_that_failed_is_not(symbol):
    def kinds(name):
        row = {"ip": "192.0.2.7", "action": "reject", "unix_time": 1795512600, "symbols": {name: {"score": 1}}}
        return [each.kind for each in lines("rspamd", json.dumps(row).encode())]

    assert Kind.MALWARE in kinds(symbol)
    assert Kind.MALWARE not in kinds(f"{symbol}_FAIL")


def test_a_json_text_over_many_lines_has_bounds(monkeypatch):
    monkeypatch.setattr(documents, "SIZE", 100)
    row = json.dumps({"ip": "192.0.2.7", "action": "no action", "unix_time": 1795512600}).encode()
    found = lines("rspamd", b"[", *[b' {"a": "' + b"x" * 30 + b'"},'] * 10, b" 1", b"]", row)
    assert [type(each) for each in found] == [Unreadable, Evidence]
    assert "longer than" in found[0].why


# --- sending platforms


@pytest.mark.parametrize("name", ["kumomta", "powermta"])
def test_a_sender_that_nobody_vouches_for_is_nobody(name):
    for each in read(name, FOLDER / name / ("records.log" if name == "kumomta" else "accounting.csv")):
        assert each.tenant in ("customer.example", "other.example", "tenant.example") or each.tenant.startswith(
            "unauth@"
        )


def test_what_a_list_refused_is_no_volume():
    assert "SpamBlock" not in kumomta.CLASSES
    assert "spam-related" not in powermta.CATEGORIES


# --- rows


def test_columns_stand_in_any_order():
    values = {"type": "d", "timeLogged": "1795512600", "dlvSourceIp": "192.0.2.1", "rcpt": "ann@receiver.example"}

    def csv(*names):
        return lines("powermta", ",".join(names).encode(), ",".join(values[each] for each in names).encode())

    assert csv("type", "timeLogged", "dlvSourceIp", "rcpt") == csv("type", "rcpt", "dlvSourceIp", "timeLogged")


def test_a_row_inside_a_quote_is_no_row():
    header, forged = b"type,timeLogged,dlvSourceIp,dsnDiag", b"d,1795512600,203.0.113.1,x"
    found = lines("powermta", header, b'd,1795512600,192.0.2.1,"550 no', *[forged] * 500, b'no"')
    assert {each.subject for each in found} == {
        lines("powermta", header, forged.replace(b"203.0.113", b"192.0.2"))[0].subject
    }
    assert len(found) == 2


def test_a_quote_that_is_not_closed_spoils_its_line_alone(monkeypatch):
    monkeypatch.setattr(rows, "OPEN", 100)
    header, good = b"type,timeLogged,dlvSourceIp,dsnDiag", b"d,1795512600,192.0.2.1,x"
    found = lines("powermta", header, b'd,1795512600,192.0.2.1,"550 no', *[good] * 10)
    assert [type(each) for each in found] == [Unreadable, *[Evidence] * 20]


def test_the_clients_that_are_remembered_have_bounds(monkeypatch):
    monkeypatch.setattr(exchange, "OPEN", 10)
    header = b"#Fields: date-time,event-id,source,client-ip,message-id,recipient-address,recipient-status"
    taken = [b"2026-11-24T09:31:00Z,RECEIVE,SMTP,192.0.2.79,<%d@x>,ann@here.example," % n for n in range(20)]
    given = [b"2026-11-24T09:31:00Z,DELIVER,STOREDRIVER,,<%d@x>,ann@here.example," % n for n in (9, 10)]
    assert len(lines("exchange", header, *taken, *given)) == 2


# --- text

# Letters with a line feed's byte in either half, beside the blank and each other.  (One with a blank byte just before
# that one, U+0A20, loses it: `files.lines` takes white space from the end of what it cuts.)
LETTERS = "ab ,;\u010a\u0a85\u0a8f\u4e0a\u4e0b\u6d77\u00e9\u0a0a"


@settings(max_examples=200, deadline=None)
@given(st.lists(st.text(LETTERS, max_size=12), max_size=4), st.sampled_from(["utf-8", "utf-16-le", "utf-16-be"]))
def test_text_comes_back_whatever_its_letters(tmp_path_factory, texts, codec):
    path = tmp_path_factory.getbasetemp() / "wide.csv"
    path.write_bytes("".join(f"{each}\r\n" for each in ["\ufeffhead", *texts]).encode(codec))
    text = Text()
    found = [text.of(line) for line in cut(path) if line.is_whole]
    assert [each for each in found if each is not None] == ["head", *(each.rstrip() for each in texts)]


# --- all

PIECES = {name: [line for path in (FOLDER / name).glob("*") if path.suffix != ".jsonl"
                 for line in path.read_bytes().split(b"\n")] for name in NAMES}  # fmt: skip


@st.composite
def damaged(draw, pieces):
    """A good line with a piece cut out and another put in."""
    text = draw(st.sampled_from(pieces))
    start, end = sorted(draw(st.tuples(*[st.integers(0, len(text))] * 2)))
    return text[:start] + draw(st.binary(max_size=20) | st.sampled_from(pieces)) + text[end:]


@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=200, deadline=None)
@given(data=st.data())
def test_nothing_makes_a_reader_fail(name, data):
    reading = READERS[name].open(NOW)
    pieces = PIECES[name]
    for text in data.draw(st.lists(st.binary(max_size=80) | st.sampled_from(pieces) | damaged(pieces), max_size=8)):
        for found in reading.line(Line(text, "log:1", data.draw(st.booleans()))):
            assert isinstance(found, (Evidence, Unreadable))
