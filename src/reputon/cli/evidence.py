"""reputon evidence: what has been seen, by whom, and what could not be read."""

from typing import Annotated

import typer

from reputon.cli import console

command = typer.Typer(no_args_is_help=True, add_completion=False)


@command.callback()
def evidence() -> None:
    """What the sources have said."""


@command.command()
def ls(config_path: console.ConfigOption = None, as_json: console.JsonOption = False) -> None:
    """List how much each source has said of each kind."""
    from dataclasses import asdict

    from rich.table import Table

    from reputon import config
    from reputon.evidence.store import Store

    with Store(config.load(config_path).state_dir) as store:
        tallies = store.tallies()
    if as_json:
        for each in tallies:
            console.print_json(asdict(each))
        return
    table = Table("source", "kind", box=None, padding=(0, 2))
    for name in ("pieces", "messages"):
        table.add_column(name, justify="right")
    for each in tallies:
        table.add_row(each.source, each.kind, str(each.pieces), str(each.count))
    console.out.print(table if tallies else "no evidence yet: `reputon ingest` takes it in")


@command.command()
def unreadable(
    source: Annotated[str | None, typer.Option(help="Only of this source.")] = None,
    config_path: console.ConfigOption = None,
    as_json: console.JsonOption = False,
) -> None:
    """List the lines that could not be read, with recipients hidden."""
    from reputon import config
    from reputon.evidence.store import Store

    with Store(config.load(config_path).state_dir) as store:
        found = store.unreadable(source)
    for name, each in found:
        if as_json:
            console.print_json({"source": name, "where": each.where, "excerpt": each.excerpt, "why": each.why})
        else:
            text = f"{name}  {each.where}: {each.why}: {each.excerpt}"
            console.out.print(text, markup=False, soft_wrap=True)


@command.command()
def purge(
    source: Annotated[str, typer.Argument(help="The source whose evidence is to be forgotten.")],
    yes: Annotated[bool, typer.Option("--yes", help="Do it: what is forgotten can only be ingested again.")] = False,
    config_path: console.ConfigOption = None,
    as_json: console.JsonOption = False,
) -> None:
    """Forget everything that a source has said, as if it had never reported; then score again."""
    from reputon import config
    from reputon.evidence.store import Store

    with Store(config.load(config_path).state_dir) as store:
        said = sum(each.pieces for each in store.tallies() if each.source == source)
        if not yes:
            console.fail(f"{source} has {said} pieces of evidence: add --yes to forget them")
        gone = store.purge(source)
    if as_json:
        console.print_json({"source": source, "purged": gone})
    else:
        console.out.print(f"forgot {gone} pieces of evidence of {source}; run `reputon score` now", markup=False)
