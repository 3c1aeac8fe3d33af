"""Tenant: whose mail it was: the organizational domain that was proved, else `unauth@` the address it came from."""

from collections.abc import Iterable, Iterator
from functools import lru_cache

from reputon.authentication import results
from reputon.authentication.domains import aligned, is_suffix, organizational
from reputon.evidence.kinds import EvidenceError
from reputon.mail.arf import domain_of
from reputon.mail.header import Fields
from reputon.mail.returned import values
from reputon.subject import address_text


def proved(domains: Iterable[str | None], subject: int) -> str:
    """The tenant by the first of these authenticated domains that is one; mail without any belongs to its address."""
    for domain in domains:
        try:
            if domain:
                return _owned(domain)
        except ValueError:  # no name, a label that is no punycode, or nobody's
            continue
    return unproved(subject)


def unproved(subject: int) -> str:
    """The tenant of mail that nobody authenticated."""
    return f"unauth@{address_text(subject)}"


def named(name: str | None, subject: int) -> str:
    """The tenant that whoever wrote the evidence names: a domain that authenticated, or nobody.

    SubjectError where it is no name, EvidenceError where it is a public suffix.
    """
    return _owned(name) if name and not name.startswith("unauth@") else unproved(subject)


@lru_cache(maxsize=65536)
def _owned(name: str) -> str:
    """The organizational domain; EvidenceError for a public suffix: its listing would be everybody's below it."""
    found = organizational(name)
    if is_suffix(found):
        raise EvidenceError(f"tenant {name[:40]!r} is a public suffix, which nobody owns: name a domain below it")
    return found


def authenticated(said: Iterable[str], fields: Fields, mail_from: str | None) -> Iterator[str | None]:
    """The domains that a receiver saw pass, the weightiest first: DMARC, DKIM (the author's before others), SPF.

    `said` are the values of its Authentication-Results, `fields` the header of the message that they are about.
    """
    found = results.read(("Authentication-Results", text) for text in said)
    passed = [each for field in found for each in field.verdicts if each.result == "pass"]
    author = domain_of(next(iter(values(fields, "from")), None))
    signers = [each.domain or _signer(fields) for each in passed if each.method == "dkim"]
    yield from (each.domain for each in passed if each.method == "dmarc")
    yield from sorted(signers, key=lambda each: not (each and author and aligned(each, author)))
    sender = domain_of(mail_from)
    yield from (each.domain or sender for each in passed if each.method == "spf")


def _signer(fields: Fields) -> str | None:
    """Who signed, where the results say `dkim=pass` and not for whom: clear only if there is one signature."""
    signatures = values(fields, "dkim-signature")
    if len(signatures) != 1:
        return None
    tags = (tag.partition("=") for tag in signatures[0].split(";"))
    return next((value.strip() for name, _, value in tags if name.strip() == "d"), None)
