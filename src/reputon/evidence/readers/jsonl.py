"""Evidence as JSON lines: `{"time", "ip", "kind", "count", "tenant"}` (evidence.schema.json)."""

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from reputon.evidence.files import Line
from reputon.evidence.ingest import Found, Reader, unreadable
from reputon.evidence.kinds import TENANT_LENGTH, Evidence, EvidenceError
from reputon.evidence.readers.fields import kind
from reputon.evidence.tenant import named
from reputon.subject import address_key

NEEDED = ("time", "ip", "kind")
KEYS = (*NEEDED, "count", "tenant", "source")  # `source` is for people: who reports is said at the door

_TIME = re.compile(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:[Zz]|[+-]\d\d:\d\d)?", re.ASCII)
_ADDRESS = frozenset("0123456789abcdefABCDEF.:")


class JsonLines:
    """One file of JSON lines."""

    def line(self, line: Line) -> Iterator[Found]:
        """One object a line; a last line without its end counts if the object is complete."""
        if not line.text.strip():
            return
        try:
            yield _evidence(json.loads(line.text.decode("utf-8", "replace")))
        except (ValueError, OverflowError, RecursionError) as error:
            if line.is_whole:  # else it is still being written, and is read the next time
                yield unreadable(line, error)


def _evidence(value: Any) -> Evidence:
    if not isinstance(value, dict):
        raise EvidenceError('expected an object: {"time": ..., "ip": ..., "kind": ...}')
    if unknown := sorted(value.keys() - set(KEYS)):
        raise EvidenceError(f"{unknown[0][:40]!r} is none of {', '.join(KEYS)}")
    if missing := [key for key in NEEDED if key not in value]:
        raise EvidenceError(f"{', '.join(missing)} missing")
    if "source" in value:
        _text(value, "source")
    subject = _subject(_text(value, "ip"))
    return Evidence(_time(_text(value, "time")), subject, _tenant(value, subject), kind(_text(value, "kind")),
                    _count(value.get("count", 1)))  # fmt: skip


def _text(value: dict[str, Any], key: str) -> str:
    if not isinstance(value[key], str):
        raise EvidenceError(f"{key} is not text")
    return str(value[key])


def _time(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text.upper()) if _TIME.fullmatch(text) else None
    except ValueError:
        moment = None
    if moment is None:
        raise EvidenceError(f"time {text[:40]!r} is not RFC 3339, as in 2026-11-24T09:30:00Z")
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def _subject(text: str) -> int:
    if not _ADDRESS.issuperset(text):
        raise EvidenceError(f"ip {text[:80]!r} is not an IP address")
    return address_key(text)


def _tenant(value: dict[str, Any], subject: int) -> str:
    """The tenant's organizational domain; mail that nobody authenticated belongs to its address."""
    if value.get("tenant") is None:
        return named(None, subject)
    name = _text(value, "tenant")
    if len(name) > TENANT_LENGTH or name != name.strip():
        raise EvidenceError(f"tenant {name[:40]!r} is longer than {TENANT_LENGTH} characters, or has space around it")
    return named(name, subject)


def _count(value: object) -> int:
    if isinstance(value, float) and value.is_integer():
        return int(value)  # JSON knows one kind of number
    if isinstance(value, bool) or not isinstance(value, int):
        raise EvidenceError(f"count {str(value)[:40]!r} is not a whole number")
    return value


READER = Reader(lambda _: JsonLines())
