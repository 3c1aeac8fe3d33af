"""Evidence in the accounting files of PowerMTA, as CSV: what receivers made of the mail of each of its addresses.

The subject is `dlvSourceIp`, in feedback-loop records `repSourceIp`; the tenant is whom the operator names in a column
`header_X-Tenant`: an envelope proves nothing on a platform whose customers write it.
"""

from collections.abc import Iterator

from reputon.evidence.files import Line
from reputon.evidence.ingest import Found, Reader, unreadable
from reputon.evidence.kinds import Evidence, EvidenceError, Kind, Unreadable
from reputon.evidence.outcome import pieces
from reputon.evidence.readers import arf, fields
from reputon.evidence.readers.rows import Row, Rows
from reputon.evidence.tenant import proved
from reputon.subject import address_key

TYPES = {
    "d": "delivery", "b": "bounce", "f": "feedback-loop", "t": "transient", "tq": "transient-queue", "r": "receive",
    "rb": "remote-bounce", "rs": "remote-status",
}  # fmt: skip
# In these no receiver judged a message: received, put off; remote ones do not say from which address it had left.
NOTHING = frozenset(("transient", "transient-queue", "receive", "received", "remote-bounce", "remote-status"))
# What a category says of a bounce; any other is `rejected`.  So is `spam-related`: it holds what lists said of the
# address, when nobody saw the message.  None: no receiver refused it.
CATEGORIES: dict[str, Kind | None] = {
    "bad-mailbox": Kind.UNKNOWN_USER,
    "content-related": Kind.FILTERED,
    "virus-related": Kind.MALWARE,
    "bad-domain": None,
    "bad-connection": None,
    "no-answer-from-host": None,
    "message-expired": None,
    "routing-errors": None,
}
TENANT = ("tenant", "header_x-tenant", "header_tenant")

_EXPECTED = "the first line of an accounting file names its columns: type,timeLogged,..."


class Accounting:
    """One accounting file."""

    def __init__(self) -> None:
        self._rows = Rows(_heading, _EXPECTED)

    def line(self, line: Line) -> Iterator[Found]:
        """The evidence of the row that a line completes."""
        for row in self._rows.read(line):
            try:
                yield from [row] if isinstance(row, Unreadable) else _evidence(row)
            except ValueError as error:
                yield unreadable(line, error)


def _heading(row: list[str]) -> list[str] | None:
    return [each.strip().lower() for each in row] if row[0].strip().lstrip("#").lower() == "type" else None


def _evidence(row: Row) -> Iterator[Evidence]:
    kind = TYPES.get(row["type"], row["type"])
    if kind == "delivery":
        yield from _attempt(row, Kind.DELIVERED)
    elif kind == "bounce":
        yield from _attempt(row, _refused(row))
    elif kind == "feedback-loop":
        yield from _complaint(row)
    elif kind not in NOTHING:
        raise EvidenceError(f"type {kind[:40]!r} is none of {', '.join(TYPES)}")


def _attempt(row: Row, outcome: Kind | None) -> Iterator[Evidence]:
    if outcome is None or row.get("dlvtype", "smtp").lower() not in ("", "smtp"):
        return  # nobody was reached, or it went into a file or a program
    if not row.get("dlvsourceip"):
        if outcome is not Kind.DELIVERED and "dlvsourceip" in row:
            return  # it failed before there was a connection
        raise EvidenceError("the row has no dlvSourceIp: add it to the record-fields of the accounting file")
    subject = address_key(fields.address(row["dlvsourceip"], "dlvSourceIp"))
    time = fields.moment(row.get("timelogged"), "timeLogged")
    yield from pieces(time, subject, proved(_said(row), subject), outcome)


def _refused(row: Row) -> Kind | None:
    status = row.get("dsnstatus", "").partition(" ")[0]
    if status == "5.1.1":
        return Kind.UNKNOWN_USER
    if status.startswith("4"):
        return None  # it was given up while every answer was `later`
    return CATEGORIES.get(row.get("bouncecat", "").lower(), Kind.REJECTED)


def _complaint(row: Row) -> Iterator[Evidence]:
    feedback_type = row.get("feedbacktype", "").lower() or "abuse"
    if feedback_type not in arf.KINDS:
        raise EvidenceError(f"feedback type {feedback_type[:40]!r} is none of {', '.join(arf.KINDS)}")
    kind = arf.KINDS[feedback_type]
    if kind is None:
        return
    if not row.get("repsourceip"):
        raise EvidenceError("the row has no repSourceIp: the report does not say which address sent the message")
    subject = address_key(fields.address(row["repsourceip"], "repSourceIp"))
    time = fields.moment(row.get("timelogged"), "timeLogged")
    yield Evidence(time, subject, proved(_said(row), subject), kind)


def _said(row: Row) -> Iterator[str | None]:
    """The tenant that the operator names."""
    return (fields.tenant(row.get(each)) for each in TENANT)


READER = Reader(lambda _: Accounting())
