"""reputon evidence: what is in the store, what was kept aside, sealing it, and forgetting a source or what is old."""

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from reputon.cli import console

if TYPE_CHECKING:
    from reputon.evidence.manifest import Sealed
    from reputon.evidence.store import Store

command = typer.Typer(no_args_is_help=True, add_completion=False)


@command.callback()
def evidence() -> None:
    """What was seen of senders, by whom."""


@command.command()
def schema() -> None:
    """Print the JSON Schema of evidence as JSON lines."""
    import json

    from reputon.evidence.schema import schema

    console.print_text(json.dumps(schema(), indent=2))


@command.command()
def ls(path: console.ConfigOption = None, as_json: console.JsonOption = False) -> None:
    """List how much each source has said of each kind."""
    from rich.table import Table

    with _opened(path) as store:
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
    with _opened(path) as store:
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
    with _opened(path) as store:
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


@command.command()
def seal(path: console.ConfigOption = None, as_json: console.JsonOption = False) -> None:
    """Move what was acknowledged into Parquet files by day and hour, where a cluster can read it."""
    with _opened(path) as store:
        _tell("sealed", store.seal(), as_json=as_json)


@command.command()
def retain(
    days: Annotated[
        int | None, typer.Option(metavar="N", min=1, help="Days that are kept; `evidence.keep_days` if not said.")
    ] = None,
    path: console.ConfigOption = None,
    as_json: console.JsonOption = False,
) -> None:
    """Seal, then forget what is older than the days that evidence is kept."""
    from reputon import config

    kept = config.load(path).evidence.keep_days if days is None else days
    with _opened(path) as store:
        _tell("forgotten", store.retain(kept), as_json=as_json)


def _opened(path: Path | None) -> "Store":
    from reputon import config
    from reputon.evidence.store import Store

    settings = config.load(path)
    return Store(settings.state_dir, settings.evidence.url)


def _tell(what: str, files: "list[Sealed]", *, as_json: bool) -> None:
    rows, size = sum(each.rows for each in files), sum(each.size for each in files)
    if as_json:
        console.print_json({what: {"files": len(files), "pieces": rows, "bytes": size}})
    else:
        console.out.print(f"{rows:,} pieces {what}: {len(files)} files, {size:,} bytes.", markup=False)
