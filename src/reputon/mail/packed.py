"""Packed: what lies in a gzip or zip file, within bounds: reports come packed, and so do bombs."""

import io
import zipfile
import zlib

EXPANDED = 64 << 20  # bytes that a packed file may become

_GZIP, _ZIP = b"\x1f\x8b", b"PK\x03\x04"
_ENTRY = b"PK\x01\x02"  # begins a member's entry in a zip file's directory
_ENTRIES = 10  # of them that are looked at
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_BROKEN = (zipfile.BadZipFile, zlib.error, EOFError, OSError, RuntimeError, NotImplementedError, ValueError)


class PackedError(ValueError):
    """A packed file that cannot be unpacked, or not within the bounds; the message says why."""


def is_packed(data: bytes) -> bool:
    """Whether a file shows itself as gzip or zip by its first bytes."""
    return data.startswith((_GZIP, _ZIP))


def unpacked(data: bytes) -> bytes:
    """What is in a gzip file or in a zip file of one member; other bytes as they are.  PackedError where it fails."""
    if data.startswith(_GZIP):
        return _of_gzip(data)
    return _of_zip(data) if data.startswith(_ZIP) else data


def _of_gzip(data: bytes) -> bytes:
    unpacking = zlib.decompressobj(wbits=31)
    try:
        text = unpacking.decompress(data, EXPANDED + 1)
    except zlib.error as error:
        raise PackedError(f"the gzip file is broken: {error}") from None
    _bounded(text)
    if not unpacking.eof:
        raise PackedError("the gzip file is cut short")
    return text


def _of_zip(data: bytes) -> bytes:
    if data.count(_ENTRY) > _ENTRIES:
        raise PackedError("the zip file has many members, and a report comes in one")
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            return _bounded(_of_member(archive))
    except _BROKEN as error:
        raise PackedError(f"the zip file cannot be read: {error}") from None


def _of_member(archive: zipfile.ZipFile) -> bytes:
    members = [each for each in archive.infolist() if not each.is_dir()]
    if len(members) != 1:
        raise PackedError(f"it has {len(members)} members, and a report comes in one")
    if members[0].compress_type not in _METHODS:
        raise PackedError("it is packed by an unusual method: pack it by deflate")
    with archive.open(members[0]) as member:
        return member.read(EXPANDED + 1)


def _bounded(text: bytes) -> bytes:
    if len(text) > EXPANDED:
        raise PackedError(f"it unpacks to more than {EXPANDED >> 20} MiB")
    return text
