"""Catalogue: the lists by name, by zone, by the words of a refusal, and behind a receiver's private mirror."""

from dataclasses import dataclass
from functools import cached_property
from operator import attrgetter
from typing import TypeVar

from reputon.lists import names
from reputon.lists.blocklist import BlockList, Code, Pattern
from reputon.lists.names import Hit, Index, Words

TEXT_SIZE = 16 << 10  # characters of a refusal that are searched for names

_T = TypeVar("_T")

# What RFC 5782 lets us believe of a zone that is in no catalogue: other codes than these are left unexplained.
_PLAIN = ((Pattern.parse("127.0.0.[2..254]"), Code("listed")),)


@dataclass(frozen=True, slots=True)
class Mirror:
    """A receiver's private zone that publishes other people's lists under its own codes: code → name of a list."""

    zone: str
    receiver: str
    codes: tuple[tuple[Pattern, str], ...]
    other_zones: tuple[str, ...] = ()
    origin: str = ""
    as_of: str = ""


@dataclass(frozen=True)
class Catalogue:
    """All lists, in the order in which they are shown."""

    lists: tuple[BlockList, ...]
    mirrors: tuple[Mirror, ...] = ()

    def by_name(self, name: str) -> BlockList | None:
        """The list with this canonical name, or the first that is known by it (case is ignored)."""
        return self._names.get(name.strip().casefold())

    def known(self, title: str, text: str) -> BlockList | None:
        """The list that a report calls so, which is the one that its text names where several are known by it."""
        entry = self.by_name(title)
        if entry is None or entry.name.casefold() == title.casefold():
            return entry
        hits = self.hits(Words(text[:TEXT_SIZE]))
        return best([hit for hit in hits if getattr(hit.name.what, "title", None) == entry.title]) or entry

    def by_zone(self, zone: str) -> BlockList | None:
        """The list of this zone, or of the zone that it lies below (a key, or a reversed address, in front)."""
        return _below(_clean(zone), self._zones)

    def by_words(self, text: str) -> BlockList | None:
        """The list that a refusal names: a zone goes before a phrase, a longer phrase before a shorter one."""
        return best(self.hits(Words(text[:TEXT_SIZE])))

    def hits(self, words: Words) -> list[Hit["BlockList | Mirror"]]:
        """All names of lists and mirrors in a text, the surest first; a zone in a link is a page of the list."""
        hits = self._index.hits(words)
        return sorted(hits, key=_order) if len(hits) > 1 else hits

    def behind(self, zone: str, code: str | None = None) -> BlockList | None:
        """The list that spoke: behind a mirror by its code, else the zone's own list, or the part that has the code."""
        mirror = self.mirror(zone)
        if mirror is not None:
            behind = (name for pattern, name in mirror.codes if code is not None and pattern.matches(code))
            return self.by_name(next(behind, ""))
        entry = self.by_zone(zone)
        if entry is None or code is None:
            return entry
        parts = (each for each in self.lists if each.part_of == entry.name and each.meaning(code))
        return next(parts, entry)

    def mirror(self, zone: str) -> Mirror | None:
        """The mirror that this zone is."""
        return _below(_clean(zone), self._mirrors)

    def find(self, text: str) -> BlockList | None:
        """The list that a person or a bounce named: by name, zone or exact word.

        A zone in no catalogue is taken as RFC 5782 says; a mirror is nobody's list, since its codes are not its own.
        """
        entry = self.by_name(text) or self.by_zone(text) or self._words.get(text.strip().casefold())
        zone = _clean(text)
        if entry is not None or self.mirror(zone) or not _is_zone(zone):
            return entry
        return BlockList(zone, zone, ("ip4", "ip6", "domain"), _PLAIN, impact="high", origin="RFC 5782")

    @cached_property
    def _names(self) -> dict[str, BlockList]:
        known = {entry.title.casefold(): entry for entry in reversed(self.lists)}
        return known | {entry.name.casefold(): entry for entry in self.lists}

    @cached_property
    def _words(self) -> dict[str, BlockList]:
        return {word.casefold(): entry for entry in self.lists for word in entry.words}

    @cached_property
    def _zones(self) -> dict[str, BlockList]:
        return {_clean(zone): entry for entry in self.lists for zone in (*entry.other_zones, entry.zone) if zone}

    @cached_property
    def _mirrors(self) -> dict[str, Mirror]:
        return {_clean(zone): mirror for mirror in self.mirrors for zone in (*mirror.other_zones, mirror.zone)}

    @cached_property
    def _index(self) -> Index["BlockList | Mirror"]:
        named: list[tuple[str, int, BlockList | Mirror]] = []
        for entry in self.lists:
            public = (
                entry.status != "private"
            )  # the others are called by receivers, whose names stand in many a refusal
            named += ((word, names.WORD if public else names.PRIVATE, entry) for word in entry.words)
            named += ((word, names.SIGN, entry) for word in entry.signs)
            named += [(entry.name, names.WORD, entry)] if public else []
        zones = [(zone, names.ZONE, what) for table in (self._zones, self._mirrors) for zone, what in table.items()]
        return Index(named + zones)


_order = attrgetter("order")


def best(hits: list[Hit[BlockList | Mirror]]) -> BlockList | None:
    """The list that is named most surely; a mirror is nobody's list."""
    return next((hit.name.what for hit in hits if isinstance(hit.name.what, BlockList)), None)


def _clean(zone: str) -> str:
    return zone.strip().strip(".").lower()


def _is_zone(name: str) -> bool:
    labels = name.split(".")
    return len(labels) > 1 and all(label.replace("-", "").replace("_", "").isalnum() for label in labels)


def _below(name: str, zones: dict[str, _T]) -> _T | None:
    while name:
        if name in zones:
            return zones[name]
        name = name.partition(".")[2]
    return None
