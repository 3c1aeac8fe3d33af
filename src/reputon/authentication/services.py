"""Services: what large mail services ask their tenants to publish: the SPF include, the DKIM selectors, their MX hosts.

Origin: each service's own setup pages, as of 2026-11; a service changes these names rarely, and announces it.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from reputon.authentication.faults import Fault
from reputon.authentication.spf_walk import Walk


@dataclass(frozen=True, slots=True)
class Service:
    """One service, by the id of its provider file; `hosts` are suffixes of its MX names."""

    id: str
    name: str
    include: str
    selectors: tuple[str, ...] = ()
    hosts: tuple[str, ...] = ()


SERVICES = (
    Service("microsoft365", "Microsoft 365", "spf.protection.outlook.com", ("selector1", "selector2"),
            ("mail.protection.outlook.com", "mx.microsoft")),
    Service("googleworkspace", "Google Workspace", "_spf.google.com", ("google",),
            ("google.com", "googlemail.com")),
    Service("amazonses", "Amazon SES", "amazonses.com"),
    Service("sendgrid", "SendGrid", "sendgrid.net", ("s1", "s2")),
    Service("mailgun", "Mailgun", "mailgun.org", ("k1", "mailo")),
    Service("zoho", "Zoho Mail", "zohomail.com", ("zmail", "zoho"), ("zoho.com", "zoho.eu", "zohomail.com")),
    Service("ovh", "OVHcloud", "mx.ovh.com", (), ("mail.ovh.net",)),
)  # fmt: skip

# Tried for every domain; a selector can only be guessed, since DNS lists none (RFC 6376 section 3.1).
_USUAL = ("default", "dkim", "mail", "k2", "k3")
SELECTORS = (*(each for service in SERVICES for each in service.selectors), *_USUAL)


def by_id(name: str | None) -> Service | None:
    """The service of a provider id."""
    return next((service for service in SERVICES if service.id == name), None)


def by_hosts(hosts: Iterable[str]) -> Service | None:
    """The service that takes in the mail of these MX hosts."""
    for host in hosts:
        name = "." + host.rstrip(".").lower()
        for service in SERVICES:
            if name.endswith(tuple(f".{each}" for each in service.hosts)):
                return service
    return None


def missing_include(walk: Walk, service: Service, does_send: bool) -> Fault | None:
    """The service's include that the record lacks: a fault where mail left through it, else worth a look.

    A record that could not be read to its end (DNS failed, too many lookups) gives no such word.
    """
    cut = any(each.id in ("too-many-lookups", "loop") for each in walk.faults)
    if walk.record is None or service.include in walk.includes or walk.unknown or walk.dynamic or cut:
        return None
    left = f"mail left through {service.name}" if does_send else f"its MX is at {service.name}"
    return Fault(
        "missing-include",
        walk.domain,
        f"{left}, and the SPF record of {walk.domain} does not name it",
        f"add include:{service.include}" + ("" if does_send else " if it sends for you too"),
        "fault" if does_send else "note",
    )
