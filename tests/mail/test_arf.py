"""Complaint reports (RFC 5965), field by field."""

import base64
from datetime import UTC, datetime

import pytest

from reputon.mail import arf, mime

FIELDS = """Feedback-Type: abuse
User-Agent: Receiver/1.0
Version: 1
Source-IP: 192.0.2.1
Incidents: 3
Arrival-Date: Tue, 24 Nov 2026 10:30:00 +0100
Original-Mail-From: <news@shop.example>
Original-Rcpt-To: <ann@us.example>
Reported-Domain: shop.example
Reported-Domain: esp.example
Reporting-MTA: dns; mx.us.example
Authentication-Results: us.example; dkim=pass header.d=shop.example
"""


def report(fields=FIELDS, more=""):
    return f"""From: Complaints <fbl@us.example>
Date: Tue, 24 Nov 2026 11:00:00 +0000
MIME-Version: 1.0
Content-Type: multipart/report; report-type=feedback-report; boundary=b

--b
Content-Type: message/feedback-report
{more}
{fields}
--b
Content-Type: message/rfc822

From: news@shop.example
Message-ID: <1@shop.example>

Buy.
--b--
""".encode()


def test_every_field():
    found = arf.parse(report())
    assert found.feedback_type == "abuse"
    assert found.user_agent == "Receiver/1.0"
    assert (found.source_ip, found.incidents) == ("192.0.2.1", 3)
    assert found.time == found.arrival_date == datetime(2026, 11, 24, 9, 30, tzinfo=UTC)
    assert found.reported_at == datetime(2026, 11, 24, 11, tzinfo=UTC)
    assert found.reported_domains == ("shop.example", "esp.example")
    assert (found.original_mail_from, found.original_rcpt_to) == ("<news@shop.example>", ("<ann@us.example>",))
    assert found.authentication_results == ("us.example; dkim=pass header.d=shop.example",)
    assert (found.reporting_mta, found.reporter) == ("dns; mx.us.example", "us.example")
    assert found.message_id == "<1@shop.example>"
    assert ("From", "news@shop.example") in found.headers


@pytest.mark.parametrize(
    "data",
    [
        report("\n" + FIELDS),
        report(base64.encodebytes(FIELDS.encode()).decode(), "Content-Transfer-Encoding: base64\n"),
        report().replace(b"\n", b"\r\n"),
    ],
    ids=["empty line first", "base64", "CRLF"],
)
def test_other_ways_to_write_it(data):
    assert arf.parse(data) == arf.parse(report())


@pytest.mark.parametrize(
    ("said", "taken"), [("0", 1), ("-5", 1), ("x", 1), ("²", 1), ("9" * 5000, arf.INCIDENTS), ("", 1), ("12", 12)]
)
def test_incidents_are_bounded(said, taken):
    assert arf.parse(report(FIELDS.replace("Incidents: 3", f"Incidents: {said}"))).incidents == taken


@pytest.mark.parametrize("cut", range(300, len(report()) - 8, 37))
def test_a_report_cut_short_is_never_half_a_complaint(cut):
    with pytest.raises(arf.ArfError):
        arf.parse(report()[:cut])


def test_what_is_too_large_is_told():
    with pytest.raises(arf.ArfError, match="larger"):
        arf.parse(report() + b"x" * mime.SIZE)


def test_comments_within_comments_without_end_are_no_domain():
    assert arf.domain_of("(" * 4096) is None
