"""Notices to owners of shared addresses: which are due, sending them, and the owners' acknowledgements."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from reputon.cli import console, rating

if TYPE_CHECKING:
    from reputon.cli.rating import Rating
    from reputon.config import Config
    from reputon.listing.notice import Noisy, Notice
    from reputon.listing.telling import Relay


def as_json(each: "Notice", state: str) -> dict[str, Any]:
    """A notice as JSON has it."""
    return asdict(each) | {"subject": each.subject.text, "state": state}


def line(each: dict[str, Any]) -> str:
    """A notice for people."""
    at = {"sent": each["sent"], "acknowledged": each["acknowledged"]}
    clock = ", ".join(f"{name} {console.time_text(time)}" for name, time in at.items() if time)
    to = f" to {each['contact']}" if each["contact"] else ""
    trouble = f"; not sent: {each['trouble']}" if each["trouble"] else ""
    due = console.time_text(each["due"])
    return f"notice of {each['subject']}{to}: {each['state']}, due {due}{', ' if clock else ''}{clock}{trouble}"


def notices(
    send: Annotated[bool, typer.Option("--send", help="Send those that are due.")] = False,
    now: rating.NowOption = None,
    config_path: console.ConfigOption = None,
    as_json_: console.JsonOption = False,
) -> None:
    """List the owners' notices of 30 days, and send those that are due.

    Exit codes: 0 done, 1 one could not be sent.
    """
    from reputon import config
    from reputon.listing.notice import state

    given, failed = config.load(config_path), False
    at = rating.time_of(now)
    if send:
        with rating.opened(given, now) as known:
            outcomes = [_sent(known, given, each) for each in known.ledger.notices.due(at)]
        failed = not all(outcomes)
    with rating.ledger_of(given) as ledger:
        found = [as_json(each, state(each, at)) for each in ledger.notices.recent(at)]
    for each in found:
        console.print_json(each) if as_json_ else console.out.print(line(each), markup=False, soft_wrap=True)
    if not found and not as_json_:
        console.out.print("no owner is to be told")
    console.end(console.Exit.BAD_NEWS if failed else console.Exit.DONE)


def acknowledge(
    token: Annotated[str, typer.Argument(help="The line that the owner sent back.")],
    who: Annotated[str | None, typer.Option(help="Who takes it in; your login name if it is not said.")] = None,
    now: rating.NowOption = None,
    config_path: console.ConfigOption = None,
    as_json_: console.JsonOption = False,
) -> None:
    """Take an owner's acknowledgement of a notice: the address stays spared."""
    from reputon import config
    from reputon.cli.listing_entries import who_is

    with rating.ledger_of(config.load(config_path)) as ledger:
        found = ledger.notices.acknowledge(token, rating.time_of(now), who_is(who))
    told = as_json(found, "acknowledged")
    console.print_json(told) if as_json_ else console.out.print(line(told), markup=False, soft_wrap=True)


def _sent(known: "Rating", given: "Config", due: "Notice") -> bool:
    """Send one; whether it was taken.  Why not is kept with the notice."""
    from reputon.listing import notice, rdap, telling
    from reputon.zone.entries import page

    kept = known.ledger.notices
    relay = _relay(given)
    try:
        contacts = _contacts(due, given)
        token = kept.token(due, ", ".join(contacts))
        subject, text = notice.message(due, _noisy(known, due), token, page(given.zone.url, due.subject.text))
        telling.tell(relay, contacts, subject, text, known.asked.now)
    except (rdap.RdapError, telling.NotToldError) as error:
        kept.failed(due, str(error))
        console.err.print(f"{due.subject}: {error}", markup=False, soft_wrap=True)
        return False
    kept.sent(due, ", ".join(contacts), known.asked.now, "rule")
    return True


def _relay(given: "Config") -> "Relay":
    from reputon.listing.telling import Relay

    of = given.listing.notice
    if not of.server:
        console.fail("listing.notice.server is not set: which mail server takes notices? (docs/listing.md)")
    relay = Relay(of.server, of.sender, of.user, of.password)
    relay.place()
    return relay


def _contacts(due: "Notice", given: "Config") -> Sequence[str]:
    """Whom to tell: as configured, else by RDAP."""
    from reputon.listing import rdap, telling

    configured = telling.contact(due.subject, given.listing.contacts)
    if configured:
        return (configured,)
    if not given.listing.rdap:
        raise rdap.RdapError("no contact in listing.contacts, and listing.rdap is not set")
    return rdap.abuse_contacts(due.subject, given.listing.rdap)


def _noisy(known: "Rating", due: "Notice") -> "list[Noisy]":
    """The tenants of the address whose own score is below the threshold, as its owner may see them."""
    from reputon.listing.lookup import look_up
    from reputon.listing.notice import Noisy

    parts = look_up(known.engine, known.asked, known.folder, known.ledger, due.subject).parts
    return [
        Noisy(each.tenant or "", round(each.sample), {factor.kind: round(factor.count) for factor in each.factors})
        for each in parts
        if each.tenant and each.high < known.settings.threshold
    ]
