"""Names: where a text names lists: one index over zones and words, asked once for each word of the text."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Generic, NamedTuple, TypeVar

SHORT = 4  # words up to this long, such as SBL, count only as they are written

# How surely a name names a list: its zone, a word or page of a public list, one of a private list, a sign of who refuses.
ZONE, WORD, PRIVATE, SIGN = 4, 3, 2, 1

# What stands between the words of a refusal; dots, hyphens and @ belong to hosts and addresses.
_TOKEN = re.compile(r"[^\s;:,()<>\[\]{}\"'`=?/|!#&*\\$\u2018\u2019\u201c\u201d\xab\xbb]+")
_PARTS = re.compile(r"[^-_]+")

T = TypeVar("T")


class Token(NamedTuple):
    """A word, host, number or address of a text, in lower case, and where it stands."""

    start: int
    text: str


def tokens(text: str) -> list[Token]:
    """The words of a text, without the dots and strokes that end them."""
    found = ((each.start(), each.group().rstrip(".-_")) for each in _TOKEN.finditer(text.lower()))
    return [Token(start, word) for start, word in found if word]


@dataclass(frozen=True, slots=True)
class Name(Generic[T]):
    """A name as it is looked for, and what it names."""

    phrase: str
    exact: str | None
    strength: int
    what: T


@dataclass(frozen=True, slots=True)
class Hit(Generic[T]):
    """A name found in a text; `token` is the whole word that it begins in, such as the host of a zone."""

    name: Name[T]
    start: int
    token: Token

    @property
    def order(self) -> tuple[int, int, int]:
        """The surest first; of zones the first in the text, of phrases the longest."""
        return -self.name.strength, 0 if self.name.strength == ZONE else -len(self.name.phrase), self.start


class Index(Generic[T]):
    """Names by their first word, so that a text is read once however many names there are."""

    def __init__(self, named: Iterable[tuple[str, int, T]]) -> None:
        self._by_first: dict[str, list[Name[T]]] = {}
        for text, strength, what in named:
            name = Name(text.lower(), text if len(text) <= SHORT else None, strength, what)
            self._by_first.setdefault(tokens(text)[0].text, []).append(name)

    def hits(self, text: str, words: list[Token]) -> list[Hit[T]]:
        """Every name that stands in the text as words of its own; `words` are the text's tokens."""
        found: list[Hit[T]] = []
        by_first, lowered = self._by_first, text.lower()
        for token in words:
            start, word = token
            if word in by_first:
                found += self._fitting(word, text, lowered, start, token)
            elif "." in word:
                self._below(token, text, lowered, found)
            elif "-" in word or "_" in word:
                for part in _PARTS.finditer(word):
                    if part.group() in by_first:
                        found += self._fitting(part.group(), text, lowered, start + part.start(), token)
        return found

    def _below(self, token: Token, text: str, lowered: str, found: list[Hit[T]]) -> None:
        """A host counts as the domains above it; an address of somebody there does not."""
        word = token.text
        if "@" in word:
            return
        at = word.find(".") + 1
        while at:
            if word[at:] in self._by_first:
                found += self._fitting(word[at:], text, lowered, token.start + at, token)
            at = word.find(".", at) + 1

    def _fitting(self, first: str, text: str, lowered: str, start: int, token: Token) -> list[Hit[T]]:
        return [
            Hit(name, start, token)
            for name in self._by_first[first]
            if (len(name.phrase) == len(first) or _ends_there(lowered, name.phrase, start))
            and (name.exact is None or text.startswith(name.exact, start))
        ]


def _ends_there(text: str, phrase: str, start: int) -> bool:
    """Whether the phrase goes on from its first word, and ends where a word ends."""
    if not text.startswith(phrase, start):
        return False
    after = text[start + len(phrase) : start + len(phrase) + 2]
    return not (after[:1].isalnum() or after[:1] == "_" or (after[:1] in ".-" and after[1:].isalnum()))


def in_link(text: str, token: Token) -> bool:
    """Whether a token stands inside a link, where a host is a page and no zone."""
    return text[max(token.start - 1, 0) : token.start] == "/" or token.text.startswith("www.")
