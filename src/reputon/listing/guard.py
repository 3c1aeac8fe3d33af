"""Guard: a run that would list far too many is a fault of ours before it is one of theirs: it stops and says so.

Nothing new is then listed; listings in force go on, and end by their clocks.  Dead and broken lists that listed the
world are why: of all that a list can do wrong, it harms most (RFC 6471 section 3.4).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from reputon.listing.policy import Change, Settings
from reputon.subject import Subject

GOOD = 80.0  # the score from which a sender is known to be good
USUAL = 2.0  # times the mail of an average known-good sender: one sender alone may always go bad
FEW = 20  # new listings of addresses below which their share of all addresses says nothing


@dataclass(frozen=True, slots=True)
class Good:
    """The known-good senders, those whose last published score is GOOD or more.

    `traffic`: messages of those that a run would list, addresses and tenants; `total`: of all of them together, each
    message once; `senders`: how many there are, of the kind that there are more of.
    """

    traffic: Mapping[Subject, int]
    total: int
    senders: int


@dataclass(frozen=True, slots=True)
class Halt:
    """Why a run stopped, with its figures: new listings, and the shares (0 to 1) that they would have covered."""

    why: str
    listings: int
    good_share: float
    address_share: float


def check(changes: Iterable[Change], good: Good, addresses_seen: int, settings: Settings) -> Halt | None:
    """Whether a run must stop; None where it may go on.  `addresses_seen`: how many addresses sent anything."""
    new = [change.listing.subject for change in changes if change.what == "listed"]
    share = _good_share(new, good)
    addresses = sum(subject.kind == "ip" for subject in new)
    of_addresses = addresses / addresses_seen if addresses_seen else 0.0
    reasons = []
    if len(new) > settings.most_listings:
        reasons.append(f"{len(new)} new listings, more than {settings.most_listings} (listing.most_listings)")
    if share > (limit := _limit(good, settings)):
        reasons.append(f"{share:.1%} of the known-good mail, more than {limit:.1%} (listing.most_share)")
    if addresses > FEW and of_addresses > settings.most_addresses:
        most = f"{settings.most_addresses:.1%} (listing.most_addresses)"
        reasons.append(f"{addresses} of the {addresses_seen} addresses seen, more than {most}")
    if not reasons:
        return None
    why = f"nothing new was listed: it would have been {' and '.join(reasons)}; look at the evidence first"
    return Halt(why, len(new), share, of_addresses)


def halted(changes: Iterable[Change]) -> tuple[Change, ...]:
    """What is still done of a run that stopped: everything but new listings."""
    return tuple(change for change in changes if change.what != "listed")


def _good_share(new: Iterable[Subject], good: Good) -> float:
    """The share of the known-good mail that is hit; a message has an address and a tenant, and counts once."""
    hit = {"ip": 0, "domain": 0}
    for subject in set(new):
        hit[subject.kind] += good.traffic.get(subject, 0)
    return min(1.0, max(hit.values()) / good.total) if good.total > 0 else 0.0


def _limit(good: Good, settings: Settings) -> float:
    """The share that may be hit: where there are few good senders, one of them is more than `most_share`."""
    return max(settings.most_share, USUAL / good.senders) if good.senders else 1.0
