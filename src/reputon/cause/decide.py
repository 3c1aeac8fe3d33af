"""Whose fault it is: the decision tree as a table of branches, each reading facts and none asking the world.

The order is the argument.  What the receiver did wrong, what the sender did wrong and what is not about reputation
come before any word about the provider: the provider is blamed last, and only with three independent facts.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace

from reputon.cause.case import Case, Cause, CauseId, Fact
from reputon.cause.detail import detail_of
from reputon.cause.facts import authenticated, bounces, known, list_now, pool, words

# Reasons under which receivers put what they do not want to explain.
_VAGUE = frozenset(("policyviolation", "rejected", "blocked", "undefined", "securityerror", "onhold", "badreputation"))

# The recipient takes mail of some senders only: 5.7.133 and 5.7.134 of Exchange, 5.7.2 of RFC 3463 (mailing lists).
_RESTRICTED = frozenset(("5.7.2", "5.7.133", "5.7.134"))

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


# --- branches ------------------------------------------------------------------------------------------------------


def forged(case: Case) -> Cause | None:
    """We kept what we sent, and did not send this."""
    if case.sent_by_us is not False:
        return None
    fact = Fact("the returned Message-ID is not among the messages that we sent", "sent.jsonl")
    return _verdict(case, "undetermined", 0.2, [words(case), fact], "a bounce of a message that was really sent")


def receiver_is_wrong(case: Case) -> Cause | None:
    """An open resolver, a closed list, one that lists everybody, an error code read as a listing."""
    name = case.report.list or case.report.zone
    if case.report.fault == "receiver":
        return _verdict(case, "recipient-fault", 0.95, [words(case)])
    if case.list_is_closed:
        closed = Fact(f"{name} is closed: it answers nothing, or lists everybody", "the catalogue of lists")
        return _verdict(case, "recipient-fault", 0.9, [words(case), closed])
    if case.lists_all:
        same = Fact(f"{name} gives everybody the same answer: {case.list_why}", "DNS now")
        return _verdict(case, "recipient-fault", 0.85, [words(case), same])
    return None


def provider_refused(case: Case) -> Cause | None:
    """The provider itself refused its tenant (Microsoft's 5.7.705, 5.7.708, 5.1.8)."""
    codes = case.provider.tenant_codes if case.provider and case.provider_wrote else ()
    if case.report.enhanced in codes and not case.report.wrapper_text:  # a receiver's own code means something else
        return _verdict(case, "tenant-behaviour", 0.9, [words(case)])
    return None


def tenant_forwards(case: Case) -> Cause | None:
    """The relay pool: the tenant forwards mail whose sender did not authenticate, as the receiver may say too."""
    if case.pool is None or case.pool.id != "relay":
        return None
    if case.report.subject_kind not in ("ip", "auth") and case.report.wrapper_enhanced not in case.pool.words:
        return None
    return _verdict(case, "tenant-forwarding", 0.85, known(words(case), case.left_from, case.range, pool(case)))


def about_authentication(case: Case) -> Cause | None:
    """The receiver says that SPF, DKIM or DMARC failed."""
    if case.report.subject_kind != "auth":
        return None
    facts = [words(case), authenticated(case)]
    if case.authentication.state == "fail":
        return _verdict(case, "own-authentication", 0.95, facts)
    if case.authentication.state == "unknown":
        return _verdict(case, "own-authentication", 0.6, facts, "SPF, DKIM and DMARC evaluated for the message")
    # It passes for us: forwarding on the way, or DNS that failed just then; the receiver's log would tell.
    return _verdict(case, "undetermined", 0.3, facts, "the receiver's own authentication results")


def about_a_domain(case: Case) -> Cause | None:
    """A domain is listed: another route carries the same domain."""
    if case.report.subject_kind != "domain":
        return None
    if case.domain is not None and case.list_state == "clean":
        return _verdict(case, "resolved", 0.9, known(words(case), list_now(case)))
    return _verdict(case, "domain-reputation", 0.9, known(words(case), list_now(case)))


def about_content(case: Case) -> Cause | None:
    """The message was taken for spam by what is in it."""
    return _verdict(case, "content", 0.8, [words(case)]) if case.report.subject_kind == "content" else None


def says_nothing(case: Case) -> Cause | None:
    """ "Access denied", "policy reasons": a refusal that gives no reason blames nobody."""
    report = case.report
    if report.subject_kind == "ip" or (report.reason not in _VAGUE and report.subject_kind is not None):
        return None
    if report.list or report.zone or report.subject_kind == "rate" or report.enhanced in _RESTRICTED:
        return None
    return _verdict(case, "undetermined", 0.3, [words(case)], "why the receiver refused: its postmaster can tell")


def not_about_reputation(case: Case) -> Cause | None:
    """A mailbox, a size, a rate: nothing that reputation explains."""
    return None if case.report.subject_kind == "ip" else _verdict(case, "out-of-scope", 0.9, [words(case)])


def own_address(case: Case) -> Cause | None:
    """The address is the sender's own or dedicated to it."""
    if case.owner is None:
        return None
    facts = known(words(case), case.left_from, case.owner, list_now(case), bounces(case))
    if case.list_state == "clean":
        return _verdict(case, "resolved", 0.9, facts)
    return replace(_verdict(case, "own-address", 0.9, facts), detail=detail_of(case))


def tenant_behaves(case: Case) -> Cause | None:
    """The provider took the tenant's own mail for spam: the high-risk pool, its outbound marks, a silent domain."""
    high_risk = case.pool is not None and case.pool.id == "high-risk"
    if not case.marks and not high_risk and case.silent_domain is None:
        return None
    facts = known(words(case), case.left_from, case.range, pool(case), *case.marks, case.silent_domain)
    return _verdict(case, "tenant-behaviour", 0.9, facts)


def both(case: Case) -> Cause | None:
    """Shared infrastructure is listed, and the tenant's authentication failed: mend that first."""
    if case.provider is None or case.authentication.state != "fail":
        return None
    return _verdict(
        case,
        "mixed",
        0.7,
        known(words(case), case.left_from, case.range, authenticated(case), list_now(case), bounces(case)),
    )


def gone(case: Case) -> Cause | None:
    """Listed when it was refused, clean now: send again."""
    if case.list_state != "clean":
        return None
    failed = authenticated(case) if case.authentication.state == "fail" else None  # not the reason, but worth a word
    facts = known(words(case), case.left_from, list_now(case), case.range, pool(case), failed)
    return _verdict(case, "resolved", 0.9, facts)


def provider_shares(case: Case) -> Cause | None:
    """The provider's shared infrastructure: three independent facts, or none of it."""
    names = case.report.listed_ip or case.report.list or case.report.zone
    if case.range is None or not names or case.authentication.state != "pass":
        return None
    facts = known(
        case.range, case.left_from, pool(case), words(case), authenticated(case), list_now(case), bounces(case)
    )
    name = case.report.list or case.report.zone
    unproven = f"what {name} says now: {case.list_why}" if name else f"a list that can be asked: {case.list_why}"
    missing = () if case.verified else (unproven,)
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
    facts = known(words(case), case.left_from, case.range, pool(case), list_now(case))
    return _verdict(case, "undetermined", 0.3, facts, *(what for is_missing, what in missing if is_missing))


BRANCHES: tuple[Branch, ...] = (
    forged,
    receiver_is_wrong,
    provider_refused,
    tenant_forwards,
    about_authentication,
    about_a_domain,
    about_content,
    says_nothing,
    not_about_reputation,
    own_address,
    tenant_behaves,
    gone,
    both,
    provider_shares,
    cannot_tell,
)
