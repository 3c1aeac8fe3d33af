"""Ticket: what the provider's support needs, and what the receiver's postmaster should know, from all bounces given."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

from reputon.cause.decide import CauseId
from reputon.cause.provider import Provider
from reputon.remedy import forms
from reputon.remedy.affected import RECEIVERS, Affected, Pair, gather, pairs, receiver_of
from reputon.remedy.diagnosis import Diagnosis
from reputon.remedy.quoting import UNKNOWN, one_line
from reputon.remedy.situation import returnc

Audience = Literal["provider", "receiver"]

# Whom a cause gives something to ask for: the provider whose addresses are listed, wholly or in part; the receiver who
# errs, or who can let mail in that proved whose it is.
CAUSES: dict[Audience, tuple[CauseId, ...]] = {
    "provider": ("provider-shared", "mixed"),
    "receiver": ("recipient-fault", "provider-shared", "own-address"),
}


class TicketError(ValueError):
    """Bounces for which nobody can be asked; the message says why."""


@dataclass(frozen=True, slots=True)
class Ticket:
    """One text for one reader.  `name` is the provider's id or the receiver's domain; `portal` where to bring it."""

    audience: Audience
    name: str
    portal: str
    subject: str
    text: str
    fields: Mapping[str, Any]


def to_providers(
    diagnoses: Sequence[Diagnosis], providers: Mapping[str, Provider], form: forms.Form = "text"
) -> list[Ticket]:
    """One ticket for each provider that a diagnosis blames."""
    named = [each.cause.provider for each in _about(diagnoses, "provider") if each.cause and each.cause.provider]
    return [write(diagnoses, providers[name], form) for name in dict.fromkeys(named) if name in providers]


def write(diagnoses: Sequence[Diagnosis], provider: Provider, form: forms.Form = "text") -> Ticket:
    """The ticket to `provider` for every diagnosis that blames it; TicketError where none does."""
    blamed = [each for each in _about(diagnoses, "provider") if each.cause and each.cause.provider == provider.id]
    if not blamed:
        raise TicketError(f"no bounce blames {provider.name}: run `reputon diagnose` to see whose fault it is")
    affected = gather(pairs(blamed), provider.ticket_headers, lambda found: provider.prefix_of(found) is not None)
    subject = f"Our mail is refused: {_whose(affected)} on {_lists(affected)}"
    is_mixed = any(each.cause and each.cause.id == "mixed" for each in blamed)
    text = forms.render(
        "provider", form, provider=provider, subject=subject, affected=affected, is_mixed=is_mixed, **_counts(affected)
    )
    return Ticket("provider", provider.id, provider.support.url, subject, text, _fields(affected))


def to_receivers(
    diagnoses: Sequence[Diagnosis], providers: Mapping[str, Provider], form: forms.Form = "text"
) -> list[Ticket]:
    """One note for each receiver and cause; none where there is nothing that a receiver should hear."""
    groups: dict[tuple[str, CauseId], list[Pair]] = {}
    for each, report in pairs(_about(diagnoses, "receiver")):
        if each.cause is not None:
            groups.setdefault((receiver_of(report), each.cause.id), []).append((each, report))
    return [_note(receiver, cause, told, providers, form) for (receiver, cause), told in groups.items()]


def _note(
    receiver: str, cause: CauseId, told: Sequence[Pair], providers: Mapping[str, Provider], form: forms.Form
) -> Ticket:
    affected = gather(told)
    subject = f"{_NOTES[cause]}: {_lists(affected)}"
    postmaster = f"postmaster@{receiver}" if receiver != UNKNOWN else "the receiver's postmaster"
    blamed = told[0][0].cause
    provider = providers.get(blamed.provider or "") if blamed else None
    text = forms.render(
        "receiver", form, cause=cause, to=postmaster, receiver=receiver, subject=subject, affected=affected,
        provider=provider.name if provider else "our provider", returnc=returnc(affected.words),
        facts=[f for f in affected.facts if not f.startswith("the receiver ") and f != affected.authentication],
        **_counts(affected),
    )  # fmt: skip
    return Ticket("receiver", receiver, postmaster, subject, text, _fields(affected))


_NOTES: dict[CauseId, str] = {
    "recipient-fault": "Your mail server refuses mail because of a list that it misreads",
    "provider-shared": "Your mail server refuses our mail because of a shared address",
    "own-address": "Your mail server refuses our mail because of our address",
}


def _about(diagnoses: Sequence[Diagnosis], audience: Audience) -> list[Diagnosis]:
    return [each for each in diagnoses if each.cause and each.report and each.cause.id in CAUSES[audience]]


def _whose(affected: Affected) -> str:
    """The provider's addresses and their verb."""
    if not affected.entries:
        return "one of your outbound addresses is"
    more = affected.addresses - 1
    return f"your outbound address {affected.entries[0].address}" + (f" and {more} more are" if more else " is")


def _lists(affected: Affected) -> str:
    names = dict.fromkeys(each.list for each in affected.entries if each.list != UNKNOWN)
    return one_line(", ".join(names), 100) or "a blocklist that the receiver does not name"


def _counts(affected: Affected) -> dict[str, str]:
    """How much is affected, in words."""
    names = list(affected.receivers[:RECEIVERS])
    more = len(affected.receivers) - len(names)
    return {
        "messages": _number(affected.messages, "message"),
        "recipients": _number(affected.recipients, "recipient"),
        "receivers": ", ".join(names) + (f" and {more} more" if more else ""),
        "when": affected.first if affected.first == affected.last else f"{affected.first} to {affected.last}",
        "us": ", ".join(affected.sender_domains[:RECEIVERS]) or UNKNOWN,
    }


def _number(count: int, what: str) -> str:
    return f"{count} {what}" + ("" if count == 1 else "s")


def _fields(affected: Affected) -> dict[str, Any]:
    fields = asdict(affected)
    for each in (fields, *fields["samples"]):
        each["ids"] = dict(each["ids"])
    return fields
