"""Rendering: a study's tables as Markdown and CSV, with their titles, formats, and the bars that they are held to."""

import csv
import io
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from importlib import resources

from jinja2 import Environment, StrictUndefined

from reputon.simulate.population.classes import CLEAN
from reputon.simulate.population.peers import PEERS
from reputon.simulate.population.ranking import OURS
from reputon.simulate.population.rows import Row, Spread, Table, tables

AHEAD = 0.05  # by how much Reputon's mean is to catch more at 0.3 % than the best peer
_POINT = "caught at 0.3 %"
SHOWN = ("AUC", _POINT, "at 0.3 %, sloppy left out", "spam at 0.3 %")  # on a terminal

# How a column is written where it is not a part of a whole with one decimal.
_FORMATS = dict.fromkeys(
    ("senders", "median score", "hours", "messages", "hours to list", "hours to list, capped", "spam until then",
     "hours to delist", "lowest score", "days to 70"), "{:.0f}",
) | dict.fromkeys(("Brier", "Brier, plain ratio", "error", "error, plain ratio", "rate"), "{:.3g}") | {
    "AUC": "{:.4f}", "flips in 1000 days": "{:.2f}",
}  # fmt: skip
_PART = "{:.1%}"
_SMALL_PART = "{:.2%}"  # where a hundredth of a per cent matters: whoever is listed or blocked
_SMALL = ("listed", "ever listed", "clean blocked", "mail blocked")
_RANGED = {_POINT, "AUC", "ever listed"}  # shown with their lowest and highest seed


@dataclass(frozen=True, slots=True)
class Bar:
    """What a study is held to in a world, the figure, and whether it is kept."""

    world: str
    what: str
    figure: str
    is_kept: bool


@dataclass(frozen=True, slots=True)
class Study:
    """All tables, by name and world, with the bars."""

    rows: Sequence[Row]
    tables: tuple[Table, ...] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "tables", tuple(tables(self.rows)))

    @property
    def worlds(self) -> tuple[str, ...]:
        """The worlds in the order in which they came."""
        return tuple(dict.fromkeys(table.world for table in self.tables))

    def table(self, name: str, world: str) -> Table:
        """A table of a world."""
        return next(each for each in self.tables if (each.name, each.world) == (name, world))

    def bars(self) -> list[Bar]:
        """The bars of every world."""
        return [bar for world in self.worlds for bar in (self._ahead(world), self._clean(world))]

    def _ahead(self, world: str) -> Bar:
        rows = self.table("methods", world).rows
        peer = max(PEERS, key=lambda name: rows[name][_POINT].mean)
        ahead = rows[OURS][_POINT].mean - rows[peer][_POINT].mean
        figure = f"{100 * rows[OURS][_POINT].mean:.1f} %, {100 * ahead:+.1f} points beside {peer}"
        return Bar(world, "caught at 0.3 %: 5 points above the best peer", figure, ahead >= AHEAD)

    def _clean(self, world: str) -> Bar:
        rows = self.table("classes", world).rows
        listed = {name: rows[name]["listed at the end"].mean for name in CLEAN}
        figure = ", ".join(f"{name} {100 * part:.2f} %" for name, part in listed.items())
        kept = all(round(100 * part, 2) == 0 for part in listed.values())
        return Bar(world, "clean addresses listed: 0.00 %", figure, kept)


def markdown(study: Study, command: str) -> str:
    """The page: prose from the template beside this module, with the study's tables in their places."""
    template = (resources.files(__package__) / "simulation.md.jinja").read_text()
    made = Environment(undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)  # noqa: S701 - no HTML
    made.filters["grid"] = grid
    seeds = max(table.seeds for table in study.tables)
    return made.from_string(template).render(study=study, command=command, seeds=seeds, first=study.worlds[0]) + "\n"


def grid(table: Table, columns: Sequence[str] = ()) -> str:
    """A table in Markdown: these columns, or all."""
    head = ["", *(columns or table.columns)]
    lines = [head, ["---"] * len(head)]
    lines += [[of, *(cell(column, row.get(column)) for column in head[1:])] for of, row in table.rows.items()]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def cell(column: str, spread: Spread | None) -> str:
    """A figure as a person reads it: parts as per cent; `-` where there is none."""
    if spread is None or math.isnan(spread.mean):
        return "-"
    written = written_as(column)
    mean, low, high = (written.format(value).replace("%", " %") for value in spread)
    return f"{mean} ({low} to {high})" if column in _RANGED and low != high else mean


def written_as(column: str) -> str:
    """The format of a column's figures."""
    return _FORMATS.get(column) or (_SMALL_PART if column.startswith(_SMALL) else _PART)


def sheets(rows: Iterable[Row]) -> dict[str, str]:
    """Every table as CSV, seed by seed, by its name as a file's."""
    grouped: dict[str, list[Row]] = {}
    for row in rows:
        grouped.setdefault(row.table, []).append(row)
    return {f"{name.replace(', ', '-')}.csv": _sheet(found) for name, found in grouped.items()}


def _sheet(rows: list[Row]) -> str:
    columns = tuple(dict.fromkeys(column for row in rows for column in row.values))
    out = io.StringIO()
    sheet = csv.writer(out, lineterminator="\n")
    sheet.writerow(("world", "seed", "of", *columns))
    for row in rows:
        figures = (row.values.get(column, math.nan) for column in columns)
        sheet.writerow((row.world, row.seed, row.of, *("" if math.isnan(each) else f"{each:.6g}" for each in figures)))
    return out.getvalue()
