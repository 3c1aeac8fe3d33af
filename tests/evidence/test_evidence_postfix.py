"""Postfix logs: volume by recipient that was judged, tenants where somebody proved them, nothing about refused ones."""

from collections import Counter
from datetime import UTC, datetime

import pytest
from tests.evidence.held import held

from reputon.evidence.ingest import ingest
from reputon.evidence.readers import READERS
from reputon.evidence.store import Store
from reputon.subject import address_text

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)

LOG = """\
Nov 24 09:30:00 mx postfix/smtpd[12]: connect from out.example.org[192.0.2.7]
Nov 24 09:30:00 mx policyd-spf[3]: prepend Received-SPF: Pass (mailfrom) identity=mailfrom; client-ip=192.0.2.7; \
helo=out.example.org; envelope-from=a@news.example.org; receiver=<UNKNOWN>
Nov 24 09:30:00 mx postfix/smtpd[12]: NOQUEUE: reject: RCPT from out.example.org[192.0.2.7]: 550 5.1.1 \
<gone@here.example>: Recipient address rejected: User unknown in local recipient table; from=<a@news.example.org> \
to=<gone@here.example> proto=ESMTP helo=<out.example.org>
Nov 24 09:30:01 mx postfix/smtpd[12]: 4F2A3B1C: client=out.example.org[192.0.2.7]
Nov 24 09:30:01 mx postfix/cleanup[14]: 4F2A3B1C: message-id=<1@news.example.org>
Nov 24 09:30:01 mx postfix/qmgr[9]: 4F2A3B1C: from=<a@news.example.org>, size=999, nrcpt=2 (queue active)
Nov 24 09:30:02 mx postfix/lmtp[13]: 4F2A3B1C: to=<joe@here.example>, relay=mbox, delay=1, delays=0/0/0/1, \
dsn=2.0.0, status=sent (250 ok)
Nov 24 09:30:02 mx postfix/lmtp[13]: 4F2A3B1C: to=<ann@here.example>, relay=mbox, delay=1, delays=0/0/0/1, \
dsn=4.2.2, status=deferred (452 full)
Nov 24 09:31:02 mx postfix/smtpd[12]: NOQUEUE: reject: RCPT from bad.example[198.51.100.9]: 554 5.7.1 Service \
unavailable; Client host [198.51.100.9] blocked using bl.reputon.test; from=<x@y.example> to=<joe@here.example> \
proto=ESMTP helo=<h>
Nov 24 09:32:00 mx postfix/submission/smtpd[15]: 5A2A3B1C: client=home[203.0.113.9], sasl_method=PLAIN, \
sasl_username=joe
Nov 24 09:32:00 mx postfix/qmgr[9]: 5A2A3B1C: from=<joe@here.example>, size=9, nrcpt=1 (queue active)
Nov 24 09:32:01 mx postfix/smtp[16]: 5A2A3B1C: to=<x@else.example>, relay=mx.else.example[203.0.113.77]:25, delay=1, \
delays=0/0/0/1, dsn=2.0.0, status=sent (250 ok)
Nov 24 09:33:00 mx sshd[4]: Failed password for root from 192.0.2.7 port 22
"""


@pytest.fixture
def store(tmp_path):
    with Store(tmp_path / "state") as made:
        yield made


def read(store, path, text, now=NOW):
    path.write_text(text)
    done = ingest(store, READERS["postfix"], [path], "mx1", now)
    rows = held(store)
    return done, Counter((address_text(row["subject"]), row["tenant"], row["kind"]) for row in rows)


def test_a_log(store, tmp_path):
    done, found = read(store, tmp_path / "mail.log", LOG)
    assert done.unreadable == 0
    assert found["192.0.2.7", "example.org", "sent"] == 2
    assert found["192.0.2.7", "example.org", "unknown-user"] == 1
    assert found["192.0.2.7", "example.org", "delivered"] == 1
    # What a list refused is no volume, and our own users are no senders to be judged.
    assert not [key for key in found if key[0] == "198.51.100.9" and key[2] == "sent"]
    assert not [key for key in found if key[0] == "203.0.113.9"]


def test_without_proof_it_is_nobodys(store, tmp_path):
    text = "".join(line for line in LOG.splitlines(keepends=True) if "policyd-spf" not in line)
    _, found = read(store, tmp_path / "mail.log", text)
    assert {tenant for address, tenant, _ in found if address == "192.0.2.7"} == {"unauth@192.0.2.7"}


def test_read_while_it_is_written(store, tmp_path):
    found = Counter[tuple[str, str, str]]()
    for cut in range(0, len(LOG) + 97, 97):
        _, found = read(store, tmp_path / "mail.log", LOG[:cut])
    _, whole = read(store, tmp_path / "mail.log", LOG)
    assert found == whole
    with Store(tmp_path / "other") as other:
        assert read(other, tmp_path / "copy.log", LOG)[1] == whole


def test_times_with_a_zone_and_years(store, tmp_path):
    line = (
        "{} mx postfix/smtpd[1]: NOQUEUE: reject: RCPT from x[192.0.2.7]: 550 5.1.1 <a@b.example>: Recipient address \
rejected: User unknown in local recipient table; from=<> to=<a@b.example> proto=ESMTP helo=<x>\n"
    )
    stamps = ("2026-11-24T10:30:00.123456+01:00", "Dec 31 23:59:59", "Feb 29 12:00:00")
    read(store, tmp_path / "mail.log", "".join(line.format(stamp) for stamp in stamps))
    times = {datetime.fromtimestamp(row["time"], UTC) for row in held(store)}
    assert datetime(2026, 11, 24, 9, 30, tzinfo=UTC) in times
    assert datetime(2025, 12, 31, 23, 59, 59, tzinfo=UTC) in times


def test_a_claim_of_postfix_that_cannot_be_read_is_kept_aside(store, tmp_path):
    text = (
        "Xov 24 09:31:02 mx postfix/smtpd[12]: NOQUEUE: reject: RCPT from a[192.0.2.7]: 550 5.1.1 <secret@b.example>\n"
    )
    done, found = read(store, tmp_path / "mail.log", text)
    assert (done.unreadable, found) == (1, Counter())
    assert "secret" not in str(store.unreadable())
