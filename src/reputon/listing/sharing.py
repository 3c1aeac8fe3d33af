"""Sharing: whether an address is shared, who spoils it, and what remains of it without them (scoring.md 6.4)."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TypeVar

from reputon.listing import policy
from reputon.listing.policy import Settings, Verdict
from reputon.score.judgement import UNAUTH, Entity, Recent, tenant_subject, together
from reputon.score.model import Parameters
from reputon.score.recent import Recents
from reputon.subject import Subject, of_key

SHARED = 3.0  # effective tenants from which an address is shared
MAJORITY = 0.5  # of an address's volume: offenders who have more of it are what the address is


_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Judged:
    """The verdicts that count, by subject; `spared` are addresses that are not listed for their tenants' sake."""

    verdicts: dict[Subject, Verdict]
    spared: dict[Subject, str]


def judge(
    recents: Recents,
    settings: Settings,
    parameters: Parameters,
    now: datetime,
    ignored: frozenset[Subject] = frozenset(),
) -> Judged:
    """The verdicts, from what each tenant did at each address in 24 hours.

    `ignored`: addresses whose owners were told of their noisy tenants, and did nothing: those are judged as a whole.
    """
    at = _by_address(recents.pairs)
    whole = policy.verdicts(
        {(key, ""): together(parts.values()) for key, parts in at.items()}, settings, parameters, now
    )
    if settings.shared == "address":
        return Judged({of_key(key): verdict for (key, _), verdict in whole.items()}, {})
    tenants = _tenants(recents, settings, parameters, now)
    # Mail that nobody signed for has no name of its own to list: it stands for its address, which is judged below.
    made = {tenant_subject(tenant): verdict for tenant, verdict in tenants.items()}
    judged = Judged({subject: verdict for subject, verdict in made.items() if subject.kind == "domain"}, {})
    low = {tenant for tenant, verdict in tenants.items() if verdict.is_low}
    many = {key: count for key, count in recents.effective.items() if count >= SHARED and key in at}
    rests = policy.verdicts({(key, ""): _without(low, at[key]) for key in many}, settings, parameters, now)
    for (key, _), verdict in whole.items():
        subject = of_key(key)
        if key not in many or subject in ignored:
            judged.verdicts[subject] = verdict
            continue
        bad = {tenant for tenant in at[key] if tenant in tenants and tenants[tenant].is_bad}
        judged.verdicts[subject], why = _of_shared(verdict, rests[key, ""], _share(bad, at[key]), many[key])
        if why:
            judged.spared[subject] = why
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


def _tenants(recents: Recents, settings: Settings, parameters: Parameters, now: datetime) -> dict[str, Verdict]:
    """The verdicts of the tenants that look bad; of no other tenant is everything known."""
    parts: dict[str, list[Recent]] = {}
    for (_, tenant), each in recents.pairs.items():
        if tenant in recents.low or tenant.startswith(UNAUTH):
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
