"""reputon score: score everybody from the evidence, and change the listings by the rule."""

from typing import TYPE_CHECKING, Annotated

import typer

from reputon.cli import console, rating

if TYPE_CHECKING:
    from reputon.listing.rescore import Rescored
    from reputon.score.model import Score


def command(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would change; write nothing.")] = False,
    most: Annotated[int, typer.Option(min=0, help="How many of the lowest scores to show.")] = 20,
    now: rating.NowOption = None,
    config_path: console.ConfigOption = None,
    as_json: console.JsonOption = False,
) -> None:
    """Score every address and tenant, and list or extend by the rule (docs/listing.md).

    Exit codes: 0 done, nobody is listed; 1 somebody is listed; 2 bad usage or input; 3 there is no evidence.
    """
    from reputon import config
    from reputon.listing.rescore import propose, rescore

    with rating.opened(config.load(config_path), now) as given:
        act = propose if dry_run else rescore
        done = act(given.rows, given.ledger, given.settings, given.parameters, given.now)
    _json(done) if as_json else _show(done, most)
    console.end(_end(done))


def _end(done: "Rescored") -> console.Exit:
    if not done.scores:
        return console.Exit.UNKNOWN
    return console.Exit.BAD_NEWS if done.listings else console.Exit.DONE


def as_json(score: "Score") -> dict[str, object]:
    """A score as JSON lines have it."""
    from dataclasses import asdict

    made = asdict(score)
    factors = [{**factor, "impact": each.impact} for factor, each in zip(made["factors"], score.factors, strict=True)]
    return made | {"subject": score.subject.text, "confidence": score.confidence, "factors": factors}


def _json(done: "Rescored") -> None:
    for each in done.scores:
        console.print_json({"score": as_json(each)})
    for change in done.changes:
        console.print_json({"change": change.what, "subject": change.listing.subject.text, "why": change.why,
                            "expires": change.listing.expires})  # fmt: skip


def _show(done: "Rescored", most: int) -> None:
    from rich.table import Table

    for change in done.changes:
        until = console.time_text(change.listing.expires)
        console.out.print(
            f"{change.what}: {change.listing.subject} until {until}: {change.why}", markup=False, style="bold"
        )
    for subject, why in done.spared.items():
        console.out.print(f"spared: {subject}: {why}", markup=False)
    known = sorted((each for each in done.scores if each.value is not None), key=lambda each: each.value or 0.0)
    if not done.scores:
        console.out.print("no evidence yet: `reputon ingest` takes it in")
        return
    table = Table(box=None, padding=(0, 1))
    for name in ("subject", "score", "", "messages", "costs most"):
        table.add_column(name, no_wrap=True)
    for each in known[:most]:
        value = each.value or 0.0
        top = f"{each.top.kind} ({each.top.share:.0%})" if each.top else ""
        table.add_row(str(each.subject), f"{value:.0f}", f"[{rating.style(value)}]{rating.bar(value)}[/]",
                      f"{each.sample:.0f}", top)  # fmt: skip
    console.out.print(table)
    rest = len(known) - most
    console.out.print(
        f"{len(known)} scores, {len(done.scores) - len(known)} without enough data, {len(done.listings)} listed"
        + (f"; {rest} higher ones are not shown" if rest > 0 else "")
    )
