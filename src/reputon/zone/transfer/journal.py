"""Journal: the latest differences of each zone, by serial, in memory and in files beside the table."""

import hashlib
import json
import logging
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path

from reputon import durable
from reputon.zone.transfer.items import Item
from reputon.zone.transfer.messages import Step

MOST_STEPS = 100
MOST_RECORDS = 200_000  # of a zone; they lie in memory
_MOST_BYTES = 256 << 20  # of a file
_SUFFIX = ".difference"
_log = logging.getLogger(__name__)


class Journal:
    """The differences that lead to the current serials.  Without a folder they are lost with the process."""

    def __init__(self, folder: Path | None = None, records: int = MOST_RECORDS) -> None:
        self._folder = folder
        self._most_records = records
        self._steps: dict[str, list[Step]] = {}
        self._lock = threading.Lock()

    def steps(self, apex: str, since: int, until: int) -> tuple[Step, ...] | None:
        """The differences from one serial to another, in order; None where they are not all there."""
        with self._lock:
            known = self._steps.get(apex, [])
            if not known or known[-1].new_serial != until:
                return None
            for at, step in enumerate(known):
                if step.old_serial == since:
                    return tuple(known[at:])
        return None

    def add(self, apex: str, step: Step | None, until: int) -> None:
        """Put the newest difference; None: it was too large, and nothing leads to `until` any more."""
        with self._lock:
            known = self._steps.setdefault(apex, [])
            if step is None or (known and known[-1].new_serial != step.old_serial):
                known.clear()
            if step is not None:
                known[:] = [each for each in known if each.old_serial != until] + [step]
            while known and (len(known) > MOST_STEPS or sum(each.count() for each in known) > self._most_records):
                known.pop(0)
            self._write(apex, known)

    def load(self, apex: str, until: int) -> None:
        """Read back what leads to a serial; files that do not are removed."""
        read = {step.new_serial: step for step in self._read(apex)}
        known: list[Step] = []
        serial = until
        while serial in read and len(known) < MOST_STEPS:
            known.insert(0, read.pop(serial))
            serial = known[0].old_serial
        with self._lock:
            self._steps[apex] = known
            self._write(apex, known)

    def _write(self, apex: str, known: Sequence[Step]) -> None:
        """Make the files those of these steps; a disk that is full costs the differences of a restart, no answer."""
        if self._folder is None:
            return
        wanted = {self._folder / _file_name(apex, each): each for each in known}
        try:
            if wanted:  # made as late as this, by the user that the server has become
                self._folder.mkdir(parents=True, exist_ok=True)
            for file, step in wanted.items():
                if not file.exists():
                    durable.write(file, encode(apex, step))
            for file in self._files(apex):
                if file not in wanted:
                    file.unlink(missing_ok=True)
        except OSError as error:
            _log.warning("the differences of %s cannot be kept in %s: %s", apex, self._folder, error.strerror)

    def _read(self, apex: str) -> Iterator[Step]:
        for file in self._files(apex):
            try:
                if file.stat().st_size <= _MOST_BYTES:
                    yield decode(apex, file.read_bytes())
            except (OSError, ValueError, KeyError, TypeError) as error:
                _log.warning("%s is no difference of %s and is passed over: %s", file, apex, error)

    def _files(self, apex: str) -> list[Path]:
        return sorted(self._folder.glob(f"{_digest(apex)}-*{_SUFFIX}")) if self._folder is not None else []


def encode(apex: str, step: Step) -> bytes:
    """A difference as bytes: a line of JSON that says what follows, with its digest."""
    parts = [step.old_soa, step.new_soa, _records(step.deleted), _records(step.added)]
    body = b"".join(parts)
    head = {
        "apex": apex, "old": step.old_serial, "new": step.new_serial, "sizes": [len(each) for each in parts],
        "sha256": hashlib.sha256(body).hexdigest(),
    }  # fmt: skip
    return json.dumps(head).encode() + b"\n" + body


def decode(apex: str, data: bytes) -> Step:
    """The reverse of `encode`; ValueError, KeyError or TypeError where it is not whole, or another zone's."""
    line, _, body = data.partition(b"\n")
    head = json.loads(line)
    if head["apex"] != apex or hashlib.sha256(body).hexdigest() != head["sha256"]:
        raise ValueError("it is another zone's, or was not written whole")
    parts, at = [], 0
    for size in head["sizes"]:
        parts.append(body[at : at + size])
        at += size
    old_soa, new_soa, deleted, added = parts
    return Step(head["old"], head["new"], old_soa, new_soa, tuple(_items(deleted)), tuple(_items(added)))


def _records(items: Sequence[Item]) -> bytes:
    """Per record: a byte that says how long the owner is, the owner, the record."""
    return b"".join(bytes((len(owner),)) + owner + record for owner, records in items for record in records)


def _items(data: bytes) -> Iterator[Item]:
    last, records = b"", list[bytes]()
    at = 0
    while at < len(data):
        begin = at + 1 + data[at]
        owner, end = data[at + 1 : begin], begin + 10 + int.from_bytes(data[begin + 8 : begin + 10], "big")
        if owner != last and records:
            yield last, tuple(records)
            records = []
        last = owner
        records.append(data[begin:end])
        at = end
    if records:
        yield last, tuple(records)


def _file_name(apex: str, step: Step) -> str:
    return f"{_digest(apex)}-{step.old_serial}-{step.new_serial}{_SUFFIX}"


def _digest(apex: str) -> str:
    """An apex may have a slash in it."""
    return hashlib.sha256(apex.encode()).hexdigest()[:16]
