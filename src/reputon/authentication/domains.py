"""Organizational domain: the part of a name that one owner registered, by a pinned Public Suffix snapshot.

The snapshot is the one inside the locked wheel of tldextract: nothing is fetched, so that a score which groups
tenants by this name can be computed again later.
"""

from functools import cache, lru_cache
from typing import Any

from reputon.subject import SubjectError, domain

# Top-level domains with no public suffix below them: two labels name the owner, and the list need not be loaded.
FLAT = frozenset(("com", "net", "org", "edu", "info", "de", "eu", "io"))


@lru_cache(maxsize=65536)
def organizational(name: str) -> str:
    """The organizational domain of a host or domain name, lower case; SubjectError where it is no name.

    A name that is itself a public suffix is its own organizational domain; below a top-level domain that the list
    does not know (`.example`, an internal one), the rule is `*` as its algorithm says: the last two labels.
    """
    canonical = domain(name)
    found = _extractor()(canonical)
    if not found.suffix:
        return ".".join(canonical.split(".")[-2:])
    return str(found.top_domain_under_public_suffix) or canonical


def aligned(one: str, other: str) -> bool:
    """Whether two names have one owner: DMARC's relaxed alignment (RFC 7489 section 3.1)."""
    try:
        first, second = domain(one), domain(other)
        tail = first.split(".")[-2:]
        if first == second or tail != second.split(".")[-2:]:
            return first == second  # an owner's name has at least two labels
        if tail[-1] in FLAT and len(tail) == 2:
            return True
        return organizational(first) == organizational(second)
    except SubjectError:
        return False


@cache
def _extractor() -> Any:
    import tldextract  # 0.1 s, and only few verbs need it

    return tldextract.TLDExtract(suffix_list_urls=(), cache_dir=None)
