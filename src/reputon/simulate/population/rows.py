"""Rows: what an experiment found, as rows of named tables, and those of several seeds brought together."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np


@dataclass(frozen=True, slots=True)
class Row:
    """What was found for something (a method, a class, a case) in one world with one seed."""

    table: str
    world: str
    seed: int
    of: str
    values: Mapping[str, float]


class Spread(NamedTuple):
    """A figure over the seeds."""

    mean: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Table:
    """A table of a world: rows by what they are of, columns by their names; figures over the seeds."""

    name: str
    world: str
    seeds: int
    rows: Mapping[str, Mapping[str, Spread]]

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns in the order in which they came."""
        return tuple(dict.fromkeys(column for row in self.rows.values() for column in row))


def tables(rows: Iterable[Row]) -> list[Table]:
    """The rows by table and world, in the order in which they came."""
    grouped: dict[tuple[str, str], list[Row]] = {}
    for row in rows:
        grouped.setdefault((row.table, row.world), []).append(row)
    return [_table(name, world, found) for (name, world), found in grouped.items()]


def _table(name: str, world: str, rows: list[Row]) -> Table:
    cells: dict[str, dict[str, list[float]]] = {}
    for row in rows:
        for column, value in row.values.items():
            cells.setdefault(row.of, {}).setdefault(column, []).append(value)
    made = {of: {column: spread(values) for column, values in row.items()} for of, row in cells.items()}
    return Table(name, world, len({row.seed for row in rows}), made)


def spread(values: Iterable[float]) -> Spread:
    """The mean and the ends of what is known; nan where nothing is."""
    known = np.array([value for value in values if not np.isnan(value)])
    return Spread(*(float(each) for each in (known.mean(), known.min(), known.max()))) if len(known) else _NOTHING


_NOTHING = Spread(float("nan"), float("nan"), float("nan"))
