"""Transfer encodings: base64 and quoted-printable undone, also where they are damaged or not declared."""

import binascii
import re

_BASE64 = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/="
_FOREIGN = bytes(set(range(256)) - set(_BASE64))
_LINE_ENDS = b"\r\n"
_GARBAGE = 8  # one byte in so many may be foreign before text counts as no base64 at all
_SHOWN = 1 << 20  # bytes in which quoted-printable shows itself

_QUOTED = re.compile(rb"=(?:[0-9A-F]{2}|\r?\n)")
_ESCAPE = re.compile(rb"=(?:3D|20\n|[89A-F][0-9A-F])")


def undone(data: bytes, encoding: str) -> bytes:
    """The bytes that an encoding, by its lower-case name, was made of; an unknown one changes nothing."""
    if encoding == "base64":
        return unbase64(data)
    if encoding == "quoted-printable":
        return unquoted(data)
    return data


def unbase64(data: bytes) -> bytes:
    """Base64 undone, past garbage and without padding; text that only claims to be base64 stays as it is."""
    body = data.translate(None, _LINE_ENDS)
    letters = body.translate(None, _FOREIGN)
    if (len(body) - len(letters)) * _GARBAGE > len(body):
        return data
    letters = letters.partition(b"=")[0]
    if len(letters) % 4 == 1:
        letters = letters[:-1]
    return binascii.a2b_base64(letters + b"=" * (-len(letters) % 4))


def unquoted(data: bytes, *, in_header: bool = False) -> bytes:
    """Quoted-printable undone (RFC 2045), or the Q encoding of fields (RFC 2047)."""
    return binascii.a2b_qp(data, header=in_header)


def is_quoted(data: bytes) -> bool:
    """Whether text clearly is quoted-printable, declared or not: nearly every `=` is an escape or a soft break."""
    if b"=\n" not in data and b"=\r\n" not in data:
        return False
    data = data[:_SHOWN]
    return bool(_ESCAPE.search(data)) and len(_QUOTED.findall(data)) * 10 >= data.count(b"=") * 9
