"""reputon provider: whose shared addresses are known, what each provider does and refuses, and fresher addresses."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from reputon.cli import console, made

if TYPE_CHECKING:
    from reputon.cause.provider import Provider
    from reputon.cause.refresh import Refresh
    from reputon.config import Config

_SHOWN = 20  # prefixes that came or went, of each kind; --json has them all

command = typer.Typer(no_args_is_help=True, add_completion=False)


@command.callback()
def provider() -> None:
    """Whose shared addresses are known, and what each provider does."""


def known(settings: "Config", world: Path | None = None) -> "dict[str, Provider]":
    """The providers with the prefixes of the last refresh; a made world has the files' own."""
    from reputon.cause import providers

    return providers.load(settings.cause.providers, _fresh(settings) if world is None else None)


@command.command()
def ls(config_path: console.ConfigOption = None, as_json: console.JsonOption = False) -> None:
    """List the providers, how many prefixes each has, and where those come from."""
    from rich.table import Table

    from reputon import config

    settings = config.load(config_path)
    sources, found = _sources(settings), known(settings)
    table = Table("Id", "Name", box=None, pad_edge=False, header_style="dim")
    table.add_column("Prefixes", justify="right")
    table.add_column("As of", no_wrap=True)
    table.add_column("Source")
    for each in found.values():
        count = len(tuple(each.every_prefix()))
        if as_json:
            console.print_json({"id": each.id, "name": each.name, "prefixes": count, "as_of": each.as_of,
                                "source": sources[each.id]})  # fmt: skip
        table.add_row(each.id, each.name, str(count), each.as_of, sources[each.id])
    if not as_json:
        console.out.print(table)


@command.command()
def show(
    name: Annotated[str, typer.Argument(metavar="ID", help="The provider, as `reputon provider ls` calls it.")],
    config_path: console.ConfigOption = None,
    as_json: console.JsonOption = False,
) -> None:
    """Show one provider: its addresses and pools, who may delist, what it refuses, how it is asked."""
    from reputon import config

    settings = config.load(config_path)
    found = _named(known(settings), name)
    source = _sources(settings)[name]
    if as_json:
        console.print_json(_fields(found, source))
        return
    from rich.table import Table
    from rich.text import Text

    table = Table.grid(padding=(0, 1))
    table.add_column(width=14, no_wrap=True)
    table.add_column(overflow="fold")
    last = ""
    for label, said in _rows(found, source):
        table.add_row(Text("" if label == last else label, style="dim"), Text(said))
        last = label
    console.out.print(table)


@command.command()
def refresh(
    names: Annotated[
        list[str] | None, typer.Argument(metavar="[ID...]", help="Only these; without one, all that can be.")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would change, and write nothing.")] = False,
    resolver: Annotated[str | None, typer.Option(metavar="ADDRESS[:PORT]", help="The resolver to ask.")] = None,
    world: Annotated[
        Path | None, typer.Option(help="A folder with dns.json and now.txt instead of DNS and the time.")
    ] = None,
    config_path: console.ConfigOption = None,
    as_json: console.JsonOption = False,
) -> None:
    """Take the providers' addresses from their SPF records as DNS has them now.

    Exit codes: 0 done, 2 bad usage or input, 3 for some the record could not be read whole, and the old ones stay.
    """
    from reputon import config
    from reputon.cause import providers
    from reputon.cause.provider import Owners
    from reputon.cause.refresh import refresh as walked

    settings = config.load(config_path)
    files, found = providers.load(settings.cause.providers), known(settings)
    wanted = [_named(found, name) for name in dict.fromkeys(names or ())] or [e for e in found.values() if e.spf]
    asked, now = made.asked(world, resolver or settings.dns.resolver)
    owners, done = Owners.of(files), []
    for each in console.progress(wanted, len(wanted), "Walking SPF records"):
        done.append(walked(each, asked, owners, now or datetime.now(UTC)))
        _print(done[-1], as_json)
    new = {each.provider.id: each.provider for each in done if not each.kept}
    if new and not dry_run:
        earlier = {each.id: each for each in found.values() if each != files[each.id]}
        settings.state_dir.mkdir(parents=True, exist_ok=True)
        providers.save_fresh(_fresh(settings), earlier | new)
    console.end(console.Exit.UNKNOWN if len(new) < len(done) else console.Exit.DONE)


def _fresh(settings: "Config") -> Path:
    from reputon.cause import providers

    return settings.state_dir / providers.FRESH


def _sources(settings: "Config") -> dict[str, str]:
    """Where each provider's prefixes come from: `shipped`, `yours` (a file of your folder), or `refreshed`."""
    from reputon.cause import providers

    shipped, files = providers.load(), providers.load(settings.cause.providers)
    return {
        each.id: "refreshed" if each != files[each.id] else "shipped" if each == shipped.get(each.id) else "yours"
        for each in known(settings).values()
    }


def _named(found: "Mapping[str, Provider]", name: str) -> "Provider":
    return found.get(name) or console.fail(f"there is no provider {name!r}: known are {', '.join(found)}")


def _print(done: "Refresh", as_json: bool) -> None:
    of = done.provider
    if as_json:
        console.print_json({
            "id": of.id, "state": "kept" if done.kept else "refreshed", "as_of": of.as_of,
            "prefixes": len(of.prefixes), "added": list(map(str, done.added)),
            "removed": list(map(str, done.removed)), "why": done.kept or None,
        })  # fmt: skip
        return
    if done.kept:
        console.out.print(f"{of.id}: stays as of {of.as_of}: {done.kept}", markup=False, soft_wrap=True)
        return
    said = f"{of.id}: {len(of.prefixes)} prefixes as of {of.as_of}: +{len(done.added)} -{len(done.removed)}"
    console.out.print(said, markup=False)
    for sign, changed in (("+", done.added), ("-", done.removed)):
        for each in changed[:_SHOWN]:
            console.out.print(f"  {sign}{each}", markup=False)
        if len(changed) > _SHOWN:
            console.out.print(f"  {sign} and {len(changed) - _SHOWN} more (--json has them all)", markup=False)


def _rows(of: "Provider", source: str) -> Iterator[tuple[str, str]]:
    yield "provider", f"{of.name} ({of.id})"
    yield "ranges", f"{source}, as of {of.as_of}; known from: {of.origin}"
    yield "ranges", ", ".join(map(str, of.prefixes)) or "none"
    for pool in of.pools:
        own = f" ({', '.join(map(str, pool.prefixes))})" if pool.prefixes else ""
        yield "pools", f"{pool.id}: {pool.means}{own}"
    yield "who may delist", of.who_may_delist
    for each in of.refuses:
        yield "they refuse", each
    yield "support", f"{of.support.portal}\n{of.support.url}\nasked by {of.support.who}"
    yield "support wants", ", ".join(of.support.needs)
    yield "way round", of.reroute or "unknown"
    yield "trace", of.trace or "unknown"


def _fields(of: "Provider", source: str) -> dict[str, Any]:
    return {
        "id": of.id, "name": of.name, "as_of": of.as_of, "source": source, "origin": of.origin,
        "prefixes": list(map(str, of.prefixes)),
        "pools": [{"id": p.id, "prefixes": list(map(str, p.prefixes)), "means": p.means} for p in of.pools],
        "who_may_delist": of.who_may_delist, "refuses": list(of.refuses),
        "support": {"portal": of.support.portal, "url": of.support.url, "who": of.support.who,
                    "needs": list(of.support.needs)},
        "reroute": of.reroute or None, "trace": of.trace or None, "spf": list(of.spf),
    }  # fmt: skip
