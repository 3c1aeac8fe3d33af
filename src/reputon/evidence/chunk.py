"""Chunk: what was read of one file in a row: the marks of its lines, and what each line completed.

A mark names everything that is before it.  What a source sent up to a mark that is known was counted already.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from reputon.evidence.kinds import Evidence, Unreadable


@dataclass(frozen=True, slots=True)
class Position:
    """Where the next line begins: how many lines and bytes are before it, and the mark of what is."""

    line: int = 0
    offset: int = 0
    mark: bytes = b""


@dataclass(frozen=True, slots=True)
class Chunk:
    """Lines or messages.  `found`: what was found, with the place of its line in `marks`.

    `chained`: each mark names what is before it too, as in a log; else each names one message by itself.
    """

    marks: Sequence[bytes]
    found: Sequence[tuple[int, Evidence | Unreadable]]
    chained: bool = True

    def fresh(self, known: Collection[bytes]) -> list[Evidence | Unreadable]:
        """What was not counted yet, where these marks are known."""
        if not self.chained:  # the same message twice is one
            first = {mark: place for place, mark in reversed(list(enumerate(self.marks))) if mark not in known}
            return [each for place, each in self.found if first.get(self.marks[place]) == place]
        if not known:
            return [each for _, each in self.found]
        last = max(place for place, mark in enumerate(self.marks) if mark in known)
        return [each for place, each in self.found if place > last]

    def is_known(self, known: Collection[bytes]) -> bool:
        """Whether all of it was counted."""
        return self.marks[-1] in known if self.chained else all(mark in known for mark in self.marks)

    def lasting(self) -> Sequence[bytes]:
        """The marks that must be remembered."""
        return self.marks[-1:] if self.chained else self.marks


@dataclass(frozen=True, slots=True)
class Cursor:
    """How far a followed file was read: its path and identity, and where the next line begins.

    `tail`: a digest of the last bytes before that: a file that was emptied and written anew has others there.
    `seen`: what was written beside that file before this time (epoch seconds) has been read.
    """

    path: str
    device: int
    inode: int
    at: Position
    tail: bytes
    seen: int


@dataclass(frozen=True, slots=True)
class Settled:
    """What became of a chunk: pieces and unreadable lines that were new."""

    new: int = 0
    unreadable: int = 0
