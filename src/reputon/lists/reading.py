"""Reading catalogues: the TOML that ships, and a user's own over it; every mistake is named by file and key."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from reputon import shipped
from reputon.lists.blocklist import BlockList
from reputon.lists.catalogue import Catalogue, Mirror
from reputon.lists.keys import LIST_KEYS, MIRROR_KEYS, STANDINGS

SHIPPED = ("catalogue.toml", "private.toml", "closed.toml")
SIZE = 4 << 20  # bytes of a catalogue that we are willing to read


class CatalogueError(ValueError):
    """A catalogue that cannot be used; the message names the file and the key."""


@cache
def load(extra: Path | None = None) -> Catalogue:
    """The lists that ship, those of `extra` merged over them by name (mirrors by zone); CatalogueError."""
    tables: _Tables = {}
    for origin, table in zip(SHIPPED, shipped.tables(Path(__file__).parent, SHIPPED), strict=True):
        tables = _merge(tables, table, origin)
    if extra is not None:
        origin = str(extra)
        tables = _merge(tables, _parse(_bytes(extra), origin), origin)
    entries = tuple(_entry(table, source) for (kind, _), (table, source) in tables.items() if kind == "list")
    mirrors = tuple(_mirror(table, source) for (kind, _), (table, source) in tables.items() if kind == "mirror")
    _check_names(entries, mirrors, origin)
    return Catalogue(entries, mirrors)


_Tables = dict[tuple[str, str], tuple[dict[str, Any], str]]
_KEY_OF = {"list": "name", "mirror": "zone"}


def _bytes(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            content = file.read(SIZE + 1)
    except OSError as error:
        raise CatalogueError(f"{path}: {error.strerror}: give another file with --catalogue") from None
    if len(content) > SIZE:
        raise CatalogueError(f"{path} is larger than {SIZE >> 20} MiB")
    return content


def _parse(content: bytes, source: str) -> dict[str, Any]:
    import tomllib  # only where a file is read: what ships is kept parsed

    try:
        return tomllib.loads(content.decode())
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise CatalogueError(f"{source} is not TOML: {error}") from None


def _merge(under: _Tables, table: Mapping[str, Any], source: str) -> _Tables:
    """The tables of a file over those read before: a key that it gives replaces the older value."""
    merged = dict(under)
    for kind, entries in table.items():
        if kind not in _KEY_OF or not isinstance(entries, list):
            raise CatalogueError(f"{source}: `{kind}`: expected [[list]] and [[mirror]] tables only")
        for entry in entries:
            key = entry.get(_KEY_OF[kind]) if isinstance(entry, dict) else None
            if not isinstance(key, str) or not key.strip():
                raise CatalogueError(f"{source}: a [[{kind}]] has no `{_KEY_OF[kind]}`")
            known, _ = merged.get((kind, key.casefold()), ({"origin": source}, source))
            merged[kind, key.casefold()] = ({**known, **entry}, source)
    return merged


def _entry(table: Mapping[str, Any], source: str) -> BlockList:
    where = f"{source}: list {table['name']!r}"
    standing = table.get("state", "listed")
    if standing not in STANDINGS:
        raise CatalogueError(f"{where}: `state`: expected one of {', '.join(STANDINGS)}")
    values: dict[str, Any] = {}
    for key, value in table.items():
        if key == "state":
            continue
        if key not in LIST_KEYS:
            raise CatalogueError(f"{where}: there is no key `{key}` (known: {', '.join(LIST_KEYS)}, state)")
        try:
            values[key] = LIST_KEYS[key](value, standing)
        except ValueError as error:
            raise CatalogueError(f"{where}: `{key}`: {error}") from None
    missing = [key for key in ("zone", "subjects") if key not in values]
    if missing:
        raise CatalogueError(f"{where}: `{missing[0]}` is missing")
    return BlockList(**values)


def _mirror(table: Mapping[str, Any], source: str) -> Mirror:
    where = f"{source}: mirror {table['zone']!r}"
    values: dict[str, Any] = {"receiver": ""}
    for key, value in table.items():
        if key not in MIRROR_KEYS:
            raise CatalogueError(f"{where}: there is no key `{key}` (known: {', '.join(MIRROR_KEYS)})")
        try:
            values[key] = MIRROR_KEYS[key](value, "listed")
        except ValueError as error:
            raise CatalogueError(f"{where}: `{key}`: {error}") from None
    if "codes" not in values:
        raise CatalogueError(f"{where}: `codes` is missing")
    return Mirror(**values)


def _check_names(entries: tuple[BlockList, ...], mirrors: tuple[Mirror, ...], source: str) -> None:
    """Whatever names a list must name one that is there, and a list is no part of itself: it would not be asked."""
    for entry in entries:
        if entry.part_of and entry.part_of.casefold() == entry.name.casefold():
            raise CatalogueError(f"{source}: list {entry.name!r}: `part_of`: a list cannot be part of itself")
    names = {entry.name.casefold() for entry in entries}
    named = [(f"list {entry.name!r}: `part_of`", entry.part_of) for entry in entries if entry.part_of]
    named += [(f"mirror {mirror.zone!r}: `codes`", name) for mirror in mirrors for _, name in mirror.codes]
    for where, name in named:
        if name.casefold() not in names:
            raise CatalogueError(f"{source}: {where}: there is no list called {name!r}")
