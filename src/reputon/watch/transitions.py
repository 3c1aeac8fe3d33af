"""Transitions: what a new answer changes about a subject on a list, and whether somebody must be told.

A change counts only after two agreeing answers that lie some time apart, with no contrary answer between them; a
pair that changed often in the last day must hold its new standing longer (damping).  Unknown is no answer: it changes
nothing, and is itself worth one alert where it lasts.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import assert_never

from reputon.check import Result, State

APART = timedelta(minutes=10)  # between two answers that confirm each other, at least
DAMPING = timedelta(hours=24)  # a change is remembered for so long, and each doubles the wait for the next
_DOUBLINGS = 5


class Kind(StrEnum):
    """What happened.  SILENT: unknown for too long; AUDIBLE: it can be asked again after that."""

    LISTED = "listed"
    DELISTED = "delisted"
    CHANGED = "changed"
    SILENT = "silent"
    AUDIBLE = "audible"


@dataclass(frozen=True, slots=True)
class Standing:
    """What a list holds of a subject: listed or not, and with which codes (of an unlisted subject none are kept)."""

    listed: bool
    codes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Standpoint:
    """What is known of one (subject, list).

    `standing`: what was confirmed, None before the first answer.  `doubt`: another standing, answered since
    `doubted_at` and not yet confirmed.  `first_seen`, `last_seen`: the listing's first and latest answer.
    `changes`: when it was listed or delisted, the last few.  `unknown_since`, `is_silent`: the run of unknowns.
    """

    standing: Standing | None = None
    doubt: Standing | None = None
    doubted_at: datetime | None = None
    first_seen: datetime | None = None
    last_seen: datetime | None = None
    changes: tuple[datetime, ...] = ()
    unknown_since: datetime | None = None
    is_silent: bool = False


@dataclass(frozen=True, slots=True)
class Pair:
    """A subject on a list: which watch asked for it last and when, and what is known."""

    subject: str
    list: str
    watch: int
    asked: datetime
    known: Standpoint


@dataclass(frozen=True, slots=True)
class Transition:
    """One confirmed change; `since` is when it was first seen, `at` when it was confirmed."""

    kind: Kind
    at: datetime
    since: datetime
    codes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Rules:
    """When a change counts, and which are worth an alert.

    `apart`: between agreeing answers, for instance the longest TTL of the lists; never under APART.  `silence`: how
    long a list may be unknown until that is a transition, None for ever.
    """

    apart: timedelta = APART
    silence: timedelta | None = None
    alerts: frozenset[Kind] = frozenset({Kind.LISTED, Kind.DELISTED, Kind.SILENT, Kind.AUDIBLE})
    low_impact: bool = False

    def wants(self, kind: Kind, impact: str, named: bool) -> bool:
        """Whether somebody is told: of lists of low impact only where they were asked for by name."""
        return kind in self.alerts and (impact != "low" or named or self.low_impact)


def standing(result: Result) -> Standing | None:
    """What a result says; None where it says nothing.  Graded and white codes are no listing."""
    match result.state:
        case State.LISTED | State.POLICY:
            return Standing(True, result.codes)
        case State.CLEAN | State.WHITE | State.GRADED:
            return Standing(False)
        case State.UNKNOWN:
            return None
    assert_never(result.state)


def after(
    known: Standpoint, said: Standing | None, at: datetime, rules: Rules
) -> tuple[Standpoint, tuple[Transition, ...]]:
    """What is known after an answer (None: unknown) at the time `at`, and what changed by it."""
    if said is None:
        return _unheard(known, at, rules)
    heard, told = _heard(known, at)
    settled, changed = _settled(heard, said, at, rules)
    return settled, (*told, *changed)


def hold(known: Standpoint, at: datetime, rules: Rules) -> timedelta:
    """How long a new standing must be answered until it counts: doubled by each change of the last day."""
    recent = sum(at - moment < DAMPING for moment in known.changes)
    return max(rules.apart, APART) * (1 << min(recent, _DOUBLINGS))


def confirm_at(known: Standpoint, rules: Rules) -> datetime | None:
    """When the next answer can settle what is in doubt; None where nothing is."""
    return known.doubted_at + hold(known, known.doubted_at, rules) if known.doubted_at else None


def _unheard(known: Standpoint, at: datetime, rules: Rules) -> tuple[Standpoint, tuple[Transition, ...]]:
    since = known.unknown_since or at
    known = replace(known, unknown_since=since)
    if known.is_silent or rules.silence is None or at - since < rules.silence:
        return known, ()
    return replace(known, is_silent=True), (Transition(Kind.SILENT, at, since),)


def _heard(known: Standpoint, at: datetime) -> tuple[Standpoint, tuple[Transition, ...]]:
    told = (Transition(Kind.AUDIBLE, at, at),) if known.is_silent else ()
    return replace(known, unknown_since=None, is_silent=False), told


def _settled(
    known: Standpoint, said: Standing, at: datetime, rules: Rules
) -> tuple[Standpoint, tuple[Transition, ...]]:
    if said == known.standing or (known.standing is None and not said.listed):
        # The first answer "not listed" changes nothing: it is where the story begins.
        last = at if said.listed else known.last_seen
        return replace(known, standing=said, doubt=None, doubted_at=None, last_seen=last), ()
    if known.doubt is None or known.doubted_at is None or not _agree(known.doubt, said, known.standing):
        return replace(known, doubt=said, doubted_at=at), ()
    if at - known.doubted_at < hold(known, known.doubted_at, rules):
        return replace(known, doubt=said), ()
    return _changed(known, said, at, known.doubted_at)


def _agree(doubt: Standing, said: Standing, was: Standing | None) -> bool:
    """Two answers "listed" confirm a listing whatever their codes; other codes of a listing must be the same twice."""
    turned = was is None or said.listed != was.listed
    return doubt.listed == said.listed and (turned or doubt.codes == said.codes)


def _changed(
    known: Standpoint, said: Standing, at: datetime, since: datetime
) -> tuple[Standpoint, tuple[Transition, ...]]:
    now = replace(known, standing=said, doubt=None, doubted_at=None)
    if known.standing is not None and known.standing.listed and said.listed:
        return replace(now, last_seen=at), (Transition(Kind.CHANGED, at, since, said.codes),)
    now = replace(now, changes=(*known.changes, at)[-_DOUBLINGS:])
    if said.listed:
        return replace(now, first_seen=since, last_seen=at), (Transition(Kind.LISTED, at, since, said.codes),)
    was = known.standing.codes if known.standing else ()
    return now, (Transition(Kind.DELISTED, at, since, was),)
