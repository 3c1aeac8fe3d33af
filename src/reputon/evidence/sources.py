"""Sources: the registered parties that report evidence: how far each is trusted, and how it is known at the door."""

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, Self

from reputon import subject
from reputon.evidence.database import Database
from reputon.evidence.kinds import MOST, EvidenceError, source_name

_COLUMNS = "name, reader, trust, sent_cap, token, domains, note, since"
NOTE = 500  # characters


class Trust(StrEnum):
    """How far a source is believed: `own` wholly, `known` for half of what speaks against a sender at most."""

    OWN = "own"
    KNOWN = "known"


@dataclass(frozen=True, slots=True)
class Source:
    """A party.  `sent_cap`: messages a day and address that its `sent` may count; None: all.  `since`: epoch seconds.

    `domains`: whose SPF or DKIM makes a complaint this source's.
    """

    name: str
    reader: str
    trust: Trust
    sent_cap: int | None
    has_token: bool
    domains: tuple[str, ...]
    note: str
    since: int


class Sources:
    """The register, in the database of a state directory; a context manager."""

    def __init__(self, state_dir: Path) -> None:
        self._db = Database(state_dir)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._db.close()

    def add(
        self, name: str, reader: str, now: int, *, trust: Trust = Trust.KNOWN, sent_cap: int | None = None,
        domains: Sequence[str] = (), note: str = "",
    ) -> str:  # fmt: skip
        """Register a party; its token, which is kept nowhere: only its hash is.  EvidenceError if it is there."""
        if sent_cap is not None and not 0 <= sent_cap <= MOST:
            raise EvidenceError(f"a cap of {sent_cap} is not between 0 and {MOST}")
        try:
            names = [subject.domain(each) for each in domains]
        except subject.SubjectError as error:
            raise EvidenceError(str(error)) from None
        token = secrets.token_urlsafe(32)
        row = (
            source_name(name),
            source_name(reader),
            str(trust),
            sent_cap,
            _hashed(token),
            " ".join(names),
            note[:NOTE],
        )
        if not self._insert(row, now):
            raise EvidenceError(f"{name} is registered already: see `reputon source show {name}`")
        return token

    def meet(self, name: str, reader: str, now: int) -> None:
        """Register whoever's files an operator reads as the operator's own, unless it is registered."""
        if self.get(name) is None:
            self._insert((source_name(name), reader, str(Trust.OWN), None, None, "", "by reputon ingest"), now)

    def get(self, name: str) -> Source | None:
        """The party of that name."""
        return next(iter(self._found("WHERE name = ?", name)), None)

    def of_token(self, token: str) -> Source | None:
        """The party that a token is of."""
        return next(iter(self._found("WHERE token = ?", _hashed(token))), None)

    def all(self) -> list[Source]:
        """Every party by name."""
        return self._found("ORDER BY name")

    def remove(self, name: str) -> bool:
        """Strike a party off; its evidence stays.  False: it was not there."""
        with self._db.writing() as sql:
            return sql.execute("DELETE FROM source WHERE name = ?", (name,)).rowcount > 0

    def _insert(self, row: tuple[object, ...], now: int) -> bool:
        with self._db.writing() as sql:
            query = f"INSERT OR IGNORE INTO source ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)"  # noqa: S608
            return sql.execute(query, (*row, now)).rowcount > 0

    def _found(self, where: str, *values: object) -> list[Source]:
        rows = self._db.all(f"SELECT {_COLUMNS} FROM source {where}", values)  # noqa: S608 - our own words
        return [_source(*row) for row in rows]


def _source(
    name: str, reader: str, trust: str, cap: int | None, token: Any, domains: str, note: str, since: int
) -> Source:
    return Source(name, reader, Trust(trust), cap, token is not None, tuple(domains.split()), note, since)


def _hashed(token: str) -> bytes:
    """What is kept of a token: it has 256 random bits, so that no slow hash is needed."""
    return hashlib.blake2b(token.encode("utf-8", "replace"), digest_size=32, person=b"reputon.token").digest()
