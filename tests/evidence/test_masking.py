"""Masking: no form of a recipient is left in an excerpt or a reason, and what finds a line again is."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reputon.evidence.masking import EXCERPT, masked, reason

FORMS = [
    "to {}@example.org", "to=<{}@example.org>, relay=none", "<{}@example.org>", "to=<{}>, relay=none", "<{}>",
    "=> {} <{}@example.org> R=local", "=> {} R=local_user", "** {} R=local", "to={}, delay=1", "orig_to=<{}>",
    'ctladdr={} (1/1), "rcpt": "{}"', '{{"recipient":"{}"}}', '{{"rcpt_to": ["{}", "{}"]}}', "x={}%40example.org",
    "{}%2540example.org", '{{"a":"{}\\u0040example.org"}}', "{}&#64;example.org", "{}&#x40;example.org",
    "rfc822;{}+40example.org", "{}\uff20example.org", "{} @ example.org", '"odd {}"@example.org',
    '"{} odd"@example.org',
    '"very \\"{}\\" odd" @example.org', 'x "a b {} c d"@example.org y',
]  # fmt: skip


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("before", ["", "Nov 24 mx postfix/smtpd[7]: ", '{"note": "said", "x": ', "'"])
def test_no_form_shows_who_it_was(form, before):
    text = before + form.format(*["odduser9"] * 2)
    for each in (text, json.dumps(text), repr(text), "\0".join(text) if "%" not in form else text):
        assert "odd" not in masked(each).replace("\0", "")
        assert "odd" not in reason(each)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("bob@example.org is no IP address", "***@example.org is no IP address"),
        ("<22>Nov 24 mx x[7]: to=<bob@example.org>", "<22>Nov 24 mx x[7]: to=***"),
        ("from=<bob@example.org>, size=4096", "from=<***@example.org>, size=4096"),
        ("1abc <= bob@example.org H=mx [192.0.2.1]", "1abc <= ***@example.org H=mx [192.0.2.1]"),
        ('{"time": "2026-11-24", "ip": "192.0.2.1"}', '{"time": "2026-11-24", "ip": "192.0.2.1"}'),
        ("from=<>, \x1b[2J", "from=<>, ?[2J"),
        ("a < b", "a < b"),
    ],
)
def test_what_finds_a_line_again_is_left(text, shown):
    assert masked(text) == shown
    assert masked(shown) == shown


def test_what_is_cut_may_have_been_a_recipient():
    assert "odd" not in masked("x " * 235 + "odduser9" * 20 + "@example.org", 120)
    assert masked("y " + "<" + "x" * 450 + '> "odd user5 and so on' + " z" * 200) == "y <***> ..."
    assert reason(f"tenant {('odduser9' * 9)[:40]!r} is none") == "tenant *** is none"


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=700))
def test_a_mask_leaves_no_local_part(text):
    shown = masked(text + " secret@example.org")
    assert "secret@" not in shown
    assert len(shown) <= EXCERPT


@settings(max_examples=300, deadline=None)
@given(st.text('<>"\\@=: to,%40[]*', max_size=200), st.text('<>"\\@=: to,%40[]*', max_size=200))
def test_hostile_signs_around_an_address_hide_nothing_less(before, after):
    assert "odduser9@" not in masked(f"{before}odduser9@example.org{after}", 500)
