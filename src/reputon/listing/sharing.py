"""Sharing: whether an address is shared, who spoils it, and what remains of it without them (scoring.md 6.4)."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TypeVar

from reputon.listing import policy
from reputon.listing.policy import Settings, Verdict
from reputon.score.judgement import Entity, Recent, tenant_subject, together
from reputon.score.model import Parameters
from reputon.subject import Subject, of_key

SHARED = 3.0  # effective tenants from which an address is shared
MAJORITY = 0.5  # of an address's volume: offenders who have more of it are what the address is


_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Judged:
    """The verdicts that count, by subject; `spared` are addresses that are not listed for their tenants' sake."""

    verdicts: dict[Subject, Verdict]
    spared: dict[Subject, str]


def effective(volumes: Iterable[int]) -> float:
    """How many tenants there are in effect: 1 / sum(share^2), so that the tiny ones do not count; 0 for no volume."""
    found = list(volumes)
    total = sum(found)
    return total * total / sum(each * each for each in found) if total else 0.0


def effective_tenants(volumes: Mapping[Entity, int]) -> dict[int, float]:
    """The effective tenants of each address, from what each tenant sent there."""
    return {key: effective(parts.values()) for key, parts in _by_address(volumes).items()}


def judge(
    recent: Mapping[Entity, Recent],
    volumes: Mapping[Entity, int],
    settings: Settings,
    parameters: Parameters,
    now: datetime,
) -> Judged:
    """The verdicts, from what each tenant did at each address in 24 hours, and what it sent there in all."""
    at = _by_address(recent)
    whole = policy.verdicts(
        {(key, ""): together(parts.values()) for key, parts in at.items()}, settings, parameters, now
    )
    if settings.shared == "address":
        return Judged({of_key(key): verdict for (key, _), verdict in whole.items()}, {})
    tenants = _tenants(recent, settings, parameters, now)
    low = {tenant for tenant, verdict in tenants.items() if verdict.is_low}
    many = {key: count for key, count in effective_tenants(volumes).items() if count >= SHARED and key in at}
    rests = policy.verdicts({(key, ""): _without(low, at[key]) for key in many}, settings, parameters, now)
    # Mail that nobody signed for has no name of its own to list: it stands for its address, which is judged below.
    made = {tenant_subject(tenant): verdict for tenant, verdict in tenants.items()}
    judged = Judged({subject: verdict for subject, verdict in made.items() if subject.kind == "domain"}, {})
    for entity, verdict in whole.items():
        key = entity[0]
        if key not in many:
            judged.verdicts[of_key(key)] = verdict
            continue
        bad = {tenant for tenant in at[key] if tenants[tenant].is_bad}
        found, why = _of_shared(verdict, rests[entity], _share(bad, at[key]), many[key])
        judged.verdicts[of_key(key)] = found
        if why:
            judged.spared[of_key(key)] = why
    return judged


def _of_shared(whole: Verdict, rest: Verdict, share: float, tenants: float) -> tuple[Verdict, str]:
    """A shared address's verdict, and why it is spared if only its offenders make it bad."""
    shared = f"shared by {tenants:.1f} effective tenants"
    if rest.is_bad:
        return replace(rest, why=f"{shared}; without its offending tenants {rest.why}"), ""
    if share > MAJORITY:
        why = f"{shared}; its offending tenants send {share:.0%} of its mail; {whole.why}"
        return replace(whole, is_bad=whole.latest is not None, why=why), ""
    spared = f"{shared}; without its offending tenants ({share:.0%} of its mail) {rest.why}"
    return replace(rest, why=spared), spared if whole.is_bad else ""


def _tenants(
    recent: Mapping[Entity, Recent], settings: Settings, parameters: Parameters, now: datetime
) -> dict[str, Verdict]:
    parts: dict[str, list[Recent]] = {}
    for (_, tenant), each in recent.items():
        parts.setdefault(tenant, []).append(each)
    found = policy.verdicts({(0, tenant): together(all_) for tenant, all_ in parts.items()}, settings, parameters, now)
    return {tenant: verdict for (_, tenant), verdict in found.items()}


def _without(offenders: set[str], parts: Mapping[str, Recent]) -> Recent:
    return together(each for tenant, each in parts.items() if tenant not in offenders)


def _share(offenders: set[str], parts: Mapping[str, Recent]) -> float:
    total = sum(each.sent for each in parts.values())
    return sum(parts[tenant].sent for tenant in offenders) / total if total else 0.0


def _by_address(values: Mapping[Entity, _T]) -> dict[int, dict[str, _T]]:
    found: dict[int, dict[str, _T]] = {}
    for (key, tenant), value in values.items():
        found.setdefault(key, {})[tenant] = value
    return found
