"""Places: where the sealed evidence lies: a folder, or an object store, where nothing can be renamed.

A name in a place is a path with `/`.  What is put is there whole or not at all, and stays after a power cut; an
object store promises that of every object, a folder by a temporary file, fsync and rename.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

import pyarrow as pa
from pyarrow import fs

from reputon import durable
from reputon.evidence.kinds import EvidenceError

from_uri = fs.FileSystem.from_uri


class Place(Protocol):
    """What sealing needs of a place; EvidenceError where it cannot be done."""

    def put(self, name: str, data: bytes) -> None:
        """Write a name anew or in the place of what it had."""

    def get(self, name: str) -> pa.Buffer | None:
        """The bytes of a name; None if it is not there."""

    def names(self, folder: str) -> list[str]:
        """Every name below a folder, also unfinished ones."""

    def remove(self, name: str) -> None:
        """Make a name go, if it is there."""

    def shown(self, name: str) -> str:
        """The path or address of a name for others."""


def at(state_dir: Path, url: str) -> Place:
    """The place that `evidence.url` means: nothing is the state directory itself."""
    if "://" not in url:
        folder = Path(url).expanduser() if url else state_dir
        if url and not folder.is_absolute():
            raise EvidenceError(f"evidence.url {url!r} is neither a whole path nor an address as in s3://bucket/prefix")
        return Folder(folder)
    if "@" in url.partition("://")[2].partition("/")[0]:
        raise EvidenceError("evidence.url holds no keys: give them in the environment, as AWS_ACCESS_KEY_ID and so on")
    with _told(url):
        filesystem, path = from_uri(url)
        return Objects(filesystem, path, url)


class Folder:
    """A folder of this machine."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def put(self, name: str, data: bytes) -> None:
        """Temporary file, fsync, rename, fsync of the folder, and of those that are new above it."""
        path = self._path / name
        with _told(path):
            _make(path.parent)
            durable.write(path, data)

    def get(self, name: str) -> pa.Buffer | None:
        """The bytes of the file."""
        with _told(self._path / name):
            try:
                return pa.py_buffer((self._path / name).read_bytes())
            except FileNotFoundError:
                return None

    def names(self, folder: str) -> list[str]:
        """Every file below a folder."""
        with _told(self._path / folder):
            found = (path for path in (self._path / folder).rglob("*") if path.is_file())
            return sorted(path.relative_to(self._path).as_posix() for path in found)

    def remove(self, name: str) -> None:
        """Unlink it."""
        with _told(self._path / name):
            (self._path / name).unlink(missing_ok=True)

    def shown(self, name: str) -> str:
        """The path."""
        return str(self._path / name)


class Objects:
    """An object store by pyarrow's filesystems: `s3://bucket/prefix`, `gs://...`, `file:///...`."""

    def __init__(self, filesystem: Any, path: str, url: str) -> None:
        self._fs = filesystem
        self._path = path.rstrip("/")
        self._url = url.partition("?")[0].rstrip("/")

    def put(self, name: str, data: bytes) -> None:
        """One object, complete when the stream is closed."""
        with _told(self.shown(name)):
            if not isinstance(self._fs, fs.S3FileSystem):  # there folders are real
                self._fs.create_dir(self._whole(name).rpartition("/")[0], recursive=True)
            with self._fs.open_output_stream(self._whole(name)) as stream:
                stream.write(data)

    def get(self, name: str) -> pa.Buffer | None:
        """The object."""
        with _told(self.shown(name)):
            try:
                with self._fs.open_input_file(self._whole(name)) as file:
                    return file.read_buffer()
            except FileNotFoundError:
                return None

    def names(self, folder: str) -> list[str]:
        """Every object below a prefix."""
        wanted = fs.FileSelector(self._whole(folder), recursive=True, allow_not_found=True)
        with _told(self.shown(folder)):
            found = (each.path for each in self._fs.get_file_info(wanted) if each.is_file)
            return sorted(path.removeprefix(self._path).lstrip("/") for path in found)

    def remove(self, name: str) -> None:
        """Delete the object."""
        with _told(self.shown(name)):
            if self._fs.get_file_info(self._whole(name)).type != fs.FileType.NotFound:
                self._fs.delete_file(self._whole(name))

    def shown(self, name: str) -> str:
        """The address."""
        return f"{self._url}/{name}"

    def _whole(self, name: str) -> str:
        return f"{self._path}/{name}"


def _make(folder: Path) -> None:
    """Make a folder whose name survives a power cut."""
    if folder.is_dir():
        return
    _make(folder.parent)
    folder.mkdir(exist_ok=True)
    durable.sync_directory(folder.parent)


@contextmanager
def _told(where: object) -> Iterator[None]:
    try:
        yield
    except (OSError, pa.ArrowException) as error:
        why = os.strerror(error.errno) if isinstance(error, OSError) and error.errno else error
        raise EvidenceError(f"{where}: {why}; what was acknowledged before is kept") from None
