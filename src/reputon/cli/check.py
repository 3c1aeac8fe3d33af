"""reputon check: what the lists say now of addresses and domains."""

import sys
from contextlib import AbstractContextManager, nullcontext
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from reputon.cli import console

if TYPE_CHECKING:
    from reputon.check import Checked, Result
    from reputon.lists import Catalogue
    from reputon.resolver import Resolver

_COLOURS = {"listed": "bold red", "listed-by-policy": "red", "unknown": "yellow", "clean": "green", "white": "green"}
_ENDS = {"listed": console.Exit.BAD_NEWS, "listed-by-policy": console.Exit.BAD_NEWS, "unknown": console.Exit.UNKNOWN}


def command(
    subjects: Annotated[list[str], typer.Argument(metavar="SUBJECT...", help="Addresses and domains.")],
    resolver: Annotated[str | None, typer.Option(metavar="ADDRESS[:PORT]", help="The resolver to ask.")] = None,
    catalogue: Annotated[Path | None, typer.Option(help="A TOML file merged over the lists that ship.")] = None,
    names: Annotated[
        str | None, typer.Option("--lists", metavar="NAME,...", help="Only these lists, by name or zone.")
    ] = None,
    key: Annotated[
        list[str] | None, typer.Option(metavar="LIST=KEY", help="The key of a list that needs one; never printed.")
    ] = None,
    world: Annotated[Path | None, typer.Option(help="A folder with dns.json and now.txt instead of DNS.")] = None,
    config_path: console.ConfigOption = None,
    as_json: console.JsonOption = False,
) -> None:
    """Ask the lists about addresses and domains.

    Exit codes: 0 clean, 1 listed, 2 bad usage or input, 3 could not tell (a list that matters is unknown).
    """
    from reputon import check, config, lists

    settings = config.load(config_path)
    known = lists.load(catalogue or settings.lists.catalogue)
    asked, now = _resolver(world, resolver or settings.dns.resolver)
    keys = {**settings.lists.keys, **dict(_pair(text) for text in key or ())}
    with _waiting(f"Asking lists about {len(subjects)} subjects"):
        found = check.ask(subjects, known, asked, now, _only(names, known), keys)
    for each in found:
        console.print_json(asdict(each)) if as_json else _show(each, known)
    ends = {_ENDS.get(each.overall, console.Exit.DONE) for each in found}
    console.end(next(end for end in (console.Exit.BAD_NEWS, console.Exit.UNKNOWN, console.Exit.DONE) if end in ends))


def _resolver(world: Path | None, named: str) -> "tuple[Resolver, datetime]":
    """Whom to ask, and the time; a made world has both."""
    from reputon import resolver

    if world is None:
        return resolver.named(named), datetime.now(UTC)
    if not world.is_dir():
        console.fail(f"{world} is not a folder: --world takes one that holds dns.json")
    dns, now = world / "dns.json", world / "now.txt"
    moment = console.parse_time(now.read_text()[:100]) if now.exists() else datetime.now(UTC)
    return resolver.World.read(dns) if dns.exists() else resolver.Nobody("this world has no dns.json"), moment


def _pair(text: str) -> tuple[str, str]:
    name, separator, value = text.partition("=")
    if not separator or not name.strip():
        console.fail("--key: write it as LIST=KEY, as in --key 'Spamhaus ZEN=...'")
    return name.strip(), value.strip()


def _only(names: str | None, catalogue: "Catalogue") -> list[str] | None:
    if names is None:
        return None
    wanted = [name.strip() for name in names.split(",") if name.strip()]
    for name in wanted:
        if catalogue.find(name) is None:
            console.fail(f"--lists: there is no list called {name!r}: give a name from the catalogue, or a zone")
    return wanted or console.fail("--lists: name at least one list")


def _waiting(what: str) -> AbstractContextManager[object]:
    return console.err.status(what) if sys.stderr.isatty() else nullcontext()


def _show(checked: "Checked", catalogue: "Catalogue") -> None:
    """One table: the gravest first, each with its reason and the way to removal."""
    from rich.table import Table
    from rich.text import Text

    table = Table("List", "Says", "Meaning", box=None, pad_edge=False, header_style="dim")
    order = ["listed", "listed-by-policy", "unknown", "graded", "white", "clean"]
    for result in sorted(checked.results, key=lambda each: order.index(each.state)):
        style = _COLOURS.get(result.state, "")
        table.add_row(result.list, Text(result.state, style=style), Text(_explained(result, catalogue)))
    console.out.print(
        Text.assemble((checked.subject, "bold"), ": ", (_sum(checked), _COLOURS.get(checked.overall, "")))
    )
    console.out.print(table)


def _explained(result: "Result", catalogue: "Catalogue") -> str:
    said = result.meaning or result.why or ""
    if result.state in ("listed", "listed-by-policy"):
        entry = catalogue.by_name(result.list)
        said += f" ({', '.join(result.codes)})"
        said += f"\nthe list says: {result.text}" if result.text else ""
        said += f"\nremoval: {result.removal}" if result.removal else ""
        said += f"\nwho may ask: {entry.who_may_ask}" if entry and entry.who_may_ask else ""
    return said


def _sum(checked: "Checked") -> str:
    states = [result.state for result in checked.results]
    listing = sum(state in ("listed", "listed-by-policy") for state in states)
    unknown = states.count(type(checked.overall)("unknown"))
    silent = f"; {unknown} could not be asked" if unknown else ""
    return f"{checked.overall}: on {listing} of {len(states)} lists{silent}"
