"""Hit: a message that a trap took, as evidence; nothing else of it is kept."""

import hashlib
import logging
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

from reputon.authentication import spf
from reputon.authentication.domains import aligned
from reputon.evidence import reporter
from reputon.evidence.kinds import Evidence, Kind
from reputon.evidence.tenant import proved, unproved
from reputon.evidence.traps.settings import TrapSettings
from reputon.mail import mime
from reputon.mail.arf import domain_of
from reputon.mail.received import Address
from reputon.resolver import Resolver
from reputon.subject import address_key

_log = logging.getLogger(__name__)


def hit(kind: Kind, of: TrapSettings, address: Address, helo: str, envelope: Any) -> Evidence:
    """One hit for each recipient.  The same message again (its 250 was lost) has the same identity."""
    subject = address_key(address)
    tenant = _tenant(subject, of.resolver, str(address), helo, envelope)
    told = "\0".join((str(subject), kind, envelope.mail_from, *sorted(envelope.rcpt_tos)))
    digest = hashlib.blake2b(told.encode("utf-8", "surrogateescape"), digest_size=16, person=b"trap-smtp")
    digest.update(envelope.content)
    return Evidence(of.clock(), subject, tenant, kind, len(envelope.rcpt_tos), digest.digest())


def _tenant(subject: int, resolver: Resolver | None, address: str, helo: str, envelope: Any) -> str:
    """Whose mail it was; a name that breaks a library proves nothing, and must not save its sender from the hit."""
    try:
        return proved(_proofs(resolver, address, helo, envelope) if resolver else (), subject)
    except Exception as error:
        _log.warning("a tenant could not be proved: %s", type(error).__name__)
        return unproved(subject)


def _proofs(resolver: Resolver, address: str, helo: str, envelope: Any) -> Iterator[str]:
    """The domains that are proved: who signed, the author before others, then who may send by SPF."""
    with suppress(mime.MailError):
        author = domain_of(mime.parse(envelope.content).first("from"))
        signers = [each.domain for each in reporter.signers(envelope.content, resolver) if not each.why]
        yield from sorted(signers, key=lambda each: not (author and aligned(each, author)))
    found = spf.evaluate(address, envelope.mail_from.strip("<>"), helo or "", resolver)
    if found.result == "pass":
        yield found.domain
