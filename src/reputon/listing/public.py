"""Public: what anybody may know of a subject: score, factors, bands of counts; no names, and no trap hit of today.

Exact live counts tell a spammer which of its addresses were traps, and names tell who is whose customer (DESIGN.md
section 3): so counts come in powers of ten, and traps are told when a whole day lies between.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from reputon.evidence.kinds import Kind
from reputon.listing.lookup import Known
from reputon.listing.policy import REASONS, Listing
from reputon.score.arithmetic import Arithmetic, Counts, Term, Worked, added, together, worked
from reputon.score.history import Point
from reputon.score.model import Impact, Parameters

_TRAPS = (Kind.TRAP_PRISTINE, Kind.TRAP_RECYCLED)
_LATE = timedelta(days=1)
_DAY = 86400


@dataclass(frozen=True, slots=True)
class PublicFactor:
    """One signal: its impact (None: it costs nothing) and the band of its count."""

    kind: str
    impact: Impact | None
    seen: str


@dataclass(frozen=True, slots=True)
class PublicListing:
    """That it is listed: the kinds of its reasons, and its clock."""

    reasons: tuple[str, ...]
    since: datetime
    expires: datetime


@dataclass(frozen=True, slots=True)
class Public:
    """What the public sees.  `value` None: no data.  `messages`: a band.  No trap hit since `traps_before` is told."""

    subject: str
    value: float | None
    confidence: float | None
    messages: str
    factors: tuple[PublicFactor, ...]
    traps_before: datetime
    is_shared: bool
    listing: PublicListing | None
    history: tuple[Point, ...]


def public(known: Known, parameters: Parameters, now: datetime) -> Public:
    """What the public sees of what is known."""
    score, listing = known.score, known.listing
    is_scored = score is not None and score.value is not None
    day = int((now - _LATE).timestamp()) // _DAY
    told = _told(known.arithmetic, parameters, day) if known.arithmetic else None
    return Public(
        subject=known.subject.text,
        value=score.value if score else None,
        confidence=score.confidence if score and is_scored else None,
        messages=band(score.sample if score else 0.0),
        factors=tuple(map(_factor, told.terms)) if told and is_scored else (),
        traps_before=datetime.fromtimestamp(day * _DAY, now.tzinfo),
        is_shared=known.is_shared,
        listing=_listing(listing, known.arithmetic, day) if listing else None,
        history=known.history,
    )


def band(count: float) -> str:
    """A count between powers of ten, as in `100 to 999`."""
    if count <= 0:
        return "none"
    if count < 1:
        return "less than 1"
    least = 10 ** (len(str(int(count))) - 1)
    return f"{least:,} to {10 * least - 1:,}"


def _listing(listing: Listing, arithmetic: Arithmetic | None, day: int) -> PublicListing:
    """The listing; a trap is told as its reason once one of its hits is old enough to be told as a factor."""
    kinds = [each.kind for each in listing.reasons]
    if not _is_trap_told(listing, arithmetic, day):
        kinds = [each for each in kinds if each != REASONS["trap"][0]]
    return PublicListing(tuple(kinds), listing.since, listing.expires)


def _is_trap_told(listing: Listing, arithmetic: Arithmetic | None, day: int) -> bool:
    """Whether a hit of the listing's time lies before that day; where the days are not known, whether all of it does.

    The rule looks at 24 hours, so the hits that listed it are no older; those of before say nothing of this listing.
    """
    if arithmetic is None or not arithmetic.pairs:
        return int(listing.last_seen.timestamp()) // _DAY < day
    first = int((listing.since - _LATE).timestamp()) // _DAY
    days = (each for pair in arithmetic.pairs for each in pair.days if first <= each.day < day)
    return any(kinds.get(Kind.TRAP_PRISTINE) for each in days for kinds in each.counts.values())


def _told(arithmetic: Arithmetic, parameters: Parameters, day: int) -> Worked:
    """The formula without the trap hits of a day and later; without any, where the days are not known."""
    if not arithmetic.pairs:
        sums = {side.source: _without_traps(side.said) for side in arithmetic.sides}
        return worked(together(sums), parameters)
    return worked(together(added(_days(arithmetic, day))), parameters)


def _days(arithmetic: Arithmetic, day: int) -> Iterator[tuple[Counts, int]]:
    for pair in arithmetic.pairs:
        for each in pair.days:
            late = {source: _without_traps(kinds) for source, kinds in each.counts.items()}
            yield (late if each.day >= day else each.counts), each.worth


def _without_traps(kinds: Mapping[str, int]) -> dict[str, int]:
    return {kind: count for kind, count in kinds.items() if kind not in _TRAPS}


def _factor(term: Term) -> PublicFactor:
    return PublicFactor(term.signal.name, term.impact if term.share > 0 else None, band(term.count))
