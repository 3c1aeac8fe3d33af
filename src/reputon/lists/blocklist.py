"""BlockList: one list that receivers ask: its zone, what its codes mean, and who can be asked to remove an entry."""

from dataclasses import dataclass, field
from functools import lru_cache
from typing import Literal

SubjectKind = Literal["ip4", "ip6", "domain"]
Standing = Literal["listed", "listed-by-policy", "graded", "white"]
ListStatus = Literal["alive", "closed", "wildcard", "private"]

# RFC 5782 sections 5 and 6: one subject that is always listed, and one that never is.
_TEST_POINTS: dict[SubjectKind, tuple[str, str]] = {
    "ip4": ("127.0.0.2", "127.0.0.1"),
    "ip6": ("::ffff:127.0.0.2", "::ffff:127.0.0.1"),
    "domain": ("test", "invalid"),
}

# Of several bits in one answer, the gravest tells what the answer is.
_GRAVEST: tuple[Standing, ...] = ("listed", "listed-by-policy", "graded", "white")


@dataclass(frozen=True, slots=True)
class Pattern:
    """Codes written as Postfix writes them: `127.0.0.2`, `127.0.0.[2..11]`, `127.0.[0..254].[1;3]` (postconf(5))."""

    text: str
    octets: tuple[frozenset[int], ...]

    @classmethod
    def parse(cls, text: str) -> "Pattern":
        """Read a pattern; ValueError where it is none."""
        return cls(text, _pattern(text))

    def matches(self, code: str) -> bool:
        """Whether an address of an answer is one of these codes."""
        octets = octets_of(code)
        return octets is not None and all(octet in wanted for octet, wanted in zip(octets, self.octets, strict=True))


@lru_cache(1024)  # most lists have the same few codes, and a command reads them all at its start
def _pattern(text: str) -> tuple[frozenset[int], ...]:
    parts, inside = [""], False
    for character in text:
        if character in "[]":
            inside = character == "["
        elif character == "." and not inside:
            parts.append("")
        else:
            parts[-1] += character
    octets = tuple(_octet(part) for part in parts)
    if len(octets) != 4:
        raise ValueError(f"{text!r} is not a code: write 127.0.0.2 or 127.0.0.[2..11]")
    return octets


def _octet(text: str) -> frozenset[int]:
    found: set[int] = set()
    for part in text.split(";"):
        low, _, high = part.partition("..")
        if not low.isdecimal() or not (high or low).isdecimal() or not int(low) <= int(high or low) <= 255:
            raise ValueError(f"{text!r} is not a number from 0 to 255, nor [2..11], nor [2;4]")
        found.update(range(int(low), int(high or low) + 1))
    return frozenset(found)


def octets_of(code: str) -> tuple[int, ...] | None:
    """The four numbers of an IPv4 address as text; None for anything else."""
    parts = code.split(".")
    if len(parts) != 4 or not all(part.isascii() and part.isdecimal() and len(part) <= 3 for part in parts):
        return None
    octets = tuple(int(part) for part in parts)
    return octets if max(octets) <= 255 else None


@dataclass(frozen=True, slots=True)
class Code:
    """What a code (or, in a mask, a bit) says of the subject."""

    meaning: str
    state: Standing = "listed"


@dataclass(frozen=True, slots=True)
class BlockList:
    """One list.

    `zone` is "" for a private list, which has none to ask; `other_zones` are further names of the same data (older
    names, and the zones below which subscribers have a key). `keyed` is the name to ask with a key, `{key}` in it.
    `part_of` names the list that contains this one, so that nobody is asked twice for the same data. `mask` gives the
    bits of the last octet of 127.0.0.x; `errors` the codes that mean "you may not ask", which are never a listing.
    `words` name the list in a refusal; `signs` show whose refusal it is, which says the list if it is one for a bad
    reputation.  `known_as` is the name that people know it by, where that is a name of several.
    `per_second` and `per_day` are the questions that its terms allow one asker (0: it names no limit).
    """

    name: str
    zone: str
    subjects: tuple[SubjectKind, ...]
    codes: tuple[tuple[Pattern, Code], ...] = ()
    mask: tuple[tuple[int, Code], ...] = ()
    errors: tuple[tuple[Pattern, str], ...] = ()
    removal: str | None = None
    who_may_ask: str | None = None
    status: ListStatus = "alive"
    needs_key: bool = False
    keyed: str | None = None
    registration: str | None = None
    test_listed: str = ""
    test_clean: str = ""
    impact: Literal["high", "medium", "low"] = "low"
    per_second: float = 0.0
    per_day: int = 0
    part_of: str | None = None
    other_zones: tuple[str, ...] = ()
    words: tuple[str, ...] = ()
    signs: tuple[str, ...] = ()
    known_as: str | None = None
    note: str | None = None
    origin: str = ""
    as_of: str = ""
    example: str = field(default="", compare=False)

    @property
    def title(self) -> str:
        """The name by which a refusal is said to name it."""
        return self.known_as or self.name

    @property
    def can_be_asked(self) -> bool:
        """Whether there is a living zone."""
        return self.status == "alive" and bool(self.zone)

    @property
    def is_closed(self) -> bool:
        """Whether a refusal that names it is the receiver's mistake: it ended, and is silent or lists everybody."""
        return self.status in ("closed", "wildcard")

    def test_points(self, kind: SubjectKind) -> tuple[str, str]:
        """The subjects that prove the list alive: one it always lists, one it never does (RFC 5782 by default)."""
        # A list that has both families says in its IPv4 points that it answers; few keep the IPv6 ones.
        listed, clean = _TEST_POINTS["ip4" if kind == "ip6" and "ip4" in self.subjects else kind]
        return self.test_listed or listed, self.test_clean or clean

    @property
    def is_white(self) -> bool:
        """Whether being in it is praise."""
        standings = {code.state for _, code in (*self.codes, *self.mask)}
        return standings == {"white"}

    def error(self, code: str) -> str | None:
        """What the list complains of with this code; None for a code that is no error."""
        return next((text for pattern, text in self.errors if pattern.matches(code)), None)

    def meaning(self, code: str) -> Code | None:
        """What the list says with this code; None for an error and for a code that it does not document."""
        if self.error(code) is not None:
            return None
        found = next((meaning for pattern, meaning in self.codes if pattern.matches(code)), None)
        return found or self._of_bits(code)

    def _of_bits(self, code: str) -> Code | None:
        octets = octets_of(code)
        if not self.mask or octets is None or octets[:3] != (127, 0, 0) or not octets[3]:
            return None
        bits = [(bit, meaning) for bit, meaning in self.mask if octets[3] & bit]
        if sum(bit for bit, _ in bits) != octets[3]:  # a bit that nobody has explained
            return None
        gravest = min((meaning.state for _, meaning in bits), key=_GRAVEST.index)
        return Code(" + ".join(meaning.meaning for _, meaning in bits), gravest)
