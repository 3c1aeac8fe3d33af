"""msg: a mail that Outlook saved: a compound file (MS-OXMSG), turned into the mail that it was."""

from collections.abc import Iterator
from email.message import EmailMessage, Message
from email.parser import HeaderParser
from typing import TYPE_CHECKING

from reputon.bounce.doors.event import Item
from reputon.bounce.doors.source import Source
from reputon.bounce.report import unreadable
from reputon.mail import mime

if TYPE_CHECKING:
    from oxmsg import Message as Outlook
    from oxmsg.properties import Properties
    from oxmsg.storage import Storage

SIZE = 48 << 20  # bytes of a file; Outlook saves attachments in it

_MAGIC = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_RECIPIENTS = 1000
_HEADERS, _CLASS, _SUBJECT, _BODY = 0x007D, 0x001A, 0x0037, 0x1000
_SENDER, _REPORT_TEXT = 0x0C1A, 0x1001
# What a report keeps of each recipient, beside the address.
_SMTP_ADDRESS, _EMAIL, _NAME = 0x39FE, 0x3003, 0x3001
_SUPPLEMENT, _REMOTE = 0x0C1B, 0x0C21
_OBJECT = "__substg1.0_3701000D"  # a message within a message


def read(source: Source) -> Iterator[Item] | None:
    """The mail in the file."""
    return iter([_mail(source.read(SIZE + 1))]) if source.head.startswith(_MAGIC) else None


def _mail(data: bytes) -> Item:
    if len(data) > SIZE:
        return unreadable(f"the Outlook file is larger than {SIZE >> 20} MiB")
    try:
        from reputon.bounce.doors import compound  # its libraries take time, and most files are not Outlook's

        return _rebuilt(compound.opened(data)).as_bytes()[: mime.SIZE]
    except MemoryError:
        raise
    except Exception as error:  # the libraries raise whatever a broken file makes them raise
        return unreadable(f"the Outlook file is broken: {error or type(error).__name__}"[:300])


def _rebuilt(root: "Storage") -> Message:
    """The mail: its own header, then text, HTML, the report on each recipient, and the header of what came back."""
    from oxmsg import Message as Outlook

    outlook = Outlook(root)
    properties = outlook.properties
    kind = _text(properties, _CLASS).upper()
    mail = Message()
    for name, value in _fields(outlook, kind):
        mail[name] = value
    report = "; report-type=delivery-status" if kind.startswith("REPORT.") else ""
    mail["Content-Type"] = f'multipart/{"report" if report else "mixed"}{report}; boundary="=_outlook"'
    parts = [_part("plain", _text(properties, _BODY) or _text(properties, _REPORT_TEXT)), _part("html", _html(outlook))]
    parts += [_status(outlook, kind), *_returned(root)]
    mail.set_payload([each for each in parts if each is not None])
    return mail


def _fields(outlook: "Outlook", kind: str) -> Iterator[tuple[str, str]]:
    """The header as it came, without what said how the body was written; else what Outlook kept of it."""
    properties = outlook.properties
    came = HeaderParser().parsestr(_text(properties, _HEADERS).lstrip())
    names = {name.lower() for name in came}
    yield "MIME-Version", "1.0"
    if "from" not in names:
        yield "From", _line(outlook.sender or _text(properties, _SENDER))
    if "subject" not in names:
        yield "Subject", _line(_text(properties, _SUBJECT))
    if ".OOFTEMPLATE" in kind and "auto-submitted" not in names:
        yield "Auto-Submitted", "auto-replied"
    if kind.startswith("REPORT.") and kind.endswith(".NDR") and "x-ms-exchange-message-is-ndr" not in names:
        yield "X-MS-Exchange-Message-Is-Ndr", ""
    for name, value in came.raw_items():
        if not name.lower().startswith("content-") and name.lower() != "mime-version":
            yield name, _line(value)


def _part(subtype: str, text: str) -> Message | None:
    if not text.strip():
        return None
    part = EmailMessage()
    part.set_content(text[: mime.TEXT].replace("\0", ""), subtype=subtype, charset="utf-8", cte="base64")
    return part


def _html(outlook: "Outlook") -> str:
    from oxmsg.domain import constants

    data = outlook.properties.binary_prop_value(constants.PID_HTML)
    if data is None:
        return _text(outlook.properties, constants.PID_BODY_HTML)
    return mime.decode(data[: 4 * mime.TEXT], outlook.properties.body_encoding)


def _status(outlook: "Outlook", kind: str) -> Message | None:
    """The machine's report, which Outlook keeps as properties of the recipients; only where these say something."""
    if not kind.startswith("REPORT."):
        return None
    action = "failed" if kind.endswith(".NDR") else "delayed" if kind.endswith(".DELAYED") else "delivered"
    told = [_group(each.properties, action) for each in outlook.recipients[:_RECIPIENTS]]
    groups = [each for each in told if each is not None]
    if not groups:
        return None
    part = Message()
    part["Content-Type"] = "message/delivery-status"
    part.set_payload([Message(), *groups])
    return part


def _group(known: "Properties", action: str) -> Message | None:
    """What is reported of one recipient."""
    said = _line(_text(known, _SUPPLEMENT))
    to = _line(_text(known, _SMTP_ADDRESS) or _text(known, _EMAIL) or _text(known, _NAME))
    if not to or (action == "failed" and not said):
        return None
    group = Message()
    group["Final-Recipient"] = f"rfc822; {to}"
    group["Action"] = action
    if remote := _line(_text(known, _REMOTE)):
        group["Remote-MTA"] = f"dns; {remote}"
    if said:
        group["Diagnostic-Code"] = f"smtp; {said}"
    return group


def _returned(root: "Storage") -> Iterator[Message]:
    """The header of the first message that is attached: as a file, or as Outlook keeps messages."""
    for storage in root.iter_attachment_storages():
        for inside in storage.storages:
            if inside.name == _OBJECT and (header := _embedded_header(inside)):
                part = Message()
                part["Content-Type"] = "text/rfc822-headers; charset=utf-8"
                part.set_payload(header.encode("utf-8", "replace"))
                yield part
                return


def _embedded_header(storage: "Storage") -> str:
    from oxmsg.properties import Properties

    properties = Properties(storage, properties_header_offset=24)
    came = _text(properties, _HEADERS).replace("\r\n", "\n").strip()
    return came[: mime.TEXT]


def _text(properties: "Properties", name: int) -> str:
    return properties.str_prop_value(name) or ""


def _line(text: str) -> str:
    return " ".join(text.replace("\0", " ").split())
