"""Whose fault it is: the decision tree as a table of branches, each reading facts and none asking the world.

The order is the argument.  What the receiver did wrong, what the sender did wrong and what is not about reputation
come before any word about the provider: the provider is blamed last, and only with three independent facts.
"""

from collections.abc import Callable, Sequence
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

    `address` is the listed one, or the one that the message left from; `list_state` is what the list says now of
    it, `list_why` in words; `matched_bounces` counts bounces of this incident whose messages we really sent;
    `sent_by_us` is None where nobody kept what was sent.
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
    returned_headers: bool = False

    @property
    def verified(self) -> bool:
        """Whether the listing is verified (DESIGN.md section 3)."""
        return self.list_state == "listed" or self.matched_bounces >= MATCHED_BOUNCES


Branch = Callable[[Case], Cause | None]


def decide(case: Case) -> Cause:
    """The first branch that applies."""
    return next(cause for branch in BRANCHES if (cause := branch(case)) is not None)


def _verdict(case: Case, cause: CauseId, confidence: float, facts: Sequence[Fact], *missing: str) -> Cause:
    return Cause(
        id=cause,
        confidence=confidence,
        facts=tuple(facts),
        missing=missing,
        provider=case.provider.id if case.provider else None,
        pool=case.pool.id if case.pool else None,
        verified=case.verified,
    )


# --- facts ---------------------------------------------------------------------------------------------------------


def _words(case: Case) -> Fact:
    report = case.report
    about = " and ".join(
        each for each in (f"list {report.list or report.zone}" if report.list or report.zone else "",
                          f"address {report.listed_ip}" if report.listed_ip else "") if each
    )  # fmt: skip
    said = f"the receiver names {about}" if about else "the receiver says why"
    return Fact(f"{said}: {report.text or report.reason}", "the bounce, the receiver's own words")


def _range(case: Case) -> Fact | None:
    if case.provider is None or case.address is None:
        return None
    prefix = case.provider.prefix_of(case.address)
    if prefix is None:
        return None
    where = f"{case.provider.name}: outbound ranges as of {case.provider.as_of}"
    return Fact(f"{case.address} lies in {prefix}, outbound addresses of {case.provider.name}", where)


def _pool(case: Case) -> Fact | None:
    if case.pool is None or case.provider is None:
        return None
    fact = f"it left through {case.provider.name}'s {case.pool.id} pool: {case.pool.means}"
    return Fact(fact, "the provider's words in the bounce, or the address's prefix")


def _list_now(case: Case) -> Fact | None:
    if case.list_state == "unknown":
        return None
    now = "still lists" if case.list_state == "listed" else "does not list"
    return Fact(f"{case.report.list or case.report.zone} {now} {case.address} now", f"DNS now: {case.list_why}")


def _bounces(case: Case) -> Fact | None:
    if case.matched_bounces < MATCHED_BOUNCES:
        return None
    return Fact(f"{case.matched_bounces} bounces of messages that we sent name the same list", "bounces, sent.jsonl")


def _authenticated(case: Case) -> Fact:
    return Fact(case.authentication.fact, case.authentication.read_in)


def _known(*facts: Fact | None) -> list[Fact]:
    return [fact for fact in facts if fact is not None]


# --- branches ------------------------------------------------------------------------------------------------------


def forged(case: Case) -> Cause | None:
    """We kept what we sent, and did not send this."""
    if case.sent_by_us is not False:
        return None
    fact = Fact("the returned Message-ID is not among the messages that we sent", "sent.jsonl")
    return _verdict(case, "undetermined", 0.2, [_words(case), fact], "a bounce of a message that was really sent")


def receiver_is_wrong(case: Case) -> Cause | None:
    """An open resolver, a closed list, an error code read as a listing: every sender gets the same answer."""
    if case.report.fault == "receiver":
        return _verdict(case, "recipient-fault", 0.95, [_words(case)])
    if case.list_is_closed:
        closed = Fact(f"{case.report.list} is closed: it answers nothing, or lists everybody", "lists/catalogue.toml")
        return _verdict(case, "recipient-fault", 0.9, [_words(case), closed])
    return None


def provider_refused(case: Case) -> Cause | None:
    """The provider itself refused its tenant (Microsoft's 5.7.705, 5.7.708, 5.1.8)."""
    codes = case.provider.tenant_codes if case.provider else ()
    if case.report.enhanced in codes:
        return _verdict(case, "tenant-behaviour", 0.9, [_words(case)])
    return None


def about_authentication(case: Case) -> Cause | None:
    """The receiver says that SPF, DKIM or DMARC failed."""
    if case.report.subject_kind != "auth":
        return None
    facts = [_words(case), _authenticated(case)]
    if case.authentication.state == "fail":
        return _verdict(case, "own-authentication", 0.95, facts)
    if case.authentication.state == "unknown":
        return _verdict(case, "own-authentication", 0.6, facts, "SPF, DKIM and DMARC evaluated for the message")
    # It passes for us: forwarding on the way, or DNS that failed just then; the receiver's log would tell.
    return _verdict(case, "undetermined", 0.3, facts, "the receiver's own authentication results")


def about_a_domain(case: Case) -> Cause | None:
    """A domain is listed: another route carries the same domain."""
    return _verdict(case, "domain-reputation", 0.9, [_words(case)]) if case.report.subject_kind == "domain" else None


def about_content(case: Case) -> Cause | None:
    """The message was taken for spam by what is in it."""
    return _verdict(case, "content", 0.8, [_words(case)]) if case.report.subject_kind == "content" else None


def not_about_reputation(case: Case) -> Cause | None:
    """A mailbox, a size, a rate: nothing that reputation explains."""
    return None if case.report.subject_kind == "ip" else _verdict(case, "out-of-scope", 0.9, [_words(case)])


def own_address(case: Case) -> Cause | None:
    """The address is the sender's own or dedicated to it."""
    if case.address is None or not case.inventory.owns(case.address):
        return None
    own = Fact(f"{case.address} is one of the sender's own addresses", "inventory.toml")
    if case.list_state == "clean":
        return _verdict(case, "resolved", 0.9, _known(_words(case), own, _list_now(case)))
    return _verdict(case, "own-address", 0.9, _known(_words(case), own, _list_now(case)))


def tenant_forwards(case: Case) -> Cause | None:
    """The relay pool: the tenant forwards mail whose sender did not authenticate."""
    if case.pool is None or case.pool.id != "relay":
        return None
    return _verdict(case, "tenant-forwarding", 0.85, _known(_words(case), _range(case), _pool(case)))


def tenant_behaves(case: Case) -> Cause | None:
    """The provider took the tenant's own mail for spam: the high-risk pool, or its outbound marks."""
    if not case.marks and (case.pool is None or case.pool.id != "high-risk"):
        return None
    facts = [*_known(_words(case), _range(case), _pool(case)), *case.marks]
    return _verdict(case, "tenant-behaviour", 0.9, facts)


def both(case: Case) -> Cause | None:
    """Shared infrastructure is listed, and the tenant's authentication failed: mend that first."""
    if case.provider is None or case.authentication.state != "fail":
        return None
    return _verdict(case, "mixed", 0.7, _known(_words(case), _range(case), _authenticated(case), _list_now(case)))


def gone(case: Case) -> Cause | None:
    """Listed when it was refused, clean now: send again."""
    if case.list_state != "clean":
        return None
    failed = _authenticated(case) if case.authentication.state == "fail" else None  # not the reason, but worth a word
    facts = _known(_words(case), _list_now(case), _range(case), _pool(case), failed)
    return _verdict(case, "resolved", 0.9, facts)


def provider_shares(case: Case) -> Cause | None:
    """The provider's shared infrastructure: three independent facts, or none of it."""
    where = _range(case)
    names = case.report.listed_ip or case.report.list or case.report.zone
    if where is None or not names or case.authentication.state != "pass":
        return None
    facts = _known(where, _pool(case), _words(case), _authenticated(case), _list_now(case), _bounces(case))
    missing = () if case.verified else (f"what {case.report.list or case.report.zone} says now: {case.list_why}",)
    return _verdict(case, "provider-shared", 0.95 if case.verified else 0.8, facts, *missing)


def cannot_tell(case: Case) -> Cause:
    """Name what is missing."""
    missing = [
        (case.address is None, "the listed address"),
        (case.address is not None and case.provider is None,
         f"whose address {case.address} is: name your own addresses and providers in inventory.toml"),
        (not case.returned_headers, "the headers of the returned message: give the whole bounce, not a line of it"),
        (case.authentication.state == "unknown", "whether SPF, DKIM and DMARC passed"),
        (case.list_state == "unknown", f"what the list says now: {case.list_why}"),
    ]  # fmt: skip
    facts = _known(_words(case), _range(case), _pool(case), _list_now(case))
    return _verdict(case, "undetermined", 0.3, facts, *(what for is_missing, what in missing if is_missing))


BRANCHES: tuple[Branch, ...] = (
    forged,
    receiver_is_wrong,
    provider_refused,
    about_authentication,
    about_a_domain,
    about_content,
    not_about_reputation,
    own_address,
    tenant_forwards,
    tenant_behaves,
    gone,
    both,
    provider_shares,
    cannot_tell,
)
