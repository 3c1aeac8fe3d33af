"""Manifest: which sealed files are evidence: what no manifest names does not count.

Each node, that is each state directory, has one, and it alone writes it; a reader takes those of all.  `sealed_to`
is the last batch of the node's database that its files hold: the manifest is replaced in one step, and whether a
batch counts from its file or from the database, it alone decides.
"""

import json
from collections.abc import Collection
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

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
    files = [{**asdict(each), "node": None} for each in manifest.files]
    said = {"version": VERSION, **asdict(manifest), "files": [_short(each) for each in files]}
    place.put(f"{FOLDER}/{manifest.node}.json", json.dumps(said, indent=0).encode())


def _short(file: dict[str, object]) -> dict[str, object]:
    return {name: value for name, value in file.items() if value is not None}


def _parsed(where: str, node: str, data: pa.Buffer) -> Manifest:
    try:
        said = json.loads(data.to_pybytes())
        if said.pop("version") != VERSION:
            raise EvidenceError(f"{where} was written by another version of reputon")
        files = tuple(Sealed(**{**each, "node": node, "sources": tuple(each["sources"])}) for each in said.pop("files"))
        return Manifest(**{**said, "files": files, "names": tuple(said["names"])})
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        if isinstance(error, EvidenceError):
            raise
        raise EvidenceError(f"{where} is broken ({error!r:.80}): restore it from a backup") from None
