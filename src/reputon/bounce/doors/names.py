"""Names: which files are meant by what a person gives, and by what name each of their messages is shown."""

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
        inside = sorted(each for each in path.rglob("*") if each.is_file())
        maildirs = _maildirs(inside) | ({path} if _is_maildir(path) else set())
        yield from ((each.relative_to(path).as_posix(), each) for each in inside if _is_meant(each, path, maildirs))
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


def _is_maildir(folder: Path) -> bool:
    return all((folder / name).is_dir() for name in _MAILDIR)


def _maildirs(inside: Iterable[Path]) -> set[Path]:
    """The Maildirs in a tree: every folder of them is one again."""
    folders = {each.parent for each in inside} | {each.parent.parent for each in inside}
    return {each for each in folders if _is_maildir(each)}


def _is_meant(file: Path, root: Path, maildirs: set[Path]) -> bool:
    """Whether a file is mail of the innermost Maildir that it lies in, or lies in none."""
    for folder in file.parents:
        if folder in maildirs:
            return file.parent.parent == folder and file.parent.name in _MAILDIR
        if folder == root:
            break
    return True
