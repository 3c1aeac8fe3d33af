"""reputon evidence: what is in the store, what was kept aside, and forgetting a source."""

from dataclasses import asdict
from typing import Annotated

import typer

from reputon.cli import console

command = typer.Typer(no_args_is_help=True, add_completion=False)


@command.callback()
def evidence() -> None:
    """What was seen of senders, by whom."""


@command.command()
def ls(path: console.ConfigOption = None, as_json: console.JsonOption = False) -> None:
    """List how much each source has said of each kind."""
    from rich.table import Table

    from reputon import config
    from reputon.evidence.store import Store

    with Store(config.load(path).state_dir) as store:
        tallies = store.tallies()
    if as_json:
        for tally in tallies:
            console.print_json(asdict(tally))
        return
    table = Table("Source", "Kind", box=None, pad_edge=False, header_style="dim")
    table.add_column("Pieces", justify="right")
    table.add_column("Messages", justify="right")
    for tally in tallies:
        table.add_row(tally.source, tally.kind, str(tally.pieces), str(tally.count))
    console.out.print(table if tallies else "There is no evidence yet: see `reputon ingest --help`.")


@command.command()
def unreadable(
    source: Annotated[str | None, typer.Option(metavar="NAME", help="Only what this source sent.")] = None,
    path: console.ConfigOption = None,
    as_json: console.JsonOption = False,
) -> None:
    """Show the lines that could not be read: where, why, and how they begin."""
    from reputon import config
    from reputon.evidence.store import Store

    with Store(config.load(path).state_dir) as store:
        aside = store.unreadable(source)
    for name, each in aside:
        if as_json:
            console.print_json({"source": name, **asdict(each)})
            continue
        console.out.print(f"{name}  {each.where}: {each.why}", markup=False, soft_wrap=True)
        console.out.print(f"    {each.excerpt}", markup=False, style="dim", soft_wrap=True)


@command.command()
def purge(
    source: Annotated[str, typer.Argument(metavar="SOURCE", help="The source to forget.")],
    yes: Annotated[bool, typer.Option("--yes", help="Do it without asking.")] = False,
    path: console.ConfigOption = None,
    as_json: console.JsonOption = False,
) -> None:
    """Forget everything that a source said, as if it had never reported (RFC 6471 section 3.9)."""
    from reputon import config
    from reputon.evidence.store import Store

    with Store(config.load(path).state_dir) as store:
        pieces = sum(tally.pieces for tally in store.tallies() if tally.source == source)
        if not pieces and not store.unreadable(source):
            console.fail(f"no source {source!r} has said anything: see `reputon evidence ls`")
        if not yes:
            typer.confirm(f"Forget {pieces} pieces of evidence from {source}?", abort=True, err=True)
        gone = store.purge(source)
    if as_json:
        console.print_json({"source": source, "forgotten": gone})
    else:
        console.out.print(f"{source}: {gone} pieces forgotten; score again.", markup=False)
