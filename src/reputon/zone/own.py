"""Own: our own zones: `bl` and `dom` of the listings, `score` and `dscore` of the scores (DESIGN.md section 4).

Names that have entries below them exist and are empty (RFC 8020): a resolver that minimises its questions would never
ask for the listing below a name that it was told is not there.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import ip_address, ip_network
from typing import TYPE_CHECKING

from reputon import subject
from reputon.subject import Subject
from reputon.zone import entries
from reputon.zone.content import FOREVER, Content, ContentError, Covers, Dataset, Soa, Value
from reputon.zone.entries import CODES, LISTED

if TYPE_CHECKING:  # what scores is big, and the server only serves
    from reputon.listing.policy import Listing
    from reputon.score.model import PublishedScore

ZONES = ("bl", "dom", "score", "dscore")
_TESTS = {"test", *CODES.values()}  # which say what they say whoever is listed
_NEVER_LISTED = {"127.0.0.1", "invalid"}  # RFC 5782 section 5: whoever lists these lists the world


@dataclass(frozen=True, slots=True)
class Settings:
    """What the zones say of themselves.  Seconds; a `{subject}` in `url` is filled in; `closes` as in `closing`."""

    root: str
    url: str
    name_servers: tuple[str, ...] = ()  # none: `ns.<root>`
    contact: str = ""  # none: `hostmaster.<root>`
    ttl: int = 300
    negative_ttl: int = 60
    stale: int = 0  # after which they list nobody unless written anew; 0: never
    closes: int = FOREVER

    @property
    def apex(self) -> str:
        """The name below which the zones lie; ContentError where `root` is none."""
        try:
            return subject.domain(self.root)
        except subject.SubjectError:
            raise ContentError(f"zone.root {self.root!r} is not a domain name: write it as rep.example.org") from None


def contents(
    listings: "Iterable[Listing]", scores: "Iterable[PublishedScore]", settings: Settings, serial: int = 1
) -> list[Content]:
    """The four zones of these listings and scores."""
    made = {name: _empty(name, settings, serial) for name in ZONES}
    lists = {name: content.dataset() for name, content in made.items()}
    for listing in listings:
        name = "bl" if listing.subject.kind == "ip" else "dom"
        _put(made[name], lists[name], listing.subject, entries.of_listing(listing, settings.url))
    for score in scores:
        name = "score" if score.subject.kind == "ip" else "dscore"
        _put(made[name], lists[name], score.subject, entries.of_score(score, settings.url))
    _put_tests(made, settings.url)
    return list(made.values())


def names_of(who: str, settings: Settings) -> tuple[str, ...]:
    """The names to ask about an address or a domain: its listing's, then its score's; SubjectError."""
    owner, apex = owner_of(who), settings.apex
    of = ("dom", "dscore") if subject.parse(who).kind == "domain" else ("bl", "score")
    return f"{owner}.{of[0]}.{apex}", f"{owner}.{of[1]}.{apex}"


def owner_of(who: str) -> str:
    """Where an address or a domain stands in a zone; SubjectError."""
    parsed = subject.parse(who)
    if parsed.kind == "domain":
        return parsed.text
    return address_owner(who.strip().removesuffix("/64") if ":" in parsed.text else parsed.text)


def address_owner(address: str) -> str:
    """The owner of one address: octets (IPv4) or 32 nibbles (IPv6), last one first (RFC 5782 section 2)."""
    parsed = ip_address(address)
    parts = str(parsed).split(".") if parsed.version == 4 else list(f"{int(parsed):032x}")
    return ".".join(reversed(parts))


def _empty(name: str, settings: Settings, serial: int) -> Content:
    apex = settings.apex
    servers = settings.name_servers or (f"ns.{apex}",)
    contact = settings.contact or f"hostmaster.{apex}"
    soa = Soa(servers[0], contact, serial % (1 << 32), minimum=settings.negative_ttl, ttl=settings.ttl)
    return Content(f"{name}.{apex}", soa, servers, settings.ttl, settings.ttl)


def _put(content: Content, into: Dataset, who: Subject, value: Value) -> None:
    """A subject as an entry: an address, a /64, or a domain with every name below it."""
    if who.text in _NEVER_LISTED or who.text in _TESTS:
        return
    known = content.value_of(value)
    if who.kind == "domain":
        # A tenant is an organizational domain: what it sends from names below it was counted as its own.  A single
        # label is nobody's domain, and must not list everybody below it.
        into.add_name(who.text, Covers.BOTH if "." in who.text else Covers.ITSELF, known)
    elif ":" in who.text:
        network = ip_network(who.text)
        into.add6(int(network.network_address), network.prefixlen, known)
    else:
        into.add4(int(ip_address(who.text)), 32, known)


def _put_tests(made: dict[str, Content], url: str) -> None:
    """The test entries of RFC 5782 section 5, one for each value of the lists; they win over what is there."""
    bad = entries.score_code(0)
    for name, codes in (("bl", {each: each for each in CODES.values()}), ("score", {LISTED: bad})):
        for address, code in codes.items():
            _put_test(made[name], address, code, url)
    for name, named in (
        ("dom", {"test" if code == LISTED else f"{kind}.test": code for kind, code in CODES.items()}),
        ("dscore", {"test": bad}),
    ):
        for owner, code in named.items():
            known = made[name].value_of(entries.test(owner, code, url))
            made[name].datasets[0].add_name(owner, Covers.ITSELF, known)


def _put_test(content: Content, address: str, code: str, url: str) -> None:
    """An address, as IPv4 and as IPv4-mapped IPv6."""
    known = content.value_of(entries.test(address, code, url))
    content.datasets[0].add4(int(ip_address(address)), 32, known)
    content.datasets[0].add6(int(ip_address(f"::ffff:{address}")), 128, known)
