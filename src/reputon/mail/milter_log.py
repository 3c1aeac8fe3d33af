"""Milter log: what OpenDKIM, OpenDMARC and policyd-spf write beside a mail server of what they could prove."""

import re
from dataclasses import dataclass
from typing import NamedTuple

from reputon.mail import syslog
from reputon.mail.envelope import domain_of
from reputon.mail.syslog import Address


@dataclass(frozen=True, slots=True)
class Verified:
    """OpenDKIM found a good signature; another line says whose."""


class Signed(NamedTuple):
    """OpenDKIM checked this domain's signature, without an error."""

    domain: str


class DmarcPassed(NamedTuple):
    """OpenDMARC found that the author's domain answers for the message."""

    domain: str


class SpfPassed(NamedTuple):
    """policyd-spf found that this address may send for this domain."""

    address: Address
    domain: str


Proof = Verified | Signed | DmarcPassed

VERIFIED = Verified()
# With an error after `SSL`, the same line says that the signature is bad.
_SIGNED = re.compile(r"s=\S{1,64} d=(\S{1,253})(?: a=\S{1,32})? SSL\s*$")
_DMARC = re.compile(r"(\S{1,253}) pass$")
_SPF = re.compile(r"identity=mailfrom; client-ip=([^;\s]{1,64}); ")


def dkim(said: str) -> Proof | None:
    """What OpenDKIM says of a message, after its queue id."""
    if said.startswith("s="):
        found = _SIGNED.match(said)
        return Signed(found[1].lower()) if found else None
    return VERIFIED if _VERIFIED.match(said) else None


_VERIFIED = re.compile(r"DKIM verification successful\b")


def dmarc(said: str) -> Proof | None:
    """What OpenDMARC says of a message, after its queue id."""
    found = _DMARC.match(said)
    return DmarcPassed(found[1]) if found else None


def spf(said: str) -> SpfPassed | None:
    """What policyd-spf says, which is before there is a queue id; LogError for an address that is none."""
    said = said.removeprefix("prepend ").removeprefix("Received-SPF: ")
    if not _PASS.match(said):
        return None
    found = _SPF.search(said)
    if found is None:
        return None
    # The envelope's sender may be quoted and hold anything; its domain is what stands before the last field.
    sender = said[found.end() :].partition("envelope-from=")[2].rpartition("; receiver=")[0]
    address, domain = syslog.address(found[1]), domain_of(sender)
    return SpfPassed(address, domain) if address and domain else None


_PASS = re.compile(r"[Pp]ass\b")
