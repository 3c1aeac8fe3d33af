"""Names: where a text names lists: one index over zones and words, asked once for each word of the text."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Generic, NamedTuple, TypeVar

SHORT = 4  # words up to this long, such as SBL, count only as they are written; signs are names, however short

# How surely a name names a list: its zone, a word or page of a public list, one of a private list, whose refusal it is.
ZONE, WORD, PRIVATE, SIGN = 4, 3, 2, 1

# What stands between the words of a refusal; dots, hyphens and @ belong to hosts and addresses.
_BETWEEN = str.maketrans(dict.fromkeys(";:,()<>[]{}\"'`=?/|!#&*\\$\n\r\t\u2018\u2019\u201c\u201d\xab\xbb", " "))
_PARTS = re.compile(r"[^-_]+")
_STOPS = ".-_"  # what may end a word and is no part of it

T = TypeVar("T")


class Words:
    """A text as its words in lower case; `hosts` are those with dots, and their places among the words."""

    def __init__(self, text: str) -> None:
        self.text = text
        lowered = text.lower()
        # Some letters (as in Turkish) have a small form of two characters, which would move all that follows.
        self.lowered = lowered if len(lowered) == len(text) else text
        self._spaced = f" {self.lowered.translate(_BETWEEN)} "
        self.words = [word.rstrip(_STOPS) if word[-1] in _STOPS else word for word in self._spaced.split()]
        self.hosts = [(at, word) for at, word in enumerate(self.words) if "." in word]

    def start(self, word: str, after: int = 0) -> int:
        """Where a word begins, from some place on: as it stands, else with the stops that end it."""
        if (at := self._spaced.find(f" {word} ", after)) >= 0:
            return at
        at = self._spaced.find(" " + word, after)
        while at >= 0 and not self._ends(at + 1 + len(word)):
            at = self._spaced.find(" " + word, at + 1)
        return max(at, 0)

    def _ends(self, at: int) -> bool:
        while self._spaced[at] in _STOPS:
            at += 1
        return self._spaced[at] == " "

    def in_link(self, word: str) -> bool:
        """Whether a host stands inside a link, where it is a page and no zone."""
        start = self.start(word)
        return word.startswith("www.") or self.text[max(start - 1, 0) : start] == "/"


@dataclass(frozen=True, slots=True)
class Name(Generic[T]):
    """A name as it is looked for, and what it names."""

    phrase: str
    exact: str | None
    strength: int
    what: T


class Hit(NamedTuple, Generic[T]):
    """A name found in a text; `word` is the whole word that it begins in, such as the host of a zone."""

    name: Name[T]
    start: int
    word: str

    @property
    def order(self) -> tuple[int, int, int]:
        """The surest first; of zones the first in the text, of phrases the longest."""
        return -self.name.strength, 0 if self.name.strength == ZONE else -len(self.name.phrase), self.start


class Index(Generic[T]):
    """Names by their first word, so that a text is read once however many names there are."""

    def __init__(self, named: Iterable[tuple[str, int, T]]) -> None:
        self._by_first: dict[str, list[Name[T]]] = {}
        for text, strength, what in named:
            exact = text if len(text) <= SHORT and strength != SIGN else None
            name = Name(text.lower(), exact, strength, what)
            self._by_first.setdefault(Words(text).words[0], []).append(name)

    def hits(self, read: Words) -> list[Hit[T]]:
        """Every name that stands in the text as words of its own."""
        found: list[Hit[T]] = []
        by_first = self._by_first
        for word in dict.fromkeys(read.words):
            if word in by_first:
                self._fit(word, word, read, found)
            elif "." in word:
                self._fit_domains(word, read, found)
            elif "-" in word or "_" in word:
                self._fit_parts(word, read, found)
        return found

    def _fit_domains(self, host: str, read: Words, found: list[Hit[T]]) -> None:
        """A host counts as the domains above it; the mail address of somebody there does not."""
        if "@" in host:
            return
        domain = host.partition(".")[2]
        while domain:
            if domain in self._by_first:
                self._fit(domain, host, read, found)
            domain = domain.partition(".")[2]

    def _fit_parts(self, word: str, read: Words, found: list[Hit[T]]) -> None:
        """The parts of SPAMHAUS-XBL; the numbers of a receiver's error code fall away, LPN007_510 is La Poste's LPN."""
        for each in _PARTS.findall(word):
            part = each if each in self._by_first else each.rstrip("0123456789")
            if part in self._by_first:
                self._fit(part, word, read, found)

    def _fit(self, first: str, word: str, read: Words, found: list[Hit[T]]) -> None:
        start = read.start(word) + word.find(first)
        for name in self._by_first[first]:
            at = start if len(name.phrase) == len(first) else _place(read.lowered, name.phrase, start)
            if at >= 0 and (name.exact is None or read.text.startswith(name.exact, at)):
                found.append(Hit(name, at, word))


def _place(text: str, phrase: str, start: int) -> int:
    """Where the phrase stands as words, from its first word's first place on; -1 for nowhere."""
    at = text.find(phrase, start)
    while at >= 0 and not (_goes_on(text, phrase, at) and (at == start or not text[at - 1].isalnum())):
        at = text.find(phrase, at + 1)
    return at


def _goes_on(text: str, phrase: str, start: int) -> bool:
    """Whether the phrase that begins here ends where a word ends."""
    after = text[start + len(phrase) : start + len(phrase) + 2]
    return not (after[:1].isalnum() or after[:1] == "_" or (after[:1] in ".-" and after[1:].isalnum()))
