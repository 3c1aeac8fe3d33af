"""Samples: the refused messages as a ticket shows them, each by what its own server finds it by."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parseaddr, parsedate_to_datetime

from reputon.bounce.report import Message, Report
from reputon.remedy.diagnosis import Diagnosis
from reputon.remedy.quoting import NAME, UNKNOWN, one_line, or_unknown, utc


@dataclass(frozen=True, slots=True)
class Sample:
    """One message that was refused; `ids` are what its provider finds it by."""

    sent: str
    sender: str
    recipient: str
    message_id: str
    ids: tuple[tuple[str, str], ...]


def samples_of(told: Iterable[tuple[Diagnosis, Report]], labels: Sequence[tuple[str, str]]) -> list[Sample]:
    """Each message once, however often it is reported."""
    found: dict[object, tuple[Message, dict[str, None]]] = {}
    for each, report in told:
        message = each.message
        _, recipients = found.setdefault(message.message_id or id(message), (message, {}))
        recipients[or_unknown(report.recipient)] = None
    return [_sample(message, list(recipients), labels) for message, recipients in found.values()]


def _sample(message: Message, recipients: Sequence[str], labels: Sequence[tuple[str, str]]) -> Sample:
    returned = message.returned
    more = f" and {len(recipients) - 1} more" if len(recipients) > 1 else ""
    return Sample(
        sent=_date(message.date),
        sender=or_unknown(parseaddr((returned.first("from") if returned else None) or "")[1]),
        recipient=recipients[0] + more,
        message_id=one_line(message.message_id, 2 * NAME) or UNKNOWN,
        ids=tuple(
            (one_line(label, NAME), one_line(returned.first(name.lower()) if returned else None) or UNKNOWN)
            for label, name in labels
        ),
    )


def common(samples: Sequence[Sample], labels: Sequence[tuple[str, str]]) -> dict[str, str]:
    """The identifiers that every message has alike."""
    names = [one_line(label, NAME) for label, _ in labels]
    values = {name: {dict(each.ids)[name] for each in samples} for name in names}
    return {name: next(iter(found)) for name, found in values.items() if len(found) == 1}


def without(sample: Sample, shared: dict[str, str]) -> Sample:
    """The sample without what every message has alike."""
    own = tuple((label, value) for label, value in sample.ids if label not in shared)
    return Sample(sample.sent, sample.sender, sample.recipient, sample.message_id, own)


def _date(text: str | None) -> str:
    """The time of sending in UTC, as a message trace is searched; as it was written where it is no time."""
    for reading in (parsedate_to_datetime, datetime.fromisoformat):
        try:
            moment = reading(text or "")
            return utc(moment if moment.tzinfo else moment.replace(tzinfo=UTC))  # "-0000" is a time in UTC
        except (ValueError, OverflowError):
            continue
    return or_unknown(text)
