"""Chunk: what was read of one file in a row: the marks of its lines, and what each line completed.

A mark names everything that is before it.  What a source sent up to a mark that is known was counted already.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from reputon.evidence.kinds import Evidence, Unreadable


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
        if not known:
            return [each for _, each in self.found]
        if not self.chained:
            return [each for place, each in self.found if self.marks[place] not in known]
        last = max(place for place, mark in enumerate(self.marks) if mark in known)
        return [each for place, each in self.found if place > last]

    def lasting(self) -> Sequence[bytes]:
        """The marks that must be remembered."""
        return self.marks[-1:] if self.chained else self.marks


@dataclass(frozen=True, slots=True)
class Cursor:
    """How far a followed file was read: file identity, line, offset, the mark there, and a digest of what is before.

    `tail`: of the last bytes before the offset: a file that was emptied and written anew has others there.
    """

    device: int
    inode: int
    line: int
    offset: int
    chain: bytes
    tail: bytes


@dataclass(frozen=True, slots=True)
class Settled:
    """What became of a chunk: pieces and unreadable lines that were new."""

    new: int = 0
    unreadable: int = 0
