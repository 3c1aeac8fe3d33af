"""Text of lines that were cut at the byte of a line feed: UTF-8 with or without its mark, and UTF-16 of both orders.

In UTF-16 that byte is half of a line's end, and half of many letters besides: there lines are put together again.
"""

from codecs import BOM_UTF8, BOM_UTF16_BE, BOM_UTF16_LE

from reputon.evidence.files import LINE, Line

_MARKS = {BOM_UTF8: "utf-8", BOM_UTF16_LE: "utf-16-le", BOM_UTF16_BE: "utf-16-be"}
_BIG = "utf-16-be"
_RETURN = {"utf-16-le": b"\r\0", _BIG: b"\0\r\0"}  # what stands before the byte, where lines end as Windows ends them


class Text:
    """The text of one file, told by the mark at its beginning."""

    def __init__(self) -> None:
        self._codec: str | None = None
        self._held = bytearray()
        self._has_returns = False

    def of(self, line: Line) -> str | None:
        """The text of a line, what cannot be decoded replaced; None where the line goes on in the next."""
        raw = line.text
        if self._codec is None:
            mark = next((each for each in _MARKS if raw.startswith(each)), b"")
            self._codec, raw = _MARKS.get(mark, "utf-8"), raw.removeprefix(mark)
            self._has_returns = raw.endswith(_RETURN.get(self._codec, b"\r"))
        if self._codec == "utf-8":
            return raw.removeprefix(BOM_UTF8).decode("utf-8", "replace")  # files one after another have several
        return self._wide(raw, self._codec)

    def _wide(self, raw: bytes, codec: str) -> str | None:
        if codec != _BIG and not self._held:
            raw = raw.removeprefix(b"\0")  # the second half of the line's end before
        self._held += raw
        if self._ends(raw, codec) or len(self._held) > LINE:
            text, self._held = self._held, bytearray()
            return text.removesuffix(b"\0" if codec == _BIG else b"").decode(codec, "replace").rstrip()
        if codec == _BIG and raw.endswith(b"\0"):
            self._held += b" "  # the second half of a space, which was taken for white space at the line's end
        self._held += b"\n"
        return None

    def _ends(self, raw: bytes, codec: str) -> bool:
        """Whether the byte that was cut away ended a line."""
        if self._has_returns:
            return raw.endswith(_RETURN[codec])
        return codec != _BIG or raw.endswith(b"\0")
