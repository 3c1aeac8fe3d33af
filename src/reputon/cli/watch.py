"""reputon watch: what changed since, and who is told."""

from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from reputon.cli import console

if TYPE_CHECKING:
    from reputon.config import Config
    from reputon.resolver import Resolver
    from reputon.watch.history import History
    from reputon.watch.subjects import Watch
    from reputon.watch.summary import Summary

command = typer.Typer(no_args_is_help=True, add_completion=False)

DAYS = 30  # of the strip that `history SUBJECT` shows
_MARKS = {"listed": ("█", "red"), "unknown": ("?", "yellow"), "clear": ("·", "green"), "": (" ", "")}


@command.callback()
def watch() -> None:
    """Look at the lists again and again, and tell what changed since."""


@command.command()
def add(
    subjects: Annotated[
        list[str], typer.Argument(metavar="SUBJECT...", help="Addresses, prefixes, domains, spf:DOMAIN, pool:NAME.")
    ],
    name: Annotated[str | None, typer.Option("--name", help="What alerts call it.")] = None,
    every: Annotated[str | None, typer.Option("--every", metavar="TIME", help="How often, as in 30m, 6h, 1d.")] = None,
    names: Annotated[
        str | None, typer.Option("--lists", metavar="NAME,...", help="Only these lists, by name or zone.")
    ] = None,
    path: console.ConfigOption = None,
    as_json: console.JsonOption = False,
) -> None:
    """Watch something from now on."""
    from datetime import UTC

    from reputon import serve
    from reputon.watch import adding
    from reputon.watch.history import History

    settings = _settings(path)
    around, _ = serve.watching(settings)
    often = timedelta(seconds=settings.watch.every) if every is None else console.parse_duration(every)
    wanted = [each.strip() for each in (names or "").split(",") if each.strip()]
    made = [adding.made(text, name or "", often, wanted, around, datetime.now(UTC)) for text in subjects]
    with History(settings.state_dir) as history:
        history.add(made)
    for each in made:
        if as_json:
            console.print_json(_fields(each))
        else:
            console.out.print(f"watching {each.subject} every {_length(each.every)}", markup=False)


@command.command()
def ls(path: console.ConfigOption = None, as_json: console.JsonOption = False) -> None:
    """List what is watched, and how it stands.  Exit codes: 0 nothing is listed, 1 something is."""
    from reputon import serve
    from reputon.watch import summary

    settings = _settings(path)
    around, _ = serve.watching(settings)
    with _history(settings) as history:
        found = summary.of(history, around)
        failed = summary.untold(history)
    if as_json:
        for each in found:
            console.print_json(_fields(each.watch) | _standing(each))
    else:
        _table(found)
        for alert in failed:
            console.err.print(f"{alert.status}: {alert.notice.title} by {alert.channel}: {alert.said}", markup=False)
    console.end(console.Exit.BAD_NEWS if any(each.listed for each in found) else console.Exit.DONE)


@command.command()
def rm(
    subjects: Annotated[list[str], typer.Argument(metavar="SUBJECT...", help="What to watch no longer.")],
    path: console.ConfigOption = None,
    as_json: console.JsonOption = False,
) -> None:
    """Watch something no longer; its history stays."""
    with _history(_settings(path)) as history:
        gone = [_found(history, text) for text in subjects]
        for each in gone:
            history.remove(each)
    for each in gone:
        if as_json:
            console.print_json(_fields(each))
        else:
            console.out.print(f"no longer watching {each.subject}", markup=False)


@command.command()
def run(
    once: Annotated[bool, typer.Option("--once", help="One pass over what is due, then end; for cron.")] = False,
    resolver: Annotated[str | None, typer.Option(metavar="ADDRESS[:PORT]", help="The resolver to ask.")] = None,
    world: Annotated[Path | None, typer.Option(help="A folder with dns.json and now.txt instead of DNS.")] = None,
    path: console.ConfigOption = None,
) -> None:
    """Look and tell until SIGTERM or Ctrl-C; one at a time over one state directory."""
    from reputon import serve

    asked, now = _asked(world, resolver)
    serve.serve_watch(_settings(path), asked, (lambda: now) if now else None, once)


@command.command()
def history(
    subject: Annotated[str | None, typer.Argument(metavar="[SUBJECT]", help="Only of this watch or address.")] = None,
    most: Annotated[int, typer.Option("--most", min=1, max=100_000, help="How many changes to show.")] = 50,
    path: console.ConfigOption = None,
    as_json: console.JsonOption = False,
) -> None:
    """What changed, the newest first; of one address also how each list stood on each of the last days."""
    from datetime import UTC

    from reputon.watch import summary

    with _history(_settings(path)) as kept:
        subjects = summary.subjects_of(kept, subject) if subject else ()
        found = kept.transitions(most, *subjects)
        days = summary.days(kept, subjects[0], datetime.now(UTC), DAYS) if len(subjects) == 1 else {}
    if as_json:
        for notice, told in found:
            console.print_json(notice.fields | {"told": told})
        return
    if days:
        _strip(subjects[0], days)
    _changes(found)


def _settings(path: Path | None) -> "Config":
    from reputon import config

    return config.load(path)


def _history(settings: "Config") -> "History":
    from reputon.watch.history import History

    return History(settings.state_dir)


def _found(history: "History", text: str) -> "Watch":
    from reputon.watch.subjects import WatchError, parse

    _, subject = parse(text)
    found = next((each for each in history.watches() if each.subject == subject), None)
    if found is None:
        raise WatchError(f"{subject} is not watched: see `reputon watch ls`")
    return found


def _asked(world: Path | None, named: str | None) -> "tuple[Resolver | None, datetime | None]":
    """Whom to ask, and the time; None: the configuration's, and now."""
    from reputon import resolver

    if world is None:
        return (resolver.named(named) if named else None), None
    if not world.is_dir():
        console.fail(f"{world} is not a folder: --world takes one that holds dns.json")
    now = world / "now.txt"
    moment = console.parse_time(now.read_text()[:100]) if now.exists() else None
    return resolver.World.read(world / "dns.json"), moment


def _fields(watch: "Watch") -> dict[str, Any]:
    return {
        "subject": watch.subject, "kind": watch.kind, "name": watch.name, "every": int(watch.every.total_seconds()),
        "lists": watch.lists, "added": watch.added,
    }  # fmt: skip


def _standing(each: "Summary") -> dict[str, Any]:
    return {
        "size": each.size, "asked": each.asked, "next": each.next, "warnings": each.warnings,
        "listed": [{"subject": pair.subject, "list": pair.list, "codes": pair.known.standing.codes,
                    "first_seen": pair.known.first_seen, "last_seen": pair.known.last_seen}
                   for pair in each.listed if pair.known.standing],
        "doubtful": [{"subject": pair.subject, "list": pair.list} for pair in each.doubtful],
        "unknown": [{"subject": pair.subject, "list": pair.list, "since": pair.known.unknown_since}
                    for pair in each.unknown],
    }  # fmt: skip


def _table(found: "list[Summary]") -> None:
    from rich.table import Table
    from rich.text import Text

    if not found:
        console.out.print("nothing is watched: `reputon watch add SUBJECT`", markup=False)
        return
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim")
    for head in ("Watched", "Every", "Looked at", "Next", "Standing"):
        table.add_column(head, overflow="fold", no_wrap=head in ("Every", "Looked at", "Next"))
    for each in found:
        name = Text(each.watch.subject, style="bold")
        name.append(f" ({each.size})" if each.size > 1 else "", style="dim")
        name.append(f"\n{each.watch.name}" if each.watch.name != each.watch.subject else "", style="dim")
        table.add_row(name, _length(each.watch.every), _short(each.asked), _short(each.next), _said(each))
    console.out.print(table)


def _said(each: "Summary") -> Any:
    from rich.text import Text

    lines = [(f"listed: {pair.subject} by {pair.list}", "bold red") for pair in each.listed[:5]]
    lines += [(f"and {len(each.listed) - 5} more listings", "red")] if len(each.listed) > 5 else []
    lines += [(f"{len(each.doubtful)} to be confirmed", "yellow")] if each.doubtful else []
    lines += [(f"{len(each.unknown)} of {each.pairs} unknown", "yellow")] if each.unknown else []
    lines += [("not looked at yet", "dim")] if each.asked is None else []
    lines += [(warning, "yellow") for warning in each.warnings]
    return Text("\n").join(Text(text, style=style) for text, style in lines or [("clear", "green")])


def _changes(found: "list[tuple[Any, bool]]") -> None:
    from rich.table import Table
    from rich.text import Text

    if not found:
        console.out.print("nothing has changed", markup=False)
        return
    table = Table("When", "What", "Subject", "List", "Meaning", box=None, padding=(0, 2, 0, 0), header_style="dim")
    for notice, told in found:
        style = "green" if notice.is_good else "bold red" if told else "red"
        kind = Text(str(notice.kind), style=style)
        kind.append("" if told else " (not told)", style="dim")
        table.add_row(_short(notice.at), kind, Text(notice.subject), Text(notice.list), Text(notice.meaning))
    console.out.print(table)


def _strip(subject: str, days: "dict[str, list[str]]") -> None:
    """A character for each list and day: how it stood at worst."""
    from rich.text import Text

    width = max(map(len, days))
    console.out.print(Text.assemble((subject, "bold"), f"  the last {DAYS} days, today on the right"))
    for name, row in days.items():
        console.out.print(Text.assemble(f"{name:<{width}}  ", *(_MARKS[each] for each in row)))
    console.out.print(Text("█ listed  · not listed  ? unknown\n", style="dim"))


def _short(moment: datetime | None) -> str:
    """Month, day, hour and minute in UTC, so that a row fits on a terminal."""
    return "" if moment is None else console.time_text(moment)[5:16].replace("T", " ")


def _length(length: timedelta) -> str:
    seconds = int(length.total_seconds())
    for unit, size in (("d", 86400), ("h", 3600), ("m", 60)):
        if seconds % size == 0:
            return f"{seconds // size}{unit}"
    return f"{seconds}s"
