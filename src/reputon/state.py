"""State: the state directory as a whole: a backup of one moment, its restoring, and what is broken in it.

A backup is a gzip'd tar: each SQLite database as it was at one moment, the sealed evidence that its manifests name,
everything else as it lies, and at its end an index with a digest of each.  What lies at an `evidence.url` elsewhere
is not in it, nor are scores: evidence makes them again.
"""

import hashlib
import io
import json
import os
import shutil
import sqlite3
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from reputon import durable
from reputon.evidence import archive, database, manifest, places
from reputon.evidence.database import Database
from reputon.evidence.kinds import EvidenceError

INDEX = "reputon-backup.json"
VERSION = 1
SCORES = "scores"  # what runs leave: files that come and go, and a word on what the ledger has been told
_BLOCK = 1 << 20
_PASSING = ("-wal", "-shm", "-journal", ".lock")


class StateError(ValueError):
    """What cannot be backed up or restored; the message says why and what to do."""


@dataclass(frozen=True, slots=True)
class Fault:
    """Something that is not as it should be.  `is_harm`: evidence or listings are missing or cannot be read."""

    where: str
    what: str
    advice: str
    is_harm: bool = True


def backup(state_dir: Path, file: Path) -> int:
    """Write a backup; how many files are in it.  StateError where it cannot be written."""
    if not state_dir.is_dir():
        raise StateError(f"{state_dir} is not there: nothing to back up")
    digests: dict[str, str] = {}
    try:
        # Nobody seals or purges meanwhile; what is acknowledged meanwhile is not in it.
        with durable.locked(state_dir / archive.LOCK), _written(file) as tar, _passing_folder(file.parent) as folder:
            for name, path in _members(state_dir.absolute(), file, folder):
                digests[name] = _digest(path)
                tar.add(path, name, recursive=False)
            index = json.dumps({"version": VERSION, "digests": digests}, indent=0).encode()
            about = tarfile.TarInfo(INDEX)
            about.size = len(index)
            tar.addfile(about, io.BytesIO(index))
    except (OSError, sqlite3.Error) as error:
        raise StateError(f"{file} cannot be written: {error}") from None
    return len(digests)


@contextmanager
def _passing_folder(where: Path) -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix=".reputon-", dir=where) as name:
        yield Path(name)


@contextmanager
def _written(file: Path) -> Iterator[tarfile.TarFile]:
    """A tar that is there whole or not at all."""
    temporary = file.with_name(f".{file.name}.part")
    try:
        with temporary.open("wb") as raw:
            os.fchmod(raw.fileno(), 0o600)  # hashes of tokens and who was seen are in it
            with tarfile.open(fileobj=raw, mode="w:gz", compresslevel=1) as tar:
                yield tar
            raw.flush()
            os.fsync(raw.fileno())
        temporary.replace(file)
    finally:
        temporary.unlink(missing_ok=True)
    durable.sync_directory(file.parent)


def _members(state_dir: Path, file: Path, folder: Path) -> Iterator[tuple[str, Path]]:
    """Each file that a backup has: its name there, and where its content lies meanwhile."""
    manifests = manifest.load_all(places.Folder(state_dir))
    sealed = {name for one in manifests for name in (*one.names, *(each.path for each in one.files))}
    for path in sorted(each for each in state_dir.rglob("*") if each.is_file() and not each.is_symlink()):
        relative = path.relative_to(state_dir)
        name = relative.as_posix()
        is_passing = path.name.endswith(_PASSING) or any(part.startswith(".") for part in relative.parts)
        if is_passing or path == file.absolute() or relative.parts[0] == SCORES:
            continue
        if relative.parts[0] not in (archive.FILES, archive.NAMES):
            yield name, _moment(path, folder / name.replace("/", "_"))
        elif name in sealed:  # nobody changes it
            yield name, path


def _moment(file: Path, copy: Path) -> Path:
    """A file as it is at one moment, while others go on writing to it."""
    if file.suffix != ".sqlite":
        return Path(shutil.copy2(file, copy))
    with closing(_opened(file)) as old, closing(sqlite3.connect(copy)) as new:
        old.backup(new)
        new.execute("PRAGMA journal_mode = DELETE")
    return copy


def _opened(file: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"{file.absolute().as_uri()}?mode=rw", uri=True, timeout=database.BUSY)


def restore(file: Path, state_dir: Path) -> int:
    """Unpack a backup into a directory that is empty or not there; how many files.  All of it, or nothing."""
    if state_dir.exists() and (not state_dir.is_dir() or any(state_dir.iterdir())):
        raise StateError(f"{state_dir} is not empty: a backup is restored only where nothing can be lost")
    state_dir.parent.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix=f".{state_dir.name}.", dir=state_dir.parent))
    try:
        count = _unpack(file, folder)
        if (folder / database.FILE).exists():
            with closing(Database(folder)) as opened:
                opened.lift()
        if state_dir.exists():
            state_dir.rmdir()
        folder.chmod(0o755)
        folder.rename(state_dir)
        durable.sync_directory(state_dir.parent)
    except (OSError, EOFError, tarfile.TarError, ValueError) as error:
        raise StateError(f"{file} cannot be restored ({error}); {state_dir} is as it was") from None
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return count


def _unpack(file: Path, folder: Path) -> int:
    found: dict[str, str] = {}
    with tarfile.open(file, "r:gz") as tar:
        for member in tar:
            parts = PurePosixPath(member.name).parts
            if not member.isreg() or not parts or ".." in parts or member.name.startswith("/"):
                raise StateError(f"{member.name[:80]!r} has no place in a backup")
            content = tar.extractfile(member)
            assert content is not None
            if member.name == INDEX:
                _compare(json.loads(content.read()), found)
                return len(found)
            path = folder.joinpath(*parts)
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("wb") as copy:
                shutil.copyfileobj(content, copy, _BLOCK)
                copy.flush()
                os.fsync(copy.fileno())
            found[member.name] = _digest(path)
    raise StateError("it breaks off")


def _compare(index: Any, found: dict[str, str]) -> None:
    if index.get("version") != VERSION:
        raise StateError("it was written by another version of reputon")
    if wrong := sorted({*index["digests"].items()} ^ {*found.items()}):
        raise StateError(f"{wrong[0][0]} is not what was backed up")


def check(state_dir: Path, url: str = "") -> list[Fault]:
    """Everything that is broken or in the wrong place; StateError if there is nothing."""
    if not state_dir.is_dir():
        raise StateError(f"{state_dir} is not there: see `state_dir` in the configuration")
    faults = [fault for file in sorted(state_dir.glob("*.sqlite")) for fault in _of_database(file)]
    try:
        place = places.at(state_dir, url)
        return [*faults, *_of_batches(state_dir), *_of_sealed(place)]
    except EvidenceError as error:
        return [*faults, Fault(url or str(state_dir), str(error), "see to it that it can be reached, and check again")]


def _of_database(file: Path) -> Iterator[Fault]:
    advice = "restore the last backup into an empty directory: `reputon state restore`"
    try:
        with closing(_opened(file)) as sql:
            for (said,) in sql.execute("PRAGMA integrity_check(5)"):
                if said != "ok":
                    yield Fault(str(file), str(said).replace("\n", " ")[:200], advice)
    except sqlite3.Error as error:
        yield Fault(str(file), str(error), advice)


def _of_batches(state_dir: Path) -> Iterator[Fault]:
    """Acknowledged batches that cannot be read."""
    if not (state_dir / database.FILE).exists():
        return
    try:
        with closing(Database(state_dir)) as db, db.reading() as sql:
            for number, blob in sql.execute("SELECT id, blob FROM batch ORDER BY id"):
                try:
                    archive.opened(number, blob)
                except EvidenceError as error:
                    yield Fault(str(db.file), str(error), "restore the last backup, and ingest again what came later")
    except EvidenceError as error:
        yield Fault(str(state_dir / database.FILE), str(error), "restore the last backup")


def _of_sealed(place: places.Place) -> Iterator[Fault]:
    """Manifests that are broken, files that are missing, torn, or in no manifest."""
    known: set[str] = set()
    for name in place.names(manifest.FOLDER):
        path = PurePosixPath(name)
        if path.suffix != ".json" or path.name.startswith("."):
            continue
        try:
            one = manifest.load(place, path.stem)
        except EvidenceError as error:
            yield Fault(place.shown(name), str(error), "restore this file from the last backup; do not seal before")
            return  # whether a file is an orphan, only all manifests can tell
        known |= {*one.names, *(each.path for each in one.files)}
        yield from (fault for each in one.files for fault in _of_file(place, each))
        for each in one.names:
            if place.get(each) is None:
                yield Fault(place.shown(each), "is not there", "restore it from a backup: names of tenants are in it")
    for name in (*place.names(archive.FILES), *place.names(archive.NAMES)):
        if name not in known:
            advice = "nothing is lost: `reputon evidence seal` removes what a crash left of this node"
            yield Fault(place.shown(name), "is in no manifest", advice, is_harm=False)


def _of_file(place: places.Place, file: manifest.Sealed) -> Iterator[Fault]:
    where = place.shown(file.path)
    advice = "restore it from a backup; without one, `reputon state check --leave-out` lets the rest be counted"
    data = place.get(file.path)
    if data is None:
        yield Fault(where, "is not there", advice)
        return
    if data.size != file.size or hashlib.blake2b(data, digest_size=16).hexdigest() != file.digest:
        yield Fault(where, f"has {data.size} bytes that are not the {file.size} that were sealed", advice)
        return
    try:
        rows = pq.ParquetFile(pa.BufferReader(data)).metadata.num_rows
    except (pa.ArrowException, OSError) as error:
        yield Fault(where, f"is no Parquet: {error!s:.80}", advice)
        return
    if rows != file.rows:
        yield Fault(where, f"has {rows} rows, not {file.rows}", advice)


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, lambda: hashlib.blake2b(digest_size=32)).hexdigest()
