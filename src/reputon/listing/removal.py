"""Removal: what a proven owner may take back at once, what after a day, what only after review (DESIGN.md section 3).

The limits are per owner and per prefix, whichever is nearer: snowshoers own many domains, and their reverse DNS too.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import ip_network
from typing import Literal

from reputon.listing.policy import MANUAL, Listing
from reputon.subject import Subject

MEMORY = timedelta(days=30)  # how long a removal counts
PAUSE = timedelta(hours=24)  # until the second one takes effect
NEVER = {"pristine-trap": "a pristine trap was hit", "malware": "it sent malware"}

Outcome = Literal["at-once", "later", "review", "never"]


@dataclass(frozen=True, slots=True)
class Removal:
    """One that an owner had."""

    subject: Subject
    owner: str
    prefix: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Ruling:
    """What an owner's wish comes to.  `until`: when the listing ends, None where it is not changed."""

    outcome: Outcome
    until: datetime | None
    why: str


def prefix_of(subject: Subject) -> str:
    """What counts together: the /24 of an IPv4 address, the /48 of an IPv6 /64, a domain alone."""
    if subject.kind == "domain":
        return subject.text
    network = ip_network(subject.text)
    return str(network.supernet(new_prefix=24 if network.version == 4 else 48))


def rule(listing: Listing, owner: str, past: Iterable[Removal], now: datetime) -> Ruling:
    """What this owner may do about this listing, given the removals of this owner and of this prefix."""
    for reason in listing.reasons:
        if reason.kind in NEVER:
            why = f"{NEVER[reason.kind]}: such a listing is not taken back by its owner; `reputon listing dispute`"
            return Ruling("never", None, why)
    if any(reason.kind == MANUAL for reason in listing.reasons):
        return Ruling("review", None, "an operator listed it by hand, and reviews the wish")
    recent = [each for each in past if now - MEMORY < each.at <= now]
    by_owner = sum(each.owner == owner for each in recent)
    prefix = prefix_of(listing.subject)
    by_prefix = sum(each.prefix == prefix for each in recent)
    had = max(by_owner, by_prefix)
    whose = f"{owner} had {by_owner}, {prefix} had {by_prefix} in 30 days"
    if had == 0:
        return Ruling("at-once", now, f"the first removal in 30 days: {whose}")
    if had == 1:
        until = min(listing.expires, now + PAUSE)
        return Ruling("later", until, f"the second removal in 30 days takes effect after 24 hours: {whose}")
    return Ruling("review", None, f"a third removal in 30 days is reviewed by the operator: {whose}")
