"""Entries: what our own zones say of a listing or of a published score: return codes, a text, and until when."""

from datetime import UTC
from math import floor
from typing import TYPE_CHECKING
from urllib.parse import quote

from reputon.zone.content import Value

if TYPE_CHECKING:  # what scores is big, and the server only serves
    from reputon.listing.policy import Listing
    from reputon.score.model import PublishedScore

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


def of_listing(listing: "Listing", url: str) -> Value:
    """The value of a listing: the score's code always, and one for each reason that carries its share."""
    reasons = ["score"]
    reasons += [each.kind for each in listing.reasons if each.kind != "score" and each.share >= SHARE]
    codes = tuple(sorted({CODES[kind] for kind in reasons if kind in CODES}))
    why = ",".join(each.kind for each in listing.reasons) or "score"
    until = listing.expires.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    text = f"scope={listing.scope} reason={why} until={until} {page(url, listing.subject.text)}"
    return Value(codes, (text.replace("$", "$$"),), expires=int(listing.expires.timestamp()))


def of_score(score: "PublishedScore", url: str) -> Value:
    """The value of a published score; it stays until the next table, because a score does not expire by itself."""
    text = (
        f"score={score.value:.2f} confidence={score.confidence:.2f} sample={band(score.sample)} "
        f"top={score.top or 'none'} shared={int(score.shared)} {page(url, score.subject.text)}"
    )
    return Value((score_code(score.value),), (text.replace("$", "$$"),))


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


def test(subject: str, code: str, url: str) -> Value:
    """The value of a test entry (RFC 5782 section 5)."""
    return Value((code,), (f"test entry (RFC 5782) {page(url, subject)}".replace("$", "$$"),))
