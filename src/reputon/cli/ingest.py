"""reputon ingest: evidence in, each piece once."""

from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from reputon.cli import console

if TYPE_CHECKING:
    from reputon.evidence.ingest import Ingested

_LETTERS = frozenset("abcdefghijklmnopqrstuvwxyz0123456789._-")
_LENGTH = 64


def command(
    reader: Annotated[str, typer.Argument(help="The format: jsonl, arf or postfix.")],
    paths: Annotated[list[Path], typer.Argument(metavar="PATH...", help="Files, also .gz, and folders of them.")],
    source: Annotated[str, typer.Option(help="Who says so: the party whose log, feedback loop or traps these are.")],
    now: Annotated[str | None, typer.Option(metavar="TIME", help="Read as of this time (RFC 3339).")] = None,
    config_path: console.ConfigOption = None,
    as_json: console.JsonOption = False,
) -> None:
    """Take evidence into the store.  The same file again, or one that has grown, counts once.

    Exit codes: 0 done, 1 done, but lines could not be read (they are kept aside), 2 bad usage or input.
    """
    from reputon import config
    from reputon.evidence.ingest import ingest
    from reputon.evidence.readers import READERS
    from reputon.evidence.store import Store

    if reader not in READERS:
        console.fail(f"there is no reader {reader!r}: the formats are {', '.join(READERS)}")
    if not 0 < len(source) <= _LENGTH or not set(source) <= _LETTERS:
        console.fail(f"{source!r} is no name of a source: use up to {_LENGTH} of a-z 0-9 . _ -")
    at = console.parse_time(now) if now else datetime.now(UTC)
    with Store(config.load(config_path).state_dir) as store:
        done = ingest(store, READERS[reader], paths, source, at, watch=partial(console.progress, what="Ingesting"))
    _print(done, source, as_json)
    console.end(console.Exit.BAD_NEWS if done.unreadable else console.Exit.DONE)


def _print(done: "Ingested", source: str, as_json: bool) -> None:
    if as_json:
        examples = [{"where": each.where, "excerpt": each.excerpt, "why": each.why} for each in done.examples]
        console.print_json(
            {"source": source, "files": done.files, "pieces": done.pieces, "new": done.new, "doubled": done.doubled,
             "unreadable": done.unreadable, "examples": examples}
        )  # fmt: skip
        return
    console.out.print(
        f"{done.files} files from {source}: {done.new} new pieces of evidence, {done.doubled} known already, "
        f"{done.unreadable} unreadable lines",
        markup=False, soft_wrap=True,
    )  # fmt: skip
    for each in done.examples:
        console.out.print(f"  {each.where}: {each.why}: {each.excerpt}", markup=False, style="yellow", soft_wrap=True)
    if done.unreadable > len(done.examples):
        console.out.print(f"  all of them: reputon evidence unreadable --source {source}", markup=False)
