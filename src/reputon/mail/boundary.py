"""Boundary: the lines that separate the parts of a body, and what stands between them."""

import re

PARTS = 200  # parts that one body is split into

_SHOWN = re.compile(rb'(?im)^--([^\s"]{1,70})[ \t]{0,9}\ncontent-[a-z-]{1,30}:')


def shown(body: bytes) -> bytes:
    """The boundary that a body shows, whatever its header says: a line of it stands above a part's header."""
    found = _SHOWN.search(body)
    return found[1] if found else b""


def between(body: bytes, boundary: bytes) -> tuple[list[bytes], bool]:
    """What stands between a boundary's lines, and whether the closing one came."""
    found: list[list[bytes]] = []
    mark = b"\n--" + boundary
    for chunk in (b"\n" + body).split(mark, PARTS)[1:] if boundary else ():
        line, _, rest = chunk.partition(b"\n")
        line = line.rstrip(b" \t")
        if line == b"--":
            return [b"".join(each) for each in found], True
        if not line:
            found.append([rest])
        elif found:  # another container's boundary that begins like this one
            found[-1] += [mark, chunk]
    return [b"".join(each) for each in found], bool(found) and mark + b"--" in found[-1][-1]
