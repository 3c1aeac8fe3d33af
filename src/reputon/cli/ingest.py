"""reputon ingest: evidence from files into the store, each piece once."""

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from reputon.cli import console

if TYPE_CHECKING:
    from reputon.evidence.ingest import Ingested


def command(
    reader: Annotated[
        str, typer.Argument(metavar="READER", help="Format: jsonl, arf, postfix, exim, sendmail, opensmtpd.")
    ],
    paths: Annotated[list[Path], typer.Argument(metavar="PATH...", help="Files, folders, or - for standard input.")],
    source: Annotated[str, typer.Option(metavar="NAME", help="Who reports: caps and purges go by this name.")],
    now: Annotated[str | None, typer.Option(metavar="TIME", help="Read as of this time (RFC 3339).")] = None,
    path: console.ConfigOption = None,
    as_json: console.JsonOption = False,
) -> None:
    """Read evidence; what was read before, in these files or in copies of them, is not counted again.

    Exit codes: 0 done (unreadable lines are kept aside and shown), 2 bad usage, a broken file, or nothing readable.
    """
    from reputon import config
    from reputon.evidence import files, ingest, kinds
    from reputon.evidence.readers import READERS
    from reputon.evidence.store import Store

    if reader not in READERS:
        console.fail(f"there is no reader {reader!r}: use one of {', '.join(READERS)}")
    name = kinds.source_name(source)
    found = files.files(Path("/dev/stdin") if str(each) == "-" else each for each in paths)
    moment = console.parse_time(now) if now else datetime.now(UTC)
    done = ingest.Ingested()
    with Store(config.load(path).state_dir) as store:
        steps = ingest.steps(store, READERS[reader], found, name, moment)
        for done in console.progress(steps, what=f"Reading {len(found)} files"):  # noqa: B007 - the last one counts
            pass
    _json(done, name, reader) if as_json else _show(done, name)
    nothing = done.unreadable > 0 and done.pieces == 0
    console.end(console.Exit.BAD_INPUT if done.broken or nothing else console.Exit.DONE)


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
