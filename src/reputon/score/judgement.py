"""Judgement: from what each entity has of each kind to its score, for whatever was summed and over whatever time."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

import numpy as np

from reputon.score.model import PLACES, Assessed, Factor, Floats, Parameters, Score, Signal, assess
from reputon.subject import Subject, SubjectError, of_key, parse

UNAUTHENTICATED = "unauth@"  # then the address: a tenant's name for mail that nobody signed for

Entity = tuple[int, str]  # (subject key or 0, tenant or ""): what is scored


@dataclass(frozen=True, slots=True)
class Recent:
    """An entity's last 24 hours: messages by kind, pieces of bad evidence, who reported them, when the last one."""

    messages: Mapping[str, int]
    pieces: int
    sources: frozenset[str]
    latest: int | None

    @property
    def sent(self) -> int:
        """Its volume."""
        return self.messages.get("sent", 0)


def together(parts: Iterable[Recent]) -> Recent:
    """What several entities did, as one."""
    messages: dict[str, int] = {}
    pieces, sources, latest = 0, frozenset[str](), None
    for each in parts:
        for kind, count in each.messages.items():
            messages[kind] = messages.get(kind, 0) + count
        pieces += each.pieces
        sources |= each.sources
        latest = max((time for time in (latest, each.latest) if time is not None), default=None)
    return Recent(messages, pieces, sources, latest)


def judged(amounts: Mapping[Entity, Mapping[str, float]], parameters: Parameters, now: datetime) -> list[Score]:
    """Scores from the messages of each kind that each entity has, in the same order."""
    if not amounts:
        return []
    sample = np.array([float(each.get("sent", 0)) for each in amounts.values()])
    counts = np.array([[_count(each, signal) for signal in parameters.signals] for each in amounts.values()])
    assessed = assess(sample, counts, parameters.signals)
    return [_score(entity, index, sample, counts, assessed, parameters, now) for index, entity in enumerate(amounts)]


def tenant_subject(tenant: str) -> Subject:
    """Whom a tenant's score is about: its domain, or the address of mail that nobody authenticated."""
    name = tenant.removeprefix(UNAUTHENTICATED)
    try:
        return parse(name)
    except SubjectError:
        return Subject("domain", name)


def _count(amounts: Mapping[str, float], signal: Signal) -> float:
    return sum(amounts.get(kind, 0.0) * worth for kind, worth in signal.kinds.items())


def _score(
    entity: Entity,
    index: int,
    sample: Floats,
    counts: Floats,
    assessed: Assessed,
    parameters: Parameters,
    now: datetime,
) -> Score:
    key, tenant = entity
    is_known = sample[index] >= parameters.least_sample or counts[index].sum() > 0
    return Score(
        subject=of_key(key) if key or not tenant else tenant_subject(tenant),
        tenant=tenant if key and tenant else None,
        value=float(assessed.value[index]) if is_known else None,
        low=float(assessed.low[index]),
        high=float(assessed.high[index]),
        sample=round(float(sample[index]), PLACES),
        factors=_factors(index, counts, assessed, parameters.signals),
        as_of=now,
        version=parameters.version,
    )


def _factors(index: int, counts: Floats, assessed: Assessed, signals: tuple[Signal, ...]) -> tuple[Factor, ...]:
    return tuple(
        Factor(
            kind=signal.name,
            count=round(float(counts[index, column]), PLACES),
            rate=float(assessed.rates[index, column]),
            low=signal.low,
            high=signal.high,
            weight=signal.weight,
            badness=float(assessed.badness[index, column]),
            share=float(assessed.shares[index, column]),
        )
        for column, signal in enumerate(signals)
    )
