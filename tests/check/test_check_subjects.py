"""Subjects: prefixes within bounds, hosts with their addresses."""

import pytest

from reputon.check.subjects import CheckError, Expanded, expand, named
from reputon.resolver import Nobody, World

WORLD = World({
    "mail.example.org": {"A": ["192.0.2.7"], "AAAA": ["2001:db8::7"]},
    "example.org": {"A": ["192.0.2.1"]},
    "many.example.org": {"A": [f"192.0.2.{number}" for number in range(30)] + ["nonsense"]},
})  # fmt: skip


def expanded(*texts: str) -> list[tuple[str, str | None]]:
    return [(each.subject, each.host) for each in expand(map(named, texts), WORLD)]


def test_what_is_meant_by_what_is_named():
    assert expanded("192.0.2.7", "::ffff:192.0.2.8") == [("192.0.2.7", None), ("192.0.2.8", None)]
    assert expanded("192.0.2.9/31") == [("192.0.2.8", None), ("192.0.2.9", None)]
    assert len(expanded("192.0.0.0/20")) == 4096
    assert len(expanded("2001:db8::/120")) == 256
    assert expanded("Example.ORG") == [("example.org", None)]
    assert expanded("host:example.org") == [("example.org", None), ("192.0.2.1", "example.org")]
    assert expanded("mail.example.org")[1:] == [
        ("192.0.2.7", "mail.example.org"),
        ("2001:db8::7", "mail.example.org"),
    ]


def test_a_host_has_sixteen_addresses_at_most():
    assert len(expanded("many.example.org")) == 1 + 16


def test_a_host_whose_addresses_are_unknown_is_a_domain():
    assert list(expand([named("mail.example.org")], Nobody())) == [Expanded("mail.example.org")]


@pytest.mark.parametrize(
    "text", ["192.0.0.0/19", "0.0.0.0/0", "2001:db8::/64", "::/0", "192.0.2.0/33", "a/b", "host:", "x/"]
)
def test_what_is_too_much_or_nothing_is_a_sentence(text):
    with pytest.raises(CheckError):
        named(text)
