"""reputon zone: what the zones say: made, looked at, and taken elsewhere."""

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from reputon.cli import console, zone_tables

if TYPE_CHECKING:
    import dns.message

    from reputon.zone.table import Table

command = typer.Typer(no_args_is_help=True, add_completion=False)

_Root = Annotated[str | None, typer.Option("--root", metavar="ZONE", help="The name below which the zones lie.")]
_Table = Annotated[
    Path | None, typer.Option("--table", metavar="FILE", help="A table of zones; ours from the ledger if none.")
]


@command.callback()
def zone() -> None:
    """What DNS answers about whom."""


@command.command()
def ask(
    name: Annotated[str, typer.Argument(help="A name of our zones, or an address or a domain to ask about.")],
    rdtype: Annotated[str | None, typer.Argument(metavar="[TYPE]", help="A, TXT, ...; A and TXT if none.")] = None,
    table: _Table = None,
    root: _Root = None,
    path: console.ConfigOption = None,
    as_json: console.JsonOption = False,
) -> None:
    """Show what the zones would answer now, without asking a server."""
    from reputon import config, serve
    from reputon.zone import asking, own

    settings = config.load(path)
    asked = _table(table, path, root)
    ours = any(f".{name.rstrip('.').lower()}".endswith(f".{each.apex}") for each in asked.zones)
    for each in (name,) if ours else own.names_of(name, serve.zone_settings(settings, root)):
        for wanted in (rdtype.upper(),) if rdtype else ("A", "TXT"):
            _show(each, wanted, asking.ask(asked, each, wanted), as_json)


def _table(table: Path | None, path: Path | None, root: str | None) -> "Table":
    from reputon import config, serve
    from reputon.zone import stored

    return stored.read(table) if table else serve.publisher(config.load(path), root).table


def _show(name: str, rdtype: str, response: "dns.message.Message", as_json: bool) -> None:
    from reputon.zone import asking

    rcode, records = asking.said(response)
    if as_json:
        told = [{"type": each.rdtype, "ttl": each.ttl, "data": each.text} for each in records]
        console.print_json({"name": name, "type": rdtype, "rcode": rcode, "records": told})
        return
    if not records:
        nothing = "not there" if rcode == "NXDOMAIN" else "nothing of this type"
        console.out.print(f"{name} {rdtype}: {nothing} ({rcode})", markup=False, soft_wrap=True)
    for each in records:
        console.out.print(f"{name} {each.ttl} {each.rdtype} {each.text}", markup=False, soft_wrap=True)


@command.command()
def ls(root: _Root = None, path: console.ConfigOption = None, as_json: console.JsonOption = False) -> None:
    """List every entry of our own zones with its codes and its expiry."""
    from reputon import config, serve
    from reputon.zone.content import FOREVER, entries_of
    from reputon.zone.publish import wall_clock

    for content in serve.publisher(config.load(path), root).contents(wall_clock()):
        for subject, value in entries_of(content):
            until = datetime.fromtimestamp(value.expires, UTC) if value.expires != FOREVER else None
            if as_json:
                told = {"zone": content.apex, "subject": subject, "codes": value.codes, "expires": until}
                console.print_json(told | {"texts": value.texts})
                continue
            end = f" until {console.time_text(until)}" if until else ""
            console.out.print(f"{content.apex}  {subject}  {', '.join(value.codes)}{end}", markup=False, soft_wrap=True)
            for text in value.texts:
                console.out.print(f"    {text}", markup=False, style="dim", soft_wrap=True)


@command.command()
def publish(
    output: Annotated[Path, typer.Option("--output", metavar="FILE", help="Where the table goes.")],
    follow: Annotated[bool, typer.Option("--follow", help="And again whenever the ledger changes.")] = False,
    root: _Root = None,
    path: console.ConfigOption = None,
) -> None:
    """Write the table of our own zones, for `serve dns --table` here or elsewhere."""
    from threading import Event

    from reputon import config, serve

    serve.publish(config.load(path), root, output, Event() if follow else None)


@command.command("import")
def import_(
    kind: Annotated[str, typer.Argument(metavar="FORMAT", help="What the files are: rbldnsd, csv, jsonl.")],
    files: Annotated[list[str], typer.Argument(metavar="[TYPE:]FILE...", help="As in ip4set:FILE for rbldnsd.")],
    origin: Annotated[str, typer.Option("--origin", metavar="ZONE", help="The name of the zone.")],
    output: Annotated[Path, typer.Option("--output", metavar="FILE", help="Where the table goes.")],
) -> None:
    """Compile a zone that others wrote to a table, for `serve dns --table`."""
    import secrets
    from time import time

    from reputon.zone import formats, stored, table

    now = int(time())
    reading = formats.reader(kind)(files, origin, now)
    for warning in reading.warnings:
        console.err.print(warning, markup=False, soft_wrap=True)
    made = table.compile_zones(reading.zones, now, secrets.randbits(32))
    stored.write(made, output)
    for each in made.zones:
        console.out.print(f"{each.apex}: {each.entries} entries, serial {each.serial}", markup=False, soft_wrap=True)


for each in (zone_tables.check, zone_tables.dump, zone_tables.diff, zone_tables.stats):
    command.command()(each)
