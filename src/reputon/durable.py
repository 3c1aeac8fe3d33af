"""Writing so that nothing is lost: a reader sees the old file or the new one, also after a crash."""

import fcntl
import os
import sqlite3
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO


def write(path: Path, data: bytes | str) -> None:
    """Replace `path` by `data` in one step: temporary file, fsync, rename, fsync of the directory.

    OSError leaves the old file as it was.
    """
    with replacing(path) as file:
        file.write(data.encode() if isinstance(data, str) else data)


@contextmanager
def replacing(path: Path) -> Iterator[BinaryIO]:
    """As `write`, for what is written in parts: the file takes its place when the block ends without an error."""
    if path.exists() and not path.is_file():
        raise OSError(f"{path} is no file that can be replaced: name another")  # a device would be one no more
    # In the same directory: a rename across file systems is a copy, and not atomic.
    descriptor, temporary = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(descriptor, "wb") as file:
            yield file
            file.flush()
            os.fchmod(file.fileno(), _mode(path))
            os.fsync(file.fileno())
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
    sync_directory(path.parent)


def sync(file: Path) -> None:
    """Make what a file holds survive a power loss."""
    _sync(file)


def sync_directory(directory: Path) -> None:
    """Make the names in a directory survive a power loss."""
    _sync(directory)


@contextmanager
def locked(file: Path) -> Iterator[None]:
    """Alone among those who lock this file; waits for whoever does.  A killed process has no lock."""
    descriptor = os.open(file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def into_wal(connection: sqlite3.Connection, patience: float) -> None:
    """Put a database into WAL: SQLite waits for nobody there, where several find a new file; we do, so many seconds."""
    end = time.monotonic() + patience
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError:
            if time.monotonic() > end:
                raise
            time.sleep(0.01)
        else:
            return


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _mode(path: Path) -> int:
    """The mode that the file has already, or what the user's umask gives a new one."""
    try:
        return path.stat().st_mode & 0o7777
    except FileNotFoundError:
        umask = os.umask(0)
        os.umask(umask)
        return 0o666 & ~umask
