"""Writing rbldnsd's files: one combined dataset, which says in rbldnsd what the zone says here."""

from array import array
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime

import numpy as np

from reputon.zone.content import EXCLUDED, FOREVER, Content, ContentError, Covers, Dataset, Record
from reputon.zone.reading.layers import Layer, entries4, entries6, layers, of_names, of_prefixes
from reputon.zone.reading.master import unquoted
from reputon.zone.reading.prefixes import DIGITS, NAME, text4, text6
from reputon.zone.reading.rbldnsd_specials import DEFAULT_TTL
from reputon.zone.reading.rbldnsd_values import PLAIN, Pair, sound

_MARKS = {Covers.ITSELF: "", Covers.BELOW: "*.", Covers.BOTH: "."}
_OCTET = "127.0.0."


def lines(content: Content) -> Iterator[str]:
    """The lines of a file, with their ends; raises ContentError for a text that rbldnsd cannot say."""
    yield from header(content)
    for dataset in content.datasets:
        label = f":{dataset.name}" if dataset.name and not dataset.name.lower().strip(NAME + ".") else ""
        made = layers(content, dataset)
        for layer in made:
            for kind, rows in _kinds(layer, dataset, alone=len(made) == 1):
                yield f"$DATASET {kind}{label} @\n$TTL {layer.ttl}\n"
                yield from rows
    if content.records:
        yield "$DATASET generic @\n"
        yield from map(generic, content.records)


def header(content: Content) -> Iterator[str]:
    """The specials of a zone."""
    soa = content.soa
    yield (
        f"$SOA {soa.ttl} {soa.primary} {soa.contact} {soa.serial} "
        f"{soa.refresh} {soa.retry} {soa.expire} {soa.minimum}\n"
    )
    if content.name_servers:
        yield f"$NS {content.name_server_ttl} {' '.join(content.name_servers)}\n"
    yield f"$TTL {content.ttl or DEFAULT_TTL}\n"
    if content.stale != FOREVER:
        yield f"$TIMESTAMP - {datetime.fromtimestamp(content.stale, UTC):%Y:%m:%d:%H:%M:%S}\n"


def generic(record: Record) -> str:
    """A record, or a comment where rbldnsd has none of its type."""
    text = record.text
    if record.rdtype == "TXT":
        try:
            text = f'"{sound(unquoted(text))}"'
        except ValueError:
            return f"# left out, not printable: {record.owner or '@'} TXT\n"
    elif record.rdtype not in ("A", "MX"):
        return f"# left out, no type of rbldnsd: {record.owner or '@'} {record.rdtype}\n"
    return f"{record.owner or '@'} {record.ttl} {record.rdtype} {text.rstrip('.')}\n"


def _kinds(layer: Layer, dataset: Dataset, *, alone: bool) -> Iterator[tuple[str, Iterator[str]]]:
    if dataset.length4:
        said = _Said(layer, dataset.value4)
        yield "ip4trie", said.lines((text4(a, b), value) for a, b, value in of_prefixes(layer, entries4(dataset), 32))
    if dataset.length6:
        said = _Said(layer, dataset.value6)
        yield "ip6trie", said.lines((text6(a, b), value) for a, b, value in of_prefixes(layer, entries6(dataset), 128))
    if dataset.names:
        said = _Said(layer, dataset.value_of_name)
        rows = of_names(layer, dataset, alone=alone)
        yield "dnset", said.lines((_MARKS[covers] + name, value) for name, covers, value in rows)


class _Said:
    """What stands after the entries of a layer: nothing after those that say what most do."""

    def __init__(self, layer: Layer, values: "array[int]") -> None:
        numbers, counts = np.unique(np.frombuffer(values, np.uint32), return_counts=True)
        counted = zip(counts.tolist(), numbers.tolist(), strict=True)
        often = [(count, layer.says[number]) for count, number in counted if number in layer.says]
        self.default = _pair(max(often)[1]) if often else PLAIN
        self.ends = {index: self._end(_pair(said)) for index, said in layer.says.items()}

    def lines(self, entries: Iterable[tuple[str, int]]) -> Iterator[str]:
        if self.default != PLAIN:
            yield f":{_short(self.default[0])}:{self.default[1]}\n"
        ends = self.ends
        for text, value in entries:
            yield f"{text}{ends[value]}\n" if value != EXCLUDED else f"!{text}\n"

    def _end(self, said: Pair) -> str:
        if said == self.default:
            return ""
        return f" :{_short(said[0])}" + (f":{said[1]}" if said[1] != self.default[1] else "")


def _pair(said: Pair) -> Pair:
    """As rbldnsd has it, where a digit or `=` after the dollar of the address would be a variable."""
    code, text = said
    sound(text)
    head, *parts = text.split("$")
    while parts:
        part = parts.pop(0)
        if not part and parts:
            parts.pop(0)
        elif part[:1] and part[0] in DIGITS + "=":
            raise ContentError(f"{text!r}: rbldnsd takes ${part[0]} for a variable: put a space between them")
    return code, ("=" if head[:1] in ("=", " ", "\t") else "") + text.rstrip(" \t")


def _short(code: str) -> str:
    return code.removeprefix(_OCTET) if code != "127.0.0.0" else code
