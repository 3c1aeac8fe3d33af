"""reputon zone: what the zones say."""

from typing import TYPE_CHECKING, Annotated

import typer

from reputon.cli import console

if TYPE_CHECKING:
    from reputon.zone.table import Reply

command = typer.Typer(no_args_is_help=True, add_completion=False)

_Root = Annotated[str | None, typer.Option("--root", metavar="ZONE", help="The name below which the zones lie.")]


@command.callback()
def zone() -> None:
    """What DNS answers about whom."""


@command.command()
def ask(
    name: Annotated[str, typer.Argument(help="A name of our zones, or an address or a domain to ask about.")],
    rdtype: Annotated[str | None, typer.Argument(metavar="[TYPE]", help="A, TXT, ...; A and TXT if none.")] = None,
    root: _Root = None,
    path: console.ConfigOption = None,
    as_json: console.JsonOption = False,
) -> None:
    """Show what the zones would answer now, without asking a server."""
    from reputon import config, serve
    from reputon.zone import table

    publisher = serve.publisher(config.load(path), root)
    ours = table.zone_of(publisher.table, name.rstrip(".").lower()) is not None
    for each in (name,) if ours else table.names_of(publisher.table, name):
        for wanted in (rdtype.upper(),) if rdtype else ("A", "TXT"):
            reply = publisher.ask(each, wanted)
            assert reply is not None  # only a made world is ever silent
            _show(each, wanted, reply, as_json)


def _show(name: str, rdtype: str, reply: "Reply", as_json: bool) -> None:
    if as_json:
        records = [{"type": each.rdtype, "ttl": each.ttl, "data": each.text} for each in reply.answer]
        console.print_json({"name": name, "type": rdtype, "rcode": reply.rcode, "records": records})
        return
    if not reply.answer:
        nothing = "not there" if reply.rcode == "NXDOMAIN" else "nothing of this type"
        console.out.print(f"{name} {rdtype}: {nothing} ({reply.rcode})", markup=False, soft_wrap=True)
    for each in reply.answer:
        console.out.print(f"{name} {each.ttl} {each.rdtype} {each.text}", markup=False, soft_wrap=True)


@command.command()
def ls(root: _Root = None, path: console.ConfigOption = None, as_json: console.JsonOption = False) -> None:
    """List every entry of the zones with its codes and its expiry."""
    from reputon import config, serve
    from reputon.zone import table
    from reputon.zone.publish import wall_clock

    publisher = serve.publisher(config.load(path), root)
    for apex, entry in table.entries_of(publisher.table, wall_clock()):
        until = entry.expires if entry.has_end else None
        if as_json:
            console.print_json(
                {
                    "zone": apex, "name": f"{entry.owner}.{apex}", "subject": entry.subject, "codes": entry.codes,
                    "covers": entry.covers, "expires": until, "test": entry.is_test, "text": entry.text,
                }
            )  # fmt: skip
            continue
        end = f" until {console.time_text(until)}" if until else ""
        console.out.print(f"{entry.owner}.{apex}  {', '.join(entry.codes)}{end}", markup=False, soft_wrap=True)
        console.out.print(f"    {entry.text}", markup=False, style="dim", soft_wrap=True)
