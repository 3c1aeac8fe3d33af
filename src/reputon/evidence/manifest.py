"""Manifest: which sealed files are evidence: what no manifest names does not count.

Each node, that is each state directory, has one, and it alone writes it; a reader takes those of all.  `sealed_to`
is the last batch of the node's database that its files hold: the manifest is replaced in one step, and whether a
batch counts from its file or from the database, it alone decides.
"""

import json
from collections.abc import Collection
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import pyarrow as pa

from reputon.evidence.kinds import EvidenceError
from reputon.evidence.places import Place

FOLDER = "manifests"
VERSION = 1


@dataclass(frozen=True, slots=True)
class Sealed:
    """A sealed file.  `day` and `hour` since 1970, `first` and `last` time in seconds, `size` in bytes, sources' keys.

    `path` is a path or an address for others, and within a manifest the name in the place.
    """

    path: str
    day: int
    hour: int
    rows: int
    size: int
    node: str
    first: int
    last: int
    sources: tuple[int, ...]
    digest: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a node has sealed: its files, files of names, and up to which batch of which database."""

    node: str
    store: str = ""
    sealed_to: int = 0
    files: tuple[Sealed, ...] = field(default=())
    names: tuple[str, ...] = field(default=())

    def sealed_of(self, store: str) -> int:
        """The last sealed batch of this database; another one (it was lost and made anew) has none."""
        return self.sealed_to if self.store == store else 0

    def without(self, paths: Collection[str]) -> "Manifest":
        """The same without some files."""
        return replace(self, files=tuple(each for each in self.files if each.path not in paths))


def load(place: Place, node: str) -> Manifest:
    """A node's manifest; EvidenceError if it is broken."""
    name = f"{FOLDER}/{node}.json"
    data = place.get(name)
    return _parsed(place.shown(name), node, data) if data is not None else Manifest(node)


def load_all(place: Place) -> list[Manifest]:
    """Every node's."""
    found = (Path(name) for name in place.names(FOLDER))
    return [load(place, path.stem) for path in found if path.suffix == ".json" and not path.name.startswith(".")]


def save(place: Place, manifest: Manifest) -> None:
    """Replace a node's manifest."""
    said = {"version": VERSION, **asdict(manifest)}
    place.put(f"{FOLDER}/{manifest.node}.json", json.dumps(said, indent=0).encode())


def _parsed(where: str, node: str, data: pa.Buffer) -> Manifest:
    try:
        return _made(node, json.loads(data.to_pybytes()))
    except (KeyError, TypeError, AttributeError, ValueError, RecursionError) as error:
        raise EvidenceError(f"{where} is broken ({error!r:.80}): restore it from a backup") from None


def _made(node: str, said: Any) -> Manifest:
    if said["version"] != VERSION:
        raise ValueError("written by another version of reputon")
    files = tuple(_file(node, each) for each in said["files"])
    names = tuple(str(each) for each in said["names"])
    return Manifest(node, str(said["store"]), int(said["sealed_to"]), files, names)


def _file(node: str, said: Any) -> Sealed:
    numbers = {name: int(said[name]) for name in ("day", "hour", "rows", "size", "first", "last")}
    sources = tuple(int(each) for each in said["sources"])
    return Sealed(path=str(said["path"]), node=node, sources=sources, digest=str(said["digest"]), **numbers)
