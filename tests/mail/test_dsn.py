"""RFC 3464: groups of fields, whole, torn, run together, encoded; recipients in their order."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reputon.mail import dsn, mime

REPORT = """Reporting-MTA: dns; mail.example.org
Arrival-Date: Tue, 3 Nov 2026 08:00:00 +0000

Original-Recipient: rfc822;list@example.net
Final-Recipient: rfc822; one@example.net
Action: failed
Status: 5.1.1 (bad address)
Diagnostic-Code: smtp; 550 5.1.1 No such
    user here

Final-Recipient: rfc822; two@example.net
Action: delayed
Status: 4.4.1
"""
WANTED = ["rfc822; one@example.net", "rfc822; two@example.net"]


def _recipients(status):
    return [each["final-recipient"] for each in status.recipients]


def test_fields_by_lower_cased_name_unfolded():
    status = dsn.parse(REPORT)
    assert status.message_fields["reporting-mta"] == "dns; mail.example.org"
    assert _recipients(status) == WANTED
    assert status.recipients[0]["diagnostic-code"] == "smtp; 550 5.1.1 No such user here"
    assert status.recipients[1]["action"] == "delayed"


@pytest.mark.parametrize(
    "torn",
    [
        REPORT.replace("\n", "\r\n"),
        REPORT.replace("+0000\n\n", "+0000\n"),  # the groups run together
        REPORT.replace("net\nAction", "net\n\nAction"),  # a group torn apart
        REPORT.replace("user here\n\n", "user here\n"),  # two recipients in one group
        "Diagnostic-Code: smtp; 550 x\nStatus: 5.0.0\n" + REPORT.split("\n\n", 1)[1],  # the address comes last
        "\n\n\n" + REPORT,
    ],
)
def test_what_servers_do_to_groups_is_put_right(torn):
    assert _recipients(dsn.parse(torn)) == WANTED


QUOTED = REPORT.replace("bad address", "bad=3Daddress").replace("No such", "No =\nsuch")


@pytest.mark.parametrize("subtype", ["delivery-status", "global-delivery-status"])
@pytest.mark.parametrize(
    ("encoding", "body"),
    [
        ("7bit", REPORT),
        ("base64", base64.encodebytes(REPORT.encode()).decode()),
        ("7bit", base64.encodebytes(REPORT.encode()).decode()),
        ("quoted-printable", QUOTED),
        ("7bit", QUOTED),
        ("", QUOTED.replace("\n", "\r\n")),
    ],
)
def test_a_part_says_the_same_as_its_text(subtype, encoding, body):
    part = mime.parse(f"Content-Type: message/{subtype}\nContent-Transfer-Encoding: {encoding}\n\n{body}".encode())
    status = dsn.parse(part)
    assert _recipients(status) == WANTED
    assert status.recipients[0]["diagnostic-code"] == "smtp; 550 5.1.1 No such user here"


def test_of_a_field_that_stands_twice_the_first_that_says_something():
    status = dsn.parse("Final-Recipient: rfc822; a@example.org\nStatus:\nStatus: 5.1.1\nStatus: 5.0.0\n")
    assert status.recipients[0]["status"] == "5.1.1"


def test_a_reply_goes_on_where_nobody_indented_it():
    status = dsn.parse(
        "Diagnostic-Code: smtp; 550-One\n550-two: 2\n550 three\nFinal-Recipient: rfc822; a@example.org\n"
    )
    assert status.recipients == (
        {"diagnostic-code": "smtp; 550-One 550-two: 2 550 three", "final-recipient": "rfc822; a@example.org"},
    )


def test_a_report_in_a_charset_of_its_own():
    raw = "Final-Recipient: rfc822; a@example.org\nDiagnostic-Code: X-Notes; ユーザー\n".encode("iso-2022-jp")
    status = dsn.parse(mime.parse(b"Content-Type: message/delivery-status\n\n" + raw))
    assert status.recipients[0]["diagnostic-code"] == "X-Notes; ユーザー"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("rfc822; a@example.org", "a@example.org"),
        ("smtp;550 5.1.1 x; y", "550 5.1.1 x; y"),
        ("X-Postfix; unknown user", "unknown user"),
        ("550 5.7.1 Service unavailable; see", "550 5.7.1 Service unavailable; see"),
        ("", ""),
    ],
)
def test_the_type_before_a_value_is_dropped(field, value):
    assert dsn.value_of(field) == value


@given(st.text(max_size=2000))
def test_any_text_has_a_status(text):
    status = dsn.parse(text)
    assert len(status.recipients) <= dsn.RECIPIENTS


def test_recipients_are_bounded():
    status = dsn.parse("\n\n".join(f"Final-Recipient: rfc822; u{n}@example.org" for n in range(dsn.RECIPIENTS + 50)))
    assert len(status.recipients) == dsn.RECIPIENTS


def test_a_long_report_keeps_its_recipients():
    reply = "550 5.1.1 " + "nobody of this name is here " * 20
    groups = [f"Final-Recipient: rfc822; x{n}@example.org\nDiagnostic-Code: smtp; {reply}{n}" for n in range(1000)]
    report = "Reporting-MTA: dns; mx.example.net\n\n" + "\n\n".join(groups)
    assert len(report) > 2 * mime.TEXT  # what people would read is cut there
    status = dsn.parse(mime.parse(f"Content-Type: message/delivery-status\n\n{report}".encode()))
    assert _recipients(status) == [f"rfc822; x{n}@example.org" for n in range(1000)]
    assert status.recipients[-1]["diagnostic-code"].endswith(" 999")
