"""Working, as JSON: a score's arithmetic with the same values as its text, in full precision."""

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from reputon.cli import known_json
from reputon.cli.numbers import ONE, by_source, day_text, source_text

if TYPE_CHECKING:
    from reputon.listing.lookup import Known
    from reputon.score.arithmetic import Pair, Side, Term, Worked
    from reputon.score.model import Parameters


def of(known: "Known", parameters: "Parameters", threshold: float) -> dict[str, Any]:
    """All steps; without evidence, none."""
    made, score = known.arithmetic, known.score
    if made is None or score is None:
        return {"subject": known.subject.text, "score": None}
    last = known_json.last_day(known.day) | {"terms": _terms(known.day.worked)} if known.day else None
    return {
        "subject": known.subject.text,
        "score": score.value,
        "as_of": score.as_of,
        "parameters": asdict(parameters),
        "pairs": [_pair(known, each) for each in made.pairs],
        "sources": [_side(known, each) for each in made.sides],
        "amounts": dict(made.worked.amounts),
        "terms": _terms(made.worked),
        "product": made.worked.product,
        "loss": made.worked.loss / 100,
        "low": made.worked.low,
        "high": made.worked.high,
        "listing": {"threshold": threshold, "last_day": last},
    }


def _pair(known: "Known", pair: "Pair") -> dict[str, Any]:
    from reputon.score.recent import entity
    from reputon.subject import address_text

    days = [
        {
            "day": day_text(day.day), "age": day.age, "weight": day.weight / ONE, "sent": day.volume,
            "counts_as": day.most, "worth": day.worth / ONE, "counts": by_source(known, day.counts),
        }
        for day in pair.days
    ]  # fmt: skip
    tenant = entity(pair.subject, pair.tenant, known.names)[1]
    return {"address": address_text(pair.subject), "tenant": tenant, "usual": pair.usual, "days": days}


def _side(known: "Known", side: "Side") -> dict[str, Any]:
    said = {kind: count / ONE for kind, count in side.said.items()}
    return {
        "source": source_text(known, side.source), "said": said, "of_sent": side.of_sent, "of_bad": side.of_bad,
        "counts": {kind: count / ONE for kind, count in side.counts.items()},
    }  # fmt: skip


def _terms(worked: "Worked") -> list[dict[str, Any]]:
    return [_term(term) for term in worked.terms]


def _term(term: "Term") -> dict[str, Any]:
    from reputon.score.model import OPTIMISTIC, PESSIMISTIC

    return {
        "signal": term.signal.name, "k": term.count, "n": term.seen, "rate": term.rate, "badness": term.badness,
        "factor": term.factor, "share": term.share, "points": term.points / 100, "a": term.a, "b": term.b,
        "optimistic": term.quantile(OPTIMISTIC), "pessimistic": term.quantile(PESSIMISTIC),
    }  # fmt: skip
