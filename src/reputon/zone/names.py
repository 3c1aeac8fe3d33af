"""Names: those of a zone as nodes: what each says itself and for all below it, and what is there at all."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from reputon.zone.content import EXCLUDED, LONGEST_LABEL, LONGEST_NAME, ContentError, Covers, Dataset

Combine = Callable[[Sequence[int]], int]
_NOT_SAID = -1


@dataclass(slots=True)
class Node:
    """A name.  `self_` and `below`: values; `records`: how many generic records; `exists`: RFC 8020."""

    self_: int = EXCLUDED
    below: int = EXCLUDED
    records: list[bytes] = field(default_factory=list)
    exists: bool = False


def wire(name: str) -> bytes:
    """A name in wire format without the root, in lower case; ContentError.  The empty name is the apex."""
    if not name:
        return b""
    parts = []
    for label in name.rstrip(".").lower().split("."):
        raw = label.encode("latin-1", "replace") if label.isascii() else b""
        if not 0 < len(raw) <= LONGEST_LABEL:
            raise ContentError(f"{name[:80]!r} is no name: labels have 1 to {LONGEST_LABEL} letters of ASCII")
        parts.append(bytes((len(raw),)) + raw)
    made = b"".join(parts)
    if len(made) >= LONGEST_NAME:
        raise ContentError(f"{name[:80]!r} is longer than {LONGEST_NAME} bytes")
    return made


def gather(datasets: Sequence[Dataset], records: Sequence[tuple[bytes, bytes]], combine: Combine) -> dict[bytes, Node]:
    """The nodes by their owner, parents before children; records are (owner, record from its type on)."""
    said = [_said(each, combine) for each in datasets]
    owners = {b""}
    for owner in (*(name for each in said for name in each), *(owner for owner, _ in records)):
        above = owner
        while above not in owners:
            owners.add(above)
            above = _parent(above)
    nodes: dict[bytes, Node] = {}
    below: dict[bytes, tuple[int, ...]] = {b"": (EXCLUDED,) * len(said)}
    for owner in sorted(owners, key=_depth):
        parent = below[_parent(owner)]
        mine = [each.get(owner, (_NOT_SAID, _NOT_SAID)) for each in said]
        selves = tuple(new if new != _NOT_SAID else old for (new, _), old in zip(mine, parent, strict=True))
        inherited = tuple(new if new != _NOT_SAID else old for (_, new), old in zip(mine, parent, strict=True))
        below[owner] = inherited
        nodes[owner] = Node(_one(selves, combine), _one(inherited, combine))
    for owner, record in records:
        nodes[owner].records.append(record)
    _mark(nodes)
    return nodes


def _parent(owner: bytes) -> bytes:
    """The name above; the apex is its own."""
    return owner[owner[0] + 1 :] if owner else owner


def _depth(owner: bytes) -> int:
    depth = at = 0
    while at < len(owner):
        at += owner[at] + 1
        depth += 1
    return depth


def _said(dataset: Dataset, combine: Combine) -> dict[bytes, tuple[int, int]]:
    """What a list says of each of its names: itself, and below it; what it says twice is combined."""
    found: dict[bytes, tuple[int, int]] = {}
    for name, covers, value in zip(dataset.names, dataset.covers, dataset.value_of_name, strict=True):
        owner = wire(name)
        itself, below = found.get(owner, (_NOT_SAID, _NOT_SAID))
        if covers & Covers.ITSELF:
            itself = _both(itself, value, combine)
        if covers & Covers.BELOW:
            below = _both(below, value, combine)
        found[owner] = itself, below
    return found


def _both(old: int, new: int, combine: Combine) -> int:
    if old in (_NOT_SAID, new):
        return new
    return EXCLUDED if EXCLUDED in (old, new) else combine(sorted((old, new)))


def _one(values: Sequence[int], combine: Combine) -> int:
    listed = sorted({each for each in values if each != EXCLUDED})
    return combine(listed) if len(listed) > 1 else listed[0] if listed else EXCLUDED


def _mark(nodes: dict[bytes, Node]) -> None:
    """Mark what exists, children before parents."""
    for owner, node in reversed(nodes.items()):
        if node.self_ or node.below or node.records or node.exists or not owner:
            node.exists = True
            if owner:
                nodes[_parent(owner)].exists = True
