"""Working: a score's arithmetic as lines of text: every number that is needed to redo it by hand, and no other.

Numbers have seven digits: whoever calculates with the printed ones gets the score to 0.01 (a test does).
"""

from collections.abc import Iterator, Mapping
from math import prod
from textwrap import wrap
from typing import TYPE_CHECKING

from reputon.cli import console
from reputon.cli.numbers import ONE, day_text, kinds, number, points, source_text
from reputon.evidence.kinds import Kind

if TYPE_CHECKING:
    from reputon.listing.lookup import Day as LastDay
    from reputon.listing.lookup import Known
    from reputon.score.arithmetic import Day, Pair, Side, Term, Worked
    from reputon.score.model import Parameters, Signal

FOLD = 40  # days of tenants at addresses above which each has one line
_PAIRS = 40  # of those, too; the rest are one line
_WIDTH = 78


def lines(known: "Known", parameters: "Parameters", threshold: float, *, every: bool) -> Iterator[str]:
    """All steps; `every`: with every day of however many."""
    if known.arithmetic is None or known.score is None:
        yield f"{known.subject}: nothing was seen of it: there is nothing to explain"
        return
    value = known.score.value
    told = f"{value:.2f} of 100" if value is not None else "no data"
    yield f"{known.subject} at {console.time_text(known.score.as_of)}: {told} (parameters {parameters.version})"
    yield from _days(known, parameters, every=every)
    yield from _sums(known)
    worked = known.arithmetic.worked
    yield from _terms(worked)
    yield from _score(worked, parameters)
    yield from _bounds(worked)
    if known.day is not None:
        yield from _last_day(known.day, threshold)


def _days(known: "Known", parameters: "Parameters", *, every: bool) -> Iterator[str]:
    yield ""
    yield "1. What was seen, and what a message of each day counts"
    half_life, memory = number(parameters.half_life_days), parameters.memory_days
    yield f"   weight = 2^(-age/{half_life}), age in days; after {memory} days 0."
    yield "   A day with more mail than usual counts as a usual one: weight * usual/sent."
    yield "   usual: the lower median of a tenant's days at an address before today that"
    yield f"   have mail, but at least {parameters.day_volume}. Weights are whole numbers of 1/2^20."
    pairs = known.arithmetic.pairs if known.arithmetic else ()
    count = sum(len(pair.days) for pair in pairs)
    if not pairs:
        yield "   There are too many days to show; the sums follow."
    elif count <= FOLD or every:
        for pair in pairs:
            yield from _pair(known, pair, parameters)
    else:
        yield f"   The {count} days of {len(pairs)} are folded, weights applied; --all shows each."
        yield from _folded(known, pairs)


def _pair(known: "Known", pair: "Pair", parameters: "Parameters") -> Iterator[str]:
    yield ""
    yield f"{_name(known, pair)}: {_usual(pair)}"
    for day in pair.days:
        start = f"  {day_text(day.day)}  {_weight(day, number(parameters.half_life_days))}"
        for source, counts in sorted(day.counts.items()):
            yield f"{start:<46}  {source_text(known, source)}  {kinds(counts)}"
            start = ""


def _weight(day: "Day", half_life: str) -> str:
    capped = "" if day.most is None else f" * {day.most}/{day.volume}"
    return f"2^(-{day.age}/{half_life}){capped} = {number(day.worth / ONE)}"


def _folded(known: "Known", pairs: "tuple[Pair, ...]") -> Iterator[str]:
    from reputon.score import arithmetic

    order = sorted(pairs, key=lambda pair: -sum(map(arithmetic.bad, pair.amounts.values())))
    yield ""
    for pair in order[:_PAIRS]:
        yield f"{_name(known, pair)}: {len(pair.days)} days, {_usual(pair)}"
        yield from _by_source(known, pair.amounts)
    if rest := order[_PAIRS:]:
        yield f"{len(rest)} others together:"
        yield from _by_source(known, arithmetic.added((pair.amounts, 1) for pair in rest))


def _by_source(known: "Known", amounts: Mapping[int, Mapping[str, int]]) -> Iterator[str]:
    for source, counts in sorted(amounts.items()):
        yield f"  {source_text(known, source)}  {kinds(counts, ONE)}"


def _name(known: "Known", pair: "Pair") -> str:
    from reputon.score.recent import entity
    from reputon.subject import address_text

    return (
        entity(pair.subject, pair.tenant, known.names)[1] if known.subject.kind == "ip" else address_text(pair.subject)
    )


def _usual(pair: "Pair") -> str:
    capped = sum(day.most is not None for day in pair.days)
    usual = "no day before today with mail" if pair.usual is None else f"usual {pair.usual}"
    return f"{usual}, {capped} {'day' if capped == 1 else 'days'} above it" if capped else usual


def _sums(known: "Known") -> Iterator[str]:
    sides = known.arithmetic.sides if known.arithmetic else ()
    yield ""
    yield "2. The sums of count * weight"
    for side in sides:
        yield f"  {source_text(known, side.source)}  {kinds(side.said, ONE)}"
    if any(side.source for side in sides):
        yield from _believed(known, sides)
    if known.arithmetic:
        yield f"  together  {kinds(known.arithmetic.worked.amounts)}"


def _believed(known: "Known", sides: "tuple[Side, ...]") -> Iterator[str]:
    """What the caps of sources that are not our own take away."""
    from reputon.score.judgement import HARM, PARTS, harm

    weights = ", ".join(f"{kind} {weight}" for kind, weight in HARM.items())
    yield "   Of a source that is not our own, sent counts at most as much as all others'"
    yield "   sent, and what is bad at most as much as all others' bad, by its harm. Harm:"
    yield from (
        f"   {line}"
        for line in wrap(f"messages, cut to whole 1/{PARTS}, times {weights}.", _WIDTH, break_on_hyphens=False)
    )
    for side in sides:
        parts = [f"{weight}*{number(_cut(side, kind))}" for kind, weight in HARM.items() if _cut(side, kind)]
        weighed = number(harm(side.said) / PARTS)
        yield f"  {source_text(known, side.source)}  harm {' + '.join(parts) or '0'} = {weighed}"
    for side in sides:
        sent = {each.source: each.said.get(Kind.SENT, 0) / ONE for each in sides}
        harms = {each.source: harm(each.said) / PARTS for each in sides}
        for what, part, of in (("sent", side.of_sent, sent), ("bad", side.of_bad, harms)):
            if side.source and part < 1:
                ratio = f"{number(sum(of.values()) - of[side.source])}/{number(of[side.source])}"
                yield f"  {source_text(known, side.source)}  {what} * {ratio} = {what} * {number(part)}"


def _cut(side: "Side", kind: str) -> float:
    from reputon.score.judgement import PARTS, fine

    return fine(side.said.get(kind, 0)) / PARTS


def _terms(worked: "Worked") -> Iterator[str]:
    yield ""
    yield "3. For each signal: k of n messages, and the prior: m of nu"
    yield "   rate = (k + m*nu)/(n + nu); badness = ln(rate/low)/ln(high/low), from 0 to 1;"
    yield "   factor = 1 - weight*badness; n: sent, or k where that is more"
    for term in worked.terms:
        signal = term.signal
        prior = f"{number(term.count)} + {number(signal.mean)}*{number(signal.strength)}"
        yield ""
        yield f"{signal.name}: {_k(term, worked.amounts)}"
        yield f"  rate = ({prior})/({number(term.seen)} + {number(signal.strength)}) = {number(term.rate)}"
        yield f"  badness = {_badness(signal, term.rate)}"
        yield f"  factor = 1 - {number(signal.weight)}*{number(term.badness)} = {number(term.factor)}"


def _k(term: "Term", amounts: Mapping[str, float]) -> str:
    parts = [f"{number(worth)}*{number(amounts.get(kind, 0.0))} {kind}" for kind, worth in term.signal.kinds.items()]
    return f"k = {' + '.join(parts)} = {number(term.count)}"


def _badness(signal: "Signal", rate: float) -> str:
    from reputon.score import arithmetic

    low, high = number(signal.low), number(signal.high)
    if rate <= signal.low:
        return f"0, since {number(rate)} is not above {low}"
    if rate >= signal.high:
        return f"1, since {number(rate)} is not below {high}"
    return f"ln({number(rate)}/{low})/ln({high}/{low}) = {number(arithmetic.badness(rate, signal))}"


def _score(worked: "Worked", parameters: "Parameters") -> Iterator[str]:
    yield ""
    product = " * ".join(number(term.factor) for term in worked.terms)
    yield f"4. score = 100 * {product} = {worked.product:.2f}"
    if not worked.is_known:
        yield (f"   but there is none: fewer than {number(parameters.least_sample)} messages, and nothing bad:"
               " that is neither good nor bad")  # fmt: skip
    yield ""
    costs = [term for term in worked.terms if term.share > 0]
    split = " + ".join(points(term.points) for term in costs)
    yield f"5. loss = 100 - {worked.product:.2f} = {split + ' = ' if split else ''}{points(worked.loss)}"
    if costs:
        yield "   each signal's share: ln(its factor)/ln(all factors' product), rounded to add up"
    left = prod(term.factor for term in costs)
    for term in costs:
        share = f"ln({number(term.factor)})/ln({number(left)}) = {term.share:.2%}"
        yield f"  {term.signal.name}  {share} of it: {points(term.points)}  {term.impact}"


def _bounds(worked: "Worked") -> Iterator[str]:
    from reputon.score.model import OPTIMISTIC, PESSIMISTIC

    yield ""
    yield "6. The bounds: the same with the 20 % and 80 % quantiles of Beta(a, b) as rates"
    yield "   (scipy.special.betaincinv(a, b, 0.2)); a = k + m*nu, b = n - k + (1 - m)*nu;"
    yield "   the optimistic one is never below the score, the pessimistic never above"
    for term in worked.terms:
        low, high = (number(term.quantile(which)) for which in (OPTIMISTIC, PESSIMISTIC))
        yield f"  {term.signal.name}  a = {number(term.a)}, b = {number(term.b)}: {low} and {high}"
    spread = f"1 - ({worked.high:.2f} - {worked.low:.2f})/100"
    yield f"  optimistic {worked.high:.2f}, pessimistic {worked.low:.2f}; confidence = {spread} = " \
          f"{1 - (worked.high - worked.low) / 100:.4f}"  # fmt: skip


def _last_day(day: "LastDay", threshold: float) -> Iterator[str]:
    from reputon.score.arithmetic import badness
    from reputon.score.model import OPTIMISTIC

    yield ""
    yield "7. For listing: the last 24 hours as they are, neither faded nor capped by the"
    yield "   usual day, with the 20 % quantiles as rates"
    yield f"  {kinds(day.recent.messages)}"
    factors = []
    for term in day.worked.terms:
        rate = term.quantile(OPTIMISTIC)
        factors.append(number(1 - term.signal.weight * badness(rate, term.signal)))
        yield f"  {term.signal.name}  a = {number(term.a)}, b = {number(term.b)}: 20 % quantile {number(rate)}"
        yield f"    badness = {_badness(term.signal, rate)}; factor = {factors[-1]}"
    yield f"  optimistic score = 100 * {' * '.join(factors)} = {day.worked.high:.2f}; listed below {number(threshold)}"
    yield from (f"  {line}" for line in wrap(day.verdict.why, _WIDTH))
