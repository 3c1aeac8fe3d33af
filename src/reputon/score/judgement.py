"""Judgement: from what each entity has of each kind to its score, for whatever was summed and over whatever time."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from math import floor

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

# What speaks against a sender, and what a message of it weighs where sources are held against each other: the reverse
# of the rate at which it begins to cost (parameters.toml), with a filter's verdict for 1.  Counted by messages, the
# verdicts that everybody's mail gets now and then would confirm as many forged trap hits (docs/simulation.md).
HARM = {
    Kind.UNKNOWN_USER: 5, Kind.COMPLAINT: 100, Kind.TRAP_PRISTINE: 10_000, Kind.TRAP_RECYCLED: 2_000,
    Kind.FILTERED: 1, Kind.MALWARE: 10_000,
}  # fmt: skip
BAD = tuple(HARM)
FINE = 1 << 14  # of our units: harm is weighed in 1 / 64 message, so that no sum of it is too large for 64 bits
PARTS = ONE // FINE  # of a message

Entity = tuple[int, str]  # (subject key or 0, tenant or ""): what is scored


@dataclass(frozen=True, slots=True)
class Recent:
    """An entity's last 24 hours: messages by kind of each class of source (0: our own), pieces of bad evidence, who
    reported those, and when the last one.
    """

    parts: Mapping[int, Mapping[str, int]]
    pieces: int
    sources: frozenset[str]
    latest: int | None

    @property
    def messages(self) -> dict[str, int]:
        """What counts of it, by kind."""
        return capped(self.parts, 1)

    @property
    def sent(self) -> int:
        """Its volume."""
        return self.messages.get(Kind.SENT, 0)


def together(all_of_them: Iterable[Recent]) -> Recent:
    """What several entities did, as one."""
    parts: dict[int, dict[str, int]] = {}
    pieces, sources, latest = 0, frozenset[str](), None
    for each in all_of_them:
        for source, messages in each.parts.items():
            sums = parts.setdefault(source, {})
            for kind, count in messages.items():
                sums[kind] = sums.get(kind, 0) + count
        pieces += each.pieces
        sources |= each.sources
        latest = max((time for time in (latest, each.latest) if time is not None), default=None)
    return Recent(parts, pieces, sources, latest)


def capped(parts: Mapping[int, Mapping[str, int]], unit: int = ONE) -> dict[str, int]:
    """What all sources say together (together.sql), by kind, in the unit (of a message) in which they say it."""
    found: dict[str, int] = {}
    for source, of in believed(parts, unit).items():
        for kind, count in parts[source].items():
            found[kind] = found.get(kind, 0) + counting(kind, count, of)
    return found


def believed(parts: Mapping[int, Mapping[str, int]], unit: int = ONE) -> dict[int, tuple[float, float]]:
    """How much of each source's volume and of its bad evidence counts: of one that is not our own (0), each at most as
    much as all the others say, bad evidence by its harm.
    """
    sums = {source: (each.get(Kind.SENT, 0), harm(each, unit)) for source, each in parts.items()}
    sent, bad = (sum(each[place] for each in sums.values()) for place in (0, 1))
    return {
        source: (_part(of_sent, sent), _part(of_bad, bad)) if source else (1.0, 1.0)
        for source, (of_sent, of_bad) in sums.items()
    }


def harm(amounts: Mapping[str, int], unit: int = ONE) -> int:
    """What of these amounts speaks against a sender, weighed, in 1 / 64 message; each kind is cut to whole ones."""
    return sum(weight * fine(amounts.get(kind, 0), unit) for kind, weight in HARM.items())


def fine(amount: int, unit: int = ONE) -> int:
    """An amount in whole 1 / 64 messages."""
    return amount * (ONE // unit) // FINE


def counting(kind: str, amount: int, of: tuple[float, float]) -> int:
    """What counts of an amount of which these parts are believed (of volume, of bad evidence)."""
    return floor(amount * (of[0] if kind == Kind.SENT else of[1] if kind in BAD else 1.0))


def _part(own: int, total: int) -> float:
    return 1.0 if 2 * own <= total else (total - own) / own


def fading(age: int, parameters: Parameters) -> int:
    """What a message of so many days ago counts, in units of 1 / 2^20."""
    return round(ONE * 2 ** (-age / parameters.half_life_days))


def scored(batch: pa.RecordBatch, parameters: Parameters) -> pa.RecordBatch:
    """The formula for a batch of entities, as the engine adds them up (subject, tenant, a column a kind) -> SCORES."""
    signals = parameters.signals
    sample, counts = _counts(batch, signals)
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


def low(batch: pa.RecordBatch, parameters: Parameters, threshold: float) -> pa.RecordBatch:
    """Those of a batch of entities (as for `scored`) whose optimistic score is below a threshold."""
    sample, counts = _counts(batch, parameters.signals)
    bad = counts.sum(axis=1) > 0  # without bad evidence there is no loss
    high = np.full(len(sample), 100.0)
    high[bad] = assess(sample[bad], counts[bad], parameters.signals).high
    return batch.filter(pa.array(high < threshold))


def _counts(batch: pa.RecordBatch, signals: tuple[Signal, ...]) -> tuple[Floats, Floats]:
    """Messages (N,) and what counts for each signal (N, S)."""
    amounts = {kind: batch[column].to_numpy() / ONE for kind, column in COLUMNS.items()}
    counts = np.zeros((batch.num_rows, len(signals)))
    for column, signal in enumerate(signals):
        for kind, worth in signal.kinds.items():
            counts[:, column] += amounts[Kind(kind)] * worth
    return amounts[Kind.SENT], counts


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
