"""Bounces from the command line: files, folders and standard input, one by one, and the world around them."""

import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, BinaryIO, TypeVar

import typer

from reputon.cli import console

if TYPE_CHECKING:
    from reputon.bounce.report import Message
    from reputon.cause.world import World
    from reputon.cli import parallel
    from reputon.config import Config
    from reputon.remedy.diagnosis import Diagnosis

_T = TypeVar("_T")

PathsArgument = Annotated[list[str], typer.Argument(metavar="PATH...", help="Files, folders, or - for standard input.")]
OfflineOption = Annotated[bool, typer.Option("--offline", help="Ask nobody: what needs DNS is then unknown.")]
KindOption = Annotated[
    str | None, typer.Option("--kind", metavar="KIND", help="The form of the files, where it is not to be guessed.")
]
DialectsOption = Annotated[
    Path | None, typer.Option("--dialects", metavar="DIR", help="Your own dialects, asked before ours.")
]
WorldOption = Annotated[Path | None, typer.Option("--world", help="A folder of files instead of DNS and the time.")]


def diagnosed(
    paths: list[str],
    settings: "Config",
    then: "Callable[[Diagnosis], _T]",
    *,
    offline: bool,
    world: Path | None,
    kind: str | None = None,
    dialects: Path | None = None,
) -> Iterator[_T]:
    """What `then` makes of the diagnosis of each message found, in the order of the names."""
    from reputon.bounce import doors
    from reputon.cause.incidents import Incidents
    from reputon.cli import parallel
    from reputon.remedy.diagnosis import diagnose

    doors.check(kind)
    around = _world(settings, offline, world, dialects or settings.bounce.dialects)
    for warning in around.warnings:
        console.err.print(f"reputon: {warning}", markup=False, style="yellow")
    files = list(_files(paths))

    def read(file: parallel.File) -> "Iterator[tuple[str, Message]]":
        return _messages(file, around, kind)

    def judged(file: parallel.File) -> Iterator[_T]:
        return (then(diagnose(name, message, around)) for name, message in read(file))

    if not around.sent.is_known:
        for some in console.progress(parallel.over(judged, files), len(files), "Reading"):
            yield from some
        return
    # Bounces of messages that we really sent speak for each other, so all are read before the first is judged.
    every = [each for some in console.progress(parallel.over(read, files), len(files), "Reading") for each in some]
    together = Incidents.of([*around.earlier, *(message for _, message in every)], around.sent, around.providers)
    yield from (then(diagnose(name, message, around, together)) for name, message in every)


def _world(settings: "Config", offline: bool, folder: Path | None, own_dialects: Path | None) -> "World":
    from reputon import lists, resolver
    from reputon.bounce import dialects
    from reputon.cause import world
    from reputon.cause.inventory import Inventory
    from reputon.cli import provider

    rules = dialects.load(own_dialects)
    if folder is not None:
        return replace(world.read(folder, settings.lists.catalogue, settings.cause.providers), dialects=rules)
    known = provider.known(settings)
    own = world.read_inventory(settings.cause.inventory) if settings.cause.inventory else Inventory()
    return world.World(
        now=datetime.now(UTC),
        resolver=resolver.Nobody() if offline else resolver.named(settings.dns.resolver),
        catalogue=lists.load(settings.lists.catalogue),
        providers=known,
        inventory=own,
        keys=settings.lists.keys,
        warnings=world.unknown_providers(own, known),
        dialects=rules,
    )


def _files(paths: Iterable[str]) -> Iterator[tuple[str, Path | None]]:
    """Every file with the name to show it by (see `doors.names`)."""
    from reputon.bounce.doors import names

    for text in paths:
        try:
            yield from [("-", None)] if text == "-" else names.files(Path(text))
        except FileNotFoundError:
            console.fail(f"{text}: there is no such file or folder")


def _messages(file: "parallel.File", around: "World", kind: str | None) -> "Iterator[tuple[str, Message]]":
    """Every message of a file by its name: `mail.log#2` where it holds several."""
    from reputon import bounce
    from reputon.bounce.doors import names
    from reputon.bounce.report import unreadable

    name, path = file
    try:
        with _opened(path) as opened:
            yield from names.numbered(name, bounce.read_all(opened, kind, around.catalogue, name, around.dialects))
    except OSError as error:
        yield name, unreadable(f"cannot be read: {error.strerror}")


def _opened(path: Path | None) -> AbstractContextManager[BinaryIO]:
    return nullcontext(sys.stdin.buffer) if path is None else path.open("rb")
