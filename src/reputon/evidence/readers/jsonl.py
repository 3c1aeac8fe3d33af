"""Evidence as JSON lines: `{"time", "ip", "kind", "count", "tenant"}` (evidence.schema.json)."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from reputon.authentication.domains import organizational
from reputon.evidence.ingest import Found, Line, Reader
from reputon.evidence.kinds import Evidence, EvidenceError, Kind, Unreadable, masked
from reputon.subject import SubjectError, address_key, address_text

KEYS = frozenset(("time", "ip", "kind", "count", "tenant", "source"))


class JsonLines:
    """One file of JSON lines."""

    def line(self, line: Line) -> Iterator[Found]:
        """One object a line; a last line without its end counts if the object is complete."""
        text = line.text.decode("utf-8", "replace")
        if not text.strip():
            return
        try:
            yield _evidence(json.loads(text))
        except (EvidenceError, SubjectError, json.JSONDecodeError, RecursionError) as error:
            if line.is_whole:  # else it is still being written, and is read the next time
                yield Unreadable(line.where, masked(text), str(error))


def _evidence(value: Any) -> Evidence:
    if not isinstance(value, dict):
        raise EvidenceError('expected an object: {"time": ..., "ip": ..., "kind": ...}')
    unknown = value.keys() - KEYS
    if unknown or not {"time", "ip", "kind"} <= value.keys():
        raise EvidenceError(f"needs time, ip and kind, and knows only {', '.join(sorted(KEYS))}")
    subject = address_key(str(value["ip"]))
    return Evidence(_time(value["time"]), subject, _tenant(value.get("tenant"), subject), _kind(value["kind"]),
                    _count(value.get("count", 1)))  # fmt: skip


def _time(value: object) -> datetime:
    try:
        moment = datetime.fromisoformat(str(value))
    except ValueError:
        raise EvidenceError(f"time {str(value)[:40]!r} is not RFC 3339, as in 2026-11-24T09:30:00Z") from None
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def _tenant(value: object, subject: int) -> str:
    """The tenant's organizational domain; mail that nobody authenticated belongs to its address."""
    if not value or str(value).startswith("unauth@"):
        return f"unauth@{address_text(subject)}"
    return organizational(str(value))


def _kind(value: object) -> Kind:
    try:
        return Kind(str(value))
    except ValueError:
        raise EvidenceError(f"kind {str(value)[:40]!r} is none of {', '.join(Kind)}") from None


def _count(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise EvidenceError(f"count {str(value)[:40]!r} is not a whole number")
    return value


READER = Reader(lambda _: JsonLines())
