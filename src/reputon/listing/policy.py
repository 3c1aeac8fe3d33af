"""Listing: who is listed, why, and until when: the rule, the clock, and what changes (scoring.md 6.3 and 6.4).

The rule looks at the last 24 hours as they are, neither faded nor capped, and at the optimistic bound of their score.
A listing ends by itself, a quiet period after the last bad evidence; unknown never changes one.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from typing import Literal

from reputon.score.judgement import Entity, Recent, judged
from reputon.score.model import Parameters, Score
from reputon.subject import Subject, is_reserved

MEMORY = timedelta(days=30)  # a listing doubles the quiet period of those that follow it within this
LONGEST = timedelta(days=7)  # a quiet period
_DOUBLINGS = 16  # more would only reach LONGEST again

# The kind of a reason for each factor of a loss; a trap is one only where a pristine trap was hit.
REASONS = {
    "trap": ("pristine-trap", "trap-pristine"),
    "malware": ("malware", "malware"),
    "unknown-user": ("invalid-recipients", "unknown-user"),
    "complaint": ("complaints", "complaint"),
}

Scope = Literal["address", "tenant"]
What = Literal["listed", "extended", "expired", "removed"]


class ListingError(ValueError):
    """What cannot be listed or set so; the message says what to write instead."""


@dataclass(frozen=True, slots=True)
class Settings:
    """The rule's figures.  `allow_reserved` are prefixes of reserved space that may be listed all the same."""

    shared: Literal["tenant", "address"] = "tenant"
    threshold: float = 30.0
    min_volume: int = 10
    min_evidence: int = 2
    min_sources: int = 2
    quiet_hours: int = 24
    allow_reserved: tuple[str, ...] = ()
    prefixes: tuple[IPv4Network | IPv6Network, ...] = field(init=False)

    def __post_init__(self) -> None:
        try:
            object.__setattr__(self, "prefixes", tuple(ip_network(text) for text in self.allow_reserved))
        except ValueError as error:
            raise ListingError(f"listing.allow_reserved: {error}: write a prefix as 192.0.2.0/24") from None


@dataclass(frozen=True, slots=True)
class Reason:
    """Why: its kind, its share of the loss (the score itself: 1), and the messages (the score: pieces) behind it."""

    kind: str
    share: float
    count: int


@dataclass(frozen=True, slots=True)
class Listing:
    """Who is listed.  `last_seen` is the last bad evidence; `times` counts the listings of 30 days, this one too."""

    subject: Subject
    scope: Scope
    reasons: tuple[Reason, ...]
    since: datetime
    last_seen: datetime
    expires: datetime
    times: int
    removed: bool = False


@dataclass(frozen=True, slots=True)
class Change:
    """What happened to a listing, and why."""

    what: What
    listing: Listing
    why: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the rule says of an entity.  `is_low`: its score is; `is_bad`: and there is enough to say so."""

    is_low: bool
    is_bad: bool
    why: str
    reasons: tuple[Reason, ...]
    latest: datetime | None


def verdicts(
    recent: Mapping[Entity, Recent], settings: Settings, parameters: Parameters, now: datetime
) -> dict[Entity, Verdict]:
    """The rule, for every entity by itself."""
    scores = judged({entity: each.messages for entity, each in recent.items()}, parameters, now)
    return {
        entity: _verdict(each, score, settings)
        for (entity, each), score in zip(recent.items(), scores, strict=True)
    }  # fmt: skip


def _verdict(recent: Recent, score: Score, settings: Settings) -> Verdict:
    is_low = score.high < settings.threshold
    missing = [
        f"{has} {what}, {least} needed"
        for has, least, what in (
            (recent.sent, settings.min_volume, "messages"),
            (recent.pieces, settings.min_evidence, "pieces of bad evidence"),
            (len(recent.sources), settings.min_sources, "sources"),
        )
        if has < least
    ]
    relation = "is below" if is_low else "is not below"
    why = (
        f"the optimistic score of the last 24 h, {score.high:.2f}, {relation} {settings.threshold:g}: "
        f"{recent.sent} messages, {recent.pieces} pieces of bad evidence from {len(recent.sources)} sources"
    )
    if is_low and missing:
        why += f"; too little to list: {', '.join(missing)}"
    latest = None if recent.latest is None else datetime.fromtimestamp(recent.latest, UTC)
    return Verdict(is_low, is_low and not missing and latest is not None, why, _reasons(recent, score), latest)


def _reasons(recent: Recent, score: Score) -> tuple[Reason, ...]:
    found = [Reason("score", 1.0, recent.pieces)]
    for factor in sorted(score.factors, key=lambda each: -each.share):
        kind, evidence = REASONS.get(factor.kind, ("", ""))
        count = recent.messages.get(evidence, 0)
        if factor.share > 0 and count:
            found.append(Reason(kind, round(factor.share, 4), count))
    return tuple(found)


def may_list(subject: Subject, settings: Settings) -> bool:
    """Whether it may be listed at all: reserved space only where the settings name it."""
    if subject.kind == "domain" or not is_reserved(subject.key):
        return True
    address = ip_address(subject.text.removesuffix("/64"))
    return any(address in prefix for prefix in settings.prefixes)


def quiet(times: int, settings: Settings) -> timedelta:
    """How long nothing bad may be seen until the n-th listing of 30 days ends."""
    return min(timedelta(hours=settings.quiet_hours) * (1 << min(times - 1, _DOUBLINGS)), LONGEST)


def changes(
    found: Mapping[Subject, Verdict], past: Iterable[Listing], settings: Settings, now: datetime
) -> tuple[Change, ...]:
    """What these verdicts change, given the listings of the last 30 days, oldest first."""
    before: dict[Subject, list[Listing]] = {}
    for each in past:
        before.setdefault(each.subject, []).append(each)
    made = (
        _change(subject, verdict, before.get(subject, []), settings, now)
        for subject, verdict in found.items()
        if verdict.is_bad and may_list(subject, settings)
    )
    return tuple(each for each in made if each is not None)


def _change(
    subject: Subject, verdict: Verdict, before: list[Listing], settings: Settings, now: datetime
) -> Change | None:
    last = before[-1] if before else None
    seen = verdict.latest
    if seen is None or (last is not None and seen <= _settled(last)):
        return None  # nothing new: what was seen then has had its listing
    if last is not None and last.expires > now:
        until = max(last.expires, seen + quiet(last.times, settings))
        return Change("extended", replace(last, reasons=verdict.reasons, last_seen=seen, expires=until), verdict.why)
    times = 1 + sum(each.expires > now - MEMORY for each in before)
    until = seen + quiet(times, settings)
    if until <= now:
        return None  # it has been quiet for long enough already
    scope: Scope = "address" if subject.kind == "ip" else "tenant"
    return Change("listed", Listing(subject, scope, verdict.reasons, now, seen, until, times), verdict.why)


def _settled(listing: Listing) -> datetime:
    """The time up to which evidence is settled by a listing; a removal settles what came before it."""
    return max(listing.last_seen, listing.expires) if listing.removed else listing.last_seen
