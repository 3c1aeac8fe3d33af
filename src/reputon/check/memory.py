"""Memory: what runs tell each other: the health of lists as a resolver saw it, and the questions spent today."""

import fcntl
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from reputon import durable
from reputon.check.health import Health
from reputon.check.limits import granted
from reputon.check.meaning import Proof

NAME = "check.json"
SIZE = 4 << 20  # bytes of the file that we are willing to read
KEPT = 10_000  # lists whose health is kept


class Memory:
    """What is known of lists before they are asked; without a folder it lasts as long as the run.

    `resolver` names whom we ask: a list that refuses one resolver may answer another.  `fresh` forgets the health that
    earlier runs have seen, but not what they have spent.  `warning` says why the file was not used.
    """

    def __init__(self, folder: Path | None = None, resolver: str = "", fresh: bool = False) -> None:
        self._path = None if folder is None else folder / NAME
        self._resolver = resolver
        self._changed: dict[str, Health] = {}
        self.warning: str | None = None
        if folder is not None and (why := _cannot_be_used(folder)):
            self.warning = f"nothing is kept of this run: {why} (state_dir in the configuration)"
            self._path = None
        self._health, self._spent = self._read()
        if fresh:
            self._health = {}

    def health(self, name: str) -> Health | None:
        """How the list with this name (of its test entry) was when it was last tested."""
        return self._health.get(self._key(name))

    def keep(self, name: str, health: Health) -> None:
        """Remember a test; on disk after the next `save`."""
        self._health[self._key(name)] = self._changed[self._key(name)] = health

    def reserve(self, name: str, wanted: int, per_day: int, today: date) -> int:
        """How many of the questions wanted may be asked of a list today; they count as asked from now on."""
        if not per_day:
            return wanted
        with self._locked():
            if self._path is not None:
                _, self._spent = self._read()
            spent = {each: count for each, count in self._spent.items() if each.endswith(f" {today}")}
            given = granted(wanted, spent.get(f"{name} {today}", 0), per_day)
            spent[f"{name} {today}"] = spent.get(f"{name} {today}", 0) + given
            self._spent = spent
            if given:
                self._write()
        return given

    def save(self) -> None:
        """Put what was learned beside what other runs have learned."""
        if self._path is not None and self._changed:
            with self._locked():
                _, self._spent = self._read()
                self._write()

    def _key(self, name: str) -> str:
        return f"{name} by {self._resolver}"

    @contextmanager
    def _locked(self) -> Iterator[None]:
        if self._path is None:
            yield
            return
        with self._path.with_suffix(".lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def _write(self) -> None:
        if self._path is None:
            return
        others, _ = self._read()
        merged = sorted({**others, **self._changed}.items(), key=lambda item: item[1].tested_at)[-KEPT:]
        health = {name: _row(each) for name, each in merged}
        durable.write(self._path, json.dumps({"health": health, "spent": self._spent}))
        self._changed = {}

    def _read(self) -> tuple[dict[str, Health], dict[str, int]]:
        if self._path is None or not self._path.exists():
            return {}, {}
        try:
            with self._path.open("rb") as file:
                held = json.loads(file.read(SIZE))  # what is longer is cut, and no JSON any more
            health = {str(name): _health(row) for name, row in held["health"].items()}
            return health, {str(name): max(0, int(count)) for name, count in held["spent"].items()}
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError, OverflowError) as error:
            self.warning = f"{self._path} is not used and will be written anew: {error or type(error).__name__}"
            return {}, {}


def _cannot_be_used(folder: Path) -> str | None:
    """Why nothing can be kept there; a check that cannot remember is a check all the same."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        return f"{folder}: {error.strerror}"
    return None if os.access(folder, os.W_OK | os.X_OK) else f"{folder} cannot be written"


def _row(health: Health) -> dict[str, Any]:
    return {
        "silence": health.proof.silence,
        "word": health.proof.word,
        "tested_at": health.tested_at.astimezone(UTC).isoformat(),
        "failures": health.failures,
    }


def _health(row: Mapping[str, Any]) -> Health:
    silence, word, failures = row["silence"], row["word"], row["failures"]
    if not all(each is None or isinstance(each, str) for each in (silence, word)) or not isinstance(failures, int):
        raise ValueError("a test that it holds cannot be read")
    if failures < 0 or bool(failures) != bool(silence or word):
        raise ValueError("a test that it holds contradicts itself")
    tested_at = datetime.fromisoformat(row["tested_at"])
    if tested_at.tzinfo is None:
        raise ValueError("a time that it holds has no zone")
    return Health(Proof(silence, word), tested_at.astimezone(UTC), failures)
