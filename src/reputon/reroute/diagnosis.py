"""Diagnosis: what `reputon diagnose --json` said, as much of it as a reroute needs; pure."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from reputon.cause.case import CauseId
from reputon.reroute.incident import CAUSES, RerouteError
from reputon.subject import SubjectError, domain

LINES = 10_000
LENGTH = 4 << 20  # characters of one line


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """The cause of one bounce and the domains that refused; None where the message was no bounce or had no cause."""

    cause: CauseId | None
    verified: bool
    receivers: tuple[str, ...]


def read(text: Iterable[str]) -> list[Diagnosis]:
    """The diagnoses in JSON lines; RerouteError for what is none."""
    found = []
    for number, line in enumerate(text, 1):
        if number > LINES or len(line) > LENGTH:
            raise RerouteError(f"line {number} of the diagnosis is too much: give the diagnosis of one incident")
        if line.strip():
            found.append(_diagnosis(line, number))
    if not found:
        raise RerouteError("the diagnosis is empty: give what `reputon diagnose --json` printed")
    return found


def _diagnosis(line: str, number: int) -> Diagnosis:
    try:
        fields = json.loads(line)
        cause = fields.get("cause") or {}
        named = cause.get("id")
        reports = fields.get("reports") or ()
        names = sorted({name for report in reports if (name := _receiver(report))})
    except (ValueError, AttributeError, TypeError, RecursionError):
        raise RerouteError(f"line {number} is no diagnosis: give what `reputon diagnose --json` printed") from None
    if named is not None and named not in CAUSES:
        raise RerouteError(f"line {number}: there is no cause {named!r}")
    return Diagnosis(named, cause.get("verified") is True, tuple(names))


def _receiver(report: dict[str, Any]) -> str | None:
    """The domain that refused the address; a report about something else names none."""
    if report.get("subject_kind", "ip") != "ip" or report.get("action", "failed") not in ("failed", "delayed", None):
        return None
    try:
        return domain(str(report.get("recipient") or "").rpartition("@")[2])
    except SubjectError:
        return None


def together(found: Sequence[Diagnosis], wanted: Sequence[str] | None) -> Diagnosis:
    """Several bounces of one incident as one: they must agree on the cause; verified where one of them is.

    `wanted`: only these receivers; each must be among those that refused.
    """
    causes = {each.cause for each in found if each.cause is not None}
    if len(causes) > 1:
        raise RerouteError(
            f"the bounces have different causes ({', '.join(sorted(causes))}): give those of one incident"
        )
    alike = [each for each in found if each.cause is not None]
    names = tuple(sorted({name for each in alike for name in each.receivers}))
    strange = sorted(set(wanted or ()) - set(names))
    if strange:
        raise RerouteError(f"{strange[0]} is not among the receivers that refused ({', '.join(names) or 'none'})")
    return Diagnosis(next(iter(causes), None), any(each.verified for each in alike), tuple(wanted or names))
