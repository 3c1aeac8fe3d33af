"""Affected: what several bounces of one trouble say together: how many, since when, which addresses and messages.

Everything in it is one line within bounds, and what is not known says so.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parseaddr, parsedate_to_datetime

from reputon.bounce.report import Message, Report
from reputon.cause.incidents import domain_of
from reputon.remedy.diagnosis import Diagnosis
from reputon.remedy.quoting import address, domain_name, one_line
from reputon.remedy.situation import shown

UNKNOWN = "unknown"
NAME = 80  # characters of a name, an address or an identifier that are shown
WORDS = 300  # characters of anybody's words
SAMPLES = 10  # messages that are shown, and
ADDRESSES = 5  # listed addresses, so that it stays on one page
RECEIVERS = 5


@dataclass(frozen=True, slots=True)
class Entry:
    """One listed address: the list, what the receiver asked and was told, the pool, and what the list says now."""

    address: str
    list: str
    asked_as: str
    pool: str
    now: str


@dataclass(frozen=True, slots=True)
class Sample:
    """One message that was refused; `ids` are what its provider finds it by."""

    sent: str
    sender: str
    recipient: str
    message_id: str
    ids: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Affected:
    """One trouble over all its bounces.  `ids` are the same for every message; `entries` and `samples` are bounded."""

    messages: int
    recipients: int
    addresses: int
    first: str
    last: str
    receivers: tuple[str, ...]
    sender_domains: tuple[str, ...]
    entries: tuple[Entry, ...]
    samples: tuple[Sample, ...]
    ids: tuple[tuple[str, str], ...]
    refused_by: str
    words: str
    wrapping: str
    authentication: str
    pool: str
    facts: tuple[str, ...]


def gather(
    diagnoses: Sequence[Diagnosis], labels: Sequence[tuple[str, str]] = (), counts: Callable[[str], bool] | None = None
) -> Affected:
    """What the diagnoses say together.

    `labels` are the header fields that a provider finds messages by; `counts` says which addresses are meant.
    """
    reports = [(each, report) for each in diagnoses for report in _refused(each)]
    entries = list({(e.address, e.list): e for e in _entries(reports, counts)}.values())
    samples = _samples(diagnoses, labels)
    common = _common(samples, labels)
    first = next((report for _, report in reports), Report())
    times = sorted(each.sent for each in samples if each.sent[:1].isdigit())
    return Affected(
        messages=len(samples),
        recipients=len({(report.recipient or "").lower() for _, report in reports}),
        addresses=len({each.address for each in entries}),
        first=times[0] if times else UNKNOWN,
        last=times[-1] if times else UNKNOWN,
        receivers=tuple(dict.fromkeys(receiver_of(report) for _, report in reports)),
        sender_domains=tuple(dict.fromkeys(filter(None, (domain_name(domain_of(s.sender)) for s in samples)))),
        entries=tuple(entries[:ADDRESSES]),
        samples=tuple(_without(each, common) for each in samples[:SAMPLES]),
        ids=tuple(common.items()),
        refused_by=_or_unknown(first.rhost),
        words=one_line(first.text or first.reason, WORDS) or UNKNOWN,
        wrapping=one_line(" ".join(filter(None, (first.wrapper_smtp, first.wrapper_enhanced, first.wrapper_text))),
                          WORDS) or UNKNOWN,
        authentication=_together(each.authentication for each in diagnoses),
        pool=_together(each.cause.pool if each.cause else None for each in diagnoses),
        facts=tuple(dict.fromkeys(fact for each in diagnoses[:1] if each.cause and each.report
                                  for fact in shown(each.cause, each.report))),
    )  # fmt: skip


def receiver_of(report: Report) -> str:
    """The recipient's domain, else the refusing host."""
    return domain_name(domain_of(report.recipient)) or domain_name(report.rhost) or UNKNOWN


def _or_unknown(text: str | None) -> str:
    return one_line(text, NAME) or UNKNOWN


def _together(said: Iterable[str | None]) -> str:
    return one_line(" / ".join(dict.fromkeys(each for each in said if each)), WORDS) or UNKNOWN


def _refused(diagnosis: Diagnosis) -> list[Report]:
    """The reports of the same trouble as the one that the cause stands on."""
    told = diagnosis.report
    if told is None:
        return []
    same = [each for each in diagnosis.message.reports if each.action in ("failed", "delayed")]
    return [told, *(r for r in same if r is not told and (r.subject_kind, r.list) == (told.subject_kind, told.list))]


def _entries(reports: Iterable[tuple[Diagnosis, Report]], counts: Callable[[str], bool] | None) -> Iterable[Entry]:
    for diagnosis, report in reports:
        found = address(report.listed_ip)
        if found is None or (counts is not None and not counts(found)):
            continue
        is_told = report is diagnosis.report and diagnosis.cause is not None
        yield Entry(
            address=found,
            list=_or_unknown(report.list or report.zone),
            asked_as=_asked_as(report),
            pool=_or_unknown(diagnosis.cause.pool if is_told and diagnosis.cause else None),
            now=_now(diagnosis, found),
        )  # fmt: skip


def _asked_as(report: Report) -> str:
    """The zone that the receiver asked, and the code that it was told."""
    return " = ".join(filter(None, (one_line(report.zone, NAME), one_line(report.return_code, 20)))) or UNKNOWN


def _now(diagnosis: Diagnosis, subject: str) -> str:
    """What the lists say of the address now, and when they were asked."""
    said = [
        f"{result.list}: {result.state}"
        + (f" ({', '.join(result.codes)})" if result.codes else "")
        + (f", {words}" if (words := result.meaning or result.why) else "")
        + f", at {_utc(result.asked_at)}"
        for checked in diagnosis.checks
        if checked.subject == subject
        for result in checked.results
    ]
    return one_line("; ".join(said), WORDS) or "not asked"


def _samples(diagnoses: Iterable[Diagnosis], labels: Sequence[tuple[str, str]]) -> list[Sample]:
    """Each message once, however often it is reported."""
    found: dict[object, Sample] = {}
    for number, each in enumerate(diagnoses):
        found.setdefault(each.message.message_id or number, _sample(each.message, each.report or Report(), labels))
    return list(found.values())


def _sample(message: Message, report: Report, labels: Sequence[tuple[str, str]]) -> Sample:
    returned = message.returned
    return Sample(
        sent=_date(message.date),
        sender=_or_unknown(parseaddr((returned.first("from") if returned else None) or "")[1]),
        recipient=_or_unknown(report.recipient),
        message_id=one_line(message.message_id, 2 * NAME) or UNKNOWN,
        ids=tuple(
            (one_line(label, NAME), _or_unknown(returned.first(name.lower()) if returned else None))
            for label, name in labels
        ),
    )


def _common(samples: Sequence[Sample], labels: Sequence[tuple[str, str]]) -> dict[str, str]:
    """The identifiers that every message has alike."""
    names = [one_line(label, NAME) for label, _ in labels]
    values = {name: {dict(each.ids)[name] for each in samples} for name in names}
    return {name: next(iter(found)) for name, found in values.items() if len(found) == 1}


def _without(sample: Sample, common: dict[str, str]) -> Sample:
    own = tuple((label, value) for label, value in sample.ids if label not in common)
    return Sample(sample.sent, sample.sender, sample.recipient, sample.message_id, own)


def _utc(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def _date(text: str | None) -> str:
    """A Date field in UTC, as a message trace is searched; as it was written where it is no date."""
    try:
        return _utc(parsedate_to_datetime(text or ""))
    except (ValueError, OverflowError):
        return _or_unknown(text)
