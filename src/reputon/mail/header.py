"""Header: the fields of a message or a part, their encoded words (RFC 2047) and parameters (RFC 2231)."""

import re
from collections.abc import Iterator
from functools import lru_cache

from reputon.mail import charset, transfer

Fields = tuple[tuple[str, str], ...]

SIZE = 512 << 10  # bytes of a header
VALUE = 4096  # characters of a field that are decoded
CONTENT = 16 << 10  # characters of a Content-* field that are read for parameters
SECTIONS = 50  # pieces of one parameter

# A header goes on as long as its lines are fields, go on with one, or are the `From ` of an mbox.  Nothing in it is
# given back, so each byte is read once.
_HEAD = re.compile(
    rb"(?:[!-9;-~]*+[ \t]{0,3}+:[^\n]*+(?:\n|\Z)|[ \t][^\n]*+(?:\n|\Z)|>?From [^\n]*+\n)*+",
)
_FIELD = re.compile(r"^([!-9;-~]++)[ \t]{0,3}+:([^\n]*+(?:\n[ \t][^\n]*+)*+)", re.MULTILINE)
_PARAMETER = re.compile(r"""[;\s]\s*+([^\s=;"']++)\s*+=\s*+(?:"([^"\\]*+(?:\\.[^"\\]*+)*+)"?|([^;]*))""")
_ESCAPED = re.compile(r"\\(.)")
# Some encode a question mark as itself; each opening is read past a few of them only.
_ENCODED_WORD = re.compile(r"=\?([^?\s*]{1,40})(?:\*[^?\s]{0,40})?\?([bBqQ])\?([^?]*+(?:\?(?!=)[^?]*+){0,3})\?=")


def length(data: bytes) -> int:
    """How many bytes at the beginning are header; without the empty line that ends it, and at most SIZE."""
    return _HEAD.match(data, 0, SIZE).end()  # type: ignore[union-attr]  # it matches nothing, too


def fields(head: bytes) -> Fields:
    """Every field in order, on one line, with its raw bytes decoded but encoded words as they were written."""
    try:
        text = head.decode("utf-8")
    except UnicodeDecodeError:
        text = ""
    if not text or "\x1b$" in text:
        found = _FIELD.findall(head.decode("latin-1"))
        return tuple((name, " ".join(_readable(value).split())) for name, value in found)
    return tuple([(name, " ".join(value.split())) for name, value in _FIELD.findall(text)])


def find(head: bytes, name: str) -> str:
    """The value of the first field with this lower-case name, as `fields` has it, without reading the others."""
    found = _named(name).search(head)
    return fields(found.group())[0][1] if found else ""


@lru_cache(maxsize=16)
def _named(name: str) -> re.Pattern[bytes]:
    return re.compile(rb"(?im)^%b[ \t]{0,3}+:[^\n]*+(?:\n[ \t][^\n]*+)*+" % re.escape(name.encode()))


def unfold(value: str) -> str:
    """A field's value on one line, with its encoded words decoded as well as possible."""
    value = " ".join(value[:VALUE].split())
    return decoded(value) if "=?" in value else value


def decoded(value: str) -> str:
    """A value with its encoded words decoded; neighbours in one charset together, as they may share a character."""
    out: list[str] = []
    shared, held = "", b""
    at = 0
    for word in _ENCODED_WORD.finditer(value):
        name, between = word[1].lower(), value[at : word.start()]
        if at and not between.strip():
            between = ""  # spaces between two encoded words only separate them
        if held and (between or name != shared):
            out.append(charset.decode(held, shared))
            held = b""
        out.append(between)
        shared, held = name, held + _bytes_of(word[2], word[3])
        at = word.end()
    out += [charset.decode(held, shared), value[at:]]
    return " ".join("".join(out).split())


def parameters(value: str) -> dict[str, str]:
    """The parameters of a Content-* field by lower-case name; of one that stands twice, the first."""
    found: dict[str, str] = {}
    for name, quoted, bare in _PARAMETER.findall(value[:CONTENT]):
        said = _ESCAPED.sub(r"\1", quoted) if "\\" in quoted else quoted
        found.setdefault(name.lower(), said or bare.strip())
    return _joined(found) if any("*" in name for name in found) else found


def _joined(found: dict[str, str]) -> dict[str, str]:
    """With the values that RFC 2231 cut into sections or encoded: `name*`, `name*0`, `name*1*`."""
    for name in dict.fromkeys(each.partition("*")[0] for each in found if "*" in each):
        if f"{name}*" in found:
            found.setdefault(name, _extended(found[f"{name}*"]))
            continue
        encoded = f"{name}*0*" in found
        value = "".join(_sections(found, name))
        found.setdefault(name, _extended(value) if encoded else value)
    return found


def _sections(found: dict[str, str], name: str) -> Iterator[str]:
    """The pieces of a parameter in their order; one may be missing, and some count from 1."""
    missing = 0
    for number in range(SECTIONS):
        piece = found.get(f"{name}*{number}*", found.get(f"{name}*{number}"))
        missing = missing + 1 if piece is None else 0
        if missing > 1:
            return
        yield piece or ""


def _extended(value: str) -> str:
    """`charset'language'percent-encoded` as text."""
    from urllib.parse import unquote_to_bytes

    name, quote, rest = value.partition("'")
    text = rest.partition("'")[2] if quote else value
    return charset.decode(unquote_to_bytes(text), name if quote else "utf-8")


def _bytes_of(encoding: str, text: str) -> bytes:
    data = text.encode("utf-8", "replace")
    return transfer.unbase64(data) if encoding in "bB" else transfer.unquoted(data, in_header=True)


def _readable(value: str) -> str:
    """A value that was read byte by byte, in the charset that fits it alone."""
    return value if value.isascii() and "\x1b" not in value else charset.decode(value.encode("latin-1"), "utf-8")
