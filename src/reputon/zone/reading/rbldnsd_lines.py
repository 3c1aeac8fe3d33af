"""Lines of rbldnsd: what the lines of each type of dataset say."""

import re
from collections.abc import Callable
from socket import AF_INET, inet_pton

from reputon.zone.content import EXCLUDED, ContentError, Covers, prefixes4
from reputon.zone.reading.prefixes import name, prefix4, prefix6, range4
from reputon.zone.reading.rbldnsd_draft import ONE, Draft
from reputon.zone.reading.rbldnsd_generic import record
from reputon.zone.reading.rbldnsd_specials import special

SPACE = " \t"
_ADDRESS4 = re.compile(r"[^ \t#;:]*")
_ADDRESS6 = re.compile(r"[^ \t#;/]*(?:/[0-9]*)?")
_NAME = re.compile(r"[^ \t]*")


def take(draft: Draft, lines: list[str], start: int) -> int:
    """Take the lines from `start` on; the place of the first special one, or their number.

    Raises ContentError; `draft.at` is the place of the line that is wrong.
    """
    if draft.kind in ("ip4set", "ip4trie", "ip4tset"):
        return _take4(draft, lines, start)
    for at in range(start, len(lines)):
        if not _take_one(draft, lines, at):
            return at
    return len(lines)


def _take4(draft: Draft, lines: list[str], start: int) -> int:
    """As `take`; a whole address with a value that is known already is read with as few steps as there can be."""
    add_first, add_length = draft.dataset.first4.append, draft.dataset.length4.append
    add_value, number = draft.dataset.value4.append, int.from_bytes
    known = draft.known
    for at in range(start, len(lines)):
        address, _, text = lines[at].partition(" ")
        try:
            first = number(inet_pton(AF_INET, address), "big")
            value = known[text]
        except (OSError, ValueError, KeyError):  # not this simple, which is not to say wrong
            if not _take_one(draft, lines, at):
                return at
            known = draft.known
        else:
            add_first(first)
            add_length(32)
            add_value(value)
    return len(lines)


def _take_one(draft: Draft, lines: list[str], at: int) -> bool:
    """Whether the line is not a special one."""
    draft.at = at
    text = lines[at].strip(" \t\r")
    if special(text):
        return False
    if text.startswith(":") and not (draft.kind == "ip6trie" and text.startswith("::")):
        draft.take_default(text)
    elif text and text[0] not in "#;":
        LINES[draft.kind](draft, text)
    return True


def _ip4set(draft: Draft, line: str) -> None:
    excluded, address, text = _parts(line, _ADDRESS4)
    first, last, length = range4(address)
    if _is_too_wide(draft, address, last - first + 1):
        return
    value = EXCLUDED if excluded else draft.value(text)
    for each in ((first, length),) if length >= 0 else prefixes4(first, last):
        draft.dataset.add4(*each, value)


def _ip4trie(draft: Draft, line: str) -> None:
    excluded, address, text = _parts(line, _ADDRESS4)
    first, length = prefix4(address)
    if not _is_too_wide(draft, address, 1 << 32 - length):
        draft.dataset.add4(first, length, EXCLUDED if excluded else draft.value(text))


def _ip4tset(draft: Draft, line: str) -> None:
    excluded, address, _ = _parts(line, _ADDRESS4)
    first, length = prefix4(address)
    if excluded or length != 32:
        raise ContentError(f"{line[:40]!r}: ip4tset has single addresses: write it into an ip4set")
    draft.dataset.add4(first, 32, ONE)


def _ip6trie(draft: Draft, line: str) -> None:
    excluded, address, text = _parts(line, _ADDRESS6)
    first, length = prefix6(address)
    draft.dataset.add6(first, length, EXCLUDED if excluded else draft.value(text))


def _ip6tset(draft: Draft, line: str) -> None:
    excluded, address, _ = _parts(line, _ADDRESS6)
    first, length = prefix6(address)
    if "/" in address or length != (128 if excluded else 64):
        raise ContentError(
            f"{line[:60]!r}: ip6tset has four words, and whole addresses after `!`: write it into an ip6trie"
        )
    draft.dataset.add6(first, length, EXCLUDED if excluded else ONE)


def _dnset(draft: Draft, line: str) -> None:
    excluded, written, text = _parts(line, _NAME)
    covers, tail = Covers.ITSELF, written
    if written.startswith("."):
        covers, tail = Covers.BOTH, written[1:]
    elif written.startswith("*."):
        covers, tail = Covers.BELOW, written[2:]
    draft.dataset.add_name(name(tail, draft.longest), covers, EXCLUDED if excluded else draft.value(text))


def _generic(draft: Draft, line: str) -> None:
    draft.records.append(record(line, draft.specials.ttl, draft.longest))


def _combined(_draft: Draft, line: str) -> None:
    raise ContentError(f"{line[:40]!r} belongs to no dataset: write a line $DATASET TYPE @ before it")


LINES: dict[str, Callable[[Draft, str], None]] = {
    "ip4set": _ip4set,
    "ip4tset": _ip4tset,
    "ip4trie": _ip4trie,
    "ip6tset": _ip6tset,
    "ip6trie": _ip6trie,
    "dnset": _dnset,
    "generic": _generic,
    "combined": _combined,
}


def told(line: str) -> str:
    """The type of the dataset that begins with this entry, where nobody says it."""
    _, written, _ = _parts(line, _NAME)
    _, address, _ = _parts(line, _ADDRESS4)
    if not address.strip("0123456789./-") and address.strip("0123456789"):
        return "ip4set"
    return "ip6trie" if ":" in written else "dnset"


def _parts(line: str, pattern: "re.Pattern[str]") -> tuple[bool, str, str]:
    """Whether an entry is excluded, what it is of, and what stands after that."""
    excluded = line.startswith("!")
    if excluded:
        line = line[1:].lstrip(SPACE)
    found = pattern.match(line)
    assert found  # each pattern takes an empty text too
    return excluded, found[0], line[found.end() :].strip(SPACE)


def _is_too_wide(draft: Draft, address: str, size: int) -> bool:
    if size <= draft.specials.widest:
        return False
    draft.warn(f"{address} is left out: wider than $MAXRANGE4 {draft.specials.widest}")
    return True
