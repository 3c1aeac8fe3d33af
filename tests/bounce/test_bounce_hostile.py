"""Hostile input: whatever the bytes, there is an answer, and long text is cut before any pattern sees it."""

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reputon import bounce, lists
from reputon.bounce import dialects, reply
from reputon.bounce.notice import TEXT, split
from reputon.bounce.report import ACTIONS, FAULTS, REASONS, SUBJECT_KINDS
from reputon.mail import dsn, mime

HERE = Path(__file__).parent
FIXTURES = [path.read_bytes() for path in sorted(HERE.glob("*/*")) if path.suffix in (".eml", ".txt")]
CATALOGUE = lists.load()


def _is_sound(message: bounce.Message) -> bool:
    json.dumps(bounce.as_json(message))
    reports = message.reports
    return (
        (message.is_bounce is None) == bool(message.error)
        and len(reports) <= dsn.RECIPIENTS
        and all(report.action in ACTIONS or report.reason in ("feedback", "vacation") for report in reports)
        and all(report.fault in FAULTS for report in reports)
        and all(report.reason in REASONS and report.subject_kind in SUBJECT_KINDS for report in reports)
        and all(len(report.text or "") <= max(reply.LENGTH, dsn.VALUE) for report in reports)
    )


@given(st.binary(max_size=4000))
def test_any_bytes_have_an_answer(data):
    assert _is_sound(bounce.read(data, CATALOGUE))


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(FIXTURES), st.data())
def test_a_mutated_bounce_has_an_answer(fixture, data):
    at = data.draw(st.integers(0, len(fixture)))
    end = data.draw(st.integers(at, min(len(fixture), at + 200)))
    junk = data.draw(st.binary(max_size=60))
    assert _is_sound(bounce.read(fixture[:at] + junk + fixture[end:], CATALOGUE))


@settings(max_examples=80, deadline=None)
@given(st.sampled_from(FIXTURES), st.data())
def test_a_truncated_bounce_has_an_answer(fixture, data):
    assert _is_sound(bounce.read(fixture[: data.draw(st.integers(0, len(fixture)))], CATALOGUE))


@pytest.mark.parametrize("data", [b"", b" \r\n\n", b"\x7fELF\x02\x01\x01" + b"\0" * 500, bytes(range(256)) * 40])
def test_what_is_no_mail_is_unreadable_and_says_why(data):
    message = bounce.read(data, CATALOGUE)
    assert (message.is_bounce, message.kind) == (None, "unreadable")
    assert message.error


def test_a_bounce_that_returns_30_megabytes_is_read_from_its_beginning():
    fixture = next(each for each in FIXTURES if b"4B7.1/mail" in each and b"barracuda" in each)
    message = bounce.read(fixture.replace(b"The minutes.", b"The minutes.\n" * (30 << 20 >> 3)), CATALOGUE)
    assert message.reports[0].listed_ip == "192.0.2.33"


@pytest.mark.parametrize(
    "data", [b"a" * (30 << 20), b"\n" * (30 << 20) + b"x", b"Subject: x\n\n" + b"550 " * (7 << 20)]
)
def test_30_megabytes_of_nothing_have_an_answer(data):
    assert _is_sound(bounce.read(data, CATALOGUE))


ADVERSARIAL = ["a" * 200_000, "550 " * 50_000, "<" * 200_000, "host a" * 33_000, "a.b" * 66_000, "1.2.3.4 " * 25_000,
               "blocked using " * 14_000, "-> 5" * 50_000, "127.0.0." * 25_000, " " * 200_000, "user " * 40_000,
               "a@" * 100_000, '{"notificationType": ' * 9_000, '{"notificationType":"Bounce","bounce":[]}',
               "Received: " * 20_000, "\n>" * 100_000, ("x" * 100 + " ") * 2000]  # fmt: skip


@pytest.mark.timeout(60)
@pytest.mark.parametrize("text", ADVERSARIAL, ids=lambda text: text[:14].strip() or "spaces")
def test_long_text_is_cut_before_any_pattern_sees_it(text):
    said = reply.read(text)
    assert len(said.text) <= reply.LENGTH
    found = dialects.load().match(said.smtp, said.enhanced, said.text)
    assert found is None or found.rule.pattern
    words, _ = split(text)
    assert len(words) <= TEXT
    for head in (b"", b"From: MAILER-DAEMON@mx.example.org\nSubject: failure notice\n\n"):
        assert _is_sound(bounce.read(head + text.encode(), CATALOGUE))


def test_a_bounce_in_a_bounce_in_a_bounce_ends():
    data = FIXTURES[0]
    for _ in range(30):
        data = b"From: a@example.org\nSubject: Fwd\nContent-Type: message/rfc822\n\n" + data
    assert _is_sound(bounce.read(data, CATALOGUE))


def test_containers_without_end_are_read_as_far_as_the_bounds():
    data = b"From: a@example.org\nTo: b@example.org\n" + b"Content-Type: multipart/mixed; boundary=a\n\n--a\n" * 300
    assert _is_sound(bounce.read(data, CATALOGUE))
    assert len(list(mime.parts(mime.parse(data)))) < mime.PARTS
