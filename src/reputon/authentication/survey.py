"""Survey: everything that DNS says of one domain's authentication, gathered for `reputon auth`."""

from collections.abc import Iterable
from dataclasses import dataclass

from reputon.authentication import dkim, dmarc, faults, services, spf, spf_walk
from reputon.authentication.faults import Fault
from reputon.resolver import Question, Resolver
from reputon.subject import SubjectError
from reputon.subject import domain as parse_domain

SELECTORS = 20  # that a person may name


@dataclass(frozen=True, slots=True)
class Survey:
    """One domain.  `spf` is the result for the address asked about; `keys` those named, and guessed ones that exist.

    `unknown` holds what DNS could not tell; no word about that part is then meant.
    """

    domain: str
    walk: spf_walk.Walk
    spf: spf.Spf | None
    keys: tuple[dkim.Key, ...]
    dmarc: dmarc.Discovery
    mx: tuple[str, ...]
    service: str | None
    faults: tuple[Fault, ...]
    unknown: tuple[str, ...]


def survey(domain: str, resolver: Resolver, address: str | None = None, selectors: Iterable[str] = ()) -> Survey:
    """Ask all about one domain; SubjectError where it, or a selector, is no name."""
    domain = parse_domain(domain)
    walk = spf_walk.walk(domain, resolver)
    evaluated = spf.evaluate(address, f"postmaster@{domain}", domain, resolver) if address else None
    named = tuple(dict.fromkeys(each.strip().lower() for each in selectors))
    keys, unasked = _keys(domain, resolver, named)
    found = dmarc.find(domain, resolver)
    answers = resolver.ask([Question(domain, rdtype) for rdtype in ("MX", "A", "AAAA")])
    mx = answers[0]
    hosts = tuple(record.partition(" ")[2].rstrip(".") or "none (a null MX)" for record in mx.records)
    service = services.by_hosts(hosts)
    # A guessed selector whose key is revoked is a key that was changed, as keys should be.
    told = [key for key in keys if key.state != "revoked" or key.selector in named]
    said = [*walk.faults, *(fault for key in told for fault in key.faults), *found.faults]
    missing = services.missing_include(walk, service, does_send=False) if service else None
    said += [missing] if missing else []
    said += faults.of_mail_hosts(domain, answers)
    unknown = [*walk.unknown, *unasked, *([found.why] if found.why else [])]
    unknown += [f"{each.question.rdtype} {domain}: {each.why}" for each in answers if not each.is_known]
    if evaluated and evaluated.result == "temperror":
        unknown.append(f"SPF of {domain} for {address}: {evaluated.why}")
    return Survey(domain, walk, evaluated, keys, found, hosts, service.name if service else None, tuple(said),
                  tuple(dict.fromkeys(unknown)))  # fmt: skip


def _keys(domain: str, resolver: Resolver, named: tuple[str, ...]) -> tuple[tuple[dkim.Key, ...], list[str]]:
    """The keys of the selectors named, then those of guessed ones, and what of them DNS could not tell.

    A guess that finds nothing is no news; one without an answer is, where no key was found.
    """
    if len(named) > SELECTORS:
        raise SubjectError(f"{len(named)} selectors are too many: name {SELECTORS} at most")
    for each in named:
        parse_domain(f"{each}.{domain}")
    guessed = [each for each in services.SELECTORS if each not in named]
    found = dkim.keys([(domain, selector) for selector in (*named, *guessed)], resolver)
    kept = tuple(
        key for key in found
        if (key.selector in named and key.state != "unknown") or key.state == "present" or key.state == "revoked"
    )  # fmt: skip
    unknown = [key for key in found if key.state == "unknown"]
    said = [f"TXT {key.name}: {key.why}" for key in unknown if key.selector in named]
    silent = [key for key in unknown if key.selector not in named]
    if silent and not kept:
        said.append(f"TXT *._domainkey.{domain}, {len(silent)} of {len(guessed)} usual selectors: {silent[0].why}")
    return kept, said
