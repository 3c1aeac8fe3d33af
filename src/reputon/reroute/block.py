"""Block: our lines in somebody else's file: marked, sealed against edits, and taken out without a trace.

A block begins with a line that carries a digest of what is in it, so that an edit by hand is noticed, and two notes:
`new` (the file was not there) and `open` (its last line had no end).  Lines that the block stands in for are kept
in it behind `#| `.
"""

import hashlib
from dataclasses import dataclass

from reputon.reroute.incident import RerouteError, lines

BEGIN = "# reputon begin "
END = "# reputon end"
KEPT = "#| "
_WORDS = "lines of `reputon reroute`, taken out by `reputon reroute revert`: do not edit"


@dataclass(frozen=True, slots=True)
class _Found:
    before: tuple[str, ...]
    body: tuple[str, ...]
    after: tuple[str, ...]
    notes: tuple[str, ...]


def put(text: str | None, body: str, name: str, where: tuple[int, int] | None = None) -> str:
    """The text with a block of `body` in it, at its end, or in place of the lines `where` (from, to).

    The text has no block yet (see `out`).  `name` is the file's, for messages.
    """
    notes = (("new",) if text is None else ()) + (("open",) if text and not text.endswith("\n") else ())
    found = lines(f"{text}\n" if "open" in notes else text or "")
    start, stop = where if where is not None else (len(found), len(found))
    inside = [KEPT + line for line in found[start:stop]] + lines(body)
    if any(line.startswith((BEGIN.rstrip(), END)) for line in (*found, *inside)):
        raise RerouteError(f"{name} has a mark of reputon that nothing belongs to: take the line `# reputon ...` out")
    head = f"{BEGIN}{_seal(inside, notes)}{''.join(f' {note}' for note in notes)}: {_WORDS}\n"
    return "".join([*found[:start], head, *inside, f"{END}\n", *found[stop:]])


def out(text: str | None, name: str) -> str | None:
    """The text as it would be without our block; RerouteError where the block was edited by hand."""
    found = _find(text, name) if text is not None else None
    if found is None:
        return text
    kept = [line.removeprefix(KEPT) for line in found.body if line.startswith(KEPT)]
    rest = "".join([*found.before, *kept, *found.after])
    if "open" in found.notes:
        rest = rest.removesuffix("\n")
    return None if "new" in found.notes and not rest else rest


def _find(text: str, name: str) -> _Found | None:
    all_lines = lines(text)
    begins = [at for at, line in enumerate(all_lines) if line.startswith(BEGIN.rstrip())]
    ends = [at for at, line in enumerate(all_lines) if line.startswith(END)]
    if not begins and not ends:
        return None
    if len(begins) != 1 or len(ends) != 1 or begins[0] > ends[0] or all_lines[ends[0]].removesuffix("\n") != END:
        raise _edited(name)
    start, stop = begins[0], ends[0]
    seal, *notes = all_lines[start].removeprefix(BEGIN).partition(":")[0].split(" ")
    body = all_lines[start + 1 : stop]
    if seal != _seal(body, tuple(notes)):
        raise _edited(name)
    return _Found(tuple(all_lines[:start]), tuple(body), tuple(all_lines[stop + 1 :]), tuple(notes))


def _edited(name: str) -> RerouteError:
    return RerouteError(
        f"{name}: the lines between `{BEGIN.rstrip()}` and `{END}` were edited by hand: put them back, or take them out"
        " (lines behind `#| ` are your own)"
    )


def _seal(body: list[str], notes: tuple[str, ...]) -> str:
    content = "".join([*(f"{note}\n" for note in notes), *body])
    return hashlib.sha256(content.encode(errors="surrogateescape")).hexdigest()[:12]
