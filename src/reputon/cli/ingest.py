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
    from reputon.evidence.ingest import Ingested, Reader
    from reputon.evidence.store import Store


def command(
    reader: Annotated[
        str,
        typer.Argument(
            metavar="READER", help="The format: jsonl, arf, postfix, rspamd, exchange, kumomta, powermta or parquet."
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
    from reputon.evidence import ingest, kinds
    from reputon.evidence.readers import READERS
    from reputon.evidence.sources import Sources
    from reputon.evidence.store import Store

    if reader not in READERS:
        console.fail(f"there is no reader {reader!r}: use one of {', '.join(READERS)}")
    name, settings = kinds.source_name(source), config.load(path)
    moment = console.parse_time(now) if now else None
    if moment and follow:
        console.fail("what is followed is read as of now: leave out --now")
    done = ingest.Ingested()
    with Sources(settings.state_dir) as sources, Store(settings.state_dir, settings.evidence.url) as store:
        steps = (
            _followed(store, READERS[reader], paths, name, settings.evidence.follow_seconds) if follow
            else ingest.steps(store, READERS[reader], _files(paths), name, moment or datetime.now(UTC))
        )  # fmt: skip
        sources.meet(name, reader, int(time.time()))
        for done in steps if follow else console.progress(steps, what=f"Reading for {name}"):  # noqa: B007 - the last one counts
            pass
    _json(done, name, reader) if as_json else _show(done, name)
    nothing = done.unreadable > 0 and done.pieces == 0
    console.end(console.Exit.BAD_INPUT if done.broken or (nothing and not follow) else console.Exit.DONE)


def _files(paths: list[Path]) -> list[Path]:
    from reputon.evidence import files

    return files.files(Path("/dev/stdin") if str(each) == "-" else each for each in paths)


def _followed(store: "Store", reader: "Reader", paths: list[Path], name: str, every: float) -> "Iterator[Ingested]":
    """Look again and again, until the process is told to end; what cannot be written is tried again."""
    from reputon.evidence.follow import Follower
    from reputon.evidence.ingest import Ingested
    from reputon.evidence.kinds import EvidenceError

    followers = [Follower(store, reader, each, name) for each in paths]

    def stop(*_: object) -> None:
        for each in followers:
            each.is_stopped = True

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stop)
    told = ""
    while not any(each.is_stopped for each in followers):
        try:
            for each in followers:
                each.poll()
            told = ""
        except EvidenceError as error:
            if str(error) != told:  # once, not every second
                told = str(error)
                print(f"reputon: {told}; trying again", file=sys.stderr, flush=True)  # noqa: T201
        yield Ingested.of_all([each.done for each in followers])
        time.sleep(every)


def _json(done: "Ingested", source: str, reader: str) -> None:
    from dataclasses import asdict

    counts = {"files": done.files, "pieces": done.pieces, "new": done.new, "already_counted": done.doubled}
    examples = {"examples": [asdict(each) for each in done.examples], "broken": [asdict(each) for each in done.broken]}
    console.print_json({"source": source, "reader": reader, **counts, "unreadable": done.unreadable, **examples})


def _show(done: "Ingested", source: str) -> None:
    print(  # noqa: T201
        f"{source}: {done.files} files, {done.pieces} pieces: {done.new} new, {done.doubled} already counted; "
        f"{done.unreadable} unreadable"
    )
    for each in (*done.broken, *done.examples):
        excerpt = f": {each.excerpt}" if each.excerpt else ""
        print(f"  {each.where}: {each.why}{excerpt}", file=sys.stderr)  # noqa: T201
    if done.unreadable > len(done.examples):
        print(f"  ... and more: reputon evidence unreadable --source {source}", file=sys.stderr)  # noqa: T201
