"""Numbers: how figures are written so that whoever recomputes a score from them gets it to 0.01, and days of 1970."""

from collections.abc import Mapping
from datetime import date, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from reputon.evidence.kinds import Kind

if TYPE_CHECKING:
    from reputon.listing.lookup import Known

_EPOCH = date(1970, 1, 1)
_WHOLE = 1e15
_NOTHING = 1e-12  # below it a number is 0: no limit of a rate is anywhere near
_ORDER = {kind: place for place, kind in enumerate(Kind)}
ONE = 1 << 20  # what amounts are in: parts of a message
OWN = "own"  # what our own sources together are called


def number(value: float) -> str:
    """Whole, or seven digits, never with an exponent: what a calculator takes."""
    if abs(value) < _NOTHING:
        return "0"
    if value == int(value) and abs(value) < _WHOLE:
        return str(int(value))
    text = format(Decimal(f"{value:.7g}"), "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def kinds(counts: Mapping[str, float], divisor: int = 1) -> str:
    """Counts by kind, as in `sent 300, complaint 3`."""
    order = sorted(counts, key=lambda kind: _ORDER[Kind(kind)])
    return ", ".join(f"{kind} {number(counts[kind] / divisor)}" for kind in order if counts[kind])


def day_text(day: int) -> str:
    """A day since 1970, as 2026-11-24."""
    return (_EPOCH + timedelta(days=day)).isoformat()


def source_text(known: "Known", source: int) -> str:
    """Who a class of source is: a name, or `own`."""
    return known.names.get(source, f"{source:x}") if source else OWN


def points(hundredths: int) -> str:
    """A part of a loss."""
    return f"{hundredths / 100:.2f}"


def by_source(known: "Known", counts: Mapping[int, Mapping[str, float]]) -> dict[str, Any]:
    """Counts by the names of their sources."""
    return {source_text(known, source): dict(each) for source, each in counts.items()}
