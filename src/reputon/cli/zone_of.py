"""Which zones a verb is about: a table's, or our own from the ledger."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from reputon.zone.table import Table

RootOption = Annotated[str | None, typer.Option("--root", metavar="ZONE", help="The name below which the zones lie.")]
TableOption = Annotated[
    Path | None, typer.Option("--table", metavar="FILE", help="A table of zones; ours from the ledger if none.")
]


def table_of(table: Path | None, path: Path | None, root: str | None) -> "Table":
    """The table of a file, or of the ledger that the configuration in `path` names."""
    from reputon import config
    from reputon.serve import publishing
    from reputon.zone import stored

    return stored.read(table) if table else publishing.publisher(config.load(path), root).table
