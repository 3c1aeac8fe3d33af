"""Facts: what a case shows, each in a sentence with the place where it was read; None where it shows nothing."""

from reputon.cause.case import MATCHED_BOUNCES, Case, Fact


def words(case: Case) -> Fact:
    """What the receiver said."""
    report = case.report
    about = " and ".join(
        each for each in (f"list {report.list or report.zone}" if report.list or report.zone else "",
                          f"address {report.listed_ip}" if report.listed_ip else "") if each
    )  # fmt: skip
    said = f"the receiver names {about}" if about else "the receiver says why"
    return Fact(f"{said}: {report.text or report.reason}", "the bounce, the receiver's own words")


def pool(case: Case) -> Fact | None:
    """Which pool of the provider it left through."""
    if case.pool is None or case.provider is None:
        return None
    fact = f"it left through {case.provider.name}'s {case.pool.id} pool: {case.pool.means}"
    return Fact(fact, "the provider's words in the bounce, or the address's prefix")


def list_now(case: Case) -> Fact | None:
    """What the list says now."""
    if case.list_state == "unknown":
        return None
    now = "still lists" if case.list_state == "listed" else "does not list"
    subject = case.domain or case.address
    return Fact(f"{case.report.list or case.report.zone} {now} {subject} now", f"DNS now: {case.list_why}")


def bounces(case: Case) -> Fact | None:
    """That other bounces of messages that we sent say the same."""
    if case.matched_bounces < MATCHED_BOUNCES:
        return None
    return Fact(f"{case.matched_bounces} bounces of messages that we sent name the same list", "bounces, sent.jsonl")


def authenticated(case: Case) -> Fact:
    """Whether the message authenticated as its author's domain."""
    return Fact(case.authentication.fact, case.authentication.read_in)


def known(*facts: Fact | None) -> list[Fact]:
    """Those of the facts that there are."""
    return [fact for fact in facts if fact is not None]
