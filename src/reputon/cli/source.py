"""reputon source: who reports evidence, and how far each is trusted."""

import time
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from reputon.cli import console

if TYPE_CHECKING:
    from reputon.evidence.sources import Source

command = typer.Typer(no_args_is_help=True, add_completion=False)
Name = Annotated[str, typer.Argument(metavar="NAME", help="The source.")]


@command.callback()
def source() -> None:
    """Who reports evidence, and how far each is trusted."""


@command.command()
def add(
    name: Name,
    reader: Annotated[str, typer.Option(metavar="READER", help="The format that it reports in.")],
    trust: Annotated[str, typer.Option(help="`own`: wholly; `known`: half of what speaks against a sender.")] = "known",
    sent_cap: Annotated[
        int | None, typer.Option(metavar="N", help="Messages a day and address that its `sent` may count.")
    ] = None,
    domain: Annotated[
        list[str] | None, typer.Option(metavar="DOMAIN", help="Whose SPF or DKIM makes a complaint its own.")
    ] = None,
    note: Annotated[str, typer.Option(metavar="TEXT", help="For those who read the list.")] = "",
    path: console.ConfigOption = None,
    as_json: console.JsonOption = False,
) -> None:
    """Register a source, and print its token: this once, since only a hash of it is kept."""
    from reputon import config
    from reputon.evidence.kinds import EvidenceError, source_name
    from reputon.evidence.readers import READERS
    from reputon.evidence.sources import Sources, Trust

    if source_name(reader) not in READERS:
        raise EvidenceError(f"there is no reader {reader!r}: use one of {', '.join(READERS)}")
    if trust not in list(Trust):
        raise EvidenceError(f"trust is {' or '.join(Trust)}, not {trust!r}")
    with Sources(config.load(path).state_dir) as sources:
        token = sources.add(name, reader, int(time.time()), trust=Trust(trust), sent_cap=sent_cap,
                            domains=domain or (), note=note)  # fmt: skip
    if as_json:
        console.print_json({"name": name, "token": token})
    else:
        console.out.print(f"{name} is registered. Its token, shown this once: {token}", markup=False, soft_wrap=True)


@command.command()
def ls(path: console.ConfigOption = None, as_json: console.JsonOption = False) -> None:
    """List the sources."""
    from rich.markup import escape
    from rich.table import Table

    from reputon import config
    from reputon.evidence.sources import Sources

    with Sources(config.load(path).state_dir) as sources:
        found = sources.all()
    if as_json:
        for each in found:
            console.print_json(_shown(each))
        return
    table = Table(
        "Source", "Reader", "Trust", "Sent cap", "Since", "Note", box=None, pad_edge=False, header_style="dim"
    )
    for column in table.columns:
        column.overflow = "fold"
        column.no_wrap = column.header not in ("Source", "Note")  # which fold on a narrow terminal
    for each in found:
        cap = "" if each.sent_cap is None else str(each.sent_cap)
        table.add_row(each.name, each.reader, each.trust, cap, _shown(each)["since"], escape(each.note))
    console.out.print(table if found else "There is no source yet: see `reputon source add --help`.")


@command.command()
def show(name: Name, path: console.ConfigOption = None, as_json: console.JsonOption = False) -> None:
    """Show a source."""
    from reputon import config
    from reputon.evidence.sources import Sources

    with Sources(config.load(path).state_dir) as sources:
        found = sources.get(name)
    if found is None:
        console.fail(f"there is no source {name!r}: see `reputon source ls`")
    if as_json:
        console.print_json(_shown(found))
        return
    for key, value in _shown(found).items():
        said = " ".join(value) if isinstance(value, list) else "none" if value is None else value
        console.out.print(f"{key}: {said}", markup=False, soft_wrap=True)


@command.command()
def rm(
    name: Name,
    purge: Annotated[bool, typer.Option("--purge", help="Forget everything that it said, too.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do it without asking.")] = False,
    path: console.ConfigOption = None,
    as_json: console.JsonOption = False,
) -> None:
    """Strike a source off; what it said stays, unless it is purged."""
    from reputon import config
    from reputon.evidence.sources import Sources
    from reputon.evidence.store import Store

    settings = config.load(path)
    with Sources(settings.state_dir) as sources, Store(settings.state_dir, settings.evidence.url) as store:
        if sources.get(name) is None:
            console.fail(f"there is no source {name!r}: see `reputon source ls`")
        if not yes:
            more = " and forget everything that it said" if purge else ""
            typer.confirm(f"Strike {name} off{more}?", abort=True, err=True)
        gone = store.purge(name) if purge else 0
        sources.remove(name)
    if as_json:
        console.print_json({"name": name, "forgotten": gone})
    else:
        more = f"; {gone} pieces forgotten: score again" if purge else "; what it said stays"
        console.out.print(f"{name} is no source any more{more}.", markup=False)


def _shown(source: "Source") -> dict[str, Any]:
    from datetime import UTC, datetime

    since = console.time_text(datetime.fromtimestamp(source.since, UTC))
    return {**asdict(source), "domains": list(source.domains), "since": since}
