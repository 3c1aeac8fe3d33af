"""Draft: one dataset of rbldnsd while its lines come in, until all its variables are known."""

from array import array
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from reputon.zone.content import (
    EXCLUDED,
    MOST_CODES,
    OF_ZONE,
    Content,
    ContentError,
    Dataset,
    Record,
    Value,
)
from reputon.zone.reading import settle
from reputon.zone.reading.rbldnsd_specials import Specials
from reputon.zone.reading.rbldnsd_values import PLAIN, Pair, pair, template

Said = tuple[Pair, ...]  # what one entry says; nothing: it is excluded
_TOO_MANY = f"an entry with more than {MOST_CODES} values: write fewer lines for it"
ONE = 1  # the index of the one value of a trivial dataset


@dataclass(slots=True)
class Draft:
    """What was read of one dataset of a type of rbldnsd.

    `dataset` holds indices into `said`, of which the first is EXCLUDED; `known` has the values of the texts after
    entries under the default of now; `longest` is the room for a name, in bytes on the wire; `at` is the place of the
    line that is read now among the lines read at once.
    """

    kind: str
    name: str
    specials: Specials
    longest: int
    warn: Callable[[str], None]
    dataset: Dataset = field(default_factory=Dataset)
    records: list[Record] = field(default_factory=list)
    said: list[Said] = field(default_factory=lambda: [(), (PLAIN,)])
    known: dict[str, int] = field(default_factory=dict)
    default: Pair = PLAIN
    at: int = 0
    _indices: dict[Said, int] = field(default_factory=lambda: {(): EXCLUDED, (PLAIN,): ONE})
    _is_fixed: bool = False

    def begin(self) -> None:
        """A new file: defaults end with their file, but for the one of a trivial dataset."""
        if self.is_trivial:
            self.known = defaultdict(lambda: ONE)
        else:
            self._set_default(PLAIN)

    @property
    def is_trivial(self) -> bool:
        """Whether all its entries say the same."""
        return self.kind.endswith("tset")

    def value(self, text: str) -> int:
        """The index of what stands after an entry, where a comment is nothing; raises ContentError."""
        text = "" if text.startswith(("#", ";")) else text
        found = self.known.get(text)
        if found is None:
            found = self.known[text] = self._index((pair(text, self.default),))
        return found

    def take_default(self, text: str) -> None:
        """A line of default values; a trivial dataset takes the first, for all its entries; raises ContentError."""
        if not self.is_trivial:
            self._set_default(pair(text, PLAIN))
        elif not self._is_fixed:
            self.said[ONE] = (pair(text, PLAIN),)
            self._is_fixed = True

    def settle(self) -> list[str]:
        """All is read: make one entry of those for the same address or name; what was left out; raises ContentError."""
        if self.kind == "ip4set":
            settle.by_octets(self.dataset, self._both)
        elif self.kind == "dnset":
            settle.names(self.dataset, self._both)
        else:
            again, examples = settle.first_counts(self.dataset)
            if again and not self.is_trivial:
                label = self.name or self.kind
                return [f"{label}: {again} entries came before, the first counts: {', '.join(examples)}"]
        return []

    def put(self, content: Content) -> None:
        """Add what was read to a zone; raises ContentError where a template cannot be said."""
        content.records += self.records
        if not len(self.dataset):
            return
        ttl = OF_ZONE if self.specials.ttl == content.ttl else self.specials.ttl
        read, numbers = self.dataset, np.zeros(len(self.said), np.uint32)
        try:
            for index in _used(read.value4, read.value6, read.value_of_name):
                numbers[index] = content.value_of(self._value(self.said[index], ttl)) if index else EXCLUDED
        except ContentError as problem:
            raise ContentError(f"dataset {self.name or self.kind}: {problem}") from None
        made = content.dataset(self.name)
        made.first4, made.length4, made.value4 = read.first4, read.length4, _mapped(read.value4, numbers)
        made.first6, made.length6, made.value6 = read.first6, read.length6, _mapped(read.value6, numbers)
        made.names, made.covers, made.value_of_name = read.names, read.covers, _mapped(read.value_of_name, numbers)

    def _set_default(self, default: Pair) -> None:
        self.default = default
        self.known = {}

    def _index(self, said: Said) -> int:
        found = self._indices.get(said)
        if found is None:
            found = self._indices[said] = len(self.said)
            self.said.append(said)
        return found

    def _both(self, one: int, other: int) -> int:
        if EXCLUDED in (one, other):
            return EXCLUDED
        said = tuple(dict.fromkeys(self.said[one] + self.said[other]))
        if len(said) > MOST_CODES:  # each step is kept, so that a million lines for one address would not fit
            raise ContentError(f"dataset {self.name or self.kind}: {_TOO_MANY}")
        return self._index(said)

    def _value(self, said: Said, ttl: int) -> Value:
        codes = tuple(dict.fromkeys(code for code, _ in said))
        made = [template(text, self.specials.variables) for _, text in said]
        texts = tuple(dict.fromkeys(filter(None, made)))
        return Value(codes, texts, ttl)


def _used(*indices: "array[int]") -> list[int]:
    found = [np.unique(np.frombuffer(each, np.uint32)) for each in indices if each]
    return [int(each) for each in np.unique(np.concatenate(found))]


def _mapped(indices: "array[int]", numbers: NDArray[np.uint32]) -> "array[int]":
    return array("I", numbers[np.frombuffer(indices, np.uint32)].tobytes())
