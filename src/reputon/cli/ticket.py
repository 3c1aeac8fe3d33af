"""reputon ticket: the text for the provider's support, or for the receiver's postmaster, from the bounces."""

import sys
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from reputon.cli import bounces, console

if TYPE_CHECKING:
    from reputon.cause.provider import Provider
    from reputon.remedy.ticket import Ticket

_BETWEEN = {"text": "=" * 72, "markdown": "---\n", "html": "<hr>"}


def command(
    paths: bounces.PathsArgument,
    audience: Annotated[
        Literal["provider", "receiver"] | None,
        typer.Option("--for", help="Who reads it; without it, whoever is at fault."),
    ] = None,
    form: Annotated[Literal["text", "markdown", "html"], typer.Option("--format", help="How it is written.")] = "text",
    offline: bounces.OfflineOption = False,
    world: bounces.WorldOption = None,
    config_path: console.ConfigOption = None,
    as_json: console.JsonOption = False,
) -> None:
    """Write a ticket to the provider whose shared address is listed, or a note to the receiver who errs.

    Exit codes: 0 written, 2 bad usage or input, 3 there is nobody to ask.
    """
    from reputon import config
    from reputon.cli import provider
    from reputon.remedy import ticket

    settings = config.load(config_path)
    found = list(bounces.diagnosed(paths, settings, lambda each: each, offline=offline, world=world))
    known = provider.known(settings, world)
    written = [] if audience == "receiver" else ticket.to_providers(found, known, form)
    if audience == "receiver":
        written = ticket.to_receivers(found, known, form)
    elif audience is None:
        wrong = [each for each in found if each.cause and each.cause.id == "recipient-fault"]
        written += ticket.to_receivers(wrong, known, form)
    if not written:
        causes = ", ".join(sorted({each.cause.id for each in found if each.cause})) or "no refusal"
        whom = f"a {audience}" if audience else "a provider"
        other = "" if audience else ", or write to the receiver with --for receiver"
        console.fail(f"nothing to ask {whom} for: {causes}; see `reputon diagnose`{other}", console.Exit.UNKNOWN)
    for number, each in enumerate(written):
        if as_json:
            console.print_json(_fields(each))
        else:
            console.print_text((f"{_BETWEEN[form]}\n" if number else "") + each.text.rstrip("\n"))
        if each.audience == "provider" and sys.stderr.isatty():
            console.err.print(_hints(known[each.name]), markup=False)


def _hints(of: "Provider") -> str:
    """What helps who brings the ticket, and does not belong in it."""
    said = f"Brought by {of.support.who}; support wants: {', '.join(of.support.needs)}."
    return said + (f" They refuse: {'; '.join(of.refuses)}." if of.refuses else "")


def _fields(written: "Ticket") -> dict[str, object]:
    return {
        written.audience: written.name,
        "portal": written.portal,
        "subject": written.subject,
        "text": written.text,
        "fields": written.fields,
    }
