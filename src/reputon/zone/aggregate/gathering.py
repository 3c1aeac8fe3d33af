"""Gathering: an aggregate zone, from the file that is its recipe and the files of the lists."""

import tomllib
from pathlib import Path

from reputon.zone import formats
from reputon.zone.aggregate.aggregate import aggregate
from reputon.zone.aggregate.recipe import Part, Recipe, recipe
from reputon.zone.content import ContentError
from reputon.zone.reading.reading import Reading

LARGEST = 1 << 20  # bytes of a recipe


def read(path: Path) -> Recipe:
    """The recipe of a file; ContentError names the file, OSError."""
    with path.open("rb") as file:
        content = file.read(LARGEST + 1)
    if len(content) > LARGEST:
        raise ContentError(f"{path} is larger than {LARGEST >> 20} MiB")
    try:
        return recipe(tomllib.loads(content.decode()))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ContentError(f"{path} is not TOML: {error}") from None
    except ContentError as error:
        raise ContentError(f"{path}: {error}") from None


def gather(made: Recipe, folder: Path, now: int) -> Reading:
    """The zone; files are relative to `folder`, `now` in Unix seconds; ContentError names the list."""
    readings = [_reading(part, made.zone, folder, now) for part in made.parts]
    whole = aggregate(made, [each.zones for each in readings], now)
    for part, each in zip(made.parts, readings, strict=True):
        for warning in each.warnings:
            whole.warn(f"{part.name}: {warning}")
    return whole


def _reading(part: Part, zone: str, folder: Path, now: int) -> Reading:
    kind = f"{part.type}:" if part.type else ""
    try:
        return formats.reader(part.format)([f"{kind}{folder / each}" for each in part.files], zone, now)
    except ContentError as error:
        raise ContentError(f"{part.name}: {error}") from None
