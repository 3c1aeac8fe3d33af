"""Names: which files are meant by what a person gives, and by what name each of their messages is shown."""

import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TypeVar

_MAILDIR = ("new", "cur")  # what was delivered; tmp/ is still being written, and indexes are no mail

_T = TypeVar("_T")


def files(path: Path) -> Iterator[tuple[str, Path]]:
    """Every file with the name to show it by: relative to the folder that was given; of a Maildir only its mail.

    FileNotFoundError where there is nothing.
    """
    if path.is_dir():
        yield from ((name, Path(found)) for name, found in _inside(str(path), ""))
    elif path.exists():
        yield path.name, path
    else:
        raise FileNotFoundError(path)


def numbered(file: str, found: Iterable[_T]) -> Iterator[tuple[str, _T]]:
    """`inbox.mbox#3` for the third message of a file; a file with a single one keeps its plain name."""
    messages = iter(found)
    first = next(messages, None)
    if first is None:
        return
    second = next(messages, None)
    if second is None:
        yield file, first
        return
    yield f"{file}#1", first
    yield f"{file}#2", second
    yield from ((f"{file}#{number}", each) for number, each in enumerate(messages, 3))


def _inside(folder: str, prefix: str, *, of_maildir: bool = False) -> Iterator[tuple[str, str]]:
    """The files of a tree in the order of their names; of a Maildir those in `new` and `cur`, and Maildirs within."""
    entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
    names = {entry.name for entry in entries if entry.is_dir(follow_symlinks=False)}
    is_maildir = names.issuperset(_MAILDIR)
    for entry in entries:
        if entry.name in names:
            passes_over = (of_maildir or is_maildir) and not (is_maildir and entry.name in _MAILDIR)
            yield from _inside(entry.path, f"{prefix}{entry.name}/", of_maildir=passes_over)
        elif entry.is_file() and not (of_maildir or is_maildir):
            yield prefix + entry.name, entry.path
