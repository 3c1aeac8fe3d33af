"""Subjects: keys and texts go both ways, and what may not be scored is refused with the reason."""

from ipaddress import IPv4Address, IPv6Address, IPv6Network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reputon import subject
from reputon.subject import Subject, SubjectError

GLOBAL = int(IPv6Network("2000::/3").network_address)


@given(st.ip_addresses(v=4))
def test_ip4_goes_both_ways(address):
    found = subject.parse(str(address))
    assert (found, found.key) == (Subject("ip", str(address)), int(address))
    assert subject.of_key(found.key) == found


@given(st.integers(0, (1 << 125) - 1))
def test_ip6_stands_for_its_64(number):
    address = IPv6Address(GLOBAL + number)
    found = subject.parse(str(address))
    assert found.key == int(address) >> 64 >= subject.IP4_KEYS
    assert address in IPv6Network(found.text)
    assert subject.parse(found.text) == subject.of_key(found.key) == found


@given(st.ip_addresses(v=4))
def test_a_mapped_address_is_its_ip4_address(address):
    assert subject.address_key(f"::ffff:{address}") == int(IPv4Address(address))


@pytest.mark.parametrize("text", ["::1", "::", "::192.0.2.1", "fc00::1", "fd12::1", "fe80::1", "ff02::1"])
def test_refused_ranges_say_why(text):
    with pytest.raises(SubjectError, match="cannot be scored"):
        subject.parse(text)


@pytest.mark.parametrize(
    "text", ["", ".", "192.0.2", "192.0.2.256", "192.0.2.0/24", "2001:db8::/32", "a b.example", "-.", "x" * 64 + ".org",
             "a..example", "1.2.3.4.5", "example.1", "😀" * 80]
)  # fmt: skip
def test_what_is_no_subject_is_refused(text):
    with pytest.raises(SubjectError):
        subject.parse(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Example.ORG.", "example.org"),
        ("bücher.example", "xn--bcher-kva.example"),
        (" _dmarc.a.example ", "_dmarc.a.example"),
    ],
)
def test_domains_have_one_form(text, expected):
    assert subject.parse(text) == Subject("domain", expected)
    assert subject.domain(expected) == expected


@given(st.text(max_size=80))
def test_any_text_is_a_subject_or_refused(text):
    try:
        found = subject.parse(text)
    except SubjectError:
        return
    assert subject.parse(found.text) == found


@pytest.mark.parametrize(
    ("text", "expected"), [("192.0.2.1", True), ("2001:db8::1", True), ("8.8.8.8", False), ("2600::1", False)]
)
def test_reserved_space_is_known(text, expected):
    assert subject.is_reserved(subject.address_key(text)) is expected
