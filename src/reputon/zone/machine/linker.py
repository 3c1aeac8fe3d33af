"""Linker: an object file to code that may lie anywhere, without the tools of a C compiler, which servers lack.

The code needs nothing but its arguments, and finds its own constants by how far away they are.
"""

import platform
import struct
from collections.abc import Iterable

# ELF-64 (System V ABI; psABI of x86-64 section 4.4).
_START, _SECTION, _SYMBOL, _CHANGE = "<16sHHIQQQIHHHHHH", "<IIQQQQIIQQ", "<IBBHQQ", "<QQq"
_RELOCATABLE, _X86_64 = 1, 62
_BITS, _SYMBOLS, _CHANGES = 1, 2, 4  # types of sections
_WRITE, _IN_MEMORY = 1, 2  # flags of sections
_PUBLIC_FUNCTION = 0x12
_DISTANCES = (2, 4)  # R_X86_64_PC32, R_X86_64_PLT32: how far away something is, in 32 bits


class LinkError(ValueError):
    """Code that cannot be linked; the message says why."""


def can_link() -> bool:
    """Whether code for this processor can be linked."""
    return platform.machine() == "x86_64"


def link(object_: bytes) -> tuple[bytes, int]:
    """The code of a relocatable ELF file, and where its public function begins; LinkError."""
    start = struct.unpack_from(_START, object_.ljust(struct.calcsize(_START), b"\0"))
    if object_[:6] != b"\x7fELF\x02\x01" or start[1:3] != (_RELOCATABLE, _X86_64):
        raise LinkError("only code for x86-64 can be linked")
    at, step, count = start[6], start[11], start[12]
    sections = [struct.unpack_from(_SECTION, object_, at + step * each) for each in range(count)]
    code, places = _put(object_, sections)
    symbols = [each for of in sections if of[1] == _SYMBOLS for each in _rows(object_, of, _SYMBOL)]
    for section in sections:
        if section[1] == _CHANGES and section[7] in places:
            _change(code, places[section[7]], _rows(object_, section, _CHANGE), symbols, places)
    public = [places[each[3]] + each[4] for each in symbols if each[1] == _PUBLIC_FUNCTION and each[3] in places]
    if len(public) != 1:
        raise LinkError(f"the code has {len(public)} public functions, not one")
    return bytes(code), public[0]


def _put(object_: bytes, sections: list[tuple[int, ...]]) -> tuple[bytearray, dict[int, int]]:
    """The sections that are code and constants, one after the other, and where each begins."""
    code, places = bytearray(), {}
    for number, (_, kind, flags, _, begin, size, _, _, alignment, _) in enumerate(sections):
        if kind == _BITS and flags & _IN_MEMORY and not flags & _WRITE:
            code += bytes(-len(code) % max(1, alignment))
            places[number] = len(code)
            code += object_[begin : begin + size]
    return code, places


def _rows(object_: bytes, section: tuple[int, ...], form: str) -> list[tuple[int, ...]]:
    begin, size = section[4], section[5]
    return list(struct.iter_unpack(form, object_[begin : begin + size]))


def _change(
    code: bytearray,
    base: int,
    changes: Iterable[tuple[int, ...]],
    symbols: list[tuple[int, ...]],
    places: dict[int, int],
) -> None:
    """Write into one section how far away from it is what it refers to."""
    for offset, info, addend in changes:
        symbol = symbols[info >> 32]
        if info & 0xFFFF_FFFF not in _DISTANCES or symbol[3] not in places:
            raise LinkError(f"the code needs something outside of it (relocation {info & 0xFFFF_FFFF})")
        at = base + offset
        struct.pack_into("<i", code, at, places[symbol[3]] + symbol[4] + addend - at)
