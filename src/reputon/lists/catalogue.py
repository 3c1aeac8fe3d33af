"""Catalogue: the lists by name, by zone, by the words of a refusal, and behind a receiver's private mirror."""

from dataclasses import dataclass
from functools import cached_property
from typing import TypeVar

from reputon.lists.blocklist import BlockList, Code, Pattern

TEXT_SIZE = 16 << 10  # characters of a refusal that are searched for names
_SHORT = 4  # words up to this long, such as SBL, count only as they are written

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
        """The list with this canonical name (case is ignored)."""
        return self._names.get(name.strip().casefold())

    def by_zone(self, zone: str) -> BlockList | None:
        """The list of this zone, or of the zone that it lies below (a key, or a reversed address, in front)."""
        return _below(_clean(zone), self._zones)

    def by_words(self, text: str) -> BlockList | None:
        """The list that a refusal names: a zone goes before a phrase, a longer phrase before a shorter one."""
        text = text[:TEXT_SIZE]
        lowered = text.lower()
        for phrase, entry in self._phrases:
            if _stands_in(phrase, text if len(phrase) <= _SHORT else lowered):
                return entry
        return None

    def behind(self, zone: str, code: str | None = None) -> BlockList | None:
        """The list that spoke: behind a mirror by its code, else the zone's own list, or the part that has the code."""
        mirror = self.mirror(zone)
        if mirror is not None:
            names = (name for pattern, name in mirror.codes if code is not None and pattern.matches(code))
            return self.by_name(next(names, ""))
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
        return {entry.name.casefold(): entry for entry in self.lists}

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
    def _phrases(self) -> list[tuple[str, BlockList]]:
        words = [(word, entry) for entry in self.lists for word in (*entry.words, entry.name)]
        words.sort(key=lambda pair: -len(pair[0]))
        zones = sorted(self._zones.items(), key=lambda pair: -len(pair[0]))
        return zones + [(word if len(word) <= _SHORT else word.lower(), entry) for word, entry in words]


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


def _stands_in(phrase: str, text: str) -> bool:
    """Whether the phrase stands in the text as words of its own, not inside a longer word."""
    at = text.find(phrase)
    while at >= 0:
        before, after = text[max(at - 1, 0) : at], text[at + len(phrase) : at + len(phrase) + 2]
        goes_on = "." in phrase and after[:1] == "." and after[1:].isalnum()  # bl.example in bl.example.org
        if not before.isalnum() and not after[:1].isalnum() and not goes_on:
            return True
        at = text.find(phrase, at + 1)
    return False
