"""Tenant: whose mail it was: the organizational domain that was proved, else `unauth@` the address it came from."""

from collections.abc import Iterable

from reputon.authentication.domains import organizational
from reputon.subject import SubjectError, address_text


def proved(domains: Iterable[str | None], subject: int) -> str:
    """The tenant by the first of these authenticated domains that is one; mail without any belongs to its address."""
    for domain in domains:
        try:
            if domain:
                return organizational(domain)
        except SubjectError:
            continue
    return unproved(subject)


def unproved(subject: int) -> str:
    """The tenant of mail that nobody authenticated."""
    return f"unauth@{address_text(subject)}"


def named(name: str | None, subject: int) -> str:
    """The tenant that whoever wrote the evidence names: a domain that authenticated, or nobody."""
    return organizational(name) if name and not name.startswith("unauth@") else unproved(subject)
