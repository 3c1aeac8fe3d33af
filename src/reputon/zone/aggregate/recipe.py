"""Recipe: which lists go into an aggregate zone, under which codes, and by whose leave: a TOML file, checked."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from reputon.lists import Catalogue, Pattern
from reputon.lists.blocklist import octets_of
from reputon.zone.content import LONGEST_TTL, MOST_CODES, ContentError
from reputon.zone.reading.prefixes import name as domain

MOST_FILES = 100
LONGEST_WORDS = 300  # characters of a name, a path or the terms
_LONGEST_NAME = 60
_RESERVED = Pattern.parse("127.255.255.[0..255]")  # of errors, by custom
_NOT_LISTED = "127.0.0.1"  # what RFC 5782 section 2.1 tells lists not to use

_ZONE: dict[str, type] = {
    "zone": str, "receiver": str, "contact": str, "name_servers": list, "ttl": int, "negative_ttl": int, "list": list,
}  # fmt: skip
_LIST: dict[str, type] = {
    "name": str, "terms": str, "code": str, "format": str, "type": str, "files": list, "only": list,
}  # fmt: skip
_WORDS = {str: "a text", int: "a whole number", list: "an array"}


@dataclass(frozen=True, slots=True)
class Part:
    """One list: `code` is ours for it, `only` those of its own codes that count (none: all), `terms` why we may."""

    name: str
    terms: str
    code: str
    format: str
    files: tuple[str, ...]
    type: str = ""  # rbldnsd's, of every file
    only: tuple[Pattern, ...] = ()

    def takes(self, codes: tuple[str, ...]) -> bool:
        """Whether an entry with these codes of the list's own counts."""
        return not self.only or any(pattern.matches(code) for pattern in self.only for code in codes)


@dataclass(frozen=True, slots=True)
class Recipe:
    """The zone; seconds."""

    zone: str
    parts: tuple[Part, ...]
    receiver: str = ""
    contact: str = ""
    name_servers: tuple[str, ...] = ()
    ttl: int = 300
    negative_ttl: int = 60


def recipe(table: Mapping[str, Any]) -> Recipe:
    """The recipe that a TOML file is; ContentError names the key that is wrong."""
    _check(table, _ZONE, ("zone", "list"), "the file")
    parts = tuple(_part(each) for each in table["list"])
    if not 0 < len(parts) <= MOST_CODES:
        raise ContentError(f"{len(parts)} lists: an answer has room for 1 to {MOST_CODES}: make several zones of more")
    for key in ("name", "code"):
        said = [getattr(each, key).casefold() for each in parts]
        if twice := next((each for each in said if said.count(each) > 1), ""):
            raise ContentError(f"two lists have the {key} {twice!r}: nobody could tell which of them spoke")
    servers = tuple(domain(each) for each in _texts(table, "name_servers"))
    contact = domain(table["contact"].replace("@", ".")) if "contact" in table else ""
    times = {key: _seconds(key, table[key]) for key in ("ttl", "negative_ttl") if key in table}
    receiver = _words("receiver", table.get("receiver", ""))
    return Recipe(domain(table["zone"]), parts, receiver, contact, servers, **times)


def mirror(made: Recipe, catalogue: Catalogue) -> str:
    """The TOML by which others' `reputon diagnose` reads the zone's codes (docs/lists.md); unknown lists with it."""
    lines: list[str] = []
    for part in made.parts:
        if catalogue.by_name(part.name) is None:
            lines += ["[[list]]", f"name = {_quoted(part.name)}", 'zone = ""', 'status = "private"']
            lines += ['subjects = ["ip4", "ip6", "domain"]', f"note = {_quoted(part.terms)}", ""]
    lines += ["[[mirror]]", f"zone = {_quoted(made.zone)}"]
    lines += [f"receiver = {_quoted(made.receiver)}"] if made.receiver else []
    lines += ["[mirror.codes]", *(f"{_quoted(part.code)} = {_quoted(_known(part, catalogue))}" for part in made.parts)]
    return "\n".join(lines) + "\n"


def _known(part: Part, catalogue: Catalogue) -> str:
    entry = catalogue.by_name(part.name)
    return part.name if entry is None else entry.name


def doubts(made: Recipe, catalogue: Catalogue) -> list[str]:
    """What somebody who knows the lists would ask about this choice."""
    found = []
    for part in made.parts:
        entry = catalogue.by_name(part.name)
        if entry is None:
            found.append(f"{part.name}: in no catalogue: others learn of it by the mirror's own table")
        elif entry.is_closed:
            found.append(f"{part.name}: it has ended: its files list nobody, or everybody")
        elif entry.is_white and not part.only:
            found.append(f"{part.name}: it lists the good: do not refuse by {part.code}")
    return found


def _part(table: Any) -> Part:
    if not isinstance(table, dict):
        raise ContentError("`list`: write each as a table, [[list]]")
    where = f"list {str(table.get('name', '?'))[:40]!r}"
    if "terms" not in table:
        raise ContentError(f"{where}: `terms` is missing: write where its operator allows you to republish it")
    _check(table, _LIST, ("name", "code", "format", "files"), where)
    label, terms = _words("name", table["name"], _LONGEST_NAME), _words("terms", table["terms"])
    files = tuple(_words("files", each) for each in _texts(table, "files"))
    if not label or not terms or not 0 < len(files) <= MOST_FILES:
        raise ContentError(f"{where}: write a name, the terms, and 1 to {MOST_FILES} files")
    if "type" in table and table["format"] != "rbldnsd":
        raise ContentError(f"{where}: `type` is of rbldnsd's files: leave it out")
    only = tuple(_pattern(each, where) for each in _texts(table, "only"))
    return Part(label, terms, _code(table["code"], where), table["format"], files, table.get("type", ""), only)


def _check(table: Mapping[str, Any], shape: Mapping[str, type], needed: tuple[str, ...], where: str) -> None:
    for key, told in table.items():
        if key not in shape:
            raise ContentError(f"{where}: there is no key `{key[:40]}` (known: {', '.join(shape)})")
        if type(told) is not shape[key]:  # a bool is no number
            raise ContentError(f"{where}: `{key}`: write {_WORDS[shape[key]]}")
    if missing := [key for key in needed if key not in table]:
        raise ContentError(f"{where}: `{missing[0]}` is missing")


def _texts(table: Mapping[str, Any], key: str) -> list[str]:
    found = table.get(key, [])
    if not all(isinstance(each, str) for each in found):
        raise ContentError(f"`{key}`: write texts")
    return list(found)


def _words(key: str, text: str, longest: int = LONGEST_WORDS) -> str:
    if len(text) > longest or not text.isprintable():
        raise ContentError(f"`{key}` {text[:40]!r}: write at most {longest} printable characters")
    return text.strip()


def _seconds(key: str, number: int) -> int:
    if not 0 < number <= LONGEST_TTL:
        raise ContentError(f"`{key}` {number}: write 1 to {LONGEST_TTL} seconds")
    return number


def _code(text: str, where: str) -> str:
    octets = octets_of(text) or (0,)
    code = ".".join(map(str, octets))
    if octets[0] != 127 or _RESERVED.matches(code) or code == _NOT_LISTED:
        raise ContentError(
            f"{where}: `code` {text[:40]!r}: write 127.0.0.2 or another of 127.0.0.0/8; 127.0.0.1 and 127.255.255.x "
            "are no listings"
        )
    return code


def _pattern(text: str, where: str) -> Pattern:
    try:
        return Pattern.parse(text)
    except ValueError as error:
        raise ContentError(f"{where}: `only`: {error}") from None


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)  # TOML's basic strings are written so too (printable ones)
