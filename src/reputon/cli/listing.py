"""reputon listing: who is listed, why, until when; and taking a listing back."""

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from reputon.cli import console, rating

if TYPE_CHECKING:
    from reputon.listing.audit import Logged
    from reputon.listing.policy import Listing

command = typer.Typer(no_args_is_help=True, add_completion=False)


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

    with rating.opened(config.load(config_path), now) as given:
        found = given.ledger.listings(given.asked.now)
    table = Table("subject", "scope", "reasons", "since", "ends", box=None, padding=(0, 2))
    for each in found:
        if as_json_:
            console.print_json(as_json(each))
        reasons = ", ".join(reason.kind for reason in each.reasons)
        table.add_row(each.subject.text, each.scope, reasons, console.time_text(each.since),
                      console.time_text(each.expires))  # fmt: skip
    if not as_json_:
        console.out.print(table if found else "nobody is listed")
    console.end(console.Exit.BAD_NEWS if found else console.Exit.DONE)


@command.command()
def rm(
    subject: Annotated[str, typer.Argument(help="The listed address or tenant.")],
    why: Annotated[str, typer.Option(help="Why it is taken back; it is kept with the change.")],
    now: rating.NowOption = None,
    config_path: console.ConfigOption = None,
    as_json_: console.JsonOption = False,
) -> None:
    """Take a listing back.  What was seen until now lists nobody again; new evidence does."""
    from reputon import config
    from reputon.subject import parse

    with rating.opened(config.load(config_path), now) as given:
        gone = given.ledger.remove(parse(subject), given.asked.now, why)
    if as_json_:
        console.print_json(as_json(gone))
    else:
        console.out.print(f"{gone.subject} is no longer listed", markup=False)


@command.command()
def log(
    subject: Annotated[str | None, typer.Argument(help="Only of this address or tenant.")] = None,
    most: Annotated[int, typer.Option(min=1, help="How many changes to show.")] = 50,
    config_path: console.ConfigOption = None,
    as_json_: console.JsonOption = False,
) -> None:
    """Show what changed, the newest first, each with its why."""
    from reputon import config
    from reputon.subject import parse

    with rating.opened(config.load(config_path), None) as given:
        found = given.ledger.changes(most, parse(subject).text if subject else None)
    for each in found:
        console.print_json(asdict(each)) if as_json_ else console.out.print(_line(each), markup=False, soft_wrap=True)


def _line(each: "Logged") -> str:
    until = f" (until {console.time_text(each.until)})" if each.until else ""
    return f"{console.time_text(each.at)}  {each.what} {each.subject} by {each.who}: {each.why}{until}"
