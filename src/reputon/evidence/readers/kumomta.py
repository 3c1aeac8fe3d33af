"""Evidence in the log of a sending KumoMTA: what receivers made of the mail that left by each of its addresses.

One JSON object a line (log_record.md; unpacked, as it writes zstd).  The subject is the address that the mail left
from; the tenant is whom the operator names in the metadata `tenant` or the header `X-Tenant`: neither an envelope nor
a signature in the header is proof on a platform whose customers write both.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from reputon.evidence.files import Line
from reputon.evidence.ingest import Found, Reader, unreadable
from reputon.evidence.kinds import Evidence, EvidenceError, Kind, Unreadable
from reputon.evidence.outcome import pieces
from reputon.evidence.readers import arf, fields
from reputon.evidence.readers.documents import Documents
from reputon.evidence.tenant import proved
from reputon.mail import mime
from reputon.mail.arf import INCIDENTS, Complaint
from reputon.subject import address_key

# Records in which no receiver judged anything: received, put off, given up, moved, failed by the operator; `OOB` is a
# late bounce, which does not say from which address the message had left.
NOTHING = frozenset((
    "Reception", "Rejection", "TransientFailure", "Delay", "Delayed", "Expiration", "AdminBounce", "AdminRebind",
    "DeferredInjectionRebind", "XferOut", "XferIn", "OOB",
))  # fmt: skip
# What KumoMTA's bounce classifier made of a refusal; any other class is `rejected`, SpamBlock and SpamRelated too:
# they hold what lists said of the address, and that nobody saw the message.
CLASSES = {
    "InvalidRecipient": Kind.UNKNOWN_USER,
    "SpamContent": Kind.FILTERED,
    "ContentRelated": Kind.FILTERED,
    "VirusRelated": Kind.MALWARE,
    "AuthenticationFailed": Kind.AUTHENTICATION_FAILURE,
}

_Record = Mapping[str, Any]


class Records:
    """One log file."""

    def __init__(self) -> None:
        self._documents = Documents()

    def line(self, line: Line) -> Iterator[Found]:
        """The evidence of the record on a line."""
        for value in self._documents.read(line):
            try:
                yield from [value] if isinstance(value, Unreadable) else _evidence(value)
            except (ValueError, OverflowError, RecursionError) as error:
                yield unreadable(line, error)


def _evidence(record: object) -> Iterator[Evidence]:
    if not isinstance(record, dict) or not fields.text(record.get("type")):
        raise EvidenceError("is no log record of KumoMTA's: it has no type")
    kind = fields.text(record["type"])
    if kind == "Feedback":
        yield from _complaint(record)
    elif kind in ("Delivery", "Bounce"):
        yield from _attempt(record, kind)
    elif kind not in NOTHING:
        raise EvidenceError(f"type {kind[:40]!r} is none that KumoMTA is known to write")


def _attempt(record: _Record, kind: str) -> Iterator[Evidence]:
    if fields.text(record.get("delivery_protocol")) not in ("", "ESMTP", "SMTP"):
        return  # into a folder or over somebody's program: no receiver judged it
    source = fields.text(_part(record, "source_address").get("address"))
    if not source:
        if kind == "Bounce" and not _part(record, "peer_address"):
            return  # nobody was reached
        raise EvidenceError("the record has no source_address: KumoMTA tells it since 2024.09.02")
    outcome = Kind.DELIVERED if kind == "Delivery" else _refused(record)
    if outcome is not None:
        subject = address_key(fields.address(source, "source_address"))
        yield from pieces(
            _time(record),
            subject,
            proved([_said(record)], subject),
            outcome,
            fields.recipients(record.get("recipient")),
        )


def _refused(record: _Record) -> Kind | None:
    """What a final refusal says; None where it was not the receiver's."""
    response = _part(record, "response")
    if not fields.text(response.get("code")).startswith("5"):
        return None
    if _enhanced(response) == "5.1.1":
        return Kind.UNKNOWN_USER
    return CLASSES.get(fields.text(record.get("bounce_classification")), Kind.REJECTED)


def _enhanced(response: _Record) -> str:
    code = _part(response, "enhanced_code")
    return ".".join(fields.text(code.get(each)) for each in ("class", "subject", "detail"))


def _complaint(record: _Record) -> Iterator[Evidence]:
    """A report of a feedback loop, as its message would be; the tenant is the one that the operator's trace names."""
    report = _part(record, "feedback_report")
    tenant = fields.tenant(_part(report, "supplemental_trace").get("tenant"))
    for found in arf.evidence(_report(report, _time(record))):
        yield replace(found, tenant=proved([tenant], found.subject)) if tenant else found


def _report(report: _Record, logged: datetime) -> Complaint:
    message = fields.text(report.get("original_message"), mime.HEAD)
    headers = mime.fields(mime.parse(message.encode("utf-8", "replace")))
    incidents = fields.text(report.get("incidents"))
    arrival = report.get("arrival_date")
    return Complaint(
        feedback_type=fields.text(report.get("feedback_type")).lower(),
        user_agent=fields.text(report.get("user_agent")) or None,
        source_ip=fields.text(report.get("source_ip")) or None,
        incidents=max(1, min(int(incidents[:10]), INCIDENTS)) if incidents.isdecimal() else 1,
        arrival_date=fields.moment(arrival, "arrival_date") if arrival else None,
        received_date=None,
        reported_domains=_texts(report, "reported_domain"),
        original_mail_from=fields.text(report.get("original_mail_from")) or None,
        original_rcpt_to=_texts(report, "original_rcpto_to"),  # as KumoMTA spells it
        authentication_results=_texts(report, "authentication_results"),
        reporting_mta=fields.text(_part(report, "reporting_mta").get("name")) or None,
        reporter=None,
        reported_at=logged,
        message_id=next((value for name, value in headers if name.lower() == "message-id"), None),
        headers=headers,
    )


def _said(record: _Record) -> str | None:
    """The tenant that the operator names."""
    headers = {str(name).lower(): value for name, value in _part(record, "headers").items()}
    return fields.tenant(_part(record, "meta").get("tenant")) or fields.tenant(headers.get("x-tenant"))


def _time(record: _Record) -> datetime:
    return fields.moment(record.get("timestamp"), "timestamp")


def _part(record: _Record, name: str) -> _Record:
    value = record.get(name)
    return value if isinstance(value, dict) else {}


def _texts(record: _Record, name: str) -> tuple[str, ...]:
    value = record.get(name)
    return tuple(fields.text(each) for each in value[:50]) if isinstance(value, list) else ()


READER = Reader(lambda _: Records())
