"""Charset: bytes as text, by the charset that they claim, or the one that they show, or the first that fits."""

import re
from encodings.aliases import aliases
from functools import cache, lru_cache

# What a name that Python does not know most likely means, and supersets of those that programs claim too narrowly.
_MEANT = {
    "": "us_ascii",
    "x_unknown": "utf_8",
    "unknown_8bit": "utf_8",
    "ansi_x3.110_1983": "latin_1",
    "unicode_1_1_utf_7": "utf_7",
    "x_unicode_2_0_utf_7": "utf_7",
    "csunicode11utf7": "utf_7",
    "iso_8859_8_i": "iso_8859_8",
    "iso_2022_jp": "iso2022_jp_ext",
    "csiso2022jp": "iso2022_jp_ext",
    "shift_jis": "cp932",
    "x_sjis": "cp932",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "x_gbk": "gb18030",
    "ks_c_5601_1987": "cp949",
    "x_windows_949": "cp949",
}
# Codecs of Python's that are no charset of mail; the first two take quadratic time.
_NO_CHARSETS = frozenset(("punycode", "idna", "unicode_escape", "raw_unicode_escape", "undefined", "mbcs", "oem"))
_FALLBACKS = ("utf_8", "cp1252", "latin_1")
_ASCII = frozenset(("", "us-ascii", "ascii", "utf-8", "utf8", "latin1", "ansi_x3.4-1968"))
_ASCII_FAMILIES = ("iso-8859-", "windows-125", "cp125")

_WORDS = re.compile("[a-z0-9.]+")
_NAME = 40  # characters of a charset's name
_SHOWN = 512  # bytes in which UTF-16 shows itself
_SHOWING = 8  # bytes that it takes to tell it from a stray zero
_UTF_16_MARKS = (b"\xff\xfe", b"\xfe\xff")


def decode(data: bytes, charset: str) -> str:
    """Bytes as text, by the charset they show or claim, or else the first that fits."""
    if data[:2] in _UTF_16_MARKS or b"\0" in data:
        wide = _wide(data)
        if wide is not None:
            return data.decode(wide, "replace").removeprefix("\ufeff")
    charset = charset.lower()
    if b"\x1b$" in data:  # the escape of ISO 2022, which is ASCII to everything else
        charset = charset if "2022" in charset else "iso-2022-jp"
    elif data.isascii() and (charset in _ASCII or charset.startswith(_ASCII_FAMILIES)):
        return data.decode("ascii")
    return _first_that_fits(data, charset).removeprefix("\ufeff")


def recoded(data: bytes) -> bytes:
    """A file as bytes that extend ASCII: one in UTF-16 becomes UTF-8, and marks of byte order go."""
    if data[:2] in _UTF_16_MARKS:
        return data.decode("utf-16", "replace").encode("utf-8", "replace")
    return data.removeprefix(b"\xef\xbb\xbf")


def _first_that_fits(data: bytes, charset: str) -> str:
    for each in _tried(charset[:_NAME]):
        try:
            return paired(data.decode(each)) if each == "utf_7" else data.decode(each)
        except (ValueError, LookupError):
            continue
    return data.decode("latin-1")


def paired(text: str) -> str:
    """A text without halves of characters, which UTF-7 and JSON can write, and which nothing can store or print."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return text


@lru_cache(maxsize=64)
def _tried(charset: str) -> tuple[str, ...]:
    """The codecs for a charset.  A name that Python does not know is never asked of it: it looks for a module on the
    disk, and keeps the name for ever.
    """
    claimed = "_".join(_WORDS.findall(charset))
    claimed = _MEANT.get(claimed, claimed)
    return (claimed, *_FALLBACKS) if _is_codec(claimed) and claimed not in _NO_CHARSETS else _FALLBACKS


def _is_codec(name: str) -> bool:
    return name in aliases or name.replace(".", "_") in aliases or name in _modules()


@cache
def _modules() -> frozenset[str]:
    """Python's codecs; some have no other name than their module's."""
    import encodings
    from pkgutil import iter_modules

    return frozenset(each.name for each in iter_modules(encodings.__path__))


def _wide(data: bytes) -> str | None:
    """The form of UTF-16 that bytes are in, by their mark, or because every other byte is zero."""
    if data[:2] in _UTF_16_MARKS:
        return "utf-16"
    shown = data[:_SHOWN] if len(data) >= _SHOWING else b""
    high, low = shown[::2].count(0), shown[1::2].count(0)
    if high * 4 > len(shown) and low * 8 <= high:
        return "utf-16-be"
    if low * 4 > len(shown) and high * 8 <= low:
        return "utf-16-le"
    return None
