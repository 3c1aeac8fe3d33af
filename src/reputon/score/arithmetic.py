"""Arithmetic: one subject's score redone step by step in plain numbers, so that a person can redo it by hand.

The engine's SQL and the vectorised formula give the same: the amounts to the last unit of 1 / 2^20 message, the score
to 0.01.  Nothing is aggregated away here: each day has its weight, each cap its two numbers, each factor its formula.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import log, prod

from scipy.special import betaincinv

from reputon.evidence.kinds import Kind
from reputon.score.judgement import BAD, ONE, believed, counting, fading
from reputon.score.model import OPTIMISTIC, PESSIMISTIC, PLACES, Impact, Parameters, Signal, impact

POINTS = 100  # the units of a loss: hundredths of a point, as scores are rounded

Counts = Mapping[int, Mapping[str, int]]  # by source (0: our own) and kind


@dataclass(frozen=True, slots=True)
class Row:
    """What one class of source (0: our own) says of a tenant at an address and of a day since 1970, by kind."""

    day: int
    source: int
    subject: int
    tenant: int
    kind: Kind
    count: int


@dataclass(frozen=True, slots=True)
class Day:
    """A day of a pair.  `weight`: what one of its messages counts, in 1 / 2^20, if its volume is not above `most`."""

    day: int
    age: int
    weight: int
    volume: int
    most: int | None
    counts: Counts

    @property
    def worth(self) -> int:
        """What one of its messages counts."""
        return self.weight if self.most is None else self.weight * self.most // self.volume


@dataclass(frozen=True, slots=True)
class Pair:
    """A tenant (its key) at an address, its days, and what it usually sends (the lower median of its closed days)."""

    subject: int
    tenant: int
    usual: int | None
    days: tuple[Day, ...]

    @property
    def amounts(self) -> Counts:
        """Its messages, faded and capped, in 1 / 2^20."""
        return added((day.counts, day.worth) for day in self.days)


@dataclass(frozen=True, slots=True)
class Side:
    """What one class of source says, how much of it counts beside what the others say, and what that makes."""

    source: int
    said: Mapping[str, int]
    of_sent: float
    of_bad: float

    @property
    def counts(self) -> dict[str, int]:
        """What counts of it, by kind."""
        return {kind: counting(kind, amount, (self.of_sent, self.of_bad)) for kind, amount in self.said.items()}


@dataclass(frozen=True, slots=True)
class Term:
    """What one signal does to a score: `count` of `seen` messages, drawn to the prior: the Beta distribution (a, b).

    `points`: its share of the loss in hundredths of a point; those of all terms add up to the loss.
    """

    signal: Signal
    count: float
    seen: float
    share: float
    points: int

    @property
    def a(self) -> float:
        """The bad ones, with the prior's."""
        return self.count + self.signal.mean * self.signal.strength

    @property
    def b(self) -> float:
        """The good ones, with the prior's."""
        return self.seen - self.count + (1 - self.signal.mean) * self.signal.strength

    @property
    def rate(self) -> float:
        """The expected rate."""
        return self.a / (self.a + self.b)

    @property
    def badness(self) -> float:
        """How far the rate is between the limits, in logarithms."""
        return badness(self.rate, self.signal)

    @property
    def factor(self) -> float:
        """What it leaves of a score."""
        return 1 - self.signal.weight * self.badness

    @property
    def impact(self) -> Impact:
        """How much of the loss it is."""
        return impact(self.share)

    def quantile(self, which: float) -> float:
        """The rate that is not exceeded with this probability."""
        return float(betaincinv(self.a, self.b, which))


@dataclass(frozen=True, slots=True)
class Worked:
    """The formula, from `amounts` by kind in messages to the score (None: no data) and its bounds."""

    amounts: Mapping[str, float]
    terms: tuple[Term, ...]
    is_known: bool
    product: float
    low: float
    high: float

    @property
    def value(self) -> float | None:
        """The score; None where there is no data."""
        return self.product if self.is_known else None

    @property
    def loss(self) -> int:
        """What is missing to 100, in hundredths of a point."""
        return 100 * POINTS - round(self.product * POINTS)


@dataclass(frozen=True, slots=True)
class Arithmetic:
    """The whole sum of one subject as of the end of `today`."""

    today: int
    pairs: tuple[Pair, ...]
    sides: tuple[Side, ...]
    worked: Worked


@dataclass(frozen=True, slots=True)
class Told:
    """What is told of a pair and a day, before it fades: its volume, and what each class of source says."""

    day: int
    volume: int
    counts: Counts


Grouped = Mapping[tuple[int, int], Sequence[Told]]  # by pair (address, tenant), in the order of days


def grouped(rows: Iterable[Row]) -> Grouped:
    """The rows by pair and day."""
    found: dict[tuple[int, int], dict[int, dict[int, dict[str, int]]]] = {}
    for row in rows:
        days = found.setdefault((row.subject, row.tenant), {})
        kinds = days.setdefault(row.day, {}).setdefault(row.source, {})
        kinds[row.kind] = kinds.get(row.kind, 0) + row.count
    return {pair: [Told(day, volume(days[day]), days[day]) for day in sorted(days)] for pair, days in found.items()}


def redone(rows: Grouped, parameters: Parameters, today: int) -> Arithmetic:
    """The sum as of the end of a day; rows of later days and of days that are forgotten do not count."""
    weights = [fading(age, parameters) for age in range(parameters.memory_days)]
    made = (_pair(pair, told, parameters.day_volume, weights, today) for pair, told in rows.items())
    pairs = tuple(each for each in made if each.days)
    parts = added((day.counts, day.worth) for pair in pairs for day in pair.days)
    return Arithmetic(today, pairs, sides(parts), worked(together(parts), parameters))


def sides(parts: Counts) -> tuple[Side, ...]:
    """What each class of source says, our own first."""
    return tuple(Side(source, parts[source], *of) for source, of in sorted(believed(parts).items()))


def together(parts: Counts) -> dict[str, float]:
    """What counts of what all sources say, in messages."""
    counts = added(({0: side.counts}, 1) for side in sides(parts))
    return {kind: amount / ONE for kind, amount in counts.get(0, {}).items()}


def added(parts: Iterable[tuple[Counts, int]]) -> dict[int, dict[str, int]]:
    """Counts added up, each times its worth."""
    found: dict[int, dict[str, int]] = {}
    for counts, worth in parts:
        for source, kinds in counts.items():
            sums = found.setdefault(source, {})
            for kind, count in kinds.items():
                sums[kind] = sums.get(kind, 0) + count * worth
    return found


def without(parts: Counts, gone: Counts) -> dict[int, dict[str, int]]:
    """What is left of counts when some that are in them are taken away."""
    return added([(parts, 1), (gone, -1)])


def worked(amounts: Mapping[str, float], parameters: Parameters) -> Worked:
    """The formula for messages by kind."""
    sent = amounts.get(Kind.SENT, 0.0)
    bare = [_term(signal, sent, amounts) for signal in parameters.signals]
    product = _score(each.factor for each in bare)
    losses = [-log(each.factor) for each in bare]
    shares = [loss / sum(losses) if loss else 0.0 for loss in losses]
    split = points(shares, 100 * POINTS - round(product * POINTS))
    terms = tuple(
        Term(each.signal, each.count, each.seen, share, part)
        for each, share, part in zip(bare, shares, split, strict=True)
    )
    high, low = (
        _score(1 - each.signal.weight * badness(each.quantile(which), each.signal) for each in terms)
        for which in (OPTIMISTIC, PESSIMISTIC)
    )
    is_known = sent >= parameters.least_sample or any(each.count > 0 for each in terms)
    return Worked(amounts, terms, is_known, product, min(low, product), max(high, product))


def badness(rate: float, signal: Signal) -> float:
    """0 at the lower limit and below it, 1 at the upper and above."""
    return min(log(max(rate, signal.low) / signal.low) / log(signal.high / signal.low), 1.0)


def points(shares: Sequence[float], loss: int) -> list[int]:
    """A loss in whole units by its shares: they add up to it exactly, each less than a unit from its part of it."""
    parts = [int(share * loss) for share in shares]
    order = sorted(range(len(shares)), key=lambda place: parts[place] - shares[place] * loss)
    for place in order[: loss - sum(parts) if any(shares) else 0]:
        parts[place] += 1
    return parts


def _pair(pair: tuple[int, int], told: Sequence[Told], least: int, weights: Sequence[int], today: int) -> Pair:
    known = [each for each in told if 0 <= today - each.day < len(weights)]
    closed = sorted(each.volume for each in known if each.day < today and each.volume)
    usual = closed[(len(closed) - 1) // 2] if closed else None
    most = None if usual is None else max(usual, least)  # nothing is capped without a closed day to compare with
    return Pair(*pair, usual, tuple(
        Day(each.day, today - each.day, weights[today - each.day], each.volume,
            most if most is not None and each.volume > most else None, each.counts)
        for each in known
    ))  # fmt: skip


def _term(signal: Signal, sent: float, amounts: Mapping[str, float]) -> Term:
    count = sum(amounts.get(kind, 0.0) * worth for kind, worth in signal.kinds.items())
    return Term(signal, count, max(sent, count), 0.0, 0)


def _score(factors: Iterable[float]) -> float:
    return round(100 * prod(factors), PLACES)


def bad(kinds: Mapping[str, float]) -> float:
    """What of this speaks against a sender."""
    return sum(kinds.get(kind, 0) for kind in BAD)


def volume(parts: Counts) -> int:
    """What all sources together say was sent."""
    return sum(kinds.get(Kind.SENT, 0) for kinds in parts.values())
