"""Entry: what one name of a zone says: its return codes, its text, and until when.

A listing becomes an entry of `bl` (addresses) or `dom` (tenants), a published score one of `score` or `dscore`; the
test entries of RFC 5782 section 5 are entries like any other.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from ipaddress import ip_address, ip_network
from math import floor
from urllib.parse import quote

from reputon.listing.policy import Listing
from reputon.score.model import PublishedScore
from reputon.subject import Subject

FOREVER = datetime.max.replace(tzinfo=UTC)
SHARE = 0.2  # of the loss that a reason must carry to have a code of its own
LISTED = "127.0.0.2"

# The codes of `bl` and `dom` (DESIGN.md section 4): several records, no bits, so that every client's filter works.
CODES = {
    "score": LISTED,
    "pristine-trap": "127.0.0.3",
    "malware": "127.0.0.4",
    "invalid-recipients": "127.0.0.5",
    "complaints": "127.0.0.6",
}
_SCORES = "127.0.4.{}"


class Covers(StrEnum):
    """Which names an entry answers for."""

    ITSELF = "itself"
    ADDRESSES = "addresses"  # an IPv6 /64: the 32 nibbles of each of its addresses
    BELOW = "below"  # a tenant: its domain, and every name below it that has no entry of its own


@dataclass(frozen=True, slots=True)
class Entry:
    """What a name says.  `owner` is relative to its zone, in lower case; `codes` are IPv4 addresses."""

    owner: str
    subject: str
    codes: tuple[str, ...]
    text: str
    expires: datetime = FOREVER
    covers: Covers = Covers.ITSELF
    is_test: bool = False

    @property
    def has_end(self) -> bool:
        """Whether it expires by itself."""
        return self.expires < FOREVER


def of_listing(listing: Listing, url: str) -> Entry:
    """The entry of a listing: the score's code always, and one for each reason that carries its share."""
    reasons = ["score"]
    reasons += [each.kind for each in listing.reasons if each.kind != "score" and each.share >= SHARE]
    codes = tuple(sorted({CODES[kind] for kind in reasons if kind in CODES}))
    why = ",".join(each.kind for each in listing.reasons) or "score"
    until = listing.expires.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    text = f"scope={listing.scope} reason={why} until={until} {page(url, listing.subject.text)}"
    owner, covers = place(listing.subject)
    return Entry(owner, listing.subject.text, codes, text, listing.expires, covers)


def of_score(score: PublishedScore, url: str) -> Entry:
    """The entry of a published score; it stays until the next table, because a score does not expire by itself."""
    text = (
        f"score={score.value:.2f} confidence={score.confidence:.2f} sample={band(score.sample)} "
        f"top={score.top or 'none'} shared={int(score.shared)} {page(url, score.subject.text)}"
    )
    owner, covers = place(score.subject)
    return Entry(owner, score.subject.text, (score_code(score.value),), text, covers=covers)


def score_code(value: float) -> str:
    """`127.0.4.<0-100>`, rounded down: a receiver's threshold then means the same for the code as for the score."""
    return _SCORES.format(min(100, max(0, floor(round(value, 2)))))


def band(count: int) -> str:
    """A count as the public may see it: its power of ten, as in `100-999` (exact live counts reveal traps)."""
    if count < 10:
        return "0-9"
    low = 10 ** (len(str(count)) - 1)
    return f"{low}-{low * 10 - 1}"


def page(url: str, subject: str) -> str:
    """The page about a subject; the `/` of an IPv6 /64 must not become a folder."""
    return url.replace("{subject}", quote(subject, safe=":"))


def place(subject: Subject) -> tuple[str, Covers]:
    """Where a subject stands in its zone, and what it covers there (RFC 5782 sections 2.1 and 2.4)."""
    if subject.kind == "domain":
        # A tenant is an organizational domain: what it sends from names below it was counted as its own.  A single
        # label is nobody's domain, and must not list everybody below it.
        return subject.text, Covers.BELOW if "." in subject.text else Covers.ITSELF
    if ":" in subject.text:
        nibbles = f"{int(ip_network(subject.text).network_address):032x}"[:16]
        return ".".join(reversed(nibbles)), Covers.ADDRESSES
    return address_owner(subject.text), Covers.ITSELF


def address_owner(address: str) -> str:
    """The owner of one address: octets (IPv4) or 32 nibbles (IPv6), last one first."""
    parsed = ip_address(address)
    parts = str(parsed).split(".") if parsed.version == 4 else list(f"{int(parsed):032x}")
    return ".".join(reversed(parts))


def address_tests(codes: dict[str, str], url: str) -> Iterator[Entry]:
    """RFC 5782 section 5: each `127.0.0.x` of `codes` says its code, as IPv4 and as IPv4-mapped IPv6."""
    for address, code in codes.items():
        for owner in (address_owner(address), address_owner(f"::ffff:{address}")):
            yield _test(owner, address, code, url)


def name_tests(codes: dict[str, str], url: str) -> Iterator[Entry]:
    """RFC 5782 section 5 for domains: `test` is listed; INVALID has no entry, so nothing need be said of it."""
    for owner, code in codes.items():
        yield _test(owner, owner, code, url)


def _test(owner: str, subject: str, code: str, url: str) -> Entry:
    return Entry(owner, subject, (code,), f"test entry (RFC 5782) {page(url, subject)}", is_test=True)
