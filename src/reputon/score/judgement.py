"""Judgement: from what each entity has of each kind to its score, for whatever was summed and over whatever time."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

import numpy as np
import pyarrow as pa

from reputon.evidence.kinds import Kind
from reputon.score.model import HIGH, PLACES, SHOWN, Assessed, Factor, Floats, Parameters, Score, Signal, assess
from reputon.subject import Subject, SubjectError, of_key, parse

ONE = 1 << 20  # the fixed-point unit of a message
UNAUTH = "unauth@"  # then the address: a tenant's name for mail that nobody signed for
COLUMNS = {kind: kind.replace("-", "_") for kind in Kind}  # what an entity has of each kind

# What the engine keeps of an entity: what counts of each kind in units of 1 / 2^20 message, its score and bounds (null:
# no data), and the factor that costs most with its impact.
SCORES = pa.schema(
    [pa.field("subject", pa.int64()), pa.field("tenant", pa.int64())]
    + [pa.field(column, pa.int64()) for column in COLUMNS.values()]
    + [pa.field("value", pa.float64()), pa.field("low", pa.float64()), pa.field("high", pa.float64())]
    + [pa.field("top", pa.string())]
)

Entity = tuple[int, str]  # (subject key or 0, tenant or ""): what is scored


def scored(batch: pa.RecordBatch, parameters: Parameters) -> pa.RecordBatch:
    """The formula for a batch of entities, as the engine adds them up (subject, tenant, a column a kind) -> SCORES."""
    signals = parameters.signals
    amounts = {kind: batch[column].to_numpy() / ONE for kind, column in COLUMNS.items()}
    sample = amounts[Kind.SENT]
    counts = np.zeros((len(sample), len(signals)))
    for column, signal in enumerate(signals):
        for kind, worth in signal.kinds.items():
            counts[:, column] += amounts[Kind(kind)] * worth
    made = assess(sample, counts, signals)
    unknown = (sample < parameters.least_sample) & (counts.sum(axis=1) <= 0)
    return pa.RecordBatch.from_arrays(
        [
            *(batch[name] for name in ("subject", "tenant", *COLUMNS.values())),
            *(pa.array(each, mask=unknown) for each in (made.value, made.low, made.high)),
            _tops(made.shares, signals),
        ],
        schema=SCORES,
    )


def _tops(shares: Floats, signals: tuple[Signal, ...]) -> pa.Array:
    most = shares.argmax(axis=1)
    share = shares[np.arange(len(most)), most]
    impact = (share > 0).astype(int) + (share >= SHOWN) + (share > HIGH)
    names = [""] + [f"{signal.name}:{each}" for signal in signals for each in ("LOW", "MEDIUM", "HIGH")]
    return pa.array(names).take(pa.array(np.where(impact > 0, 3 * most + impact, 0)))


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
    name = tenant.removeprefix(UNAUTH)
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
