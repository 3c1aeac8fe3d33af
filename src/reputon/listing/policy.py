"""Listing: who is listed, why, and until when: the rule, the clock, and what changes (scoring.md 6.3 and 6.4).

The rule looks at the last 24 hours as they are, neither faded nor capped, and at the optimistic bound of their score.
A listing ends by itself, a quiet period after the last bad evidence; unknown never changes one.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from ipaddress import ip_network
from typing import Literal

from reputon.listing.entry import Entry, ListingError, Network, Protection
from reputon.score.judgement import Entity, Recent, judged
from reputon.score.model import Parameters, Score
from reputon.subject import Subject, parse

MEMORY = timedelta(days=30)  # a listing doubles the quiet period of those that follow it within this
DAY = timedelta(hours=24)  # that the rule looks at
LONGEST = timedelta(days=7)  # a quiet period
_NEVER = datetime.min.replace(tzinfo=UTC)  # an operator's word settles no evidence
_DOUBLINGS = 16  # more would only reach LONGEST again

# The kind of a reason for each factor of a loss; a trap is one only where a pristine trap was hit.
REASONS = {
    "trap": ("pristine-trap", "trap-pristine"),
    "malware": ("malware", "malware"),
    "unknown-user": ("invalid-recipients", "unknown-user"),
    "complaint": ("complaints", "complaint"),
}

Scope = Literal["address", "tenant"]
What = Literal["listed", "extended", "shortened", "expired", "removed"]
RULE = "rule"  # who changes a listing where no person does
MANUAL = "manual"  # the kind of a reason that is an operator's word


@dataclass(frozen=True, slots=True)
class Settings:
    """The rule's figures.

    `allow_reserved` are prefixes of reserved space that may be listed all the same, `own_networks` those that never
    are.  `most_*` are where a run stops (`guard`): a share of the known-good mail, a share of the addresses seen, a
    number of new listings.
    """

    shared: Literal["tenant", "address"] = "tenant"
    threshold: float = 30.0
    min_volume: int = 10
    min_evidence: int = 2
    min_sources: int = 2
    quiet_hours: int = 24
    allow_reserved: tuple[str, ...] = ()
    own_networks: tuple[str, ...] = ()
    most_share: float = 0.01
    most_addresses: float = 0.5
    most_listings: int = 10_000
    prefixes: tuple[Network, ...] = field(init=False)
    own: tuple[Network, ...] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "prefixes", _prefixes("allow_reserved", self.allow_reserved))
        object.__setattr__(self, "own", _prefixes("own_networks", self.own_networks))

    def protection(self, entries: Iterable[Entry] = ()) -> Protection:
        """What must not be listed, by these settings and the entries in force."""
        return Protection.of(self.prefixes, self.own, entries)


def _prefixes(key: str, texts: Iterable[str]) -> tuple[Network, ...]:
    try:
        return tuple(ip_network(text) for text in texts)
    except ValueError as error:
        raise ListingError(f"listing.{key}: {error}: write a prefix as 192.0.2.0/24") from None


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
    """What happened to a listing, why, and who did it."""

    what: What
    listing: Listing
    why: str
    who: str = RULE


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


def quiet(times: int, settings: Settings) -> timedelta:
    """How long nothing bad may be seen until the n-th listing of 30 days ends."""
    return min(timedelta(hours=settings.quiet_hours) * (1 << min(times - 1, _DOUBLINGS)), LONGEST)


def changes(
    found: Mapping[Subject, Verdict],
    past: Iterable[Listing],
    settings: Settings,
    now: datetime,
    entries: Iterable[Entry] = (),
) -> tuple[Change, ...]:
    """What these verdicts change, given the listings of the last 30 days, oldest first, and the operator's entries."""
    said = [each for each in entries if each.is_in_force(now)]
    protection = settings.protection(said)
    before: dict[Subject, list[Listing]] = {}
    for each in past:
        before.setdefault(each.subject, []).append(each)
    freed = tuple(_freed(before, protection, now))
    made = (
        _change(subject, verdict, before.get(subject, []), settings, now)
        for subject, verdict in found.items()
        if verdict.is_bad and not protection.why(subject)
    )
    return freed + tuple(each for each in made if each is not None) + tuple(_manual(said, before, protection, now))


def taken_back(found: Mapping[Subject, Verdict], past: Iterable[Listing], now: datetime) -> tuple[Change, ...]:
    """The ends of listings by the rule that stood on evidence of the last 24 hours, some of which is gone, and for
    which what is left is too little.
    """
    stood = (each for each in past if each.expires > now and each.last_seen > now - DAY and not is_manual(each))
    return tuple(
        Change("removed", replace(each, expires=now, removed=True), "evidence that it stood on was taken back")
        for each in stood
        if each.subject not in found or not found[each.subject].is_bad
    )


def expired(over: Iterable[Listing], renewed: Iterable[Change]) -> tuple[Change, ...]:
    """The ends of listings whose time has run out, but for those that the changes speak of."""
    spoken = {change.listing.subject for change in renewed}
    return tuple(Change("expired", each, _quiet(each)) for each in over if each.subject not in spoken)


def by_hand(entry: Entry, times: int) -> Change:
    """The listing that a manual entry makes; `entered` has checked that its subject may be listed."""
    assert entry.until is not None  # a manual entry has an end
    subject = parse(entry.subject)
    reasons = (Reason(MANUAL, 1.0, 1),)
    made = Listing(subject, _scope(subject), reasons, entry.since, entry.since, entry.until, times)
    return Change("listed", made, entry.why, entry.who)


def is_manual(listing: Listing) -> bool:
    """Whether nothing but an operator's word carries a listing."""
    return {reason.kind for reason in listing.reasons} == {MANUAL}


def _freed(before: Mapping[Subject, list[Listing]], protection: Protection, now: datetime) -> Iterable[Change]:
    """Listings of what must not be listed any more end at once."""
    for subject, all_ in before.items():
        last = all_[-1]
        if last.expires > now and (why := protection.why(subject)):
            yield Change("removed", replace(last, expires=now, removed=True), why)


def _manual(
    entries: Iterable[Entry], before: Mapping[Subject, list[Listing]], protection: Protection, now: datetime
) -> Iterable[Change]:
    """Listings of manual entries that are not in the ledger, as after a restored copy."""
    for entry in entries:
        if entry.kind != "manual":
            continue
        subject = parse(entry.subject)
        known = before.get(subject, [])
        is_there = any(each.expires > now or each.since == entry.since for each in known)
        if not is_there and not protection.why(subject):
            yield by_hand(entry, 1 + len(known))


def _change(
    subject: Subject, verdict: Verdict, before: list[Listing], settings: Settings, now: datetime
) -> Change | None:
    last = before[-1] if before else None
    seen = verdict.latest
    if seen is None or (last is not None and seen <= _settled(last)):
        return None  # nothing new: what was seen then has had its listing
    if last is not None and last.expires > now:
        until = max(last.expires, seen + quiet(last.times, settings))
        kept = tuple(reason for reason in last.reasons if reason.kind == MANUAL)
        new = replace(last, reasons=verdict.reasons + kept, last_seen=seen, expires=until)
        return Change("extended", new, verdict.why)
    times = 1 + sum(each.expires > now - MEMORY for each in before)
    until = seen + quiet(times, settings)
    if until <= now:
        return None  # it has been quiet for long enough already
    return Change("listed", Listing(subject, _scope(subject), verdict.reasons, now, seen, until, times), verdict.why)


def _settled(listing: Listing) -> datetime:
    """The time up to which evidence is settled by a listing; a removal settles what came before it."""
    if listing.removed:
        return max(listing.last_seen, listing.expires)
    return _NEVER if is_manual(listing) else listing.last_seen


def _quiet(listing: Listing) -> str:
    if is_manual(listing):
        return f"it was to last until {listing.expires:%Y-%m-%d %H:%M} UTC"
    return f"nothing bad was seen since {listing.last_seen:%Y-%m-%d %H:%M} UTC"


def _scope(subject: Subject) -> Scope:
    return "address" if subject.kind == "ip" else "tenant"
