"""Quoting: one line, within bounds, and names only where they are names."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reputon.remedy.quoting import address, domain_name, message_id, one_line


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (None, ""), ("", ""), (" a \r\n\tb ", "a b"), ("a\u2028b\u202ec\x00d", "a b c d"), ("x" * 20, "x" * 9 + "…"),
        ("x" * 10, "x" * 10), ("a" + " " * 100 + "b", "a…"),
    ],
)  # fmt: skip
def test_one_line(text, line):
    assert one_line(text, 10) == line


@given(st.text(max_size=100), st.integers(1, 50))
def test_a_line_is_one_line_within_bounds_and_again_itself(text, most):
    line = one_line(text, most)
    assert len(line) <= most
    assert line.isprintable()
    assert len(line.splitlines()) <= 1
    assert one_line(line, most) == line


@pytest.mark.parametrize(
    "text", ["", None, "1.2.3.4", "a b.example", "-rf.example", "a;b.example", "$(x).example", "a..b"]
)
def test_no_domain(text):
    assert domain_name(text) is None


@pytest.mark.parametrize("text", ["", None, "fe80::1%eth0", "fe80::1%;reboot", "1.2.3", "1.2.3.4;x", "127.1"])
def test_no_address(text):
    assert address(text) is None


def test_names():
    assert domain_name("Mail.Example.") == "mail.example"
    assert address("2001:DB8::1") == "2001:db8::1"
    assert message_id("<a+b=c@x.example>") == "<a+b=c@x.example>"


@pytest.mark.parametrize("text", ["", None, "<a'b@x>", "<$(a)@x>", "<a b@x>", "<a`b`@x>", "<a\n@x>", "x" * 300])
def test_a_message_id_that_a_shell_would_read(text):
    assert message_id(text) is None
