"""Tenant: whose mail it was: the organizational domain that was proved, else `unauth@` the address it came from."""

from collections.abc import Iterable, Iterator

from reputon.authentication import results
from reputon.authentication.domains import aligned, organizational
from reputon.mail.arf import domain_of
from reputon.mail.header import Fields
from reputon.mail.returned import values
from reputon.subject import address_text


def proved(domains: Iterable[str | None], subject: int) -> str:
    """The tenant by the first of these authenticated domains that is one; mail without any belongs to its address."""
    for domain in domains:
        try:
            if domain:
                return organizational(domain)
        except ValueError:  # no name, or a label that is no punycode
            continue
    return unproved(subject)


def unproved(subject: int) -> str:
    """The tenant of mail that nobody authenticated."""
    return f"unauth@{address_text(subject)}"


def named(name: str | None, subject: int) -> str:
    """The tenant that whoever wrote the evidence names: a domain that authenticated, or nobody."""
    return organizational(name) if name and not name.startswith("unauth@") else unproved(subject)


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
