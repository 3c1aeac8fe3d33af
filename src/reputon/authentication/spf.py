"""SPF now: may this address send for this domain (RFC 7208), evaluated by pyspf through our own resolver."""

from collections.abc import Sequence
from contextvars import ContextVar
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Any

import spf as pyspf

from reputon.resolver import Question, Resolver

TIME_LIMIT = 20  # seconds for one evaluation (RFC 7208 section 4.6.4)

_resolver: ContextVar[Resolver] = ContextVar("resolver")


@dataclass(frozen=True, slots=True)
class Spf:
    """The result (`pass`, `fail`, `softfail`, `neutral`, `none`, `temperror`, `permerror`) and why.

    `mechanism` is the term of the domain's own record that matched.
    """

    result: str
    domain: str
    why: str
    mechanism: str | None = None


def evaluate(address: str, mail_from: str, helo: str, resolver: Resolver) -> Spf:
    """Whether `address` may send with this envelope sender; an empty one is judged by `helo`."""
    domain = mail_from.rpartition("@")[2].lower() or helo.lower()
    token = _resolver.set(resolver)
    query = pyspf.query(i=address, s=mail_from, h=helo, querytime=TIME_LIMIT)
    try:
        result, _, why = query.check()
    except (pyspf.PermError, pyspf.TempError) as error:
        result, why = "permerror", str(error)
    finally:
        _resolver.reset(token)
    return Spf(result, domain, why, getattr(query, "mechanism", None))


def _lookup(name: str, rdtype: str, _strict: object = True, _timeout: float = TIME_LIMIT) -> Sequence[Any]:
    """Answers in pyspf's shape: `((name, type), value)`; its TempError where DNS could not tell."""
    (answer,) = _resolver.get().ask([Question(name, rdtype)])
    if not answer.is_known:
        raise pyspf.TempError(f"DNS {name} {rdtype}: {answer.why}")
    values = (_value(rdtype, record) for record in answer.records)
    return [((name, rdtype), value) for value in values if value is not None]


def _value(rdtype: str, record: str) -> object:
    """A record in pyspf's shape; None for one that is none (a made world may hold anything)."""
    if rdtype == "MX":
        preference, _, host = record.partition(" ")
        return (int(preference), host.rstrip(".")) if preference.isdecimal() and host else None
    if rdtype in ("A", "AAAA"):
        try:
            return str(ip_address(record))
        except ValueError:
            return None
    if rdtype in ("TXT", "SPF"):
        return (record.encode(),)
    return record.rstrip(".")


# pyspf asks through a module global; a context variable keeps evaluations in several threads apart.
pyspf.DNSLookup = _lookup
