"""Case: everything known about one refusal, and what is made of it: facts that say where they were read, a cause."""

from dataclasses import dataclass, field
from typing import Literal

from reputon.authentication.judgement import Authentication
from reputon.bounce.report import Report
from reputon.cause.inventory import Inventory
from reputon.cause.provider import Pool, Provider

CauseId = Literal[
    "provider-shared", "resolved", "own-authentication", "own-address", "tenant-behaviour", "tenant-forwarding",
    "mixed", "domain-reputation", "content", "recipient-fault", "out-of-scope", "undetermined",
]  # fmt: skip

ListState = Literal["listed", "clean", "unknown"]

# What is wrong with an own address: no mail may come from there (policy, reverse name), a machine or password is in
# other hands, its mail was taken for spam, or the network around it is listed.
Detail = Literal["policy", "compromise", "spam", "neighbour"]

MATCHED_BOUNCES = 2  # bounces of messages that we really sent, which stand for a list that cannot be asked


@dataclass(frozen=True, slots=True)
class Fact:
    """One thing that is known, and where it was read."""

    fact: str
    read_in: str


@dataclass(frozen=True, slots=True)
class Cause:
    """The verdict.  `confidence` (0 to 1) is that of its weakest fact; `missing` names what would settle it.

    `verified`: the list says so now, or enough matched bounces do; acting (a reroute) needs it.
    `detail` tells kinds of one cause apart (those of `own-address`); None where it cannot be told.
    """

    id: CauseId
    confidence: float
    facts: tuple[Fact, ...]
    missing: tuple[str, ...] = ()
    provider: str | None = None
    pool: str | None = None
    verified: bool = False
    detail: Detail | None = None


@dataclass(frozen=True, slots=True)
class Case:
    """Everything known about one refusal.

    `address` is the listed one, or the one that the message left from (`left_from` then says where that was read);
    `domain` the one that the list was asked about, where the refusal is about a domain.  `list_state` is what the
    list says now, `list_why` in words; `lists_all`: it answers the same for everybody.  `owner`: what shows that the
    address is the sender's own; `range`: what shows that it is the provider's; `provider_wrote`: the provider's own
    server wrote the bounce; `silent_domain`: that the sending domain takes no mail itself.  `matched_bounces` counts
    bounces of this incident whose messages we really sent; `sent_by_us` is None where nobody kept what was sent.
    """

    report: Report
    address: str | None
    list_state: ListState
    list_why: str
    provider: Provider | None
    pool: Pool | None
    marks: tuple[Fact, ...]
    authentication: Authentication
    inventory: Inventory = field(default_factory=Inventory)
    sent_by_us: bool | None = None
    matched_bounces: int = 0
    list_is_closed: bool = False
    lists_all: bool = False
    returned_headers: bool = False
    provider_wrote: bool = False
    domain: str | None = None
    left_from: Fact | None = None
    owner: Fact | None = None
    range: Fact | None = None
    silent_domain: Fact | None = None

    @property
    def verified(self) -> bool:
        """Whether the listing is verified (DESIGN.md section 3)."""
        return self.list_state == "listed" or self.matched_bounces >= MATCHED_BOUNCES
