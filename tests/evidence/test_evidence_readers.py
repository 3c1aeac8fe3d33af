"""Readers: fixtures of each format, and what holds for all of them whatever they are given."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reputon.evidence import kinds
from reputon.evidence.files import Line
from reputon.evidence.kinds import Evidence, EvidenceError, Kind, Unreadable
from reputon.evidence.readers import READERS, jsonl, postfix
from reputon.evidence.tenant import proved
from reputon.subject import address_text

NOW = datetime(2026, 11, 25, tzinfo=UTC)
ARF = Path(__file__).parent / "arf"
SCHEMA = json.loads((Path(kinds.__file__).parent / "evidence.schema.json").read_text())


def read(reader, *texts, whole=True):
    """What a reader finds in lines (or in one message)."""
    reading = READERS[reader].open(NOW)
    return [each for n, text in enumerate(texts, 1) for each in reading.line(Line(text, f"log:{n}", whole))]


def plain(evidence):
    return {
        "time": evidence.time.strftime("%Y-%m-%dT%H:%M:%SZ"), "ip": address_text(evidence.subject),
        "tenant": evidence.tenant, "kind": str(evidence.kind), "count": evidence.count,
    }  # fmt: skip


@pytest.mark.parametrize("path", sorted(ARF.glob("*.eml")), ids=lambda path: path.stem)
def test_complaint(path):
    expected = json.loads(path.with_suffix(".json").read_text())
    found = read("arf", path.read_bytes())
    if "unreadable" in expected:
        (bad,) = found
        assert expected["unreadable"] in bad.why
    else:
        assert [plain(each) for each in found] == expected["evidence"]


def test_the_same_complaint_in_another_report_has_the_same_identity():
    text = (ARF / "abuse-dkim.eml").read_bytes()
    (one,), (again,) = (
        read("arf", text),
        read("arf", text.replace(b"<abuse-dkim@", b"<other@").replace(b"09:35", b"9:40")),
    )
    (other,) = read("arf", text.replace(b"<0001@", b"<0002@"))
    assert one.identity == again.identity != other.identity
    assert one.identity is not None


# --- JSON lines

GOOD = {"time": "2026-11-24T09:30:00Z", "ip": "192.0.2.1", "kind": "sent", "count": 3, "tenant": "mail.example.org"}


def test_the_schema_and_the_reader_know_the_same():
    assert set(SCHEMA["properties"]) == set(jsonl.KEYS)
    assert set(SCHEMA["required"]) == set(jsonl.NEEDED)
    assert SCHEMA["properties"]["kind"]["enum"] == list(Kind)
    assert SCHEMA["properties"]["count"]["maximum"] == kinds.MOST
    assert SCHEMA["properties"]["tenant"]["maxLength"] == kinds.TENANT_LENGTH
    assert SCHEMA["additionalProperties"] is False


def test_json_line():
    (found,) = read("jsonl", json.dumps(GOOD).encode())
    assert plain(found) == {**GOOD, "tenant": "example.org"}


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"time": "yesterday"}, "RFC 3339"),
        ({"time": 5}, "time is not text"),
        ({"time": "0001-01-01T00:00:00+23:00"}, ""),
        ({"ip": "bob@example.org"}, "***@example.org"),
        ({"ip": "fe80::1"}, "link-local"),
        ({"kind": "spam"}, "none of"),
        ({"count": "3"}, "whole number"),
        ({"count": True}, "whole number"),
        ({"count": 1.5}, "whole number"),
        ({"tenant": "not a domain"}, "neither"),
        ({"tenant": "co.uk"}, "public suffix"),
        ({"tenant": "COM."}, "public suffix"),
        ({"tenant": "localhost"}, "public suffix"),
        ({"tenant": "mail.kawasaki.jp"}, "public suffix"),
        ({"tenant": 7}, "not text"),
        ({"more": 1}, "'more' is none of"),
    ],
)
def test_json_line_that_cannot_be(change, why):
    (found,) = read("jsonl", json.dumps(GOOD | change).encode())
    assert isinstance(found, Unreadable)
    assert why in found.why
    assert "bob" not in found.why + found.excerpt


def test_mail_that_a_public_suffix_signed_is_nobodys():
    assert proved(["co.uk", None, "com", "not a name!", "localhost"], 0xC0000201) == "unauth@192.0.2.1"
    assert proved(["com", "mx.shop.example", "other.example"], 0xC0000201) == "shop.example"


@pytest.mark.parametrize("tenant", [None, "", "unauth@203.0.113.9"])
def test_a_tenant_that_nobody_proved_is_the_address(tenant):
    (found,) = read("jsonl", json.dumps(GOOD | {"tenant": tenant}).encode())
    assert found.tenant == "unauth@192.0.2.1"


@pytest.mark.parametrize("text", [b"[" * 100_000, b"1" * 5000, b"[" + b"1" * 5000 + b"]", b"null", b"{", b"\xff\x00"])
def test_hostile_json_is_unreadable(text):
    (found,) = read("jsonl", text)
    assert isinstance(found, Unreadable)


def test_a_line_still_being_written_waits():
    text = json.dumps(GOOD).encode()
    assert read("jsonl", text[:-1], whole=False) == []
    assert len(read("jsonl", text, whole=False)) == 1


# --- Postfix

STAMP = b"Nov 24 09:30:00 mx postfix/"
CLIENT = STAMP + b"smtpd[1]: 4XyZ1a2b3cz1: client=mail.example.org[192.0.2.1]"
QUEUED = STAMP + b"qmgr[2]: 4XyZ1a2b3cz1: from=<news@mail.example.org>, size=900, nrcpt=1 (queue active)"
SENT = (
    STAMP + b"lmtp[3]: 4XyZ1a2b3cz1: to=<ann@us.example>, orig_to=<x@us.example>, relay=us[private/lmtp], delay=0.1, "
    b"delays=0/0/0/0.1, dsn=2.0.0, status=sent (250 2.0.0 Saved)"
)
BOUNCED = SENT.replace(b"dsn=2.0.0, status=sent (250 2.0.0 Saved)", b"dsn=5.1.1, status=bounced (unknown user)")
REMOVED = STAMP + b"qmgr[2]: 4XyZ1a2b3cz1: removed"
DKIM = b"Nov 24 09:30:00 mx opendkim[4]: 4XyZ1a2b3cz1: "
VERIFIED = DKIM + b"DKIM verification successful"
SIGNED = DKIM + b"s=one d=news.example.net SSL "
DMARC = b"Nov 24 09:30:00 mx opendmarc[5]: 4XyZ1a2b3cz1: example.com pass"
SPF = (
    b"Nov 24 09:30:00 mx policyd-spf[6]: prepend Received-SPF: Pass (mailfrom) identity=mailfrom; client-ip=192.0.2.1; "
    b"helo=mail.example.org; envelope-from=news@mail.example.org; receiver=us.example"
)
REJECT = (
    STAMP + b"smtpd[1]: NOQUEUE: reject: RCPT from mail.example.org[192.0.2.1]: 550 5.1.1 <bob@us.example>: Recipient "
    b"address rejected: User unknown in local recipient table; from=<news@mail.example.org> to=<bob@us.example> "
    b"proto=ESMTP helo=<mail.example.org>"
)
OUT = "unauth@192.0.2.1"


@pytest.mark.parametrize(
    ("lines", "kind", "tenant"),
    [
        ([CLIENT, SENT], "delivered", OUT),
        ([CLIENT, QUEUED, SENT, REMOVED], "delivered", OUT),
        ([CLIENT, BOUNCED], "unknown-user", OUT),
        ([CLIENT, BOUNCED.replace(b"5.1.1", b"5.2.2")], "rejected", OUT),
        ([CLIENT, VERIFIED, SIGNED, QUEUED, SENT], "delivered", "example.net"),
        ([CLIENT, SIGNED, VERIFIED, SENT], "delivered", "example.net"),
        ([CLIENT, SIGNED, SENT], "delivered", OUT),
        ([CLIENT, VERIFIED, SIGNED + b"error:04091068:rsa routines:bad signature", SENT], "delivered", OUT),
        ([CLIENT, VERIFIED, SIGNED, DMARC, SENT], "delivered", "example.com"),
        ([CLIENT, DMARC.replace(b" pass", b" fail"), SENT], "delivered", OUT),
        ([SPF, CLIENT, QUEUED, SENT], "delivered", "example.org"),
        ([SPF.replace(b"192.0.2.1", b"192.0.2.2"), CLIENT, QUEUED, SENT], "delivered", OUT),
        ([SPF.replace(b"Pass", b"Fail"), CLIENT, QUEUED, SENT], "delivered", OUT),
        ([REJECT], "unknown-user", OUT),
        ([SPF, REJECT], "unknown-user", "example.org"),
        ([SPF, REJECT.replace(b"<bob@", b'<"; from=<x@mail.example.org>"@')], "unknown-user", OUT),
        ([REJECT.replace(b"550 5.1.1", b"554 5.7.1")], "rejected", OUT),
        ([REJECT.replace(b"smtpd", b"submission/smtpd")], "unknown-user", OUT),
        ([STAMP + b"cleanup[7]: 4XyZ1a2b3cz1: milter-reject: END-OF-MESSAGE from a.example[192.0.2.1]: 5.7.1 Spam; "
          b"from=<a@b.example> to=<c@us.example> proto=ESMTP helo=<a>"], "rejected", OUT),
        ([STAMP + b"postscreen[8]: NOQUEUE: reject: RCPT from [192.0.2.1]:4567: 550 5.7.1 Service unavailable; client "
          b"[192.0.2.1] blocked using bl.example; from=<a@b.example>, to=<c@us.example>, proto=ESMTP, helo=<a>"],
         "rejected", OUT),
        ([line.replace(b"Nov 24 09:30:00", b"2026-11-24T10:30:00.123456+01:00") for line in (CLIENT, SENT)],
         "delivered", OUT),
    ],
)  # fmt: skip
def test_postfix_outcome(lines, kind, tenant):
    found = [plain(each) for each in read("postfix", *lines)]
    common = {"time": "2026-11-24T09:30:00Z", "ip": "192.0.2.1", "tenant": tenant, "count": 1}
    # What was refused before anything of it was seen is no volume (docs/decisions/0004).
    volume = [] if kind == "rejected" else [{**common, "kind": "sent"}]
    assert found == [*volume, {**common, "kind": kind}]


@pytest.mark.parametrize(
    "lines",
    [
        [SENT],
        [CLIENT, REMOVED, SENT],
        [CLIENT + b", sasl_method=PLAIN, sasl_username=ann", SENT],
        [CLIENT.replace(b"192.0.2.1", b"127.0.0.1"), SENT],
        [CLIENT.replace(b"192.0.2.1", b"unknown"), SENT],
        [CLIENT, SENT.replace(b"status=sent", b"status=deferred")],
        [REJECT.replace(b"550 5.1.1", b"450 4.2.0")],
        [REJECT.replace(b"RCPT from", b"CONNECT from")],
        [REJECT.replace(b"reject:", b"reject_warning:")],
        [REJECT + b" sasl_username=ann"],
        [b"Nov 24 09:30:00 mx dovecot: lmtp(1): Disconnect", b"", b"anything at all", b"\xff\xfe"],
        [STAMP + b"smtpd[1]: connect from mail.example.org[192.0.2.1]"],
    ],
)
def test_postfix_no_evidence(lines):
    assert read("postfix", *lines) == []


@pytest.mark.parametrize(
    "line",
    [
        REJECT.replace(b"192.0.2.1", b"192.0.2.999"),
        CLIENT.replace(b"[192.0.2.1]", b""),
        REJECT.replace(b"Nov 24", b"Nov 34"),
        REJECT.replace(b"Nov 24 09:30:00", b"some time"),
        REJECT.replace(b"192.0.2.1", b"fe80::1"),
    ],
)
def test_postfix_broken_line_is_kept_aside(line):
    (found,) = read("postfix", line)
    assert isinstance(found, Unreadable)
    assert "bob@" not in found.excerpt + found.why
    assert "ann@" not in found.excerpt + found.why


def test_no_recipient_is_in_the_evidence():
    assert "us.example" not in str(read("postfix", CLIENT, SENT, REJECT))


def test_memory_is_bounded(monkeypatch):
    monkeypatch.setattr(postfix, "OPEN", 10)
    clients = [CLIENT.replace(b"4XyZ1a2b3cz1", b"4XyZ1a2b3c%02d" % n) for n in range(20)]
    old, new = (SENT.replace(b"4XyZ1a2b3cz1", b"4XyZ1a2b3c%02d" % n) for n in (9, 10))
    assert len(read("postfix", *clients, old, new)) == 2


# --- all readers

PIECES = [CLIENT, QUEUED, SENT, BOUNCED, REMOVED, VERIFIED, SIGNED, DMARC, SPF, REJECT, json.dumps(GOOD).encode()]
MESSAGES = [path.read_bytes() for path in sorted(ARF.glob("*.eml"))]


@st.composite
def damaged(draw, pieces):
    """A good text with a piece cut out and another put in."""
    text = draw(st.sampled_from(pieces))
    start, end = sorted(draw(st.tuples(*[st.integers(0, len(text))] * 2)))
    return text[:start] + draw(st.binary(max_size=20) | st.sampled_from(pieces)) + text[end:]


@pytest.mark.parametrize("reader", READERS)
@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_nothing_makes_a_reader_fail(reader, data):
    pieces = MESSAGES if READERS[reader].whole else PIECES
    texts = data.draw(st.lists(st.binary(max_size=80) | damaged(pieces), max_size=4))
    for found in read(reader, *texts):
        assert isinstance(found, (Evidence, Unreadable))


@pytest.mark.parametrize("name", ["", "Upper", "a b", "../x", "a" * 65, ".a", "ü"])
def test_a_source_has_a_plain_name(name):
    with pytest.raises(EvidenceError):
        kinds.source_name(name)
    assert kinds.source_name("mx1.complaints") == "mx1.complaints"
