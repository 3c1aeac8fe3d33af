"""Affected: what several bounces of one trouble say together: how many, since when, which addresses and messages.

Everything in it is one line within bounds, and what is not known says so.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from reputon.bounce.report import Report
from reputon.cause.incidents import domain_of
from reputon.remedy.diagnosis import Diagnosis
from reputon.remedy.quoting import NAME, UNKNOWN, WORDS, address, domain_name, one_line, or_unknown, utc
from reputon.remedy.samples import Sample, common, samples_of, without
from reputon.remedy.situation import authentication, shown

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


Pair = tuple[Diagnosis, Report]  # a diagnosis, and one of its reports that tells of the same trouble


def pairs(diagnoses: Iterable[Diagnosis]) -> list[Pair]:
    """Every report of the same trouble as the one that its message's cause stands on."""
    return [(each, report) for each in diagnoses for report in _refused(each)]


def gather(
    told: Sequence[Pair], labels: Sequence[tuple[str, str]] = (), counts: Callable[[str], bool] | None = None
) -> Affected:
    """What the reports say together.

    `labels` are the header fields that a provider finds messages by; `counts` says which addresses are meant.
    """
    diagnoses = list({id(each): each for each, _ in told}.values())
    entries = list({(e.address, e.list): e for e in _entries(told, counts)}.values())
    samples = samples_of(told, labels)
    shared = common(samples, labels)
    first = next((report for _, report in told), Report())
    times = sorted(each.sent for each in samples if each.sent[:1].isdigit())
    return Affected(
        messages=len(samples),
        recipients=len({(report.recipient or "").lower() for _, report in told}),
        addresses=len({each.address for each in entries}),
        first=times[0] if times else UNKNOWN,
        last=times[-1] if times else UNKNOWN,
        receivers=tuple(dict.fromkeys(receiver_of(report) for _, report in told)),
        sender_domains=tuple(dict.fromkeys(filter(None, (domain_name(domain_of(s.sender)) for s in samples)))),
        entries=tuple(entries[:ADDRESSES]),
        samples=tuple(without(each, shared) for each in samples[:SAMPLES]),
        ids=tuple(shared.items()),
        refused_by=domain_name(first.rhost) or address(first.rhost) or UNKNOWN,
        words=one_line(first.text or first.reason, WORDS) or UNKNOWN,
        wrapping=_wrapping(first),
        authentication=_together(
            authentication(each.cause, each.report) for each in diagnoses if each.cause and each.report
        ),
        pool=_together(each.cause.pool if each.cause else None for each in diagnoses),
        facts=_facts(diagnoses),
    )


def _facts(diagnoses: Sequence[Diagnosis]) -> tuple[str, ...]:
    """What shows the cause of the first; the others' differ in names only."""
    first = next((each for each in diagnoses if each.cause and each.report), None)
    return tuple(dict.fromkeys(shown(first.cause, first.report))) if first and first.cause and first.report else ()


def _wrapping(report: Report) -> str:
    words = " ".join(filter(None, (report.wrapper_smtp, report.wrapper_enhanced, report.wrapper_text)))
    return one_line(words, WORDS) or UNKNOWN


def receiver_of(report: Report) -> str:
    """The recipient's domain, else the refusing host."""
    return domain_name(domain_of(report.recipient)) or domain_name(report.rhost) or UNKNOWN


def _together(said: Iterable[str | None]) -> str:
    return one_line(" / ".join(dict.fromkeys(each for each in said if each)), WORDS) or UNKNOWN


def _refused(diagnosis: Diagnosis) -> list[Report]:
    told = diagnosis.report
    if told is None:
        return []
    others = [each for each in diagnosis.message.reports if each is not told and each.action in ("failed", "delayed")]
    return [told, *(each for each in others if _trouble(each) == _trouble(told))]


def _trouble(report: Report) -> tuple[str | None, ...]:
    return report.subject_kind, report.list, report.zone, report.fault


def _entries(told: Iterable[Pair], counts: Callable[[str], bool] | None) -> Iterable[Entry]:
    for diagnosis, report in told:
        found = address(report.listed_ip)
        if found is None or (counts is not None and not counts(found)):
            continue
        is_told = report is diagnosis.report and diagnosis.cause is not None
        yield Entry(
            address=found,
            list=or_unknown(report.list or report.zone),
            asked_as=_asked_as(report),
            pool=or_unknown(diagnosis.cause.pool if is_told and diagnosis.cause else None),
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
        + f", at {utc(result.asked_at)}"
        for checked in diagnosis.checks
        if checked.subject == subject
        for result in checked.results
        if result.why != diagnosis.unasked or result.why is None
    ]
    return one_line("; ".join(said), WORDS) or "not asked"
