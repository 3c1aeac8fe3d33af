"""Ticket: what the provider's support needs, in one text: the address, the list, the proof, every affected message."""

from collections.abc import Sequence
from datetime import UTC, datetime
from email.utils import parseaddr, parsedate_to_datetime
from functools import cache
from importlib import resources
from typing import Any

from reputon.cause.provider import Provider
from reputon.remedy.diagnosis import Diagnosis

TEMPLATE = "provider.txt.jinja"
CAUSES = ("provider-shared", "mixed")  # where the provider's addresses are to blame, wholly or in part


class TicketError(ValueError):
    """Bounces for which nobody can be asked; the message says why."""


def write(diagnoses: Sequence[Diagnosis], provider: Provider) -> str:
    """The ticket to `provider` for every diagnosis that blames it; TicketError where none does."""
    blamed = [each for each in diagnoses if each.cause and each.cause.provider == provider.id]
    blamed = [each for each in blamed if each.cause and each.cause.id in CAUSES]
    if not blamed:
        raise TicketError(f"no bounce blames {provider.name}: run `reputon diagnose` to see whose fault it is")
    return str(
        _template().render(provider=provider, addresses=_addresses(blamed), messages=_messages(blamed, provider))
    )


def _addresses(diagnoses: Sequence[Diagnosis]) -> list[dict[str, Any]]:
    """Each listed address once, with its list, its code and what the list says now."""
    found: dict[tuple[str | None, str | None], dict[str, Any]] = {}
    for each in diagnoses:
        report = each.report
        if report is None or report.listed_ip is None:
            continue
        entry = {"report": report, "pool": each.cause.pool if each.cause else None, "now": _now(each)}
        found.setdefault((report.listed_ip, report.list or report.zone), entry)
    return list(found.values())


def _now(diagnosis: Diagnosis) -> list[str]:
    """What each list says now, and when it was asked."""
    results = [result for checked in diagnosis.checks for result in checked.results]
    return [
        f"{result.list} at {_utc(result.asked_at)}: {result.state}"
        + (f" ({', '.join(result.codes)})" if result.codes else "")
        + (f", {words}" if (words := result.meaning or result.why) else "")
        for result in results
    ]


def _utc(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def _date(text: str | None) -> str:
    """A Date field in UTC, as a message trace is searched; as it was written where it is no date."""
    try:
        return _utc(parsedate_to_datetime(text or ""))
    except (ValueError, OverflowError):
        return text or "unknown"


def _messages(diagnoses: Sequence[Diagnosis], provider: Provider) -> list[dict[str, Any]]:
    rows = []
    for each in diagnoses:
        returned = each.message.returned
        headers = [(label, returned.first(name.lower())) for label, name in provider.ticket_headers] if returned else []
        known = [(label, value) for label, value in headers if value]
        rows.append(
            {
                "message": each.message,
                "report": each.report,
                "sender": parseaddr((returned.first("from") if returned else None) or "")[1],
                "date": _date(each.message.date),
                "headers": known,
                "facts": _proof(each),
            }
        )
    return rows


def _proof(diagnosis: Diagnosis) -> list[str]:
    """The facts, without the receiver's words, which stand in the ticket by themselves."""
    words = (diagnosis.report.text if diagnosis.report else None) or ""
    return [fact.fact.removesuffix(f": {words}") for fact in diagnosis.cause.facts] if diagnosis.cause else []


@cache
def _template() -> Any:
    import jinja2  # a tenth of a second, and only tickets need it

    text = (resources.files(__package__) / "tickets" / TEMPLATE).read_text()
    # A ticket is plain text: nothing in it is read as HTML.
    made = jinja2.Environment(trim_blocks=True, lstrip_blocks=True, undefined=jinja2.StrictUndefined)  # noqa: S701
    return made.from_string(text)
