"""reputon zone: what the zones say: made, looked at, and taken elsewhere."""

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from reputon.cli import console, zone_aggregate, zone_formats, zone_tables
from reputon.cli.zone_of import RootOption, TableOption, table_of

if TYPE_CHECKING:
    import dns.message

command = typer.Typer(no_args_is_help=True, add_completion=False)


@command.callback()
def zone() -> None:
    """What DNS answers about whom."""


@command.command()
def ask(
    name: Annotated[str, typer.Argument(help="A name of our zones, or an address or a domain to ask about.")],
    rdtype: Annotated[str | None, typer.Argument(metavar="[TYPE]", help="A, TXT, ...; A and TXT if none.")] = None,
    table: TableOption = None,
    root: RootOption = None,
    path: console.ConfigOption = None,
    as_json: console.JsonOption = False,
) -> None:
    """Show what the zones would answer now, without asking a server."""
    from reputon import config
    from reputon.serve import publishing
    from reputon.zone import own
    from reputon.zone.server import asking

    settings = config.load(path)
    asked = table_of(table, path, root)
    ours = any(f".{name.rstrip('.').lower()}".endswith(f".{each.apex}") for each in asked.zones)
    if not ours and table:
        names = tuple(f"{own.owner_of(name)}.{each.apex}" for each in asked.zones)
    else:
        names = (name,) if ours else own.names_of(name, publishing.zone_settings(settings, root))
    for each in names:
        for wanted in (rdtype.upper(),) if rdtype else ("A", "TXT"):
            _show(each, wanted, asking.ask(asked, each, wanted), as_json)


def _show(name: str, rdtype: str, response: "dns.message.Message", as_json: bool) -> None:
    from reputon.zone.server import asking

    rcode, records = asking.said(response)
    if as_json:
        told = [{"type": each.rdtype, "ttl": each.ttl, "data": each.text} for each in records]
        console.print_json({"name": name, "type": rdtype, "rcode": rcode, "records": told})
        return
    if not records:
        nothing = {"NXDOMAIN": "not there", "NOERROR": "nothing of this type"}.get(rcode, "not answered")
        console.out.print(f"{name} {rdtype}: {nothing} ({rcode})", markup=False, soft_wrap=True)
    for each in records:
        console.out.print(f"{name} {each.ttl} {each.rdtype} {each.text}", markup=False, soft_wrap=True)


@command.command()
def ls(root: RootOption = None, path: console.ConfigOption = None, as_json: console.JsonOption = False) -> None:
    """List every entry of our own zones with its codes and its expiry."""
    from reputon import config
    from reputon.serve import publishing
    from reputon.zone.content import FOREVER, entries_of
    from reputon.zone.publish import wall_clock

    for content in publishing.publisher(config.load(path), root).contents(wall_clock()):
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
    root: RootOption = None,
    path: console.ConfigOption = None,
) -> None:
    """Write the table of our own zones, for `serve dns --table` here or elsewhere."""
    from threading import Event

    from reputon import config
    from reputon.serve import publishing

    publishing.publish(config.load(path), root, output, Event() if follow else None)


command.command("import")(zone_formats.import_)
for each in (
    zone_formats.export,
    zone_aggregate.aggregate,
    zone_tables.check,
    zone_tables.dump,
    zone_tables.diff,
    zone_tables.stats,
    zone_tables.top,
):
    command.command()(each)
