"""exchange-trace: Exchange Online's message trace as CSV: the admin centre's reports, and what PowerShell exports."""

import re
from codecs import BOM_UTF8, BOM_UTF16_BE, BOM_UTF16_LE
from collections.abc import Iterator

from reputon.bounce.doors.event import NEWS, Event, Item
from reputon.bounce.doors.logs import phase
from reputon.bounce.doors.source import LINE, Source
from reputon.bounce.refusal import Refusal, address, host
from reputon.bounce.report import unreadable

FIELD = 64 << 10  # characters of one field
ROW = 1 << 20  # characters of one row, which may have many lines

_TOO_LONG = "x" * (FIELD + 1)  # a field that is too long is how csv learns that a line or a row was
_TYPE = "#TYPE"  # what older PowerShell writes above the names of the columns

# The columns that we read, by each name that a report gives them (lower case, letters and digits only).
_COLUMNS = {
    "date": ("datetime", "datetimeutc", "dateutc", "date", "received", "origintimestamputc", "startdate"),
    "recipient": ("recipientaddress", "recipient", "recipients"),
    "statuses": ("recipientstatus",),
    "event": ("eventid", "event", "status"),
    "detail": ("detail", "details", "data"),
    "subject": ("messagesubject", "subject"),
    "message_id": ("messageid",),
    "egress": ("originalserverip", "fromip"),
    "custom": ("customdata",),
}  # fmt: skip
_NAMES = {name: column for column, names in _COLUMNS.items() for name in names}
_EVENTS = {"fail": "failed", "failed": "failed", "defer": "delayed", "pending": "delayed",
           "delayed": "delayed", "drop": "failed"}  # fmt: skip
# What Exchange wraps around the last error: `[{LED=550 5.7.1 ...};{MSG=};{FQDN=mx.example.org};{IP=...};{LRT=...}]`.
_LED, _MSG, _FQDN = "{LED=", "};{MSG=", "};{FQDN="
_ATTEMPTED = re.compile(r"\[?LastAttemptedServerName[=:] ?(?P<host>[\w.-]{1,253})")
_INNER = re.compile(r"\[Message=(?P<words>[^\]]{0,2000})\]")
_STATUS = re.compile(r"^(?P<to>[^\s#;]{3,320})##(?P<status>.*)", re.DOTALL)


def read(source: Source) -> Iterator[Item] | None:
    """Each recipient that failed or waits."""
    encoding = _encoding(source.head)
    head = source.head.decode(encoding, "replace").lstrip("\ufeff\r\n")
    first, _, rest = head.partition("\n")
    if first.startswith(_TYPE):
        first = rest.partition("\n")[0]
    if "," not in first or not _is_trace(_columns(_fields(first))):
        return None
    return _items(source, encoding)


def _encoding(head: bytes) -> str:
    if head.startswith((BOM_UTF16_LE, BOM_UTF16_BE)):
        return "utf-16-le" if head.startswith(BOM_UTF16_LE) else "utf-16-be"
    return "utf-8-sig" if head.startswith(BOM_UTF8) else "utf-8"


def _fields(line: str) -> list[str]:
    return [each.strip().strip('"') for each in line.split(",")]


def _columns(names: list[str]) -> dict[str, int]:
    """Where each column that we read stands."""
    found: dict[str, int] = {}
    for at, name in enumerate(names):
        column = _NAMES.get(re.sub(r"[^a-z0-9]", "", name[:100].lower()))
        if column is not None:
            found.setdefault(column, at)
    return found


def _is_trace(columns: dict[str, int]) -> bool:
    told = {"event", "statuses", "detail"} & columns.keys()
    return bool(told) and "date" in columns and bool({"message_id", "recipient", "statuses"} & columns.keys())


def _items(source: Source, encoding: str) -> Iterator[Item]:
    import csv  # only traces need it

    csv.field_size_limit(FIELD)
    begun = 0  # characters that were read of this row

    def lines() -> Iterator[str]:
        nonlocal begun
        for line in _texts(source, encoding):
            begun += len(line)
            yield line if begun <= ROW else _TOO_LONG

    rows = csv.reader(lines())
    columns: dict[str, int] | None = None
    while True:
        begun = 0
        try:
            row = next(rows)
        except StopIteration:
            return
        except csv.Error as error:
            yield unreadable(f"line {rows.line_num}: {error}")
            continue
        if columns is None:
            names = [each.lstrip("\ufeff") for each in row]
            columns = None if not row or names[0].startswith(_TYPE) else _columns(names)
        elif row:
            values = {name: row[at].strip() for name, at in columns.items() if at < len(row)}
            yield _event(values) or unreadable(f"line {rows.line_num}: this is no row of a message trace")


def _texts(source: Source, encoding: str) -> Iterator[str]:
    """The lines as text; UTF-16 has its line ends in two bytes, so it is cut elsewhere."""
    if not encoding.startswith("utf-16"):
        for line in source.lines(LINE):
            yield _TOO_LONG if line.is_cut else line.text.decode(encoding, "replace") + "\n"
        return
    from codecs import getincrementaldecoder

    decoder, rest = getincrementaldecoder(encoding)("replace"), ""
    while piece := source.read(LINE):
        *lines, rest = (rest[: 2 * LINE] + decoder.decode(piece)).split("\n")
        yield from (line + "\n" for line in lines)
    if rest:
        yield rest


def _event(values: dict[str, str]) -> Event | None:
    refusals = tuple(_refusals(values))
    status = values.get("event", "")
    if not refusals:
        return NEWS if status or values.get("statuses") else None
    return Event(
        refusals,
        message_id=values.get("message_id") or None,
        subject=values.get("subject") or None,
        date=values.get("date") or None,
        egress=values.get("egress") or None,
    )


def _refusals(values: dict[str, str]) -> Iterator[Refusal]:
    """The recipient of a row, or those of a summary: `one@example.org##Receive, Fail;two@example.org##Deliver`."""
    statuses = values.get("statuses", "")
    if "##" in statuses:
        for each in re.split(r";\s*(?=[^\s;#]{3,320}##)", statuses)[:1000]:
            found = _STATUS.match(each.strip())
            action = _action(found["status"]) if found else None
            if found and action:
                yield _refusal(found["to"], found["status"], action)
        return
    action = _EVENTS.get(values.get("event", "").lower())
    if action is not None:
        text = statuses or values.get("detail", "") or values.get("custom", "")
        yield _refusal(values.get("recipient", ""), text, action)


def _action(status: str) -> str | None:
    words = [each.strip().lower() for each in re.split(r"[,:;\s]", status[:200])]
    return next((_EVENTS[each] for each in reversed(words) if each in _EVENTS), None)


def _refusal(recipient: str, text: str, action: str) -> Refusal:
    attempted = _ATTEMPTED.search(text)
    before, led, words = text.partition(_LED)
    words, _, after = words.partition(_MSG) if led else (before.removeprefix("Reason: ").strip("[] "), "", "")
    inner = _INNER.search(words)
    if inner:  # the server's own words inside Exchange's
        words = f"{words[: inner.start()].strip()} -> {inner['words']}"
    words = words.partition(" [LastAttempted")[0]
    named = after.partition(_FQDN)[2].partition("}")[0] or (attempted["host"] if attempted else "")
    return Refusal(
        recipient=address(recipient),
        text=words if any(each.isdigit() for each in words) else "",  # `Receive, Fail` is nobody's reply
        action=action,
        rhost=host(named),
        phase=phase(words),
    )
