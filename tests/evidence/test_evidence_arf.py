"""Complaints: each report one piece, the tenant by what the reporter saw pass, the same report once."""

from contextlib import suppress
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.evidence.held import held

from reputon.evidence.ingest import ingest
from reputon.evidence.readers import READERS
from reputon.evidence.store import Store
from reputon.mail import arf
from reputon.mail.arf import ArfError

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)


def report(body="", results="spf=pass smtp.mailfrom=shop.example", kind="abuse", date=True, **fields):
    said = {"Feedback-Type": kind, "User-Agent": "x/1", "Version": "1", "Source-IP": "192.0.2.7", **fields}
    if date:
        said["Arrival-Date"] = "Tue, 24 Nov 2026 10:00:00 +0000"
    if results:
        said["Authentication-Results"] = f"mx.receiver.example; {results}"
    lines = "".join(f"{name.replace('_', '-')}: {value}\n" for name, value in said.items() if value is not None)
    returned = "From: <a@shop.example>\nTo: secret.person@receiver.example\nMessage-ID: <1@shop.example>\n" + body
    return (
        "From: fbl@receiver.example\nTo: us@reputon.test\nSubject: complaint\nMIME-Version: 1.0\n"
        'Content-Type: multipart/report; report-type="feedback-report"; boundary="b"\n\n'
        f"--b\nContent-Type: text/plain\n\nSpam.\n--b\nContent-Type: message/feedback-report\n\n{lines}\n"
        f"--b\nContent-Type: message/rfc822\n\n{returned}\n\nHi.\n--b--\n"
    ).encode()


@pytest.fixture
def store(tmp_path):
    with Store(tmp_path / "state") as made:
        yield made


def read(store, tmp_path, *reports):
    folder = tmp_path / "complaints"
    folder.mkdir(exist_ok=True)
    for number, data in enumerate(reports):
        (folder / f"{number}.eml").write_bytes(data)
    done = ingest(store, READERS["arf"], sorted(folder.iterdir()), "loop", NOW)
    return done, held(store)


@pytest.mark.parametrize(
    ("options", "kind", "tenant", "count"),
    [
        ({}, "complaint", "shop.example", 1),
        ({"kind": "fraud"}, "complaint", "shop.example", 1),
        ({"kind": "virus"}, "malware", "shop.example", 1),
        ({"results": "dkim=pass header.d=mail.shop.example"}, "complaint", "shop.example", 1),
        ({"results": "spf=fail smtp.mailfrom=shop.example"}, "complaint", "unauth@192.0.2.7", 1),
        ({"results": ""}, "complaint", "unauth@192.0.2.7", 1),
        ({"Incidents": "12"}, "complaint", "shop.example", 12),
        ({"Incidents": "many"}, "complaint", "shop.example", 1),
    ],
)
def test_what_a_report_is_evidence_of(store, tmp_path, options, kind, tenant, count):
    done, (row,) = read(store, tmp_path, report(**options))
    assert done.unreadable == 0
    assert (row["kind"], row["tenant"], row["count"]) == (kind, tenant, count)
    assert row["time"] == int(datetime(2026, 11, 24, 10, tzinfo=UTC).timestamp())


def test_not_spam_is_nothing_against_anybody(store, tmp_path):
    done, rows = read(store, tmp_path, report(kind="not-spam"))
    assert (done.pieces, done.unreadable, rows) == (0, 0, [])


@pytest.mark.parametrize(
    "data",
    [report(Source_IP=None).replace(b"Source-IP: 192.0.2.7\n", b""), report(date=False), report(kind="strange"),
     b"From: a@b.example\n\nNo report.\n", b"", b"\xff" * 100],
)  # fmt: skip
def test_what_is_no_complaint_is_kept_aside(store, tmp_path, data):
    done, rows = read(store, tmp_path, data)
    assert (done.pieces, done.unreadable, rows) == (0, 1, [])


def test_the_same_report_again_counts_once(store, tmp_path):
    one = report()
    again = one.replace(b"Subject: complaint", b"Subject: Fwd: complaint")
    other = one.replace(b"<1@shop.example>", b"<2@shop.example>")
    done, rows = read(store, tmp_path, one, again, other)
    assert (done.pieces, len(rows)) == (3, 2)


def test_no_recipient_is_stored(store, tmp_path):
    read(store, tmp_path, report(Original_Rcpt_To="secret.person@receiver.example"), report(kind="strange"))
    assert b"secret.person" not in b"".join(path.read_bytes() for path in (tmp_path / "state").iterdir())


@given(st.binary(max_size=600), st.integers(0, 700))
def test_no_bytes_break_the_parser(data, at):
    whole = report()
    for each in (data, whole[:at], whole[:at] + data + whole[at:]):
        with suppress(ArfError):
            arf.parse(each)
