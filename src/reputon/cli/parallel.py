"""Parallel: the same work for many files, by all cores where they are many; the answers in the order of the files."""

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any, TypeVar

MANY = 1000  # files from which starting processes pays; fewer take about a second
LARGE = 16 << 20  # bytes: what a larger file gives is streamed, not collected in a process and sent
_CHUNK = 64  # files that a process takes at a time

File = tuple[str, Path | None]
_T = TypeVar("_T")

_work: Callable[[File], Iterable[Any]] | None = None


def over(work: Callable[[File], Iterable[_T]], files: Sequence[File]) -> Iterator[Iterable[_T]]:
    """What the work gives for each file."""
    global _work  # noqa: PLW0603 - a forked process has it without its being sent
    if len(files) < MANY or _cores() < 2 or not hasattr(os, "fork"):
        yield from map(work, files)
        return
    import multiprocessing  # 10 ms, and few runs are that long

    _work = work
    with multiprocessing.get_context("fork").Pool(_cores()) as pool:
        for is_large, group in groupby(files, key=_is_large):
            some = list(group)
            yield from map(work, some) if is_large else pool.imap(_collected, some, _CHUNK)


def _collected(file: File) -> list[Any]:
    assert _work is not None
    return list(_work(file))


def _is_large(file: File) -> bool:
    """Whether a file is read in this process: standard input is, and what cannot be looked at."""
    name, path = file
    try:
        return path is None or path.stat().st_size > LARGE or name.endswith(".gz")
    except OSError:
        return True


def _cores() -> int:
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # no such call on macOS
        return os.cpu_count() or 1
