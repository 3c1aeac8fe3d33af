"""Aggregate: several lists as one zone: each under a code of its own, and with its name in the text.

An address that several of them list has an A and a TXT record of each.  What an entry of a list said by its code is
lost but for its text: a receiver asks this zone who lists, and the list itself why.
"""

from collections.abc import Iterable, Iterator, Sequence
from ipaddress import ip_address

from reputon.zone.aggregate.recipe import Part, Recipe
from reputon.zone.content import (
    EXCLUDED,
    FOREVER,
    LONGEST_TEXT,
    Content,
    ContentError,
    Covers,
    Dataset,
    Record,
    Soa,
    Value,
)
from reputon.zone.reading.reading import Reading

_LOOPBACK = int(ip_address("127.0.0.1"))
_TEST = int(ip_address("127.0.0.2"))
_TEST6 = int(ip_address("::ffff:127.0.0.2"))
_STRING = 63  # characters of a character-string of 255 bytes: each may be four


def aggregate(made: Recipe, contents: Iterable[Sequence[Content]], now: int) -> Reading:
    """The zone of a recipe and of what each of its lists says, in its order; `now` (Unix seconds) is its serial.

    A list that was not renewed in time is left out, which is told; one that lists everybody, or whose files make
    several zones, is a ContentError: the zone stays as it was.
    """
    soa = Soa(
        made.name_servers[0] if made.name_servers else made.zone, made.contact or f"hostmaster.{made.zone}", now,
        ttl=made.ttl, minimum=made.negative_ttl,
    )  # fmt: skip
    zone = Content(made.zone, soa, made.name_servers, made.ttl, made.ttl)
    reading = Reading([zone])
    for part, zones in zip(made.parts, contents, strict=True):
        zone.records.append(Record("", "TXT", made.ttl, _terms(part)))
        source = _only_one(part, zones)
        if source.stale != FOREVER and now >= source.stale:
            reading.warn(f"{part.name}: left out: its files were to be renewed long ago: fetch them again")
            continue
        _take(zone, part, source)
    if not zone.datasets:
        raise ContentError("no list has an entry: is everything fetched?")
    _put_tests(zone, made)
    return reading


def _only_one(part: Part, zones: Sequence[Content]) -> Content:
    first, *others = [each for each in zones if len(each)] or list(zones[:1])
    if others:
        raise ContentError(
            f"{part.name}: its files say {', '.join(each.apex for each in (first, *others))}: give those of one zone"
        )
    return first


def _take(zone: Content, part: Part, source: Content) -> None:
    """One dataset of the zone for each of the list's, so that its exclusions stay its own."""
    indices = [_value(zone, part, source, each) for each in source.values]
    for each in source.datasets:
        if not len(each):
            continue
        if _lists_everybody(each):
            raise ContentError(
                f"{part.name}: it lists 127.0.0.1, as lists do that have ended (RFC 5782 section 5): leave it out"
            )
        into = zone.dataset(part.name)
        into.first4, into.length4 = each.first4, each.length4
        into.first6, into.length6 = each.first6, each.length6
        into.names, into.covers = each.names, each.covers
        into.value4.extend(indices[value] for value in each.value4)
        into.value6.extend(indices[value] for value in each.value6)
        into.value_of_name.extend(indices[value] for value in each.value_of_name)


def _value(zone: Content, part: Part, source: Content, of: Value) -> int:
    """What is ours for a value of the list: nothing where it does not count, though a wider entry may."""
    if not of.codes or not part.takes(of.codes):
        return EXCLUDED
    ends = [each for each in (of.expires, source.stale) if each != FOREVER]
    return zone.value_of(Value((part.code,), (_text(part, of.texts),), expires=min(ends, default=FOREVER)))


def _text(part: Part, texts: Sequence[str]) -> str:
    """`listed by NAME: ` and what the list itself says, as much of that as an answer has room for."""
    head = f"listed by {part.name.replace('$', '$$')}"
    said = (f"{head}: {'; '.join(texts[:size])}" for size in range(len(texts), 0, -1))
    return next((each for each in said if len(each.encode(errors="surrogateescape")) <= LONGEST_TEXT), head)


def _terms(part: Part) -> str:
    """The data of a TXT record: whose the code is, and by whose leave it is given."""
    text = f"{part.code} is {part.name}; terms: {part.terms}"
    strings = (text[at : at + _STRING] for at in range(0, len(text), _STRING))
    return " ".join(f'"{"".join(map(_escaped, each))}"' for each in strings)


def _escaped(character: str) -> str:
    return f"\\{character}" if character in '"\\' else character


def _lists_everybody(dataset: Dataset) -> bool:
    """Whether 127.0.0.1 or `invalid` is listed: by the longest prefix that covers it."""
    covering = [
        (length, value)
        for first, length, value in zip(dataset.first4, dataset.length4, dataset.value4, strict=True)
        if first >> 32 - length == _LOOPBACK >> 32 - length
    ]
    named = zip(dataset.names, dataset.value_of_name, strict=True)
    return max(covering, default=(0, EXCLUDED))[1] != EXCLUDED or any(
        name == "invalid" and value != EXCLUDED for name, value in named
    )


def _put_tests(zone: Content, made: Recipe) -> None:
    """The entries by which others see that the zone is alive (RFC 5782 section 5), with every code."""
    addresses, names = _kinds(zone.datasets)
    codes = tuple(part.code for part in made.parts)
    value = zone.value_of(Value(codes, (f"test entry of {made.zone} (RFC 5782)",)))
    tests = zone.dataset("test entries")
    if addresses:
        tests.add4(_TEST, 32, value)
        tests.add6(_TEST6, 128, value)
    if names:
        tests.add_name("test", Covers.ITSELF, value)


def _kinds(datasets: Iterable[Dataset]) -> tuple[bool, bool]:
    found: Iterator[tuple[bool, bool]] = (
        (bool(len(each.length4) + len(each.length6)), bool(each.names)) for each in datasets
    )
    addresses, names = zip(*found, strict=True)
    return any(addresses), any(names)
