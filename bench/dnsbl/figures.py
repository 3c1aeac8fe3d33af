"""Figures: what is printed and what is kept of a measurement."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import median

from bench.dnsbl.machine import described


def ratio(name: str, ours: Sequence[float], other: Sequence[float], bar: float | None = None) -> dict[str, object]:
    """Print, and return, the median of the ratio of each round, and its range."""
    each = [one / two for one, two in zip(ours, other, strict=True)]
    middle = median(each)
    asked = f"; bar {bar:.2f}: {'met' if middle <= bar else 'MISSED'}" if bar else ""
    print(f"{name}: {middle:.3f} ({min(each):.3f} to {max(each):.3f}, {len(each)} rounds){asked}", flush=True)
    return {"median": middle, "rounds": each, "bar": bar}


def bounded(name: str, value: float, bar: float, unit: str) -> dict[str, object]:
    """Print, and return, a figure beside its bar."""
    print(f"{name}: {value:.2f} {unit}; bar {bar:g}: {'met' if value <= bar else 'MISSED'}", flush=True)
    return {"value": value, "unit": unit, "bar": bar}


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print columns, the first to the left and the others to the right."""
    widths = [max(map(len, column)) for column in zip(head, *rows, strict=True)]
    for row in (head, *rows):
        first, *others = (each.ljust(width) if not place else each.rjust(width)
                          for place, (each, width) in enumerate(zip(row, widths, strict=True)))  # fmt: skip
        print("  ".join([first, *others]), flush=True)


def kept(path: Path, figures: Mapping[str, object]) -> None:
    """Write the figures, with the machine, as JSON."""
    path.write_text(json.dumps({**described(), **figures}, indent=1) + "\n")
    print(f"figures: {path}", flush=True)
