"""Bounces from the command line: files, folders and standard input, one by one, and the world around them."""

import sys
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from reputon.cli import console

if TYPE_CHECKING:
    from reputon.bounce.report import Message
    from reputon.cause.world import World
    from reputon.config import Config
    from reputon.remedy.diagnosis import Diagnosis

READ = 5 << 20  # bytes of a message that are read: a report stands before the message that it returns

PathsArgument = Annotated[list[str], typer.Argument(metavar="PATH...", help="Files, folders, or - for standard input.")]
OfflineOption = Annotated[bool, typer.Option("--offline", help="Ask nobody: what needs DNS is then unknown.")]
WorldOption = Annotated[Path | None, typer.Option("--world", help="A folder of files instead of DNS and the time.")]


def diagnosed(paths: list[str], settings: "Config", *, offline: bool, world: Path | None) -> "Iterator[Diagnosis]":
    """One diagnosis for each message found, in the order of the names."""
    from reputon.cause.incidents import Incidents
    from reputon.remedy.diagnosis import diagnose

    around = _world(settings, offline, world)
    for warning in around.warnings:
        console.err.print(f"reputon: {warning}", markup=False, style="yellow")
    found = _messages(console.progress(list(_files(paths)), what="Reading"), around)
    if not around.sent.is_known:
        yield from (diagnose(name, message, around) for name, message in found)
        return
    # Bounces of messages that we really sent speak for each other, so all are read before the first is judged.
    every = list(found)
    together = Incidents.of([*around.earlier, *(message for _, message in every)], around.sent, around.providers)
    yield from (diagnose(name, message, around, together) for name, message in every)


def _world(settings: "Config", offline: bool, folder: Path | None) -> "World":
    from reputon import lists, resolver
    from reputon.cause import providers, world
    from reputon.cause.inventory import Inventory

    if folder is not None:
        return world.read(folder, settings.lists.catalogue, settings.cause.providers)
    known = providers.load(settings.cause.providers)
    own = world.read_inventory(settings.cause.inventory) if settings.cause.inventory else Inventory()
    return world.World(
        now=datetime.now(UTC),
        resolver=resolver.Nobody() if offline else resolver.named(settings.dns.resolver),
        catalogue=lists.load(settings.lists.catalogue),
        providers=known,
        inventory=own,
        keys=settings.lists.keys,
        warnings=world.unknown_providers(own, known),
    )


def _files(paths: Iterable[str]) -> Iterator[tuple[str, Path | None]]:
    """Every file with the name to show it by: relative to the folder that was given."""
    for text in paths:
        path = Path(text)
        if text == "-":
            yield "-", None
        elif path.is_dir():
            inside = sorted(each for each in path.rglob("*") if each.is_file())
            yield from ((each.relative_to(path).as_posix(), each) for each in inside)
        elif path.exists():
            yield path.name, path
        else:
            console.fail(f"{text}: there is no such file or folder")


def _messages(files: "Iterable[tuple[str, Path | None]]", around: "World") -> "Iterator[tuple[str, Message]]":
    from reputon import bounce
    from reputon.bounce.report import unreadable

    for name, path in files:
        try:
            yield name, bounce.read(_bytes(path), around.catalogue)
        except OSError as error:
            yield name, unreadable(f"cannot be read: {error.strerror}")


def _bytes(path: Path | None) -> bytes:
    if path is None:
        return sys.stdin.buffer.read(READ)
    with path.open("rb") as file:
        return file.read(READ)
