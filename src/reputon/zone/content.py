"""Content: what a zone says, before it is compiled: values, lists of prefixes and names, generic records.

Every way in ends here (the ledger, a file of rbldnsd), and every way out begins here or at the compiled table.
Prefixes and names lie in arrays, so that ten million of them fit into memory.
"""

from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from ipaddress import IPv4Address, IPv6Address

FOREVER = 0  # as a time: never
OF_ZONE = 0  # as a TTL: the zone's own
EXCLUDED = 0  # as a value: not listed, though a wider prefix of the same list is

LONGEST_NAME = 255  # bytes on the wire (RFC 1035 section 3.1)
LONGEST_LABEL = 63
LONGEST_TEXT = 1000  # bytes of a template: an answer with several must fit into a message
LONGEST_TTL = (1 << 31) - 1  # seconds (RFC 2181 section 8)
MOST_CODES = 16  # A records of one value
MOST_TEXTS = 16


class ContentError(ValueError):
    """What no zone can say; the message says what to write instead."""


class Covers(IntEnum):
    """Which names an entry answers for."""

    ITSELF = 1
    BELOW = 2  # every name below it that has no entry of its own, and not itself (`*.example.com`)
    BOTH = 3  # itself and every name below it (`.example.com`)


@dataclass(frozen=True, slots=True)
class Value:
    """What an entry says.

    `codes`: IPv4 addresses, one A record each.  `texts`: one TXT record each; `$` stands for the address or name that
    is asked about, `$$` for a dollar.  `ttl` in seconds, OF_ZONE: the zone's; `expires` in Unix seconds, or FOREVER.
    """

    codes: tuple[str, ...]
    texts: tuple[str, ...] = ()
    ttl: int = OF_ZONE
    expires: int = FOREVER


@dataclass(frozen=True, slots=True)
class Soa:
    """The start of authority (RFC 1035 section 3.3.13); seconds.  `minimum` bounds the TTL of `not listed`."""

    primary: str
    contact: str
    serial: int = 1
    refresh: int = 3600
    retry: int = 900
    expire: int = 604800
    minimum: int = 60
    ttl: int = 3600


@dataclass(frozen=True, slots=True)
class Record:
    """A generic record; `owner` is relative to the zone, empty for the apex; `text` as in a zone file, names whole."""

    owner: str
    rdtype: str
    ttl: int
    text: str


@dataclass(slots=True)
class Dataset:
    """One list of a zone.  Within it the longest prefix or name wins; what several lists of a zone say adds up.

    A prefix is its first address and its length; values are indices into the zone's `values`.  `first6` holds two
    numbers of 64 bits for each prefix, the upper half first.  Names are relative, in lower case, without a last dot.
    """

    name: str = ""
    first4: "array[int]" = field(default_factory=lambda: array("I"))
    length4: "array[int]" = field(default_factory=lambda: array("B"))
    value4: "array[int]" = field(default_factory=lambda: array("I"))
    first6: "array[int]" = field(default_factory=lambda: array("Q"))
    length6: "array[int]" = field(default_factory=lambda: array("B"))
    value6: "array[int]" = field(default_factory=lambda: array("I"))
    names: list[str] = field(default_factory=list)
    covers: "array[int]" = field(default_factory=lambda: array("B"))
    value_of_name: "array[int]" = field(default_factory=lambda: array("I"))

    def add4(self, first: int, length: int, value: int) -> None:
        """An IPv4 prefix; `first` as a number, whose bits after `length` are 0."""
        self.first4.append(first)
        self.length4.append(length)
        self.value4.append(value)

    def add6(self, first: int, length: int, value: int) -> None:
        """An IPv6 prefix; `first` as a number of 128 bits."""
        self.first6.append(first >> 64)
        self.first6.append(first & 0xFFFF_FFFF_FFFF_FFFF)
        self.length6.append(length)
        self.value6.append(value)

    def add_name(self, name: str, covers: Covers, value: int) -> None:
        """A name."""
        self.names.append(name)
        self.covers.append(covers)
        self.value_of_name.append(value)

    def __len__(self) -> int:
        return len(self.length4) + len(self.length6) + len(self.names)


@dataclass(slots=True)
class Content:
    """All that one zone says.

    `stale`: Unix seconds from which it lists nobody, because it was not renewed in time; FOREVER: never.
    `values[0]` is EXCLUDED; others come from `value_of`.
    """

    apex: str
    soa: Soa
    name_servers: tuple[str, ...] = ()
    name_server_ttl: int = 86400
    ttl: int = 300
    stale: int = FOREVER
    datasets: list[Dataset] = field(default_factory=list)
    records: list[Record] = field(default_factory=list)
    values: list[Value] = field(default_factory=lambda: [Value(())])
    _known: dict[Value, int] = field(default_factory=dict, repr=False)

    def value_of(self, value: Value) -> int:
        """The index of a value among `values`, where it is put if it is new."""
        known = self._known.get(value)
        if known is None:
            known = self._known[value] = len(self.values)
            self.values.append(value)
        return known

    def dataset(self, name: str = "") -> Dataset:
        """A new list of this zone."""
        made = Dataset(name)
        self.datasets.append(made)
        return made

    def __len__(self) -> int:
        return sum(map(len, self.datasets))


def prefixes4(first: int, last: int) -> Sequence[tuple[int, int]]:
    """The fewest prefixes, as (first, length), that are the IPv4 addresses from `first` to `last`, both included."""
    found = []
    while first <= last:
        size = min(first & -first or 1 << 32, 1 << (last - first + 1).bit_length() - 1)
        found.append((first, 33 - size.bit_length()))
        first += size
    return found


def entries_of(content: Content) -> Iterator[tuple[str, Value]]:
    """Each entry as people write it, list by list: an address, a prefix, or a name (`*.` and `.` as it covers)."""
    marks = {Covers.ITSELF: "", Covers.BELOW: "*.", Covers.BOTH: "."}
    for each in content.datasets:
        for first, length, value in zip(each.first4, each.length4, each.value4, strict=True):
            yield _prefix(str(IPv4Address(first)), length, 32), content.values[value]
        for at, (length, value) in enumerate(zip(each.length6, each.value6, strict=True)):
            number = each.first6[2 * at] << 64 | each.first6[2 * at + 1]
            yield _prefix(str(IPv6Address(number)), length, 128), content.values[value]
        for name, covers, value in zip(each.names, each.covers, each.value_of_name, strict=True):
            yield marks[Covers(covers)] + name, content.values[value]


def _prefix(address: str, length: int, bits: int) -> str:
    return address if length == bits else f"{address}/{length}"
