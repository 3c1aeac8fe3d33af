"""Compound: the container of Outlook's files (MS-CFB), opened within bounds; imported when there is one to open."""

from functools import cached_property
from io import BytesIO
from struct import Struct
from typing import Any

from olefile import OleFileIO
from oxmsg.storage import Storage

ENTRIES = 30_000  # streams and folders of a file; a recipient has some 15

_HEADER = Struct("<30xHH10xI16xI4xI")  # sizes of sectors as powers of two; sectors of FAT, mini FAT and DIFAT
_SPARE = 16  # sectors of a table that a small file may have too many


def opened(data: bytes) -> Storage:
    """The root of a file, whose streams are all in memory; ValueError for one that claims more than it holds.

    For a broken file, whatever else the libraries raise.
    """
    _check_tables(data)
    with _Known(BytesIO(data)) as file:
        # Many entries may claim the same bytes, and each is read into memory.
        if sum(each.size for each in file.direntries if each is not None) > 2 * len(data):
            raise ValueError("its entries claim more than it holds")
        return Storage.from_ole(file)


def _check_tables(data: bytes) -> None:
    """ValueError where the header claims longer tables of sectors than the file can have (MS-CFB section 2.2).

    olefile reads as many as are claimed, the same ones again and again if they point to each other: two kilobytes
    would take all memory.
    """
    if len(data) < _HEADER.size:
        raise ValueError("its header is cut short")
    shift, mini_shift, of_fat, of_mini_fat, of_difat = _HEADER.unpack_from(data)
    if shift not in (9, 12) or mini_shift != 6:
        raise ValueError("its sectors have a size that there is not")
    sectors = len(data) >> shift
    # Each sector of a table tells of a quarter as many sectors, or small ones of 64 bytes, as it has bytes.
    room = 2 * (sectors >> (shift - 2)) + _SPARE
    if of_fat > room or of_difat > room or of_mini_fat > 2 * (sectors >> 4) + _SPARE:
        raise ValueError("its tables are longer than it is")


class _Known(OleFileIO):  # type: ignore[misc]  # olefile ships no types
    """A file that is asked for each of its streams by name, and would search all names each time."""

    def _load_direntry(self, sid: int) -> Any:
        if sid >= ENTRIES:
            raise ValueError(f"it has more than {ENTRIES} entries")
        return super()._load_direntry(sid)

    def _find(self, filename: str) -> int:
        return self._places[filename.lower()]

    @cached_property
    def _places(self) -> dict[str, int]:
        """Where each stream and folder stands, by its path in lower case."""
        found: dict[str, int] = {}
        inside = [(kid.name, kid) for kid in self.root.kids]
        seen: set[int] = set()
        while inside:
            path, entry = inside.pop()
            if entry.sid in seen:
                raise ValueError("a folder of it lies within itself")
            seen.add(entry.sid)
            found[path.lower()] = entry.sid
            inside += [(f"{path}/{kid.name}", kid) for kid in entry.kids]
        return found
