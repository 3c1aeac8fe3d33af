"""reputon lookup: what is known of one address or tenant: the score and its factors, the listing and its clock."""

from typing import TYPE_CHECKING, Annotated

import typer

from reputon.cli import console, rating

if TYPE_CHECKING:
    from reputon.listing.lookup import Known
    from reputon.listing.policy import Listing
    from reputon.score.model import Score


def command(
    subject: Annotated[str, typer.Argument(help="An IPv4 address, an IPv6 address or /64, or a tenant's domain.")],
    now: rating.NowOption = None,
    config_path: console.ConfigOption = None,
    as_json: console.JsonOption = False,
) -> None:
    """Show a subject's score with every factor, who sends from it, and its listing.

    Exit codes: 0 not listed, 1 listed, 2 bad usage or input, 3 no data.
    """
    from reputon import config
    from reputon.listing.lookup import look_up
    from reputon.subject import parse

    wanted = parse(subject)
    with rating.opened(config.load(config_path), now) as given:
        known = look_up(given.engine, given.asked, given.folder, given.ledger, wanted)
    _json(known) if as_json else _show(known)
    if known.listing is not None:
        console.end(console.Exit.BAD_NEWS)
    console.end(console.Exit.DONE if known.score and known.score.value is not None else console.Exit.UNKNOWN)


def _json(known: "Known") -> None:
    from reputon.cli import listing, score

    console.print_json(
        {
            "subject": known.subject.text,
            "score": score.as_json(known.score) if known.score else None,
            "parts": [score.as_json(each) for each in known.parts],
            "listing": listing.as_json(known.listing) if known.listing else None,
            "past": [listing.as_json(each) for each in known.past],
        }
    )


def _show(known: "Known") -> None:
    if known.score is None or known.score.value is None:
        few = f": {known.score.sample:.0f} messages are too few" if known.score else ""
        console.out.print(f"{known.subject}: no data{few}; that is neither good nor bad", markup=False)
    else:
        _score(known.score, known.score.value)
    if known.parts:
        _parts(known)
    _listing(known.listing)
    for each in known.past:
        console.out.print(
            f"was listed from {console.time_text(each.since)} to {console.time_text(each.expires)}", style="dim"
        )


def _score(score: "Score", value: float) -> None:
    from rich.table import Table

    console.out.print(
        f"[bold]{score.subject}[/]  [{rating.style(value)}]{value:.2f} {rating.bar(value)}[/]  of 100, between "
        f"{score.low:.2f} and {score.high:.2f}, confidence {score.confidence:.0%}, {score.sample:.0f} messages (faded)"
    )
    table = Table(box=None, padding=(0, 1))
    table.add_column("factor", no_wrap=True)
    for name in ("seen", "rate", "loss from", "to", "share", ""):
        table.add_column(name, justify="right", no_wrap=True)
    for each in score.factors:
        impact = each.impact if each.share else ""
        table.add_row(each.kind, f"{each.count:.1f}", f"{each.rate:.3%}", f"{each.low:.3%}", f"{each.high:.3%}",
                      f"{each.share:.0%}", impact, style="" if each.share else "dim")  # fmt: skip
    console.out.print(table)


def _parts(known: "Known") -> None:
    from rich.table import Table

    is_address = known.subject.kind == "ip"
    table = Table("tenant here" if is_address else "sends from", box=None, padding=(0, 2))
    for name in ("messages", "score"):
        table.add_column(name, justify="right")
    for each in known.parts:
        name = each.tenant or "" if is_address else each.subject.text
        value = "no data" if each.value is None else f"[{rating.style(each.value)}]{each.value:.0f}[/]"
        table.add_row(name, f"{each.sample:.0f}", value)
    console.out.print(table)


def _listing(listing: "Listing | None") -> None:
    if listing is None:
        console.out.print("not listed", style="green")
        return
    reasons = ", ".join(f"{each.kind} ({each.share:.0%} of the loss, {each.count} seen)" for each in listing.reasons)
    console.out.print(f"[bold red]listed[/] since {console.time_text(listing.since)} as {listing.scope}: {reasons}")
    console.out.print(
        f"last bad evidence {console.time_text(listing.last_seen)}; if nothing more comes, it ends by itself at "
        f"[bold]{console.time_text(listing.expires)}[/] (listing {listing.times} of 30 days)"
    )
