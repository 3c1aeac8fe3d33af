"""Postfix's log, line by line."""

import time
from contextlib import suppress
from datetime import UTC, datetime
from ipaddress import ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reputon.mail import postfix_log as log
from reputon.mail.postfix_log import Client, Delivery, Entry
from reputon.mail.syslog import LogError

NOW = datetime(2026, 11, 25, tzinfo=UTC)
CLIENT = "mx postfix/smtpd[1]: 4XyZ1a2b3cz1: client=a.example[2001:db8::1]"


@pytest.mark.parametrize(
    ("stamp", "now", "expected"),
    [
        ("Nov 24 09:30:00", NOW, "2026-11-24T09:30:00"),
        ("Nov  4 09:30:00", NOW, "2026-11-04T09:30:00"),
        ("Nov 25 23:00:00", NOW, "2026-11-25T23:00:00"),
        ("Nov 27 00:00:00", NOW, "2025-11-27T00:00:00"),
        ("Jan  1 00:05:00", datetime(2026, 12, 31, 23, 50, tzinfo=UTC), "2027-01-01T00:05:00"),
        ("Feb 29 12:00:00", NOW, "2024-02-29T12:00:00"),
        ("2026-11-24T10:30:00.5+01:00", NOW, "2026-11-24T09:30:00.500000"),
        ("2026-11-24T09:30:00Z", NOW, "2026-11-24T09:30:00"),
    ],
)
def test_time(stamp, now, expected):
    entry = log.parse(f"{stamp} {CLIENT}", now)
    assert entry == Entry(
        datetime.fromisoformat(expected + "+00:00"), "4XyZ1a2b3cz1", Client(ip_address("2001:db8::1"), False)
    )


@pytest.mark.parametrize("name", ["postfix/smtpd", "postfix/submission/smtpd", "postfix-in/smtpd"])
def test_every_name_of_a_daemon(name):
    assert log.parse(f"Nov 24 09:30:00 {CLIENT.replace('postfix/smtpd', name)}", NOW) is not None


@pytest.mark.parametrize("name", ["notpostfix/smtpd", "smtpd", "dovecot", "postfix/anvil"])
def test_other_programs_are_none_of_ours(name):
    assert log.parse(f"Nov 24 09:30:00 {CLIENT.replace('postfix/smtpd', name)}", NOW) is None


def test_delivery():
    line = "Nov 24 09:30:00 mx postfix/smtp[1]: 4F2A3B: to=<a@b.example>, relay=x, dsn=5.1.1, status=bounced (no)"
    entry = log.parse(line, NOW)
    assert entry is not None
    assert (entry.queue_id, entry.said) == ("4F2A3B", Delivery("bounced", "5.1.1"))


@pytest.mark.parametrize(
    "line",
    [
        "Feb 30 09:30:00 " + CLIENT,
        "Nov 24 25:30:00 " + CLIENT,
        CLIENT,
        "Nov 24 09:30:00 " + CLIENT.replace("::1]", "]"),
    ],
)
def test_broken_lines_are_told(line):
    with pytest.raises(LogError):
        log.parse(line, NOW)


@given(st.text(max_size=200), st.integers(0, 100))
def test_no_text_breaks_it(text, at):
    whole = "Nov 24 09:30:00 " + CLIENT
    for line in (text, whole[:at] + text + whole[at:]):
        with suppress(LogError):
            log.parse(line, NOW)


@pytest.mark.parametrize(
    "piece", [" ", "a", "[", "; from=<", ", dsn=", ">, ", "status=", " postfix/a", "identity=", ": "]
)
def test_long_lines_take_linear_time(piece):
    starts = ("", "Nov 24 09:30:00 mx postfix/lmtp[1]: 4F2A3B: to=<", "Nov 24 09:30:00 mx policyd-spf[1]: Pass ",
              "Nov 24 09:30:00 mx postfix/smtpd[1]: NOQUEUE: reject: RCPT from a[192.0.2.1]: 550 5.1.1 ",
              "Nov 24 09:30:00 mx postfix/qmgr[1]: 4F2A3B: from=<")  # fmt: skip
    began = time.process_time()
    for start in starts:
        log.parse(start + piece * ((1 << 20) // len(piece)), NOW)
    assert time.process_time() - began < 2
