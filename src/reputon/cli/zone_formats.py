"""Formats of zones at the command line: in from files that others wrote, out to files that others read."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from reputon.cli import console
from reputon.cli.zone_of import RootOption, TableOption, table_of

if TYPE_CHECKING:
    from reputon.zone.table import Table


def import_(
    kind: Annotated[str, typer.Argument(metavar="FORMAT", help="What the files are: rbldnsd, csv, jsonl.")],
    files: Annotated[list[str], typer.Argument(metavar="[TYPE:]FILE...", help="As in ip4set:FILE for rbldnsd.")],
    origin: Annotated[str, typer.Option("--origin", metavar="ZONE", help="The name of the zone.")],
    output: Annotated[Path, typer.Option("--output", metavar="FILE", help="Where the table goes.")],
    force: Annotated[bool, typer.Option("--force", help="Write also what is empty, or lists the world.")] = False,
    as_json: console.JsonOption = False,
) -> None:
    """Compile a zone that others wrote to a table, for `serve dns --table`."""
    import secrets
    from time import time

    from reputon.zone import checks, formats, stored, table
    from reputon.zone.content import ContentError

    now = int(time())
    reading = formats.reader(kind)(files, origin, now)
    for warning in reading.warnings:
        console.err.print(warning, markup=False, soft_wrap=True)
    made = table.compile_zones(reading.zones, now, secrets.randbits(32))
    for doubt in () if force else (*checks.warnings(made), *_empty(made)):
        raise ContentError(f"{doubt}: {output} stays as it is; --force writes it all the same")
    stored.write(made, output)
    for each in made.zones:
        if as_json:
            console.print_json({"zone": each.apex, "serial": each.serial, "entries": each.entries})
            continue
        console.out.print(f"{each.apex}: {each.entries} entries, serial {each.serial}", markup=False, soft_wrap=True)


def _empty(made: "Table") -> Iterator[str]:
    """Zones without an entry: a download that failed must not take everybody off a list."""
    if not any(each.entries for each in made.zones):
        yield f"{made.zones[0].apex} has no entry"


def export(
    kind: Annotated[str, typer.Argument(metavar="FORMAT", help="rbldnsd, bind, rpz, csv or jsonl.")],
    table: TableOption = None,
    apex: Annotated[
        str | None, typer.Option("--zone", metavar="ZONE", help="Which; needed where there are several.")
    ] = None,
    output: Annotated[Path | None, typer.Option("--output", metavar="FILE", help="Where it goes; else stdout.")] = None,
    root: RootOption = None,
    path: console.ConfigOption = None,
) -> None:
    """Write a zone in another's format: a table's, or one of ours."""
    import sys
    from contextlib import nullcontext

    from reputon.zone import formats
    from reputon.zone.reading import decompile, lines

    write, of = formats.writer(kind), table_of(table, path, root)
    content = decompile.content_of(of, _row(of, apex))
    with nullcontext(sys.stdout) if output is None else lines.written(output) as file:
        write(content, file)


def _row(table: "Table", apex: str | None) -> int:
    """Which zone of a table is meant."""
    apexes = [each.apex for each in table.zones]
    wanted = apex.rstrip(".").lower() if apex else apexes[0] if len(apexes) == 1 else ""
    if wanted not in apexes:
        raise typer.BadParameter(f"name one of its zones: {', '.join(apexes)}", param_hint="--zone")
    return apexes.index(wanted)
