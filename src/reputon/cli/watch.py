"""reputon watch: what changed since, and who is told."""

from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from reputon.cli import console, made, watched

if TYPE_CHECKING:
    from reputon.config import Config
    from reputon.watch.history import History
    from reputon.watch.subjects import Watch

command = typer.Typer(no_args_is_help=True, add_completion=False)


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

    from reputon.serve import watch as watch_process
    from reputon.watch import adding
    from reputon.watch.history import History

    settings = _settings(path)
    around, _ = watch_process.watching(settings)
    often = timedelta(seconds=settings.watch.every) if every is None else console.parse_duration(every)
    wanted = [each.strip() for each in (names or "").split(",") if each.strip()]
    if names is not None and not wanted:
        console.fail("--lists names no list: leave it out to ask all that receivers refuse by")
    made = [adding.made(text, name or "", often, wanted, around, datetime.now(UTC)) for text in subjects]
    with History(settings.state_dir) as history:
        history.add(made)
    for each in made:
        if as_json:
            console.print_json(watched.fields(each))
        else:
            console.out.print(f"watching {each.subject} every {watched.duration(each.every)}", markup=False)
            if said := watched.rounds(adding.scope(each, around)):
                console.out.print(said, markup=False)


@command.command()
def ls(path: console.ConfigOption = None, as_json: console.JsonOption = False) -> None:
    """List what is watched, and how it stands.  Exit codes: 0 nothing is listed, 1 something is."""
    from reputon.serve import watch as watch_process
    from reputon.watch import summary

    settings = _settings(path)
    around, _ = watch_process.watching(settings)
    with _history(settings) as history:
        found = summary.of(history, around)
        failed = summary.untold(history)
    if as_json:
        for each in found:
            console.print_json(watched.fields(each.watch) | watched.standing(each))
    else:
        watched.print_watches(found)
        for alert in failed:
            console.err.print(f"{alert.status}: {alert.notice.title} by {alert.channel}: {alert.said}", markup=False)
    console.end(console.Exit.BAD_NEWS if any(each.listed for each in found) else console.Exit.DONE)


@command.command()
def rm(
    subjects: Annotated[
        list[str], typer.Argument(metavar="SUBJECT...", help="What to watch no longer; its --name too.")
    ],
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
            console.print_json(watched.fields(each))
        else:
            console.out.print(f"no longer watching {each.subject}", markup=False)


@command.command()
def run(
    once: Annotated[bool, typer.Option("--once", help="One pass over what is due, then end; for cron.")] = False,
    resolver: Annotated[str | None, typer.Option(metavar="ADDRESS[:PORT]", help="The resolver to ask.")] = None,
    world: Annotated[Path | None, typer.Option(help="With --once: rehearse with a folder's dns.json.")] = None,
    path: console.ConfigOption = None,
    as_json: console.JsonOption = False,
) -> None:
    """Look and tell until SIGTERM or Ctrl-C; one at a time over one state directory."""
    from reputon.serve import watch as watch_process

    if world is not None and not once:
        console.fail("--world rehearses one pass on a copy of the history: give --once too")
    say = watched.print_as_json if as_json else None
    asked, now = made.asked(world, resolver) if world or resolver else (None, None)  # else the configuration's
    if world is not None and asked is not None:
        watch_process.rehearse(_settings(path), asked, (lambda: now) if now else None, say)
        return
    watch_process.serve(_settings(path), asked, None, once, say)


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
        days = summary.days(kept, subjects[0], datetime.now(UTC), watched.DAYS) if len(subjects) == 1 else {}
    if as_json:
        for notice, told in found:
            console.print_json(notice.fields | {"told": told})
        return
    if days:
        watched.print_days(subjects[0], days)
    watched.print_changes(found)


def _settings(path: Path | None) -> "Config":
    from reputon import config

    return config.load(path)


def _history(settings: "Config") -> "History":
    from reputon.watch.history import History

    return History(settings.state_dir)


def _found(history: "History", text: str) -> "Watch":
    from reputon.watch.subjects import WatchError, chosen

    found = chosen(text, history.watches())
    if found is None:
        raise WatchError(f"{text} is not watched: see `reputon watch ls`")
    return found
