"""Hostile input at every door: whatever the bytes, no exception, an answer, and no event lost in silence."""

import io
import json
import re
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reputon import bounce, lists
from reputon.bounce import doors
from reputon.bounce.report import ACTIONS, FAULTS, PHASES, REASONS, SUBJECT_KINDS

HERE = Path(__file__).parent
CATALOGUE = lists.load()
FIXTURES = [path.read_bytes() for path in sorted(HERE.glob("*/*")) if path.suffix != ".json"]
LOGS = {kind: b"".join(path.read_bytes() for path in sorted((HERE / "logs").glob(f"{kind.partition('-')[0]}-*.log")))
        for kind in ("postfix-log", "exim-log", "sendmail-log")}  # fmt: skip
MARK = re.compile(rb": to=<| (?:\*\*|==) ")  # with this, a line looks like a refusal
KINDS = st.sampled_from([None, *doors.DOORS])


def read(data, kind=None):
    found = list(bounce.read_all(io.BytesIO(data), kind, CATALOGUE))
    assert found
    for message in found:
        json.dumps(bounce.as_json(message))
        assert (message.is_bounce is None) == (message.kind == "unreadable") == bool(message.error)
        for report in message.reports:
            assert report.action in ACTIONS or report.reason in ("feedback", "vacation")
            assert report.fault in FAULTS
            assert report.reason in REASONS
            assert report.subject_kind in SUBJECT_KINDS
            assert report.phase is None or report.phase in PHASES
    return found


@settings(deadline=None)
@given(st.binary(max_size=2000), KINDS)
def test_any_bytes_have_an_answer(data, kind):
    read(data, kind)


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(FIXTURES), KINDS, st.data())
def test_a_mutated_file_has_an_answer(fixture, kind, data):
    at = data.draw(st.integers(0, len(fixture)))
    end = data.draw(st.integers(at, min(len(fixture), at + 300)))
    read(fixture[:at] + data.draw(st.binary(max_size=60)) + fixture[end:], kind)


@settings(max_examples=100, deadline=None)
@given(st.sampled_from([each for each in FIXTURES if each.startswith(b"\xd0\xcf")]), st.data())
def test_a_mutated_outlook_file_has_an_answer(fixture, data):
    broken = bytearray(fixture)
    for at in data.draw(st.lists(st.integers(8, len(fixture) - 1), max_size=40)):
        broken[at] = data.draw(st.integers(0, 255))
    read(bytes(broken))


@settings(max_examples=100, deadline=None)
@given(st.sampled_from(sorted(LOGS)), st.data())
def test_no_line_of_a_log_is_lost(kind, data):
    lines = [line for line in LOGS[kind].splitlines() if MARK.search(line)]
    at = data.draw(st.integers(0, len(lines) - 1))
    begun = MARK.search(lines[at])
    assert begun is not None
    cut = data.draw(st.integers(begun.end(), len(lines[at])))
    damaged = [*lines[:at], lines[at][:cut], *lines[at + 1 :]]
    assert len(read(b"\n".join(damaged), kind)) == len(lines)


JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=20),
    lambda inside: st.lists(inside, max_size=4) | st.dictionaries(st.text(max_size=8), inside, max_size=4),
    max_leaves=10,
)
EVENTS = [json.loads(path.read_text()) for path in sorted((HERE / "webhooks").glob("*.event"))
          if path.stem not in ("ses-delivered-and-suppressed-lines", "sparkpost-policy-and-complaint")]  # fmt: skip


def _places(value, path=()):
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, each in inside:
        yield (*path, key)
        yield from _places(each, (*path, key))


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(EVENTS), JSON, st.data())
def test_any_value_in_any_place_of_a_webhook_has_an_answer(event, value, data):
    changed = json.loads(json.dumps(event))
    *path, last = data.draw(st.sampled_from(list(_places(changed))))
    inside = changed
    for key in path:
        inside = inside[key]
    inside[last] = value
    text = json.dumps(changed).encode()
    for kind in (None, "ses", "sendgrid", "mailgun", "postmark", "sparkpost", "kumomta-log"):
        read(text, kind)


HOSTILE = {
    "reply": b"Nov 24 09:30:01 o sendmail[1]: 4AO8U1xQ003321: to=<a@b.example>, delay=1, "
    + b"reply=" * 9000
    + b" stat=x",
    "led": b"Date,Event,Detail,MessageId\n1,Fail," + b"{LED=};{MSG=" * 5000 + b",m",
    "cells": b"Date,Event,Detail,MessageId\n" + b'"' * 300_000 + b",\n1,Fail,550 x,m",
    "statuses": b"date_time,recipient_status,message_id\n1," + b"a@b.example##Fail;" * 3000 + b",m",
    "to": b"Nov 24 09:30:01 o postfix/smtp[1]: 4XyQ7k1Zz9: to=<" + b">, relay=, dsn=" * 4000,
    "after": b"2026-11-24 09:30:02 1vNabC-00000004k2x-1Zyq ** a@b.example: "
    + b"SMTP error from remote mail server after " * 1500,
    "rejected": b"2026-11-24 09:30:02 H=x [192.0.2.1] " + b"rejected RCPT " * 4500,
    "from": b"From a Tue 09:30:00 2026\n" + b"\nFrom " * 200_000,
    "braces": b'{"msys":' + b"{" * 2_000_000,
    "objects": b'{"msys": {}}' + b"{}" * 20_000,
    "backslashes": b'{"msys": "' + b"\\" * 2_000_001 + b'"}',
    "array": b'[{"msys": {}},' + b"[" * 200_000,
    "utf-16": b"\xff\xfe" + "Date,Event,Detail,MessageId\n".encode("utf-16-le") + b"a\0" * 2_000_000,
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_text_takes_no_long_time(name):
    started = time.monotonic()
    read(HOSTILE[name])
    assert time.monotonic() - started < 10


def test_entries_that_claim_the_same_bytes_again_and_again_are_refused():
    whole = (HERE / "msg" / "ndr-with-original.msg").read_bytes()
    # Every stream that lies in sectors of its own is said to be a gigabyte long.
    at = whole.index("__substg1.0_1000001F".encode("utf-16-le"))
    broken = whole[: at + 120] + (1 << 30).to_bytes(4, "little") + whole[at + 124 :]
    (message,) = read(broken)
    assert message.kind == "unreadable"


def test_an_outlook_file_whose_table_points_to_itself_is_refused():
    broken = bytearray((HERE / "msg" / "ndr-with-original.msg").read_bytes())
    first, fat = (int.from_bytes(broken[at : at + 4], "little") for at in (60, 76))
    at = 512 * (fat + 1) + 4 * first
    broken[at : at + 4] = first.to_bytes(4, "little")
    broken[64:68] = (1 << 21).to_bytes(4, "little")  # a gigabyte of the same sector
    (message,) = read(bytes(broken))
    assert message.kind == "unreadable"


def test_half_a_character_in_json_is_no_error():
    (message,) = read(
        b'{"msys":{"message_event":{"type":"bounce","raw_reason":"550 5.1.1 \\ud800","rcpt_to":"a@b.example"}}}'
    )
    message.reports[0].text.encode()
