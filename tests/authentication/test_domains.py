"""Organizational domains: our reading of the suffix list agrees with its library on every rule."""

import pytest
import tldextract

from reputon.authentication import domains
from reputon.subject import domain

EXTRACT = tldextract.TLDExtract(suffix_list_urls=(), cache_dir=None)


def by_library(name):
    found = EXTRACT(name)
    if not found.suffix:
        return ".".join(name.split(".")[-2:])
    return found.top_domain_under_public_suffix or name


def test_every_rule_of_the_list_is_read_as_its_library_reads_it():
    rules = sorted(domains._rules())
    assert len(rules) > 5000
    for rule in rules:
        suffix = domain(rule.lstrip("!").replace("*", "any"))
        for name in (suffix, f"a.{suffix}", f"b.a.{suffix}"):
            assert domains.organizational(name) == by_library(name)


def test_a_suffix_is_what_nobody_registered():
    for rule in domains._rules():
        suffix = domain(rule.lstrip("!").replace("*", "any"))
        assert domains.is_suffix(suffix) is not rule.startswith("!")
        assert "." not in suffix or domains.is_suffix(suffix.partition(".")[2])


@pytest.mark.parametrize(
    ("name", "is_one"),
    [
        ("com", True), ("CO.UK.", True), ("kawasaki.jp", True), ("localhost", True), ("example", True),
        ("xn--mre-og-romsdal-qqb.no", True), ("a.example", False), ("example.co.uk", False), ("www.ck", False),
    ],
)  # fmt: skip
def test_suffixes(name, is_one):
    assert domains.is_suffix(name) is is_one


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("mail.example.com", "example.com", True),
        ("example.co.uk", "other.co.uk", False),
        ("a.example.co.uk", "b.example.co.uk", True),
        ("example.com", "example.org", False),
        ("host.internal", "other.internal", False),
        ("co.uk", "example.co.uk", False),
        ("not a name", "example.com", False),
        ("b\u00fccher.example", "xn--bcher-kva.example", True),
    ],
)
def test_alignment_is_having_one_owner(one, other, same):
    assert domains.aligned(one, other) is same
    assert domains.aligned(other, one) is same
