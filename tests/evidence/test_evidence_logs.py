"""Readers of mail servers' logs: logs, each with the evidence that is in it, and what holds for any bytes."""

import json
from collections import Counter
from datetime import UTC, datetime
from ipaddress import ip_address
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reputon.evidence import files
from reputon.evidence.files import Line
from reputon.evidence.kinds import Evidence, EvidenceError, Kind, Unreadable, checked
from reputon.evidence.logs import Mail, Queue
from reputon.evidence.readers import READERS
from reputon.subject import address_text

NOW = datetime(2026, 11, 25, tzinfo=UTC)
FOLDER = Path(__file__).parent / "readers"
SERVERS = ("exim", "opensmtpd", "postfix", "sendmail")
LOGS = [path for name in SERVERS for path in sorted((FOLDER / name).glob("*.log"))]
LINES = {
    name: [line for path in FOLDER.glob(f"{name}/*.log") for line in path.read_bytes().splitlines()] for name in SERVERS
}


def found(name, path):
    """What a log is, as the lines of its `.jsonl`: the evidence, or why there is none."""
    reading = READERS[name].open(NOW)
    for number, text in enumerate(path.read_bytes().splitlines(keepends=True), 1):
        line = Line(text.rstrip(b" \t\r\n"), f"{path.name}:{number}", text.endswith(b"\n"))
        for each in reading.line(line):
            yield {"line": number, **plain(each)}


def plain(each):
    try:
        if isinstance(each, Evidence):
            checked(each, NOW)
            return {
                "time": each.time.isoformat(timespec="seconds").replace("+00:00", "Z"),
                "ip": address_text(each.subject), "tenant": each.tenant, "kind": str(each.kind), "count": each.count,
            }  # fmt: skip
    except EvidenceError as error:
        return {"unreadable": str(error)}
    return {"unreadable": each.why}


def read(name, *texts):
    reading = READERS[name].open(NOW)
    return [each for n, text in enumerate(texts, 1) for each in reading.line(Line(text, f"log:{n}", True))]


@pytest.mark.parametrize("path", LOGS, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_log(path):
    expected = [json.loads(line) for line in path.with_suffix(".jsonl").read_text().splitlines()]
    assert list(found(path.parent.name, path)) == expected


def test_every_server_has_a_broken_log():
    assert [path.parent.name for path in LOGS if path.stem == "broken"] == list(SERVERS)


@pytest.mark.parametrize("name", SERVERS)
def test_volume_is_what_was_delivered_or_went_to_nobody(name):
    """The law of docs/decisions/0004, over all that the folder holds."""
    count = dict.fromkeys(Kind, 0)
    for path in FOLDER.glob(f"{name}/*.log"):
        for each in found(name, path):
            if "kind" in each:
                count[Kind(each["kind"])] += each["count"]
    assert count[Kind.SENT] == count[Kind.DELIVERED] + count[Kind.UNKNOWN_USER] > 0
    assert count[Kind.REJECTED] > 0


@pytest.mark.parametrize("name", SERVERS)
def test_no_recipient_is_in_what_is_found(name):
    for each in read(name, *LINES[name]):
        shown = each.excerpt + each.why if isinstance(each, Unreadable) else each.tenant
        assert not [who for who in ("joe@", "ann@", "gone@", "secret@") if who in shown]


@pytest.mark.parametrize("name", SERVERS)
def test_a_line_still_being_written_waits(name):
    reading = READERS[name].open(NOW)
    assert [each for text in LINES[name] for each in reading.line(Line(text, "log:1", False))] == []


def test_a_queue_forgets_the_oldest():
    queue, client = Queue(most=3), Mail(ip_address("192.0.2.7"))
    for name in "abcde":
        assert list(queue.begun(NOW, name, client)) == []
    kinds = {name: [each.kind for each in queue.ended(NOW, name, Kind.DELIVERED)] for name in "cdeab"}
    assert kinds == {name: [Kind.SENT, Kind.DELIVERED] if name in "cde" else [] for name in "abcde"}


@given(st.lists(st.tuples(st.sampled_from([Kind.DELIVERED, Kind.REJECTED]), st.integers(1, 9)), max_size=6), st.data())
def test_what_waits_for_its_client_counts_as_if_it_had_come_after(ends, data):
    """Sendmail refuses before it names the client: the counts are those of the same log in the other order."""
    at = data.draw(st.integers(0, len(ends)))
    client = Mail(ip_address("192.0.2.7"))
    queue, total = Queue(), Counter[Kind]()
    for number, (kind, count) in enumerate(ends):
        pieces = list(queue.begun(NOW, "a", client)) if number == at else []
        for each in (*pieces, *queue.ended(NOW, "a", kind, count)):
            total[each.kind] += each.count
    if at == len(ends):
        for each in queue.begun(NOW, "a", client):
            total[each.kind] += each.count
    delivered = sum(count for kind, count in ends if kind is Kind.DELIVERED)
    rejected = sum(count for kind, count in ends if kind is Kind.REJECTED)
    assert total == Counter({Kind.SENT: delivered, Kind.DELIVERED: delivered, Kind.REJECTED: rejected})


@st.composite
def damaged(draw, pieces):
    """A line of a log with a piece cut out and another put in."""
    text = draw(st.sampled_from(pieces))
    start, end = sorted(draw(st.tuples(*[st.integers(0, len(text))] * 2)))
    return text[:start] + draw(st.binary(max_size=20) | st.sampled_from(pieces)) + text[end:]


@pytest.mark.parametrize("name", SERVERS)
@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_nothing_makes_a_reader_fail(name, data):
    pieces = LINES[name]
    texts = data.draw(st.lists(st.binary(max_size=80) | st.sampled_from(pieces) | damaged(pieces), max_size=6))
    for each in read(name, *texts):
        assert isinstance(each, (Evidence, Unreadable))


@pytest.mark.parametrize("piece", [b" ", b'"', b"\\", b"a", b"<", b"]", b"(a) [1] ", b" A=", b": ", b", ", b"to=<x>, "])
@pytest.mark.parametrize("name", SERVERS)
def test_the_longest_lines_are_read(name, piece):
    """A line of 1 MiB, cut off anywhere in its head; what takes more than linear time would not come back."""
    heads = {text[: len(text) * part // 8] for text in LINES[name][::7] for part in (2, 4, 6)}
    for head in sorted(heads):
        text = head + piece * ((files.LINE - len(head)) // len(piece))
        for each in read(name, text):
            assert isinstance(each, (Evidence, Unreadable))
