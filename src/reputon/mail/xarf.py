"""X-ARF: abuse reports of every kind: fields as `Key: value` in a message (0.1, 0.2), or JSON (1 to 4).

Which of them are about mail is said by the report's own words: SMTP, a mail address that sent, a message as sample; a
phishing page on a web server is not.  YAML is read as far as the format needs it: one key and value a line.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from reputon.mail import date, mime
from reputon.mail.arf import domain_of

LINES = 200  # lines of a report as text
VALUE = 1000  # characters of a value

_MAIL = frozenset(("smtp", "smtps", "mail", "email", "e-mail", "submission"))
_MAIL_PORTS = frozenset(("25", "465", "587"))
_SAMPLE = "message/rfc822"
_SPAM = "spam"
_SMTP_FIELDS = ("SmtpMailFromAddress", "SmtpRcptToAddress", "smtp_from", "smtp_to")
_TEXT_KEYS = ("report-type", "source", "date")

Table = dict[str, Any]


class XarfError(ValueError):
    """A message or document that is no X-ARF report; the message says why."""


@dataclass(frozen=True, slots=True)
class AbuseReport:
    """A report: `kind` as it is called (`spam`, ...), lower case; whether it is about mail; times are UTC.

    `source` is text as it was written; `reporter` is the domain that reports; `report_id` is its name there.
    """

    kind: str
    is_mail: bool
    source: str
    time: datetime | None
    reporter: str
    report_id: str
    occurrences: str


def parse(data: bytes) -> AbuseReport:
    """The report that a message or a JSON document holds; XarfError where it holds none."""
    if data.lstrip()[:1] == b"{":
        return _of_json(data.decode("utf-8", "replace"))
    try:
        message = mime.parse(data)
        found = next((each for part in mime.parts(message) if (each := _of_part(part, message)) is not None), None)
    except mime.MailError as error:
        raise XarfError(str(error)) from None
    if found is None:
        raise XarfError("is no X-ARF report: no part has Report-Type, Source and Date, and none is JSON of X-ARF")
    if len(data) < mime.SIZE and not message.is_closed:
        raise XarfError("is cut short: the boundary at its end is missing")
    return found


def _of_part(part: mime.Part, message: mime.Part) -> AbuseReport | None:
    """The report in a part; None where it holds something else."""
    if part.content_type.endswith("json"):
        return _of_json(mime.text_of(part, mime.SIZE))
    if not part.content_type.startswith("text/"):
        return None
    fields = _fields(mime.text_of(part))
    return _of_fields(fields, message) if all(fields.get(key) for key in _TEXT_KEYS) else None


# --- 0.1 and 0.2


def _fields(text: str) -> dict[str, str]:
    """`Key: value` a line, keys in lower case; of one that stands twice, the first."""
    found: dict[str, str] = {}
    for line in text.splitlines()[:LINES]:
        key, colon, value = line.partition(":")
        if colon and key and not key[0].isspace() and not key.startswith(("#", "%", "-")):
            found.setdefault(key.strip().lower(), _unquoted(value.strip()[:VALUE]))
    return found


def _unquoted(value: str) -> str:
    is_quoted = len(value) > 1 and value[0] == value[-1] and value[0] in "'\""
    return value[1:-1] if is_quoted else value.partition(" #")[0].strip()


def _of_fields(fields: dict[str, str], message: mime.Part) -> AbuseReport:
    if not fields.get("source-type", "ip-address").lower().startswith("ip"):
        raise XarfError(f"names no address: its Source-Type is {fields['source-type'][:40]!r}")
    kind = _kind(fields["report-type"])
    speaks = (
        fields.get("service", "").lower() in _MAIL
        or fields.get("port", "") in _MAIL_PORTS
        or fields.get("attachment", "").lower() == _SAMPLE
        or any(part.content_type == _SAMPLE for part in mime.parts(message))
    )
    return AbuseReport(
        kind, speaks or kind == _SPAM, fields["source"], date.of_report(fields["date"]),
        domain_of(fields.get("reported-from")) or "", fields.get("report-id", ""), fields.get("occurrences", "1"),
    )  # fmt: skip


# --- JSON


def _of_json(text: str) -> AbuseReport:
    try:
        value = json.loads(text.removeprefix("\ufeff"))
    except (ValueError, RecursionError) as error:
        raise XarfError(f"is no JSON, or cut short: {error}") from None
    if isinstance(value, dict) and isinstance(value.get("Report"), dict):
        return _of_report(value["Report"], _table(value.get("ReporterInfo")))
    if isinstance(value, dict) and "xarf_version" in value:
        return _of_version_4(value)
    raise XarfError("is JSON, but no X-ARF report: it has neither Report nor xarf_version")


def _of_report(report: Table, reporter: Table) -> AbuseReport:
    """Versions 1 to 3: ReporterInfo and Report, its keys in capitals."""
    source = _text(report, "SourceIp") or _text(_table(report.get("Source")), "IP")
    kind = _kind(_text(report, "ReportType"))
    who = _text(reporter, "ReporterOrgDomain") or domain_of(_text(reporter, "ReporterOrgEmail")) or ""
    return AbuseReport(
        kind, _is_mail(kind, report), source,
        date.of_report(_text(report, "Date")), who, _text(report, "ReportID"), "1",
    )  # fmt: skip


def _of_version_4(report: Table) -> AbuseReport:
    is_messaging = _text(report, "category") == "messaging" or _text(report, "class") == "messaging"
    reporter, kind = _table(report.get("reporter")), _kind(_text(report, "type"))
    return AbuseReport(
        kind, is_messaging and _is_mail(kind, report), _text(report, "source_identifier"),
        date.of_report(_text(report, "timestamp")),
        _text(reporter, "domain") or domain_of(_text(reporter, "contact")) or "", _text(report, "report_id"), "1",
    )  # fmt: skip


def _is_mail(kind: str, report: Table) -> bool:
    """Whether it names SMTP, or else shows a message or its addresses; spam without any of that is mail, too."""
    protocol = _text(report, "protocol") or _text(_table(report.get("AdditionalInfo")), "Protocol")
    if protocol:
        return protocol.lower() in _MAIL
    return kind == _SPAM or any(_text(report, key) for key in _SMTP_FIELDS) or _SAMPLE in _samples(report)


def _samples(report: Table) -> Iterator[str]:
    """The types of what it shows, in every version's words."""
    for key in ("Samples", "Attachment", "evidence"):
        shown = report.get(key)
        for each in shown if isinstance(shown, list) else ():
            yield (_text(_table(each), "ContentType") or _text(_table(each), "content_type")).lower()


def _kind(text: str) -> str:
    return text.strip().lower().replace("_", "-")


def _table(value: object) -> Table:
    return value if isinstance(value, dict) else {}


def _text(table: Table, key: str) -> str:
    value = table.get(key)
    return value[:VALUE].strip() if isinstance(value, str) else ""
