"""Asking the lists: names made of subjects and zones, all questions put at once, the answers judged."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from ipaddress import IPv6Address, ip_address

from reputon.check.meaning import (
    Answers,
    Checked,
    Result,
    State,
    cannot_be_asked,
    judge,
    not_asked,
    overall,
    with_text,
)
from reputon.lists import BlockList, Catalogue
from reputon.lists.blocklist import SubjectKind
from reputon.resolver import Answer, Question, Resolver
from reputon.subject import SubjectError, domain

_MASK = "***"  # what is shown of a key


class CheckError(ValueError):
    """A subject, list or key that cannot be used; the message says what to write instead, and never holds a key."""


@dataclass(frozen=True, slots=True)
class Target:
    """A subject as lists are asked for it: `labels` go in front of a zone."""

    text: str
    kind: SubjectKind
    labels: str


@dataclass(frozen=True, slots=True)
class Inquiry:
    """One list asked about one target: the question, and those about the list's two test entries."""

    entry: BlockList
    matters: bool
    question: Question
    always: Question
    never: Question
    key: str | None = field(default=None, repr=False)


def ask(
    subjects: Iterable[str],
    catalogue: Catalogue,
    resolver: Resolver,
    now: datetime,
    only: Iterable[str] | None = None,
    keys: Mapping[str, str] | None = None,
) -> list[Checked]:
    """What the lists say of each subject (address or domain) at the time `now`; CheckError for what is neither.

    `only` names lists (by name, zone or word): then each of them matters; a zone of no catalogue is asked as RFC 5782
    says, and what names no list is passed over.  `keys` are those of lists that want one, by the list's name.
    """
    targets = [target(subject) for subject in subjects]
    held = keys_of(catalogue, keys or {})
    chosen = _chosen(catalogue, only, held)
    inquiries = [[_inquiry(entry, matters, each, held) for entry, matters in chosen if each.kind in entry.subjects]
                 for each in targets]  # fmt: skip
    asked = [inquiry for row in inquiries for inquiry in row if isinstance(inquiry, Inquiry)]
    said = _put(resolver, (question for each in asked for question in (each.question, each.always, each.never)))
    rows = [[_judged(inquiry, said, now) for inquiry in row] for row in inquiries]
    words = _put(resolver, (Question(inquiry.question.name, "TXT") for row in rows for inquiry, result in row
                            if inquiry is not None and result.state in (State.LISTED, State.POLICY)))  # fmt: skip
    return [_checked(each, row, words) for each, row in zip(targets, rows, strict=True)]


def target(text: str) -> Target:
    """How lists are asked about what a person named; CheckError where it is neither an address nor a domain."""
    try:
        found = _target(text.strip().strip("[]"))
    except SubjectError as error:
        raise CheckError(f"{error}: give one address (no prefix), or a domain") from None
    if "." not in found.labels:
        raise CheckError(f"{text!r} is neither an IP address nor a domain name with a dot in it")
    return found


def _target(text: str) -> Target:
    try:
        address = ip_address(text.partition("%")[0])  # the interface of a link-local address is not DNS's business
    except ValueError:
        name = domain(text)
        return Target(name, "domain", name)
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        address = address.ipv4_mapped
    labels = address.reverse_pointer.removesuffix(".in-addr.arpa").removesuffix(".ip6.arpa")
    return Target(str(address), "ip4" if address.version == 4 else "ip6", labels)


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


def _chosen(catalogue: Catalogue, only: Iterable[str] | None, keys: Mapping[str, str]) -> list[tuple[BlockList, bool]]:
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


_Unasked = tuple[BlockList, bool, str]


def _inquiry(entry: BlockList, matters: bool, subject: Target, keys: Mapping[str, str]) -> Inquiry | _Unasked:
    """The questions for a list, or why there are none."""
    why = cannot_be_asked(entry)
    if why is not None:
        return entry, matters, why
    key = keys.get(entry.name) or keys.get(entry.part_of or "")
    if entry.needs_key and key is None:
        return entry, matters, f"not asked: it needs {entry.registration or 'a key'} (--key, or lists.keys)"
    zone = entry.keyed.replace("{key}", key) if entry.keyed and key else entry.zone
    names = (subject.labels, *(_target(point).labels for point in entry.test_points(subject.kind)))
    question, always, never = (Question(f"{name}.{zone}", "A") for name in names)
    return Inquiry(entry, matters, question, always, never, key)


def _put(resolver: Resolver, questions: Iterable[Question]) -> dict[Question, Answer]:
    """Each question once, all of them together."""
    once = list(dict.fromkeys(questions))
    return dict(zip(once, resolver.ask(once), strict=True)) if once else {}


def _judged(
    inquiry: Inquiry | _Unasked, said: Mapping[Question, Answer], now: datetime
) -> tuple[Inquiry | None, Result]:
    if not isinstance(inquiry, Inquiry):
        entry, matters, why = inquiry
        return None, not_asked(entry, why, now, matters)
    subject, always, never = (
        _masked(said[question], inquiry.key) for question in (inquiry.question, inquiry.always, inquiry.never)
    )
    return inquiry, judge(inquiry.entry, Answers(subject, always, never), now, inquiry.matters)


def _masked(answer: Answer, key: str | None) -> Answer:
    """The answer as it may be shown: without the key, which servers and lists repeat, and without control codes."""

    def clean(text: str) -> str:
        text = text.replace(key, _MASK) if key else text
        return "".join(character if character.isprintable() else " " for character in text)

    return Answer(answer.question, answer.status, tuple(map(clean, answer.records)), clean(answer.why))


def _checked(subject: Target, row: list[tuple[Inquiry | None, Result]], words: Mapping[Question, Answer]) -> Checked:
    results = []
    for inquiry, result in row:
        said = words.get(Question(inquiry.question.name, "TXT")) if inquiry else None
        text = " / ".join(_masked(said, inquiry.key).records) if inquiry and said else ""
        results.append(with_text(result, text) if text else result)
    return Checked(subject.text, overall(results), tuple(results))
