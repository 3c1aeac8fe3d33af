"""An aggregate zone: several lists of others under codes of one's own."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from reputon.cli import console

if TYPE_CHECKING:
    from reputon.zone.content import Content

TABLE = "table"


def aggregate(
    recipe: Annotated[Path, typer.Argument(metavar="FILE", help="Which lists, from where: a TOML file.")],
    output: Annotated[Path, typer.Option("--output", metavar="FILE", help="Where the zone goes.")],
    kind: Annotated[
        str, typer.Option("--format", metavar="FORMAT", help="table, rbldnsd, bind, rpz, csv or jsonl.")
    ] = TABLE,
    mirror: Annotated[
        Path | None, typer.Option("--mirror", metavar="FILE", help="Where the codes go, for others' catalogues.")
    ] = None,
    path: console.ConfigOption = None,
) -> None:
    """Make one zone of several lists that you may republish: a code of its own and its name in the text for each."""
    from time import time

    from reputon import config, durable, lists
    from reputon.zone.aggregate import gathering
    from reputon.zone.aggregate.recipe import doubts
    from reputon.zone.aggregate.recipe import mirror as mirror_of

    catalogue = lists.load(config.load(path).lists.catalogue)
    made = gathering.read(recipe)
    reading = gathering.gather(made, recipe.parent, int(time()))
    for warning in (*doubts(made, catalogue), *reading.warnings):
        console.err.print(warning, markup=False, soft_wrap=True)
    (zone,) = reading.zones
    _write(zone, kind, output)
    if mirror is not None:
        durable.write(mirror, mirror_of(made, catalogue).encode())
    told = f"{zone.apex}: {len(zone)} entries of {len(made.parts)} lists, serial {zone.soa.serial}"
    console.out.print(told, markup=False, soft_wrap=True)


def _write(zone: "Content", kind: str, output: Path) -> None:
    import secrets

    from reputon.zone import formats, stored, table
    from reputon.zone.reading import lines

    if kind == TABLE:
        stored.write(table.compile_zones([zone], zone.soa.serial, secrets.randbits(32)), output)
        return
    write = formats.writer(kind)
    with lines.written(output) as out:
        write(zone, out)
