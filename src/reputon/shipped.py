"""Shipped: a package's TOML files, parsed once and kept as Python keeps its modules, in `__pycache__`."""

import json
import os
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

Table = dict[str, Any]


def tables(folder: Path, names: Sequence[str]) -> list[Table]:
    """The tables of these files of a folder, dates as text: TOML takes tens of milliseconds to parse, JSON takes one.

    OSError and tomllib.TOMLDecodeError for a file that is not there or is none.
    """
    kept = folder / "__pycache__" / f"{folder.name}.json"
    stamps = [[name, *_stamp(folder / name)] for name in names]
    with suppress(OSError, ValueError, KeyError, TypeError):
        found = json.loads(kept.read_bytes())
        if found["of"] == stamps:
            return list(found["tables"])
    parsed = [_parsed(folder / name) for name in names]
    content = json.dumps({"of": stamps, "tables": parsed}, default=str)
    with suppress(OSError):  # a place that cannot be written costs time and nothing else
        _keep(kept, content)
    return list(json.loads(content)["tables"])


def _parsed(path: Path) -> Table:
    import tomllib  # 3 ms, and mostly there is a copy

    return tomllib.loads(path.read_text("utf-8"))


def _stamp(path: Path) -> tuple[int, int]:
    status = path.stat()
    return status.st_size, status.st_mtime_ns


def _keep(path: Path, content: str) -> None:
    """Written aside and renamed, so that nobody reads half of it."""
    path.parent.mkdir(exist_ok=True)
    aside = path.with_name(f"{path.name}.{os.getpid()}")
    try:
        aside.write_text(content, "utf-8")
        aside.replace(path)
    finally:
        aside.unlink(missing_ok=True)
