"""Writes the Outlook files of msg/: minimal compound files (MS-CFB) that hold messages (MS-OXMSG).

`python tests/bounce/doors/make_msg.py` from the root writes them again, byte for byte.
"""

import struct
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent / "msg"
SECTOR, MINI, CUTOFF = 512, 64, 4096
END, FREE, FAT, NONE = 0xFFFFFFFE, 0xFFFFFFFF, 0xFFFFFFFD, 0xFFFFFFFF

Storage = dict[str, Any]  # streams as bytes, storages in it as Storage


class Entries:
    """The directory: every storage and stream with its place in the tree."""

    def __init__(self, root: Storage) -> None:
        self.rows: list[list[Any]] = [["Root Entry", 5, NONE, NONE, NONE, b""]]  # name, type, left, right, child, data
        self.rows[0][4] = self._add(root)

    def _add(self, storage: Storage) -> int:
        at = {}
        for name, inside in storage.items():
            at[name] = len(self.rows)
            is_stream = isinstance(inside, bytes)
            self.rows.append([name, 2 if is_stream else 1, NONE, NONE, NONE, inside if is_stream else b""])
            if not is_stream:
                self.rows[at[name]][4] = self._add(inside)
        return self._tree([at[name] for name in sorted(at, key=lambda name: (len(name), name.upper()))])

    def _tree(self, rows: list[int]) -> int:
        if not rows:
            return NONE
        middle = len(rows) // 2
        self.rows[rows[middle]][2:4] = self._tree(rows[:middle]), self._tree(rows[middle + 1 :])
        return rows[middle]


def compound(root: Storage) -> bytes:
    """A compound file: header, FAT, directory, mini FAT, mini stream, then the long streams."""
    rows = Entries(root).rows
    mini = bytearray()
    mini_fat: list[int] = []
    starts: dict[int, int] = {}
    for at, row in enumerate(rows[1:], 1):
        if row[1] == 2 and len(row[5]) < CUTOFF:
            starts[at] = len(mini) // MINI if row[5] else END
            count = -(-len(row[5]) // MINI)
            mini_fat += [len(mini_fat) + each for each in range(1, count)] + ([END] if count else [])
            mini += row[5].ljust(count * MINI, b"\0")
    long = [(at, row[5]) for at, row in enumerate(rows) if row[1] == 2 and len(row[5]) >= CUTOFF]
    parts = [-(-len(rows) * 128 // SECTOR), -(-len(mini_fat) * 4 // SECTOR), -(-len(mini) // SECTOR)]
    parts += [-(-len(data) // SECTOR) for _, data in long]
    fats = next(n for n in range(1, 110) if n * SECTOR // 4 >= n + sum(parts))
    fat, firsts = [FAT] * fats, []
    for count in parts:
        firsts.append(len(fat) if count else END)
        fat += [len(fat) + each for each in range(1, count)] + ([END] if count else [])
    starts |= {at: first for (at, _), first in zip(long, firsts[3:], strict=True)}
    starts[0] = firsts[2]
    body = _words(fat, fats * SECTOR) + b"".join(
        _entry(row, starts.get(at, 0), len(mini)) for at, row in enumerate(rows)
    )
    for data in (_words(mini_fat, parts[1] * SECTOR), bytes(mini), *(data for _, data in long)):
        body = _filled(body) + data
    return _header(fats, firsts, parts[1]) + _filled(body)


def _filled(data: bytes) -> bytes:
    return data + b"\0" * (-len(data) % SECTOR)


def _words(numbers: list[int], size: int) -> bytes:
    return struct.pack(f"<{len(numbers)}I", *numbers).ljust(size, b"\xff")


def _header(fats: int, firsts: list[int], minis: int) -> bytes:
    magic = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 16
    head = magic + struct.pack("<5H6x", 0x3E, 3, 0xFFFE, 9, 6)
    head += struct.pack("<9I", 0, fats, firsts[0], 0, CUTOFF, firsts[1], minis, END, 0)
    return head + _words(list(range(fats)), SECTOR - len(head))


def _entry(row: list[Any], start: int, mini: int) -> bytes:
    name, kind, left, right, child, data = row
    text = name.encode("utf-16-le") + b"\0\0"
    size = mini if kind == 5 else len(data)
    return struct.pack("<64sHBB3I16s4x16xIQ", text, len(text), kind, 1, left, right, child, b"", start, size)


def properties(values: dict[int, Any], head: bytes, *, is_unicode: bool = True) -> Storage:
    """The streams of a message, a recipient or an attachment: its properties by their number."""
    rows, streams = b"", {}
    for number, value in values.items():
        if isinstance(value, int):
            rows += struct.pack("<HHIII", 0x0003, number, 6, value, 0)
            continue
        kind = 0x0102 if isinstance(value, bytes) else 0x001F if is_unicode else 0x001E
        data = value if isinstance(value, bytes) else value.encode("utf-16-le" if is_unicode else "cp1252")
        extra = {0x0102: 0, 0x001F: 2, 0x001E: 1}[kind]
        rows += struct.pack("<HHIII", kind, number, 6, len(data) + extra, 0)
        streams[f"__substg1.0_{number:04X}{kind:04X}"] = data
    return {"__properties_version1.0": head + rows, **streams}


CLASS, SUBJECT, BODY, HTML, HEADERS, SENDER, CODEPAGE = 0x001A, 0x0037, 0x1000, 0x1013, 0x007D, 0x0C1A, 0x3FDE
NAME, TO, SUPPLEMENT, REMOTE = 0x3001, 0x39FE, 0x0C1B, 0x0C21


def message(values, recipients=(), embedded=None, *, is_unicode: bool = True) -> bytes:
    """A whole file; `embedded` holds the properties of the message that came back."""
    counts = (len(recipients), int(embedded is not None))
    head = struct.pack("<8x4I8x", *counts, *counts)
    root = properties(values, head, is_unicode=is_unicode)
    root["__nameid_version1.0"] = {f"__substg1.0_000{n}0102": b"" for n in (2, 3, 4)}
    for number, each in enumerate(recipients):
        root[f"__recip_version1.0_#{number:08X}"] = properties(each, b"\0" * 8, is_unicode=is_unicode)
    if embedded is not None:
        attachment = properties({0x3705: 5}, b"\0" * 8)
        attachment["__substg1.0_3701000D"] = properties(embedded, b"\0" * 24)
        root["__attach_version1.0_#00000000"] = attachment
    return compound(root)


def headers(subject: str, *more: str) -> str:
    lines = ["From: <postmaster@sender.example>", "To: <news@sender.example>", f"Subject: {subject}",
             "Date: Tue, 24 Nov 2026 09:30:00 +0000", "MIME-Version: 1.0",
             'Content-Type: multipart/report; report-type=delivery-status; boundary="b1"', "Content-Language: en-US",
             "Message-ID: <report-1@am0p.sender.example>", *more]  # fmt: skip
    return "\r\n".join(lines) + "\r\n\r\n"


LISTED = "554 5.7.1 Service unavailable; Client host [192.0.2.25] blocked using zen.spamhaus.org"
UNKNOWN = "550 5.1.1 <ben@receiver.example>: Recipient address rejected: User unknown"
IS_NDR = "X-MS-Exchange-Message-Is-Ndr:"
NDR, DELAYED = "REPORT.IPM.Note.NDR", "REPORT.IPM.Note.Delayed"
FAILED = "Undeliverable: Minutes"


def body(*refused: tuple[str, str, str]) -> str:
    """What Exchange Online writes for people and for administrators."""
    named = "".join(f"{to}\r\nYour message wasn't delivered.\r\n\r\n" for to, _, _ in refused)
    told = "".join(f"{to}\r\n{host}\r\nRemote server returned '{said}'\r\n\r\n" for to, host, said in refused)
    return (
        f"Delivery has failed to these recipients or groups:\r\n\r\n{named}"
        f"Diagnostic information for administrators:\r\n\r\nGenerating server: AM0P.sender.example\r\n\r\n{told}"
    )


ANN = ("ann@receiver.example", "mx.receiver.example", LISTED)
BEN = ("ben@receiver.example", "mx.receiver.example", UNKNOWN)
GERMAN = (
    "Fehler bei der Nachrichtenzustellung an folgende Empfänger oder Gruppen:\r\n\r\nann@receiver.example\r\n"
    "Ihre Nachricht konnte nicht übermittelt werden.\r\n\r\nDiagnoseinformationen für Administratoren:\r\n\r\n"
    "Generierender Server: AM0P.sender.example\r\n\r\nann@receiver.example\r\nmx.receiver.example\r\n"
    f"Remote Server returned '{LISTED}'\r\n\r\n"
)
LATE = (
    "Delivery is delayed to these recipients or groups:\r\n\r\ndan@strict.example\r\n\r\n"
    "Diagnostic information for administrators:\r\n\r\nGenerating server: AM0P.sender.example\r\n\r\n"
    "dan@strict.example\r\nmx.strict.example\r\n"
    "Remote server returned '421 4.7.0 192.0.2.25 is listed by bl.spamcop.net, try again later'\r\n\r\n"
)
ORIGINAL = "\r\n".join(
    ["From: <news@sender.example>", "To: <ann@receiver.example>", "Subject: Minutes", "Message-ID: <m1@sender.example>",
     "Date: Tue, 24 Nov 2026 09:29:00 +0000", "MIME-Version: 1.0"]
)  # fmt: skip


def page(text: str) -> bytes:
    inside = "".join(f"<p>{line}</p>" for line in text.split("\r\n") if line)
    return f"<html><head><style>p {{margin: 0}}</style></head><body>{inside}</body></html>".encode()


FILES = {
    "ndr-body": lambda: message({CLASS: NDR, SUBJECT: FAILED, HEADERS: headers(FAILED, IS_NDR), BODY: body(ANN)}),
    "ndr-html": lambda: message(
        {CLASS: NDR, SUBJECT: FAILED, HEADERS: headers(FAILED, IS_NDR), HTML: page(body(ANN)), CODEPAGE: 65001}
    ),
    "ndr-string8-german": lambda: message(
        {CLASS: NDR, SUBJECT: "Unzustellbar: Protokoll", SENDER: "Microsoft Outlook", BODY: GERMAN, CODEPAGE: 1252},
        is_unicode=False,
    ),
    "ndr-recipient-table": lambda: message(
        {CLASS: NDR, SUBJECT: FAILED, SENDER: "Microsoft Outlook"},
        [{NAME: "Ann", TO: ANN[0], SUPPLEMENT: LISTED, REMOTE: "mx.receiver.example"}],
    ),
    "ndr-with-original": lambda: message(
        {CLASS: NDR, SUBJECT: FAILED, HEADERS: headers(FAILED, IS_NDR), BODY: body(ANN)},
        embedded={CLASS: "IPM.Note", SUBJECT: "Minutes", HEADERS: ORIGINAL, BODY: "The minutes.\r\n" * 600},
    ),
    "ndr-two-recipients": lambda: message(
        {CLASS: NDR, SUBJECT: FAILED, HEADERS: headers(FAILED, IS_NDR), BODY: body(ANN, BEN)}
    ),
    "ordinary": lambda: message(
        {CLASS: "IPM.Note", SUBJECT: "Lunch", SENDER: "Ida", BODY: "Shall we meet at 12:30?\r\n"}
    ),
    "delayed": lambda: message(
        {CLASS: DELAYED, SUBJECT: "Delayed: Minutes", HEADERS: headers("Delivery delayed: Minutes"), BODY: LATE},
        [{NAME: "Dan", TO: "dan@strict.example"}],
    ),
    "out-of-office": lambda: message(
        {CLASS: "IPM.Note.Rules.OofTemplate.Microsoft", SUBJECT: "Away", SENDER: "Ann", BODY: "Back on Monday."}
    ),
}  # fmt: skip


def files() -> dict[str, bytes]:
    """Every file by its name; the last one is cut in its middle, as a broken copy is."""
    made = {name: make() for name, make in FILES.items()}
    whole = made["ndr-with-original"]
    return made | {"truncated": whole[: len(whole) // 4]}


if __name__ == "__main__":
    for name, data in files().items():
        (FOLDER / f"{name}.msg").write_bytes(data)
