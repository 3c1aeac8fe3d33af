"""Reporter: who sent a report, by SPF and DKIM of the report message itself: what a report claims proves nothing.

A signature counts if it verifies and covers the whole body (no `l=`): else anybody could append a report to a message
that was signed once.  What our own server saw counts where it says so under a name that is trusted (RFC 8601); it must
remove that name from what comes in, as section 5 there demands.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from reputon.authentication import dkim, results
from reputon.authentication.domains import aligned
from reputon.evidence.border import speaker
from reputon.mail import mime
from reputon.mail.returned import values
from reputon.resolver import Resolver

_METHODS = ("dkim", "dmarc", "spf")


@dataclass(frozen=True, slots=True)
class Reporter:
    """The domains that a report was proved to come from; where there are none, why.

    `is_temporary`: DNS was silent, so that another time may prove it.
    """

    verified: tuple[str, ...]
    why: str = ""
    is_temporary: bool = False


def verify(raw: bytes, resolver: Resolver, trusted: frozenset[str] = frozenset()) -> Reporter:
    """Who sent this message: what a trusted server of ours (its authserv-ids, lower case) saw, and its signatures."""
    try:
        fields = mime.fields(mime.parse(raw))
        if said := _said(values(fields, "authentication-results"), trusted):
            return Reporter(tuple(dict.fromkeys(said)))
        found = signers(raw, resolver)
    except mime.MailError as error:
        return Reporter((), f"the report is no message: {error}")
    if verified := [each.domain for each in found if not each.why]:
        return Reporter(tuple(dict.fromkeys(verified)))
    whys = [f"DKIM of {each.domain}: {each.why}" for each in found]
    return Reporter((), "; ".join(whys) or "it has no signature", any(each.is_temporary for each in found))


def accepts(wanted: frozenset[str], reporter: Reporter) -> bool:
    """Whether a source that speaks for these domains may have sent it; one that names none takes any."""
    return not wanted or any(aligned(each, domain) for each in reporter.verified for domain in wanted)


def check(raw: bytes, wanted: frozenset[str], resolver: Resolver, trusted: frozenset[str] = frozenset()) -> str | None:
    """None where the source may have sent this report, else the reason why it does not count.  Never raises."""
    if not wanted:
        return None
    reporter = verify(raw, resolver, trusted)
    if accepts(wanted, reporter):
        return None
    found = f"it comes from {', '.join(reporter.verified)}" if reporter.verified else reporter.why
    return f"the reporter is not proved to be {' or '.join(sorted(wanted))}: {found}"


def _said(fields: Iterable[str], trusted: frozenset[str]) -> list[str]:
    """The domains that passed by the first field that a trusted server wrote."""
    own = [value for value in fields if speaker(value) in trusted][:1]
    read = results.read(("Authentication-Results", value) for value in own)
    passed = (each for field in read for each in field.verdicts if each.result == "pass")
    return [each.domain for each in passed if each.domain and each.method in _METHODS]


@dataclass(frozen=True, slots=True)
class Signer:
    """Who signed a message, with why that proves nothing (empty where it does)."""

    domain: str
    why: str
    is_temporary: bool


def signers(raw: bytes, resolver: Resolver) -> list[Signer]:
    """The signers of a message; MailError where it is no mail."""
    fields = values(mime.fields(mime.parse(raw)), "dkim-signature")
    found = zip(fields, dkim.verify(raw, resolver), strict=False)
    return [Signer(each.domain, _fault(value, each), each.result == "temperror") for value, each in found]


def _fault(value: str, signature: dkim.Signature) -> str:
    if signature.result != "pass":
        return signature.why or signature.result
    is_partial = any(tag.partition("=")[0].strip() == "l" for tag in value.split(";"))
    return "it covers only a part of the body (l=)" if is_partial else ""
