"""reputon listing: who is listed, why, until when; what operators and owners say about it; and every change."""

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from reputon.cli import console, listing_appeals, listing_entries, listing_notices, rating

if TYPE_CHECKING:
    from datetime import datetime

    from reputon.listing.audit import Logged
    from reputon.listing.ledger import Ledger
    from reputon.listing.policy import Listing
    from reputon.subject import Subject

command = typer.Typer(no_args_is_help=True, add_completion=False)

_SHOWN = 10  # changes of a subject


@command.callback()
def listing() -> None:
    """Who is listed, why, and until when."""


def as_json(each: "Listing") -> dict[str, Any]:
    """A listing as JSON lines have it."""
    return asdict(each) | {"subject": each.subject.text}


@command.command()
def ls(
    now: rating.NowOption = None, config_path: console.ConfigOption = None, as_json_: console.JsonOption = False
) -> None:
    """List who is listed now.  Exit codes: 0 nobody, 1 somebody."""
    from rich.table import Table

    from reputon import config

    with rating.ledger_of(config.load(config_path)) as ledger:
        found = ledger.listings(rating.time_of(now))
    table = Table("subject", "since", "ends", "reasons", box=None, padding=(0, 2, 0, 0))
    for column in table.columns:
        column.overflow = "fold"
        column.no_wrap = column.header in ("since", "ends")  # on a narrow terminal others fold
    for each in found:
        if as_json_:
            console.print_json(as_json(each))
        reasons = ", ".join(reason.kind for reason in each.reasons)
        table.add_row(each.subject.text, console.time_text(each.since), console.time_text(each.expires), reasons)
    if not as_json_:
        console.out.print(table if found else "nobody is listed")
    console.end(console.Exit.BAD_NEWS if found else console.Exit.DONE)


@command.command()
def show(
    subject: Annotated[str, typer.Argument(help="An address, an IPv6 /64 or a tenant's domain.")],
    now: rating.NowOption = None,
    config_path: console.ConfigOption = None,
    as_json_: console.JsonOption = False,
) -> None:
    """Show everything the ledger knows of one subject.  Exit codes: 0 not listed, 1 listed."""
    from reputon import config
    from reputon.subject import parse

    wanted, at = parse(subject), rating.time_of(now)
    with rating.ledger_of(config.load(config_path)) as ledger:
        known = _known(ledger, wanted, at)
    console.print_json(known) if as_json_ else _show(known)
    console.end(console.Exit.BAD_NEWS if known["listing"] else console.Exit.DONE)


def _known(ledger: "Ledger", subject: "Subject", now: "datetime") -> dict[str, Any]:
    """What there is, as JSON has it."""
    from reputon.listing import dispute, entry, notice
    from reputon.listing.policy import MEMORY

    said = [each for each in ledger.entries.in_force(now) if entry.covers(each, subject)]
    in_force = ledger.listing(subject, now)
    past = [each for each in ledger.past(now - MEMORY, subject) if each.expires <= now]
    told = ledger.notices.of(subject)
    return {
        "subject": subject.text,
        "listing": as_json(in_force) if in_force else None,
        "past": [as_json(each) for each in past],
        "entries": [asdict(each) for each in said],
        "disputes": [listing_appeals.as_json(each, dispute.state(each, now)) for each in ledger.disputes.of(subject)],
        "notices": [listing_notices.as_json(each, notice.state(each, now)) for each in told],
        "changes": [asdict(each) for each in ledger.changes(_SHOWN, subject.text)],
    }


def _show(known: dict[str, Any]) -> None:
    say = console.out.print
    each = known["listing"]
    if each is None:
        say(f"{known['subject']}: not listed", markup=False)
    else:
        reasons = ", ".join(map(_reason, each["reasons"]))
        say(f"{known['subject']}: listed since {console.time_text(each['since'])} as {each['scope']}: {reasons}")
        say(f"last bad evidence {console.time_text(each['last_seen'])}; it ends by itself at "
            f"{console.time_text(each['expires'])} (listing {each['times']} of 30 days)")  # fmt: skip
    for old in known["past"]:
        how = "taken back" if old["removed"] else "ended"
        say(f"was listed from {console.time_text(old['since'])}, {how} {console.time_text(old['expires'])}")
    for said in known["entries"]:
        say(listing_entries.line(said), markup=False, soft_wrap=True)
    for told in known["disputes"]:
        say(listing_appeals.line(told), markup=False, soft_wrap=True)
    for told in known["notices"]:
        say(listing_notices.line(told), markup=False, soft_wrap=True)
    for change in known["changes"]:
        say(_line(change), markup=False, soft_wrap=True)


def _reason(each: dict[str, Any]) -> str:
    from reputon.listing.policy import MANUAL

    if each["kind"] == MANUAL:
        return "by hand"
    return f"{each['kind']} ({each['share']:.0%} of the loss, {each['count']} seen)"


@command.command()
def log(
    subject: Annotated[str | None, typer.Argument(help="Only of this address, tenant or prefix.")] = None,
    most: Annotated[int, typer.Option(min=1, help="How many changes to show.")] = 50,
    config_path: console.ConfigOption = None,
    as_json_: console.JsonOption = False,
) -> None:
    """Show every change, the newest first: what, by whom, why, until when."""
    from reputon import config
    from reputon.listing.entry import canonical

    with rating.ledger_of(config.load(config_path)) as ledger:
        found: list[Logged] = ledger.changes(most, canonical(subject) if subject else None)
    for each in map(asdict, found):
        console.print_json(each) if as_json_ else console.out.print(_line(each), markup=False, soft_wrap=True)


def _line(each: dict[str, Any]) -> str:
    until = f" (until {console.time_text(each['until'])})" if each["until"] else ""
    return f"{console.time_text(each['at'])}  {each['what']} {each['subject']} by {each['who']}: {each['why']}{until}"


for _verb in (
    listing_entries.add, listing_entries.remove, listing_entries.exempt, listing_entries.protect,
    listing_entries.entries, listing_entries.withdraw, listing_appeals.dispute, listing_appeals.disputes,
    listing_appeals.answer, listing_appeals.prove, listing_notices.notices, listing_notices.acknowledge,
):  # fmt: skip
    command.command()(_verb)
