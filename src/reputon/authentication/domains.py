"""Organizational domain: the part of a name that one owner registered, by a pinned Public Suffix snapshot.

The snapshot is the one inside the locked wheel of tldextract: nothing is fetched, so that a score which groups
tenants by this name can be computed again later.  Only its data is read: importing tldextract itself takes 0.1 s, a
fifth of what it takes to read five hundred bounces (docs/decisions/0010).
"""

import hashlib
from functools import cache, lru_cache
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

from reputon.subject import SubjectError, domain

_SNAPSHOT = ".tld_set_snapshot"
_BEGIN, _END = "===BEGIN ICANN DOMAINS===", "===END ICANN DOMAINS==="


@lru_cache(maxsize=65536)
def organizational(name: str) -> str:
    """The organizational domain of a host or domain name, lower case; SubjectError where it is no name.

    A name that is itself a public suffix is its own organizational domain; below a top-level domain that the list
    does not know (`.example`, an internal one), the rule is `*` as its algorithm says: the last two labels.
    """
    labels = domain(name).split(".")
    return ".".join(labels[max(0, len(labels) - _suffix_length(labels) - 1) :])


def is_suffix(name: str) -> bool:
    """Whether nobody owns a name, since others register below it: a public suffix or above one; SubjectError.

    A single label always is, as the rule `*` says; `spam.example`, below a label that the list does not know, is not.
    """
    labels = domain(name).split(".")
    try:
        labels = _unicode(labels)
    except UnicodeError:  # a label that is no punycode, of no name on the list
        return len(labels) == 1
    return _suffix_length(labels) == len(labels) or ".".join(labels) in _above()


def aligned(one: str, other: str) -> bool:
    """Whether two names have one owner: DMARC's relaxed alignment (RFC 7489 section 3.1)."""
    try:
        first, second = domain(one), domain(other)
        if first == second or first.split(".")[-2:] != second.split(".")[-2:]:
            return first == second  # an owner's name has two labels at least, so the list has nothing to add
        return organizational(first) == organizational(second)
    except SubjectError:
        return False


def _suffix_length(labels: list[str]) -> int:
    """How many of the last labels are the public suffix: the longest rule, exceptions first (publicsuffix.org/list)."""
    rules = _rules()
    labels = _unicode(labels)
    for start in range(len(labels)):
        name, above = ".".join(labels[start:]), ".".join(labels[start + 1 :])
        if f"!{name}" in rules:
            return len(labels) - start - 1
        if name in rules or (above and f"*.{above}" in rules):
            return len(labels) - start
    return 1


def _unicode(labels: list[str]) -> list[str]:
    return [each.encode().decode("idna") if each.startswith("xn--") else each for each in labels]


@cache
def _above() -> frozenset[str]:
    """The names above the suffixes: `kawasaki.jp` is no rule and no one's, where `*.kawasaki.jp` is a rule."""
    names = (rule.lstrip("!").split(".") for rule in _rules())
    return frozenset(".".join(labels[start:]) for labels in names for start in range(1, len(labels)))


@cache
def snapshot() -> str:
    """Which snapshot it is: the package that brings it, and a digest of its rules; whoever recomputes can compare."""
    rules = "\n".join(sorted(_rules())).encode()
    return f"tldextract {version('tldextract')}, {hashlib.blake2b(rules, digest_size=8).hexdigest()}"


@cache
def _rules() -> frozenset[str]:
    """The rules of the list's ICANN section, as U-labels."""
    spec = find_spec("tldextract")
    places = (spec.submodule_search_locations if spec else None) or []
    text = Path(next(iter(places)), _SNAPSHOT).read_text("utf-8")
    lines = text[text.index(_BEGIN) + len(_BEGIN) : text.index(_END)].split("\n")
    return frozenset(line.strip() for line in lines if line and not line.startswith("//"))
