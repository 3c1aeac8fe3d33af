"""Diagnosis: the whole of the sender's road for one message: what was said, who is to blame, what to do."""

from dataclasses import dataclass, fields, is_dataclass
from typing import Any

from reputon import bounce
from reputon.bounce.report import Message, Report
from reputon.cause.decide import Cause
from reputon.cause.examine import examine, most_telling
from reputon.cause.incidents import Incidents
from reputon.cause.world import World
from reputon.check.meaning import Checked
from reputon.remedy.plan import Plan, make
from reputon.remedy.situation import Situation
from reputon.resolver import Nobody


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """One message and what follows from it; no cause and no plan where it reports no refusal.

    `file` is the name that a person gave the message by; `report` the one of its reports that the cause stands on.
    `unasked` says why nobody could be asked, where that is so.
    """

    file: str
    message: Message
    report: Report | None = None
    checks: tuple[Checked, ...] = ()
    cause: Cause | None = None
    plan: Plan | None = None
    unasked: str | None = None


def diagnose(file: str, message: Message, world: World, incidents: Incidents | None = None) -> Diagnosis:
    """Walk the road for one message; `incidents` are those of every bounce of the same run (see `examine`)."""
    report = most_telling(message.reports)
    checks, cause = examine(message, world, incidents)
    if report is None or cause is None:
        return Diagnosis(file, message)
    situation = Situation(
        cause=cause,
        report=report,
        provider=world.providers.get(cause.provider) if cause.provider else None,
        listed_by=world.catalogue.known(report.list, report.text or "") if report.list else None,
        message=message,
        sent_by_us=world.sent.has(message.message_id),
    )
    unasked = world.resolver.why if isinstance(world.resolver, Nobody) else None
    return Diagnosis(file, message, report, checks, cause, make(situation), unasked)


def as_json(diagnosis: Diagnosis) -> dict[str, Any]:
    """The line of `diagnose --json` (DESIGN.md section 4)."""
    line: dict[str, Any] = {"file": diagnosis.file, **bounce.as_json(diagnosis.message)}
    if diagnosis.message.is_bounce is None:
        return {key: line[key] for key in ("file", "is_bounce", "reports", "error") if key in line}
    line["checks"] = [_plain(each) for each in diagnosis.checks]
    line["cause"] = _plain(diagnosis.cause)
    line["plan"] = _plain(diagnosis.plan)
    return line


def _plain(value: Any) -> Any:
    """Values as JSON has them; `dataclasses.asdict` also copies every text, and takes longer than reading a bounce."""
    if isinstance(value, tuple):
        return [_plain(each) for each in value]
    names = _NAMES.get(type(value))
    if names is None:
        if not is_dataclass(value):
            return value
        names = _NAMES[type(value)] = tuple(each.name for each in fields(value))
    return {name: _plain(getattr(value, name)) for name in names}


_NAMES: dict[type, tuple[str, ...]] = {}  # of the fields of each class
