"""Table: what DNS answers: four zones of entries, and the reply to a question at a time.

Names that have entries below them exist and are empty (RFC 8020): a resolver that minimises its questions would
never ask for the listing below a name that it was told is not there.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType

from reputon import subject
from reputon.listing.policy import Listing
from reputon.score.model import PublishedScore
from reputon.zone import entries
from reputon.zone.entries import CODES, LISTED, Covers, Entry

NIBBLES, PREFIX = 32, 16  # labels of an IPv6 address, and of its /64
_HEX = frozenset("0123456789abcdef")
_NEVER_LISTED = {"1.0.0.127", "invalid"}  # RFC 5782 section 5: whoever lists these lists the world


class ZoneError(ValueError):
    """Settings from which no zone can be served; the message says what to write instead."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What the zones say of themselves.  Seconds; a `{subject}` in `url` is filled in."""

    root: str
    url: str
    name_servers: tuple[str, ...] = ()  # none: `ns.<root>`
    contact: str = ""  # none: `hostmaster.<root>`
    ttl: int = 300
    negative_ttl: int = 60


@dataclass(frozen=True, slots=True)
class Record:
    """A resource record; `text` is the data as a person writes it, TXT without quotes."""

    owner: str
    rdtype: str
    ttl: int
    text: str


@dataclass(frozen=True, slots=True)
class Reply:
    """What is answered: `rcode` by its DNS name, and `why` where that is REFUSED."""

    rcode: str
    answer: tuple[Record, ...] = ()
    authority: tuple[Record, ...] = ()
    why: str = ""


@dataclass(frozen=True, slots=True)
class Zone:
    """One zone: entries by owner, and for each name until when something is below it."""

    apex: str
    entries: Mapping[str, Entry]
    below: Mapping[str, datetime]


@dataclass(frozen=True, slots=True)
class Table:
    """Everything that is served; made by `build`, never changed."""

    settings: Settings
    serial: int
    zones: Mapping[str, Zone] = field(default_factory=dict)


def build(listings: Iterable[Listing], scores: Iterable[PublishedScore], settings: Settings, serial: int = 1) -> Table:
    """The table of these listings and scores.  ZoneError where `settings.root` is no domain name."""
    try:
        root = subject.domain(settings.root)
    except subject.SubjectError:
        raise ZoneError(f"zone.root {settings.root!r} is not a domain name: write it as rep.example.org") from None
    found: dict[str, list[Entry]] = {name: [] for name in ("bl", "dom", "score", "dscore")}
    for listing in listings:
        found["bl" if listing.subject.kind == "ip" else "dom"].append(entries.of_listing(listing, settings.url))
    for score in scores:
        found["score" if score.subject.kind == "ip" else "dscore"].append(entries.of_score(score, settings.url))
    for name, each in _tests(settings.url).items():
        found[name] += each  # last, so that they win over what is there already
    zones = {f"{name}.{root}": _zone(f"{name}.{root}", each) for name, each in found.items()}
    return Table(settings, serial % (1 << 32), MappingProxyType(zones))


def answer(table: Table, name: str, rdtype: str, now: datetime) -> Reply:
    """The reply to a question; `name` in any case, a last dot allowed; ANY is answered with one type (RFC 8482)."""
    name = name.rstrip(".").lower()
    zone = zone_of(table, name)
    if zone is None:
        return Reply("REFUSED", why="not a name of ours")
    if name == zone.apex:
        records = tuple(record for record in _apex(table, zone) if record.rdtype == rdtype or rdtype == "ANY")
        return Reply("NOERROR", records[:1] if rdtype == "ANY" else records, () if records else _soa(table, zone))
    labels = name.removesuffix("." + zone.apex).split(".")
    entry = find(zone, labels, now)
    if entry is None:
        return Reply("NOERROR" if _is_empty(zone, labels, now) else "NXDOMAIN", authority=_soa(table, zone))
    ttl = min(table.settings.ttl, int((entry.expires - now).total_seconds()))
    texts = {"A": entry.codes, "ANY": entry.codes, "TXT": (entry.text,)}.get(rdtype, ())
    records = tuple(Record(name, "A" if rdtype == "ANY" else rdtype, ttl, text) for text in texts)
    return Reply("NOERROR", records, () if records else _soa(table, zone))


def zone_of(table: Table, name: str) -> Zone | None:
    """The zone that a name lies in, if it is one of ours."""
    labels = name.split(".")
    suffixes = (".".join(labels[cut:]) for cut in range(len(labels)))
    return next((table.zones[suffix] for suffix in suffixes if suffix in table.zones), None)


def find(zone: Zone, labels: list[str], now: datetime) -> Entry | None:
    """The nearest live entry that answers for a name of this zone."""
    for cut in range(len(labels)):
        entry = zone.entries.get(".".join(labels[cut:]))
        if entry is not None and now < entry.expires and _is_covered(entry, labels[:cut]):
            return entry
    return None


def entries_of(table: Table, now: datetime) -> Iterator[tuple[str, Entry]]:
    """Every live entry with its zone's apex, test entries first, then by owner."""
    for apex, zone in table.zones.items():
        for entry in sorted(zone.entries.values(), key=lambda each: (not each.is_test, each.owner)):
            if now < entry.expires:
                yield apex, entry


def names_of(table: Table, who: str) -> tuple[str, ...]:
    """The names to ask about an address or a domain: its listing's, then its score's; SubjectError."""
    parsed = subject.parse(who)
    root = subject.domain(table.settings.root)
    if parsed.kind == "domain":
        return f"{parsed.text}.dom.{root}", f"{parsed.text}.dscore.{root}"
    owner = entries.address_owner(who.strip().removesuffix("/64") if ":" in parsed.text else parsed.text)
    return f"{owner}.bl.{root}", f"{owner}.score.{root}"


def _is_covered(entry: Entry, inner: list[str]) -> bool:
    """Whether an entry answers for the name with these labels before its own."""
    if entry.covers is Covers.ADDRESSES:
        return len(inner) == NIBBLES - PREFIX and _HEX.issuperset(inner)
    return not inner or entry.covers is Covers.BELOW


def _is_empty(zone: Zone, labels: list[str], now: datetime) -> bool:
    """Whether a name without an entry has live entries below it."""
    until = zone.below.get(".".join(labels))
    if until is not None and now < until:
        return True
    inner = labels[:-PREFIX]
    prefix = zone.entries.get(".".join(labels[-PREFIX:]))
    is_inside = prefix is not None and prefix.covers is Covers.ADDRESSES and now < prefix.expires
    return is_inside and len(labels) < NIBBLES and _HEX.issuperset(inner)


def _zone(apex: str, listed: Iterable[Entry]) -> Zone:
    known = {entry.owner: entry for entry in listed if entry.owner not in _NEVER_LISTED}
    below: dict[str, datetime] = {}
    for entry in known.values():
        labels = entry.owner.split(".")
        for cut in range(0 if entry.covers is Covers.ADDRESSES else 1, len(labels)):
            name = ".".join(labels[cut:])
            if name in below and below[name] >= entry.expires:
                break  # and so it is for every name above
            below[name] = entry.expires
    return Zone(apex, MappingProxyType(known), MappingProxyType(below))


def _apex(table: Table, zone: Zone) -> tuple[Record, ...]:
    settings, root = table.settings, zone.apex.partition(".")[2]
    servers = settings.name_servers or (f"ns.{root}",)
    contact = (settings.contact or f"hostmaster.{root}").replace("@", ".")
    soa = f"{servers[0]}. {contact}. {table.serial} 3600 900 604800 {settings.negative_ttl}".replace("..", ".")
    start = Record(zone.apex, "SOA", settings.ttl, soa)
    return start, *(Record(zone.apex, "NS", settings.ttl, server) for server in servers)


def _soa(table: Table, zone: Zone) -> tuple[Record, ...]:
    """The SOA of a negative answer, whose TTL says how long that may be kept (RFC 2308 section 3)."""
    start = _apex(table, zone)[0]
    return (Record(start.owner, "SOA", min(start.ttl, table.settings.negative_ttl), start.text),)


def _tests(url: str) -> dict[str, list[Entry]]:
    """The test entries of RFC 5782 section 5, one for each value of the lists."""
    bad = entries.score_code(0)
    by_address = {code: code for code in CODES.values()}
    by_name = {"test" if code == LISTED else f"{kind}.test": code for kind, code in CODES.items()}
    return {
        "bl": list(entries.address_tests(by_address, url)),
        "dom": list(entries.name_tests(by_name, url)),
        "score": list(entries.address_tests({LISTED: bad}, url)),
        "dscore": list(entries.name_tests({"test": bad}, url)),
    }
