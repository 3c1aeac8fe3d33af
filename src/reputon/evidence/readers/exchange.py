"""Evidence in what Exchange tells of the messages that it took: the message trace, and the tracking log.

Three layouts, told by their columns: Exchange Online's `Get-MessageTraceV2 | Export-Csv`, its extended report, and the
message tracking log of a server (`#Fields:`).  They name the client and the outcome, and not who authenticated: the
tenant is nobody's.  What was refused before it was taken stands in none of them.
"""

from collections import Counter, OrderedDict
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

from reputon.evidence.files import Line
from reputon.evidence.ingest import Found, Reader, unreadable
from reputon.evidence.kinds import Evidence, EvidenceError, Kind, Unreadable
from reputon.evidence.outcome import pieces
from reputon.evidence.readers import fields
from reputon.evidence.readers.rows import Row, Rows
from reputon.evidence.tenant import unproved
from reputon.subject import address_key

OPEN = 100_000  # messages of a tracking log whose client is remembered; the oldest are forgotten
# What a trace says of one recipient; None: nothing was decided, or it went on to others who have rows of their own.
STATUSES: dict[str, Kind | None] = {
    "delivered": Kind.DELIVERED, "filteredasspam": Kind.FILTERED, "quarantined": Kind.FILTERED,
    "failed": Kind.REJECTED, "expanded": None, "resolved": None, "pending": None, "gettingstatus": None, "none": None,
}  # fmt: skip
# The last of an extended report's words about a recipient: `ann@example.org##Receive, Deliver`.
WORDS = {
    "deliver": Kind.DELIVERED, "delivered": Kind.DELIVERED, "fail": Kind.REJECTED, "failed": Kind.REJECTED,
    "filteredasspam": Kind.FILTERED, "quarantine": Kind.FILTERED, "quarantined": Kind.FILTERED,
}  # fmt: skip
UNKNOWN = frozenset(("5.1.1", "5.1.10"))  # no such recipient, as Exchange says it (RESOLVER.ADR.RecipNotFound)
AGENTS = {"malware": Kind.MALWARE, "content filter": Kind.FILTERED}  # which agent failed a message that was taken

# The columns that tell a layout (lower case, letters and digits only), and a column that only a header has.
TRACE = frozenset(("received", "recipientaddress", "status", "fromip", "toip"))
EXTENDED = frozenset(("origintimestamputc", "recipientstatus", "originalclientip", "directionality"))
TRACKING = frozenset(("datetime", "clientip", "source", "eventid", "recipientaddress", "recipientstatus", "messageid"))
_MARKS = frozenset(("Received", "received", "origin_timestamp_utc"))
_FIELDS = "#Fields:"
_EXPECTED = "expected the columns of Get-MessageTraceV2 (with FromIP and ToIP), an extended report, or #Fields:"
_AMERICAN = "%m/%d/%Y %I:%M:%S %p"  # what Export-Csv makes of a time where the culture is en-US


class Trace:
    """One file of a trace or a tracking log."""

    def __init__(self) -> None:
        self._rows = Rows(_heading, _EXPECTED)
        self._clients: OrderedDict[str, str] = OrderedDict()

    def line(self, line: Line) -> Iterator[Found]:
        """The evidence of the row that a line completes."""
        for row in self._rows.read(line):
            try:
                yield from [row] if isinstance(row, Unreadable) else self._evidence(row)
            except ValueError as error:
                yield unreadable(line, error)

    def _evidence(self, row: Row) -> Iterator[Evidence]:
        if "eventid" in row:
            yield from self._tracked(row)
        elif "fromip" in row:
            yield from _traced(row)
        else:
            yield from _extended(row)

    def _tracked(self, row: Row) -> Iterator[Evidence]:
        event, name = row["eventid"].upper(), row.get("networkmessageid") or row["messageid"]
        if event == "RECEIVE" and row["source"].upper() == "SMTP":
            self._taken(name, row)
        elif event in _OUTCOMES:
            outcome, client = _OUTCOMES[event](row), self._clients.get(name) or _original(row)
            if outcome and client:
                yield from _seen(row["datetime"], client, outcome, fields.recipients(row["recipientaddress"]))

    def _taken(self, name: str, row: Row) -> None:
        """The client of a message; of several servers that took it, the first knows whose it was."""
        if row.get("directionality", "").lower() == "originating":
            self._clients.pop(name, None)
        elif client := row.get("originalclientip") or row["clientip"]:
            self._clients.setdefault(name, client)
            if len(self._clients) > OPEN:
                self._clients.popitem(last=False)


def _original(row: Row) -> str:
    """The client as the row itself has it: the message began in a file before."""
    return row.get("originalclientip", "") if row.get("directionality", "").lower() == "incoming" else ""


def _delivered(row: Row) -> Kind | None:
    return Kind.DELIVERED if row["source"].upper() == "STOREDRIVER" else None


def _failed(row: Row) -> Kind | None:
    """What a failure says: by its status code, or by the agent that failed it; None where it was given up."""
    context = row.get("sourcecontext", "").lower()
    agent = next((kind for name, kind in AGENTS.items() if name in context), None)
    if agent and row["source"].upper() == "AGENT":
        return agent
    status = next(filter(_is_status, row["recipientstatus"].replace("[", " ").split()), "")
    if status.startswith("4"):
        return None
    return Kind.UNKNOWN_USER if status in UNKNOWN else Kind.REJECTED


_OUTCOMES: dict[str, Callable[[Row], Kind | None]] = {"DELIVER": _delivered, "FAIL": _failed}


def _is_status(word: str) -> bool:
    """Whether a word is an enhanced status code (RFC 3463)."""
    return word[:2] in ("2.", "4.", "5.") and word.count(".") == 2 and word.replace(".", "").isdecimal()


def _traced(row: Row) -> Iterator[Evidence]:
    status = row["status"].lower()
    if status not in STATUSES:
        raise EvidenceError(f"status {status[:40]!r} is none of {', '.join(STATUSES)}")
    outcome = STATUSES[status]
    if outcome and row["fromip"] and not row["toip"]:  # our own users' mail has a ToIP, where it went
        yield from _seen(row["received"], row["fromip"], outcome, 1)


def _extended(row: Row) -> Iterator[Evidence]:
    if row["directionality"].lower() != "incoming" or not row["originalclientip"]:
        return
    for outcome, count in Counter(_words(row["recipientstatus"])).items():
        yield from _seen(row["origintimestamputc"], row["originalclientip"], outcome, count)


def _words(statuses: str) -> Iterator[Kind]:
    """What became of each recipient: `one@example.org##Receive, Deliver;two@example.org##Receive, Fail`."""
    *said, last = statuses.split("##")[1:] or [""]
    for each in (*(status.rpartition(";")[0] for status in said), last):
        words = each.replace(",", " ").replace(";", " ").lower().split()
        if words and words[-1] in WORDS:
            yield WORDS[words[-1]]


def _seen(time: str, client: str, outcome: Kind, count: int) -> Iterator[Evidence]:
    address = fields.address(client, "the client")
    if not address.is_loopback:
        subject = address_key(address)
        yield from pieces(_time(time), subject, unproved(subject), outcome, count)


def _time(text: str) -> datetime:
    try:
        return datetime.strptime(text, _AMERICAN).replace(tzinfo=UTC)
    except ValueError:
        return fields.moment(text, "time")


def _heading(row: list[str]) -> list[str] | None:
    first = row[0].strip()
    if first.startswith("#"):
        names = _names([first.removeprefix(_FIELDS), *row[1:]])
        return names if first.startswith(_FIELDS) and set(names) >= TRACKING else []
    if not _MARKS.intersection(row):
        return None
    names = _names(row)
    return names if set(names) >= TRACE or set(names) >= EXTENDED else None


def _names(row: list[str]) -> list[str]:
    return ["".join(c for c in each.lower() if c.isalnum()) for each in row]


READER = Reader(lambda _: Trace())
