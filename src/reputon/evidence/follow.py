"""Follow: a log as it is written, through rotation, each line once, whatever is killed when.

How far a file was read is written down with the evidence in one transaction, by the file's identity.  A file that was
renamed is read to its end before the new one.  What is new beside the log (`mail.log.1`, `mail.log-20261124.gz`), and
is not that file, is read once as a whole: a copy of what was emptied (`copytruncate`), or a file that came and went
between two looks.  What of it was counted is known by its marks.
"""

import stat
import time
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

from reputon.evidence import ingest
from reputon.evidence.chunk import Cursor
from reputon.evidence.followed import Followed, Identity, identity, opened
from reputon.evidence.ingest import Ingested, Reader
from reputon.evidence.kinds import EvidenceError
from reputon.evidence.store import Store

RENEWED = timedelta(hours=1)  # after which a reader starts anew, since it takes the time of its start for now
MARGIN = 5  # seconds by which the clocks of files may be behind
TRIES = 60  # at a copy that cannot be read to its end: it may still be written


class Follower:
    """One log.  `poll` takes in what is new; EvidenceError where it cannot be written: poll again."""

    def __init__(self, store: Store, reader: Reader, path: Path, source: str) -> None:
        if reader.whole or reader.batches:
            raise EvidenceError("only logs can be followed: this reader's files are read whole")
        if path.suffix == ".gz":
            raise EvidenceError(f"{path} is packed, and nobody writes to it any more: ingest it without --follow")
        self.done = Ingested()
        self._store, self._reader, self._path, self._source = store, reader, path.absolute(), source
        self._file: Followed | None = None
        self._copies: dict[Path, int] = {}  # tries at each
        self._read: dict[Identity, int] = {}  # sizes of files beside the log of which nothing is new
        self._since: float | None = None
        self.is_stopped = False

    def poll(self, now: datetime | None = None) -> None:
        """Read everything that is there now."""
        moment = now or datetime.now(UTC)
        try:
            looked = time.time()
            if self._file is None:
                self._begin(moment)
            self._look_beside()
            self._catch_up(moment)
            if self._file is not None:
                self._go_on(self._file, moment)
            if not self._copies and not self.is_stopped and (self._file is None or self._file.has(self._path)):
                self._since = looked  # everything that was written before has been read
        except EvidenceError:
            self.close()  # what the reader remembers may be ahead of what was acknowledged
            raise

    def close(self) -> None:
        """Let go of the file."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def _begin(self, now: datetime) -> None:
        """Open the file where it was left, or at its beginning."""
        known = self._store.cursors(self._source)
        if self._since is None:
            self._since = max((each.seen for each in known if each.path == str(self._path)), default=None)
        if self._since is None:  # never followed: what lies beside it was not asked for
            self._since = time.time()
            self._read = {who: size for _, who, size, _ in self._beside()}
        self._open(known, now)
        if self._file is not None and not any(each.path == str(self._path) for each in known):
            self._store.move(self._source, self._file.cursor(str(self._path), self._since))

    def _open(self, known: list[Cursor], now: datetime) -> None:
        self._file = opened(self._path, known, self._reader, now)
        self.done.files += self._file is not None

    def _go_on(self, file: Followed, now: datetime) -> None:
        if not file.is_same():
            file.rewind()
        if now - file.began > RENEWED:
            file.remember(self._reader, now)
        is_new = self._take_in(file, now)
        successor = identity(self._path)
        if successor == file.identity:
            return
        if is_new or successor is None or not file.is_left():
            return
        self._take_in(file, now, is_last=True)
        self._read[file.identity] = file.at.offset
        self.close()
        self._open(self._store.cursors(self._source), now)

    def _take_in(self, file: Followed, now: datetime, *, is_last: bool = False) -> bool:
        """Settle what follows; whether there was anything."""
        before = file.at.offset
        for chunk in ingest.chunks_of(file.reading, file.lines(is_last=is_last), now):
            if not file.stands():
                file.rewind()  # what of it was not acknowledged is in its copy, which lies beside
                return True
            cursor = file.cursor(str(self._path), self._since or 0)
            ingest.settle(self._store, self._source, chunk, self.done, cursor)
            if self.is_stopped:
                break
        return file.at.offset > before

    def _look_beside(self) -> None:
        """Remember the files beside the log that were written lately and are not read."""
        since = (self._since or 0) - MARGIN
        for path, who, size, written in self._beside():
            is_open = self._file is not None and who == self._file.identity
            if not is_open and written >= since and self._read.get(who) != size:
                self._copies.setdefault(path, 0)

    def _beside(self) -> Iterator[tuple[Path, Identity, int, float]]:
        for path in self._path.parent.iterdir():
            if path.name.startswith(self._path.name) and path != self._path:
                with suppress(OSError):
                    status = path.stat()
                    if stat.S_ISREG(status.st_mode):
                        yield path, (status.st_dev, status.st_ino), status.st_size, status.st_mtime

    def _catch_up(self, now: datetime) -> None:
        """Read those copies; one that cannot be read to its end is tried again."""
        there = {path: (who, size) for path, who, size, _ in self._beside()}
        for path, tries in list(self._copies.items()):
            if path not in there:  # it has another name by now, and is found by that
                del self._copies[path]
                continue
            done = ingest.ingest(self._store, self._reader, [path], self._source, now)
            self._copies[path] = tries + 1
            if not done.broken or tries >= TRIES:
                del self._copies[path]
                self.done.broken += done.broken
                self._read.update([there[path]])
            self.done.new += done.new
            self.done.pieces += done.new
