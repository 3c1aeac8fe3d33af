"""reputon score: score everybody from the evidence, and change the listings by the rule."""

from typing import TYPE_CHECKING, Annotated

import typer

from reputon.cli import console, rating

if TYPE_CHECKING:
    from reputon.cli.rating import Rating
    from reputon.listing.rescore import Rescored
    from reputon.score.model import Score


def command(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would change; write nothing.")] = False,
    accept: Annotated[
        bool, typer.Option("--accept", help="List also far more than a run may (listing.most_*).")
    ] = False,
    most: Annotated[int, typer.Option(min=0, help="How many of the lowest scores to show.")] = 20,
    as_of: Annotated[
        str | None, typer.Option("--as-of", "--now", metavar="TIME", help="As of this time (RFC 3339).")
    ] = None,
    engine: Annotated[str | None, typer.Option(help="What adds: duckdb, spark or clickhouse (score.engine).")] = None,
    master: Annotated[str | None, typer.Option(help="Spark's cluster, spark://HOST:PORT (score.master).")] = None,
    config_path: console.ConfigOption = None,
    as_json: console.JsonOption = False,
) -> None:
    """Score every address and tenant, and list or extend by the rule (docs/score.md, docs/listing.md).

    Exit codes: 0 done, nobody is listed; 1 somebody is listed, or the run stopped; 2 bad usage or input; 3 there is no
    evidence.
    """
    from reputon import config
    from reputon.listing.rescore import propose, rescore

    given_config = rating.with_engine(config.load(config_path), engine, master)
    with rating.opened(given_config, as_of) as given:
        act = propose if dry_run else rescore
        done = act(given.engine, given.asked, given.folder, given.ledger, given.settings, accept=accept)
        is_empty = _json(given, done) if as_json else _show(given, done, most)
    if is_empty:
        console.end(console.Exit.UNKNOWN)
    console.end(console.Exit.BAD_NEWS if done.listings or done.halt else console.Exit.DONE)


def as_json(score: "Score") -> dict[str, object]:
    """A score as JSON lines have it."""
    from dataclasses import asdict

    made = asdict(score)
    factors = [{**factor, "impact": each.impact} for factor, each in zip(made["factors"], score.factors, strict=True)]
    return made | {"subject": score.subject.text, "confidence": score.confidence, "factors": factors}


def _json(given: "Rating", done: "Rescored") -> bool:
    """Whether there was no evidence at all."""
    from dataclasses import asdict

    from reputon.score import reading

    is_empty = True
    for each in reading.all_of(given.engine, done.results, given.asked.names, given.asked.parameters):
        console.print_json({"score": as_json(each)})
        is_empty = False
    for change in done.changes:
        console.print_json({"change": change.what, "subject": change.listing.subject.text, "why": change.why,
                            "expires": change.listing.expires})  # fmt: skip
    if done.halt:
        console.print_json({"halt": asdict(done.halt)})
    if done.is_past:
        console.print_json({"published": False, "why": "a later time was scored already"})
    return is_empty


def _show(given: "Rating", done: "Rescored", most: int) -> bool:
    """Whether there was no evidence at all."""
    from reputon.score import reading

    for change in done.changes:
        until = console.time_text(change.listing.expires)
        console.out.print(
            f"{change.what}: {change.listing.subject} until {until}: {change.why}", markup=False, style="bold"
        )
    if done.halt:
        console.out.print(f"stopped: {done.halt.why} (`--accept` lists all the same)", markup=False, style="bold red")
    if done.is_past:
        console.out.print("a later time was scored already: this one is shown, and neither published nor listed by")
    for subject, why in done.spared.items():
        console.out.print(f"spared: {subject}: {why}", markup=False)
    known, unknown = reading.counts(given.engine, done.results)
    if not known + unknown:
        console.out.print("no evidence yet: `reputon ingest` takes it in")
        return True
    _table(reading.lowest(given.engine, done.results, given.asked.names, given.asked.parameters, most))
    console.out.print(
        f"{known} scores, {unknown} without enough data, {len(done.listings)} listed"
        + (f"; {known - most} higher ones are not shown" if known > most else "")
    )
    return False


def _table(lowest: "list[Score]") -> None:
    from rich.table import Table

    table = Table(box=None, padding=(0, 1))
    for name in ("subject", "score", "", "messages", "costs most"):
        table.add_column(name, no_wrap=True)
    for each in lowest:
        value = each.value or 0.0
        top = f"{each.top.kind} ({each.top.share:.0%})" if each.top else ""
        table.add_row(str(each.subject), f"{value:.0f}", f"[{rating.style(value)}]{rating.bar(value)}[/]",
                      f"{each.sample:.0f}", top)  # fmt: skip
    console.out.print(table)
