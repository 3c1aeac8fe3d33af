"""Ticket: what the provider's support needs, in one text: the address, the list, the proof, every affected message."""

from collections.abc import Sequence
from functools import cache
from importlib import resources
from typing import Any

from reputon.cause.provider import Provider
from reputon.remedy.diagnosis import Diagnosis

TEMPLATE = "provider.txt.jinja"
CAUSES = ("provider-shared", "mixed", "resolved")  # where the provider's addresses are to blame, wholly or in part


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
        states = {str(result.state) for checked in each.checks for result in checked.results}
        entry = {"report": report, "pool": each.cause.pool if each.cause else None, "now": ", ".join(sorted(states))}
        found.setdefault((report.listed_ip, report.list or report.zone), entry)
    return list(found.values())


def _messages(diagnoses: Sequence[Diagnosis], provider: Provider) -> list[dict[str, Any]]:
    rows = []
    for each in diagnoses:
        returned = each.message.returned
        headers = [(label, returned.first(name.lower())) for label, name in provider.ticket_headers] if returned else []
        proof = [fact.fact for fact in each.cause.facts] if each.cause else []
        known = [(label, value) for label, value in headers if value]
        rows.append({"message": each.message, "report": each.report, "headers": known, "facts": proof})
    return rows


@cache
def _template() -> Any:
    import jinja2  # a tenth of a second, and only tickets need it

    text = (resources.files(__package__) / "tickets" / TEMPLATE).read_text()
    # A ticket is plain text: nothing in it is read as HTML.
    made = jinja2.Environment(trim_blocks=True, lstrip_blocks=True, undefined=jinja2.StrictUndefined)  # noqa: S701
    return made.from_string(text)
