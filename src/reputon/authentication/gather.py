"""Gathering: what DNS says now of a message that came back, asked for `judgement` and judged there."""

from collections.abc import Iterable

from reputon.authentication import dkim, dmarc, faults, services, spf, spf_walk
from reputon.authentication.faults import Fault
from reputon.authentication.judgement import Now
from reputon.resolver import Question, Resolver
from reputon.subject import SubjectError
from reputon.subject import domain as parse_domain


def now(
    headers: Iterable[tuple[str, str]], address: str, author: str | None, sender: str | None, service: str | None,
    resolver: Resolver,
) -> Now | None:  # fmt: skip
    """SPF for the address, DKIM as far as a header shows it, and DMARC; None where the names are none.

    `author` is the domain of From, `sender` that of the envelope, `service` the id of the provider that the address
    belongs to.  What is wrong with the records is looked for only where SPF does not pass.
    """
    headers = tuple(headers)
    try:
        sender = parse_domain(sender or author or "")
        author = parse_domain(author or sender)
    except SubjectError:
        return None
    said = spf.evaluate(address, f"postmaster@{sender}", sender, resolver)
    signatures = dkim.of_headers(headers, resolver)
    found = dmarc.find(author, resolver)
    outcome = dmarc.evaluate(found, (said.result, said.domain), [(each.result, each.domain) for each in signatures])
    return Now(said, signatures, found, outcome, tuple(_faults(said, signatures, found, service, resolver)))


def _faults(
    said: spf.Spf, signatures: Iterable[dkim.Signature], found: dmarc.Discovery, service: str | None, resolver: Resolver
) -> Iterable[Fault]:
    if said.result not in ("pass", "temperror"):
        walk = spf_walk.walk(said.domain, resolver)
        yield from walk.faults
        known = services.by_id(service)
        missing = services.missing_include(walk, known, does_send=True) if known else None
        if missing:
            yield missing
    for signature in signatures:
        yield from signature.key.faults if signature.key else ()
    yield from found.faults
    answers = resolver.ask([Question(said.domain, rdtype) for rdtype in ("MX", "A", "AAAA")])
    yield from faults.of_mail_hosts(said.domain, answers)
