"""Refresh: a provider's prefixes as its SPF records name them now, or why its snapshot stays as it is."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from reputon.authentication.spf_walk import Walk, walk
from reputon.cause.provider import Network, Owners, Provider, refreshed
from reputon.resolver import Resolver

NAMES = 20  # SPF names of one provider that are walked, each with its lookups bounded: those with the most have three


@dataclass(frozen=True, slots=True)
class Refresh:
    """What a walk made of one provider.  `kept` says why its prefixes stay; empty where they are new."""

    provider: Provider
    added: tuple[Network, ...] = ()
    removed: tuple[Network, ...] = ()
    kept: str = ""


def refresh(provider: Provider, resolver: Resolver, owners: Owners, now: datetime) -> Refresh:
    """Walk the provider's SPF names; what DNS did not tell whole replaces nothing.

    `owners` are those of the provider files: what another one's file holds is not this provider's.
    """
    if not provider.spf:
        return Refresh(provider, kept="no SPF record lists its addresses: it is refreshed by hand, in its file")
    if len(provider.spf) > NAMES:
        return Refresh(provider, kept=f"more than {NAMES} names under spf: name fewer in its file")
    if (today := f"{now:%Y-%m-%d}") < provider.as_of:
        return Refresh(
            provider, kept=f"its snapshot of {provider.as_of} is newer than today, {today}: look at the clock"
        )
    walks = [walk(name, resolver) for name in provider.spf]
    if gap := next(filter(None, map(_gap, walks)), ""):
        return Refresh(provider, kept=gap)
    return _laid_over(provider, walks, owners, today)


def _laid_over(provider: Provider, walks: Sequence[Walk], owners: Owners, today: str) -> Refresh:
    named = (network for each in walks for network in each.networks)
    try:
        fresh = refreshed(provider, owners.without_others(provider, named), today)
    except ValueError as error:
        return Refresh(provider, kept=str(error))
    before, after = set(provider.prefixes), set(fresh.prefixes)
    added = tuple(each for each in fresh.prefixes if each not in before)
    return Refresh(fresh, added, tuple(each for each in provider.prefixes if each not in after))


def _gap(found: Walk) -> str:
    """Why the networks of a walk may not be all; empty where they are."""
    if found.unknown:
        return f"{found.domain}: DNS could not tell ({found.unknown[0]}): try again later"
    faults = [fault.words for fault in found.faults if fault.weight == "fault"]
    if faults:
        return faults[0]
    if found.dynamic:
        return f"{found.domain}: its addresses cannot be listed ({found.dynamic[0]})"
    return "" if found.networks else f"{found.domain}: its SPF record names no addresses"
