"""reputon ingest: evidence from files into the store, each piece once."""

import signal
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from reputon.cli import console

if TYPE_CHECKING:
    from reputon.config import Config
    from reputon.evidence.follow import Follower
    from reputon.evidence.ingest import Ingested, Reader
    from reputon.evidence.sources import Source
    from reputon.evidence.store import Store


def command(
    reader: Annotated[
        str,
        typer.Argument(
            metavar="READER", help="The format, such as jsonl, postfix, exim, rspamd, arf, dmarc (docs/evidence.md)."
        ),
    ],
    paths: Annotated[list[Path], typer.Argument(metavar="PATH...", help="Files, folders, or - for standard input.")],
    source: Annotated[str, typer.Option(metavar="NAME", help="Who reports: caps and purges go by this name.")],
    follow: Annotated[bool, typer.Option("--follow", help="Go on with what is written to these logs.")] = False,
    now: Annotated[str | None, typer.Option(metavar="TIME", help="Read as of this time (RFC 3339).")] = None,
    path: console.ConfigOption = None,
    as_json: console.JsonOption = False,
) -> None:
    """Read evidence; what was read before, in these files or in copies of them, is not counted again.

    Exit codes: 0 done (unreadable lines are kept aside and shown), 2 bad usage, a broken file, or nothing readable.
    """
    from reputon import config
    from reputon.evidence import kinds
    from reputon.evidence.readers import READERS

    if reader not in READERS:
        console.fail(f"there is no reader {reader!r}: use one of {', '.join(READERS)}")
    name, moment = kinds.source_name(source), console.parse_time(now) if now else None
    if moment and follow:
        console.fail("what is followed is read as of now: leave out --now")
    done = _read(config.load(path), reader, name, paths, moment, follow=follow)
    _json(done, name, reader) if as_json else _show(done, name)
    nothing = done.unreadable > 0 and done.pieces == 0
    console.end(console.Exit.BAD_INPUT if done.broken or (nothing and not follow) else console.Exit.DONE)


def _read(
    settings: "Config", reader: str, name: str, paths: list[Path], now: datetime | None, *, follow: bool
) -> "Ingested":
    from reputon.evidence import files, ingest
    from reputon.evidence.sources import Sources
    from reputon.evidence.store import Store

    done = ingest.Ingested()
    with Sources(settings.state_dir) as sources, Store(settings.state_dir, settings.evidence.url) as store:
        given = _reader(reader, sources.get(name), settings)
        if follow:
            steps = _followed(store, given, paths, name, settings.evidence.follow_seconds)
        else:
            found = files.files(Path("/dev/stdin") if str(each) == "-" else each for each in paths)
            steps = ingest.steps(store, given, found, name, now or datetime.now(UTC))
            steps = iter(console.progress(steps, what=f"Reading {len(found)} files"))
        sources.meet(name, reader, int(time.time()))
        for done in steps:  # noqa: B007 - the last one counts
            pass
    return done


def _reader(reader: str, source: "Source | None", settings: "Config") -> "Reader":
    """The reader; where the source speaks for certain domains, only of messages that these are proved to have sent."""
    from reputon import resolver
    from reputon.evidence.readers import READERS, proved

    if source is None or not source.domains:
        return READERS[reader]
    trusted = frozenset(each.lower() for each in settings.evidence.servers)
    return proved.demanding(READERS[reader], frozenset(source.domains), resolver.named(settings.dns.resolver), trusted)


def _followed(store: "Store", reader: "Reader", paths: list[Path], name: str, every: float) -> "Iterator[Ingested]":
    """Look again and again, until the process is told to end; what cannot be written is tried again."""
    from reputon.evidence.follow import Follower
    from reputon.evidence.ingest import Ingested

    followers = [Follower(store, reader, each, name) for each in paths]

    def stop(*_: object) -> None:
        for each in followers:
            each.is_stopped = True

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stop)
    told = ""
    while not any(each.is_stopped for each in followers):
        told = _polled(followers, told)
        yield Ingested.of_all([each.done for each in followers])
        time.sleep(every)


def _polled(followers: "list[Follower]", told: str) -> str:
    """Look once; what went wrong is told once, not every second."""
    from reputon.evidence.kinds import EvidenceError

    try:
        for each in followers:
            each.poll()
    except EvidenceError as error:
        if str(error) != told:
            print(f"reputon: {error}; trying again", file=sys.stderr, flush=True)  # noqa: T201
        return str(error)
    return ""


def _json(done: "Ingested", source: str, reader: str) -> None:
    from dataclasses import asdict

    counts = {
        "files": done.files,
        "lines": done.lines,
        "pieces": done.pieces,
        "new": done.new,
        "already_counted": done.doubled,
    }
    examples = {"examples": [asdict(each) for each in done.examples], "broken": [asdict(each) for each in done.broken]}
    console.print_json({"source": source, "reader": reader, **counts, "unreadable": done.unreadable, **examples})


def _show(done: "Ingested", source: str) -> None:
    if done.lines and not done.pieces and not done.unreadable:
        # A log of a quiet day and a log of another server look alike.
        print(f"{source}: 0 pieces: nothing in {done.lines} lines was evidence: is it another format?")  # noqa: T201
        _tell(done, source)
        return
    print(  # noqa: T201
        f"{source}: {done.files} files, {done.pieces} pieces: {done.new} new, {done.doubled} already counted; "
        f"{done.unreadable} unreadable"
    )
    _tell(done, source)


def _tell(done: "Ingested", source: str) -> None:
    """What could not be read, on stderr."""
    for each in (*done.broken, *done.examples):
        excerpt = f": {each.excerpt}" if each.excerpt else ""
        print(f"  {each.where}: {each.why}{excerpt}", file=sys.stderr)  # noqa: T201
    if done.unreadable > len(done.examples):
        print(f"  ... and more: reputon evidence unreadable --source {source}", file=sys.stderr)  # noqa: T201
