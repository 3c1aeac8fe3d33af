"""A notice taken apart: texts, report, what came back; also where types were lost on the way."""

import time

import pytest

from reputon.bounce import notice
from reputon.mail import mime

REPORT = "Reporting-MTA: dns; mx.example.org\n\nFinal-Recipient: rfc822; a@example.net\nAction: failed\nStatus: 5.1.1\n"
RETURNED = "Received: from a by b\nFrom: s@example.org\nSubject: =?utf-8?q?=C3=84?=\nMessage-ID: <1@example.org>\n"


def apart(*parts):
    head = "From: MAILER-DAEMON@mx.example.org\nSubject: failure\nContent-Type: multipart/report; boundary=b\n\n"
    return notice.take_apart(mime.parse((head + "".join(f"--b\n{part}\n" for part in parts) + "--b--\n").encode()))


@pytest.mark.parametrize(
    "part",
    [
        f"Content-Type: message/delivery-status\n\n{REPORT}",
        f"Content-Type: message/global-delivery-status\n\n{REPORT}",
        f"Content-Type: text/plain\n\n{REPORT}",
        f"Content-Type: application/octet-stream\n\n{REPORT}",
        f"\n{REPORT}",
    ],
)
def test_a_report_whatever_its_type(part):
    found = apart("\nIt failed.", part)
    assert found.status is not None
    assert [each["final-recipient"] for each in found.status.recipients] == ["rfc822; a@example.net"]
    assert found.text.startswith("It failed.")


@pytest.mark.parametrize(
    "part",
    [
        f"Content-Type: message/rfc822\n\n{RETURNED}\nHello",
        f"Content-Type: message/rfc822\n\n\n{RETURNED}\nHello",
        f"Content-Type: message/rfc822\n\nFrom s@example.org Tue Nov 24 10:30:00 2026\n{RETURNED}\nHello",
        f"Content-Type: message/rfc822-headers\n\n{RETURNED}",
        f"Content-Type: text/rfc822-headers\n\n{RETURNED}",
        f"\nIt came back:\n\n{RETURNED}\nHello",
        "\n" + "".join(f"> {line}\n" for line in RETURNED.splitlines()),
    ],
)
def test_what_came_back_however(part):
    returned = apart("\nIt failed.", part).returned
    assert returned is not None
    assert returned.first("subject") == "=?utf-8?q?=C3=84?="
    assert returned.first("message-id") == "<1@example.org>"
    assert len(returned.headers) == 4


def test_html_counts_where_plain_text_says_nothing():
    html = "Content-Type: text/html\n\n<p>In HTML</p>"
    assert apart("\nIn text", html).text == "In text"
    assert apart("\n \n", html).text.split() == ["In", "HTML"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (f"It failed.\n\n{RETURNED}", "It failed.\n"),
        (f"It failed.\n{RETURNED}", "It failed."),
        (f"From: x\n\nNo block: \nReceived: y\n\n{RETURNED}", "From: x\n\nNo block: \nReceived: y\n"),
        (RETURNED, ""),
        (REPORT, REPORT),
        ("Received: a\nReceived: b\nReceived: c", "Received: a\nReceived: b\nReceived: c"),
        ("From: a\nTo: b\nSubject: c", "From: a\nTo: b\nSubject: c"),
    ],
)
def test_words_end_where_a_returned_header_begins(text, words):
    assert notice.split(text)[0] == words


@pytest.mark.parametrize("kind", ["text/plain", "text/html", "text/rfc822-headers", "message/rfc822", "x/y"])
@pytest.mark.parametrize("piece", ["a\n", " a\n", "Received: a\n", "Received: a\n\n", "\n>", "Subject: a\nb\n"])
def test_a_notice_takes_linear_time(kind, piece):
    """Sixteen times the bytes: quadratic work would take 256 times as long, and what is bounded even less than 16."""

    def fastest(size):
        data = f"Content-Type: {kind}\n\nReceived: a\n".encode() + piece.encode() * (size // len(piece))
        times = []
        for _ in range(3):
            begun = time.process_time()
            notice.take_apart(mime.parse(data))
            times.append(time.process_time() - begun)
        return min(times)

    assert fastest(256 << 10) < 100 * max(fastest(16 << 10), 1e-4)
