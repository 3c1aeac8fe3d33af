"""Aggregate report: what a receiver saw of a domain's mail in a time, by address (RFC 7489 appendix C, RFC 9990).

XML by expat, without its dangers: a document type, and with it every entity, is refused; depth, elements and rows are
bounded.  Elements are known by their local names: RFC 9990 has a namespace, RFC 7489 has none.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from xml.parsers import expat

DEPTH = 32  # elements within elements
ROWS = 50_000
ELEMENTS = 60 * ROWS
VALUE = 1024  # characters of an element

_RECORD = "feedback/record"
_REPORT = {
    "org_name": "feedback/report_metadata/org_name",
    "report_id": "feedback/report_metadata/report_id",
    "begin": "feedback/report_metadata/date_range/begin",
    "end": "feedback/report_metadata/date_range/end",
    "domain": "feedback/policy_published/domain",
}
_ROW = {
    "source_ip": f"{_RECORD}/row/source_ip",
    "count": f"{_RECORD}/row/count",
    "disposition": f"{_RECORD}/row/policy_evaluated/disposition",
    "dkim": f"{_RECORD}/row/policy_evaluated/dkim",
    "spf": f"{_RECORD}/row/policy_evaluated/spf",
    "reason": f"{_RECORD}/row/policy_evaluated/reason/type",
    "header_from": f"{_RECORD}/identifiers/header_from",
}


class AggregateError(ValueError):
    """A document that is no aggregate report, or passes a bound; the message says why."""


@dataclass(frozen=True, slots=True)
class Row:
    """Mail of one address: `dkim` and `spf` are the aligned results, lower case; texts as they were written."""

    source_ip: str
    count: str
    disposition: str
    dkim: str
    spf: str
    reason: str
    header_from: str


@dataclass(frozen=True, slots=True)
class Aggregate:
    """A report: who made it, its name there, about which domain, from when to when (UTC), and its rows."""

    org_name: str
    report_id: str
    domain: str
    begin: datetime
    end: datetime
    rows: tuple[Row, ...]


def parse(document: bytes) -> Aggregate:
    """The report that an XML document holds; AggregateError where it holds none."""
    reading = _Reading()
    try:
        reading.parser.Parse(document, True)
    except (expat.ExpatError, LookupError, UnicodeError) as error:
        raise AggregateError(f"is no XML, or cut short: {error}") from None
    return _report(reading.values, tuple(reading.rows))


def _report(values: Mapping[str, str], rows: tuple[Row, ...]) -> Aggregate:
    if missing := [name for name in _REPORT if not values.get(name)]:
        raise AggregateError(f"is no aggregate report: it has no {missing[0]} (RFC 7489 appendix C)")
    begin, end = _time(values["begin"]), _time(values["end"])
    if begin > end:
        raise AggregateError("ends before it begins: its date_range is the wrong way round")
    return Aggregate(values["org_name"], values["report_id"], values["domain"].lower(), begin, end, rows)


def _time(seconds: str) -> datetime:
    if not (seconds.isascii() and seconds.isdigit() and len(seconds) <= 11):
        raise AggregateError(f"date_range {seconds[:40]!r} is no number of seconds since 1970")
    return datetime.fromtimestamp(int(seconds), UTC)


class _Reading:
    """The parser with what it has found; values of the report and of the row that is open, by our names."""

    def __init__(self) -> None:
        self.values: dict[str, str] = {}
        self.rows: list[Row] = []
        self.parser = expat.ParserCreate()
        self.parser.buffer_text = True
        self.parser.StartDoctypeDeclHandler = _refuse
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = self._text
        self._path: list[str] = []
        self._row: dict[str, str] = {}
        self._said = ""
        self._elements = 0

    def _start(self, name: str, _attributes: Mapping[str, str]) -> None:
        self._path.append(name.rpartition(":")[2])
        self._said = ""
        self._elements += 1
        if len(self._path) > DEPTH or self._elements > ELEMENTS:
            raise AggregateError(f"has more than {DEPTH} levels or {ELEMENTS} elements")
        if self._path[0] != "feedback":
            raise AggregateError(f"is no aggregate report: it begins with {self._path[0][:40]!r}, not with feedback")

    def _text(self, text: str) -> None:
        if len(self._said) < VALUE:
            self._said += text[:VALUE]

    def _end(self, _name: str) -> None:
        path, said = "/".join(self._path), self._said.strip()[:VALUE]
        self._path.pop()
        self._said = ""
        if path == _RECORD:
            self._finish()
        elif (name := _NAMES.get(path)) is not None and said:
            (self._row if path.startswith(_RECORD) else self.values).setdefault(name, said)

    def _finish(self) -> None:
        if len(self.rows) >= ROWS:
            raise AggregateError(f"has more than {ROWS} rows")
        row = {name: self._row.get(name, "").lower() for name in _ROW}
        self.rows.append(Row(**row))
        self._row = {}


_NAMES = {path: name for table in (_REPORT, _ROW) for name, path in table.items()}


def _refuse(*_: object) -> None:
    raise AggregateError("has a document type: a report needs none, and an entity may hide a bomb")
