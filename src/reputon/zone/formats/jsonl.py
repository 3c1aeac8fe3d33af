"""JSON lines: one object on a line: an entry, a record, or what holds for the whole zone; nothing of it is lost."""

import json
from collections.abc import Callable, Iterator, Sequence, Set
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any, TextIO

from reputon.zone.content import OF_ZONE, Content, ContentError, Soa, Value
from reputon.zone.reading.generic import record
from reputon.zone.reading.lines import blocks, changed
from reputon.zone.reading.prefixes import name
from reputon.zone.reading.reading import Reading, plain_soa
from reputon.zone.reading.rows import Filling, in_range, rows, time_of, time_text, value

BEGIN = '{"subject": "'
ENTRY: dict[str, type] = {"subject": str, "codes": list, "texts": list, "ttl": int, "expires": str, "list": str}
ZONE: dict[str, type] = {
    "zone": str,
    "soa": dict,
    "name_servers": list,
    "name_server_ttl": int,
    "ttl": int,
    "stale": str,
}
RECORD: dict[str, type] = {"record": str, "type": str, "ttl": int, "text": str}
SOA: dict[str, type] = {each.name: str if each.name in ("primary", "contact") else int for each in fields(Soa)}
MOST_RECORDS = 10_000
_WORDS = {str: "a text", int: "a whole number", list: "a list of texts", dict: "an object"}


def read(files: Sequence[str], origin: str, now: int) -> Reading:  # noqa: ARG001 - as all readers are called
    """The zone that the lines of some files say together; `origin` counts, not the name that they may tell.

    An entry has `subject` and `codes`, and may have `texts`, `ttl`, `expires` and `list`; raises ContentError.
    """
    if not files:
        raise ContentError("no file to read: name one")
    apex = name(origin)
    paths = [Path(each) for each in files]
    content = Content(apex, plain_soa(apex, (), max(map(changed, paths))))
    filling, reading = Filling(content), Reading([content])
    known: dict[str, tuple[int, str]] = {}
    for path in paths:
        for number, block in blocks(path):
            for at, line in enumerate(block):
                try:
                    _line(filling, line, known)
                except ContentError as problem:
                    raise ContentError(f"{path} line {number + at}: {problem}") from None
    filling.finish(reading)
    return reading


def write(content: Content, out: TextIO) -> None:
    """All that a zone says: first what holds for the whole, then its records, then every entry."""
    out.writelines(json.dumps(each, ensure_ascii=False) + "\n" for each in _head(content))
    ends = [_end(content, index) for index in range(len(content.values))]
    labels = {each.name: f', "list": {json.dumps(each.name)}}}\n' if each.name else "}\n" for each in content.datasets}
    out.writelines(f'{{"subject": "{subject}", {ends[index]}{labels[label]}' for subject, index, label in rows(content))


def _head(content: Content) -> Iterator[dict[str, Any]]:
    yield {
        "zone": content.apex,
        "soa": asdict(content.soa),
        "name_servers": list(content.name_servers),
        "name_server_ttl": content.name_server_ttl,
        "ttl": content.ttl,
        "stale": time_text(content.stale),
    }
    for each in content.records:
        yield {"record": each.owner, "type": each.rdtype, "ttl": each.ttl, "text": each.text}


def _end(content: Content, index: int) -> str:
    """What an entry says, as the middle of its line; no name of ours, nor a prefix, needs a backslash before that."""
    said = content.values[index]
    found: dict[str, Any] = {"codes": list(said.codes)}
    found |= {"texts": list(said.texts)} if said.texts else {}
    found |= {"ttl": said.ttl} if said.ttl != OF_ZONE else {}
    found |= {"expires": time_text(said.expires)} if said.expires else {}
    return json.dumps(found, ensure_ascii=False)[1:-1]


def _line(filling: Filling, line: str, known: dict[str, tuple[int, str]]) -> None:
    """Take a line; many lines of entries end like one before, as we write them, and say the same."""
    head, _, end = line.partition('", ')
    subject = head.removeprefix(BEGIN)
    said = known.get(end) if len(subject) < len(head) and "\\" not in head else None
    if said:
        filling.add(subject, *said)
    elif line and not line.isspace():
        found = _object(line)
        _take(filling, found)
        if found.get("subject") == subject and BEGIN[1:-3] not in end:
            known[end] = filling.index(_said(found)), found.get("list", "")


def _object(line: str) -> dict[str, Any]:
    try:
        found = json.loads(line)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise ContentError('no JSON object: write one on a line, like {"subject": "192.0.2.1", "codes": [...]}')
    return found


def _take(filling: Filling, found: dict[str, Any]) -> None:
    for key, (shape, needed, take) in _KINDS.items():
        if key in found:
            _check(found, shape, needed)
            take(filling, found)
            return
    raise ContentError(f"neither {' nor '.join(_KINDS)} is in it: write one of them")


def _entry(filling: Filling, found: dict[str, Any]) -> None:
    filling.add(found["subject"], filling.index(_said(found)), found.get("list", ""))


def _said(found: dict[str, Any]) -> Value:
    return value(found["codes"], found.get("texts", []), found.get("ttl", OF_ZONE), found.get("expires", ""))


def _record(filling: Filling, found: dict[str, Any]) -> None:
    made = record(found["record"], found["type"], found["ttl"], found["text"], filling.longest)
    if len(filling.content.records) >= MOST_RECORDS:
        raise ContentError(f"more than {MOST_RECORDS} records: leave some out")
    filling.content.records.append(made)


def _zone(filling: Filling, found: dict[str, Any]) -> None:
    content = filling.content
    if "soa" in found:
        _check(found["soa"], SOA)
        said = {key: name(x) if SOA[key] is str else in_range(key, x) for key, x in found["soa"].items()}
        content.soa = Soa(**{**asdict(content.soa), **said})
    content.name_servers = tuple(name(each) for each in found.get("name_servers", content.name_servers))
    content.name_server_ttl = in_range("name_server_ttl", found.get("name_server_ttl", content.name_server_ttl))
    content.ttl = in_range("ttl", found.get("ttl", content.ttl))
    content.stale = time_of(found.get("stale", time_text(content.stale)))


_KINDS: dict[str, tuple[dict[str, type], set[str], Callable[[Filling, dict[str, Any]], None]]] = {
    "subject": (ENTRY, {"codes"}, _entry),
    "zone": (ZONE, set(), _zone),
    "record": (RECORD, set(RECORD), _record),
}


def _check(found: dict[str, Any], shape: dict[str, type], needed: Set[str] = frozenset()) -> None:
    """Whether an object has the keys that it needs, and no others, with values of their types."""
    for key, told in found.items():
        if key not in shape:
            raise ContentError(f"{key[:40]!r} is no key of it: write {', '.join(shape)}")
        is_right = type(told) is shape[key]  # a bool is no number
        if not is_right or (isinstance(told, list) and not all(isinstance(each, str) for each in told)):
            raise ContentError(f"{key!r}: write {_WORDS[shape[key]]}")
    if missing := needed - set(found):
        raise ContentError(f"{', '.join(sorted(missing))} is missing: write it")
