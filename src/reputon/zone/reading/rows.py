"""Rows: the entries of a zone one by one, as CSV and JSON lines have them."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from socket import AF_INET, inet_pton

from reputon.zone.content import (
    EXCLUDED,
    FOREVER,
    LONGEST_NAME,
    LONGEST_TEXT,
    MOST_CODES,
    MOST_TEXTS,
    Content,
    ContentError,
    Covers,
    Dataset,
    Value,
)
from reputon.zone.reading import settle
from reputon.zone.reading.layers import CHUNK
from reputon.zone.reading.prefixes import DIGITS, name, prefix4, prefix6, text4, text6
from reputon.zone.reading.rbldnsd_values import sound
from reputon.zone.reading.reading import Reading

MOST_LISTS = 1000
MOST_ENTRIES = 50_000_000
LONGEST_LIST_NAME = 100  # characters
_OF_ADDRESSES = DIGITS + "."
_MARKS = {Covers.ITSELF: "", Covers.BELOW: "*.", Covers.BOTH: "."}
_OF_MARK = {"*.": Covers.BELOW, ".": Covers.BOTH}


# An address, a prefix, or a name (`*.` before it: those below it; `.`: also itself), which has a dot after it if it is
# of digits alone; the index of its value in the zone; the name of its list.
Row = tuple[str, int, str]


def rows(content: Content) -> Iterator[Row]:
    """Every entry of a zone, list by list."""
    for each in content.datasets:
        for at in range(0, len(each.length4), CHUNK):
            of = slice(at, at + CHUNK)
            for first, length, value in zip(each.first4[of], each.length4[of], each.value4[of], strict=True):
                yield text4(first, length), value, each.name
        for at, (length, value) in enumerate(zip(each.length6, each.value6, strict=True)):
            yield text6(each.first6[2 * at] << 64 | each.first6[2 * at + 1], length), value, each.name
        for text, covers, value in zip(each.names, each.covers, each.value_of_name, strict=True):
            yield _MARKS[Covers(covers)] + text + ("" if text.strip(_OF_ADDRESSES) else "."), value, each.name


def value(codes: Sequence[str], texts: Sequence[str], ttl: int, expires: str) -> Value:
    """A value, checked; `expires` as `2026-11-24T09:00:00Z`, empty: never.  Raises ContentError."""
    if not codes and (texts or ttl or expires):
        raise ContentError("an entry without codes is excluded, and has no texts, ttl or expires: give it a code")
    if len(codes) > MOST_CODES or len(texts) > MOST_TEXTS:
        raise ContentError(f"more than {MOST_CODES} codes or {MOST_TEXTS} texts: leave some out")
    found = tuple(_text(each) for each in texts)
    return Value(tuple(map(_code, codes)), found, in_range("ttl", ttl), time_of(expires))


def time_text(expires: int) -> str:
    """A time as rows have it."""
    return f"{datetime.fromtimestamp(expires, UTC):%Y-%m-%dT%H:%M:%SZ}" if expires != FOREVER else ""


def time_of(text: str) -> int:
    """The Unix seconds of a time as rows have it; raises ContentError."""
    if not text:
        return FOREVER
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        found = None
    if found is None or found.tzinfo is None or not 0 < found.timestamp() < 1 << 32:
        raise ContentError(f"expires {text[:40]!r}: write a time like 2026-11-24T09:00:00Z")
    return int(found.timestamp())


def in_range(key: str, number: int) -> int:
    """A time in seconds, or a serial number, as DNS can have it; raises ContentError."""
    most = (1 << 32 if key == "serial" else 1 << 31) - 1
    if not 0 <= number <= most:
        raise ContentError(f"{key} {number}: write a number from 0 to {most}")
    return number


class Filling:
    """A zone that rows are put into."""

    def __init__(self, content: Content) -> None:
        self.content = content
        self._lists: dict[str, Dataset] = {}
        self.longest = LONGEST_NAME - len(content.apex) - 1
        self._entries = 0

    def index(self, said: Value) -> int:
        """The index of a value in the zone."""
        return self.content.value_of(said) if said.codes else EXCLUDED

    def add(self, subject: str, value: int, dataset: str) -> None:
        """One entry; `value` is an index in the zone; raises ContentError."""
        into = self._lists.get(dataset)
        if into is None:
            into = self._list(dataset)
        self._entries += 1
        if self._entries > MOST_ENTRIES:
            raise ContentError(f"more than {MOST_ENTRIES} entries: make several zones of them")
        try:
            into.add4(int.from_bytes(inet_pton(AF_INET, subject), "big"), 32, value)
        except (OSError, ValueError):
            _add(into, subject, value, self.longest)

    def finish(self, reading: Reading) -> None:
        """All is there: of what is there twice the first counts, and that is told."""
        for each in self._lists.values():
            again, examples = settle.first_counts(each)
            again += settle.names(each, lambda first, _: first)
            if again:
                label = f"list {each.name!r}" if each.name else "the list"
                reading.warn(f"{label}: {again} entries came before, the first counts: {', '.join(examples)}")

    def _list(self, label: str) -> Dataset:
        if len(self._lists) >= MOST_LISTS:
            raise ContentError(f"more than {MOST_LISTS} lists: put them together")
        if len(label) > LONGEST_LIST_NAME or not label.isprintable():
            raise ContentError(f"list {label[:40]!r}: write at most {LONGEST_LIST_NAME} printable characters")
        self._lists[label] = made = self.content.dataset(label)
        return made


def _add(into: Dataset, subject: str, value: int, longest: int) -> None:
    mark = next((each for each in _OF_MARK if subject.startswith(each)), "")
    if ":" in subject:
        into.add6(*prefix6(subject), value)
    elif "/" in subject:
        into.add4(*prefix4(subject), value)
    elif not mark and not subject.strip(_OF_ADDRESSES) and not subject.endswith("."):
        raise ContentError(f"{subject[:40]!r} is no address: write four octets, or a dot after it if it is a name")
    else:
        into.add_name(name(subject[len(mark) :], longest), _OF_MARK.get(mark, Covers.ITSELF), value)


def _text(text: str) -> str:
    found = sound(text.strip())
    if not found or len(found.encode()) > LONGEST_TEXT:
        raise ContentError(f"a text is empty or has more than {LONGEST_TEXT} bytes: shorten it, or leave it out")
    return found


def _code(text: str) -> str:
    try:
        return text4(int.from_bytes(inet_pton(AF_INET, text), "big"), 32)
    except (OSError, ValueError):
        raise ContentError(f"{text[:40]!r} is no code: write an IPv4 address like 127.0.0.2") from None
