"""Known, as JSON: what `lookup --json` prints of a subject, to the operator and to the public."""

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from reputon.cli import listing, score
from reputon.cli.numbers import ONE, day_text, source_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reputon.listing.lookup import Day, Known, Residual
    from reputon.listing.public import Public
    from reputon.score.history import Point


def of(known: "Known") -> dict[str, Any]:
    """All of it."""
    return {
        "subject": known.subject.text,
        "score": _score(known),
        "history": _history(known.history),
        "evidence_since": None if known.since is None else day_text(known.since),
        "parts": [score.as_json(each) for each in known.parts],
        "effective_tenants": known.tenants,
        "is_shared": known.is_shared,
        "without_worst": _residual(known.residual) if known.residual else None,
        "sources": _sources(known),
        "last_day": last_day(known.day) if known.day else None,
        "around": [asdict(each) for each in known.around],
        "around_as_of": known.around_as_of,
        "listing": listing.as_json(known.listing) if known.listing else None,
        "past": [listing.as_json(each) for each in known.past],
    }


def of_public(seen: "Public") -> dict[str, Any]:
    """What anybody may see."""
    return asdict(seen) | {"history": _history(seen.history)}


def last_day(day: "Day") -> dict[str, Any]:
    """What the rule of listing looks at."""
    return {
        "messages": dict(day.recent.messages), "pieces": day.recent.pieces, "sources": sorted(day.recent.sources),
        "latest": day.verdict.latest, "optimistic": day.worked.high, "is_low": day.verdict.is_low,
        "why": day.verdict.why,
    }  # fmt: skip


def _score(known: "Known") -> dict[str, Any] | None:
    if known.score is None:
        return None
    made: dict[str, Any] = score.as_json(known.score)
    terms = known.arithmetic.worked.terms if known.arithmetic else ()
    factors = [each | {"points": term.points / 100} for each, term in zip(made["factors"], terms, strict=True)]
    return made | {"factors": factors}


def _history(points: "Sequence[Point]") -> list[dict[str, Any]]:
    return [{"day": day_text(each.day), "value": each.value, "is_whole": each.is_whole} for each in points]


def _residual(residual: "Residual") -> dict[str, Any]:
    return {"tenant": residual.tenant, "volume": residual.volume, "value": residual.worked.value}


def _sources(known: "Known") -> list[dict[str, Any]]:
    sides = known.arithmetic.sides if known.arithmetic else ()
    return [
        {
            "source": source_text(known, side.source), "class": "known" if side.source else "own",
            "said": {kind: count / ONE for kind, count in side.said.items()},
            "counts": {kind: count / ONE for kind, count in side.counts.items()},
        }
        for side in sides
    ]  # fmt: skip
