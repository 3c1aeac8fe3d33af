"""Inquiry: a list as it is asked: which lists are chosen, with which key, by which names."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from reputon.check.meaning import cannot_be_asked
from reputon.check.subjects import CheckError, labelled
from reputon.lists import BlockList, Catalogue
from reputon.lists.blocklist import SubjectKind
from reputon.resolver import Answer, Question

_MASK = "***"  # what is shown of a key


@dataclass(frozen=True, slots=True)
class Inquiry:
    """One list for one kind of subject: its zone (with the key in it) and its two test entries, or why not asked.

    `mark` names the test in the memory of runs: it holds a hash of the key, so that a mended key is a new list.
    """

    entry: BlockList
    matters: bool
    why: str | None = None
    zone: str = field(default="", repr=False)
    always: Question = field(default=Question("", "A"), repr=False)
    never: Question = field(default=Question("", "A"), repr=False)
    key: str | None = field(default=None, repr=False)
    mark: str = ""


def keys_of(catalogue: Catalogue, keys: Mapping[str, str]) -> dict[str, str]:
    """The keys by canonical name of their list; CheckError names the list, never the key."""
    held = {}
    for name, key in keys.items():
        entry = catalogue.find(name)
        if entry is None or entry.keyed is None:
            able = ", ".join(each.name for each in catalogue.lists if each.keyed)
            # The name is not repeated: whoever mixed up the two halves has written the key there.
            raise CheckError(f"a key was given for something that is no list with keys (these have: {able})")
        if not key or len(key) > 63 or not key.isascii() or not key.replace("-", "").replace("_", "").isalnum():
            raise CheckError(f"the key of {entry.name} is not one label of a domain name: copy it once more")
        held[entry.name] = key
    return held


def chosen(catalogue: Catalogue, only: Iterable[str] | None, keys: Mapping[str, str]) -> list[tuple[BlockList, bool]]:
    """The lists to ask, and whether each matters: by default all that can be asked, without those part of another."""
    if only is None:
        everyday = (entry for entry in catalogue.lists if entry.can_be_asked and entry.part_of is None)
        return [(entry, _matters(entry, keys)) for entry in everyday]
    named = (catalogue.find(name) for name in only)
    found = {entry.name: entry for entry in named if entry is not None}
    return [(entry, not entry.is_closed) for entry in found.values()]


def _matters(entry: BlockList, keys: Mapping[str, str]) -> bool:
    """Whether receivers refuse by it, and it is ours to ask."""
    return entry.impact != "low" and not entry.is_white and (not entry.needs_key or entry.name in keys)


def inquiry(entry: BlockList, matters: bool, kind: SubjectKind, keys: Mapping[str, str]) -> Inquiry:
    """How a list is asked about subjects of a kind, or why it is not."""
    why = cannot_be_asked(entry)
    if why is not None:
        return Inquiry(entry, matters, why)
    key = keys.get(entry.name) or keys.get(entry.part_of or "")
    if entry.needs_key and key is None:
        return Inquiry(entry, matters, f"not asked: it needs {entry.registration or 'a key'} (--key, or lists.keys)")
    zone = entry.keyed.replace("{key}", key) if entry.keyed and key else entry.zone
    always, never = (Question(f"{labelled(point).labels}.{zone}", "A") for point in entry.test_points(kind))
    mark = always.name.replace(key, _hash(key)) if key else always.name
    return Inquiry(entry, matters, None, zone, always, never, key, mark)


def _hash(key: str) -> str:
    from hashlib import sha256  # 3 ms, and few have keys

    return sha256(key.encode()).hexdigest()[:12]


def masked(answer: Answer, key: str | None) -> Answer:
    """The answer as it may be shown: without the key, which servers and lists repeat, and without control codes."""
    if not key and answer.why.isprintable() and all(map(str.isprintable, answer.records)):
        return answer

    def clean(text: str) -> str:
        text = text.replace(key, _MASK) if key else text
        return "".join(character if character.isprintable() else " " for character in text)

    return Answer(answer.question, answer.status, tuple(map(clean, answer.records)), clean(answer.why))
