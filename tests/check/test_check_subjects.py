"""Subjects: prefixes within bounds, hosts with their addresses."""

import pytest

from reputon.check.subjects import CheckError, Expanded, expand, named
from reputon.resolver import Answer, Nobody, Status, World

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

    (about, *_) = expand([named("many.example.org")], WORLD)
    assert "it has 30 addresses, of which the first 16 are asked about" in (about.note or "")


def test_a_host_whose_addresses_are_unknown_says_so():
    about, unknown = expand([named("mail.example.org")], Nobody())
    assert about == Expanded("mail.example.org")
    assert (unknown.subject, unknown.host) == ("mail.example.org", "mail.example.org")
    assert "could not be looked up (A: not asked: offline; AAAA: not asked: offline)" in (unknown.why or "")


class HalfSilent:
    """A resolver that has an IPv4 address of every name, and no answer for IPv6."""

    def ask(self, questions):
        return [Answer(each, Status.ANSWER, ("192.0.2.7",)) if each.rdtype == "A" else Answer(each, Status.TIMEOUT)
                for each in questions]  # fmt: skip


def test_addresses_of_one_family_do_not_hide_that_the_other_is_unknown():
    domain, address, unknown = expand([named("mail.example.org")], HalfSilent())
    assert (domain.note, address.subject) == (None, "192.0.2.7")
    assert unknown.why == "its addresses could not be looked up (AAAA: no answer in time)"


@pytest.mark.parametrize(
    ("host", "said"), [("host:gone.example", "the name does not exist"), ("host:bare.example", "it has no addresses")]
)
def test_a_host_without_addresses_is_said_in_words(host, said):
    (about,) = expand([named(host)], World({"bare.example": {"MX": ["10 mx.example.org"]}}))
    assert said in (about.note or "")


@pytest.mark.parametrize(
    "text", ["192.0.0.0/19", "0.0.0.0/0", "2001:db8::/64", "::/0", "192.0.2.0/33", "a/b", "host:", "x/"]
)
def test_what_is_too_much_or_nothing_is_a_sentence(text):
    with pytest.raises(CheckError):
        named(text)
