"""Plan: the steps out of a refusal, in order, each with why, who, where and how long; a table by cause."""

from dataclasses import dataclass, replace
from typing import Literal, Protocol

from reputon.bounce.report import Report
from reputon.cause.decide import Cause, CauseId
from reputon.cause.provider import Provider
from reputon.lists import BlockList

When = Literal["now", "ask", "wait", "never"]


@dataclass(frozen=True, slots=True)
class Step:
    """One thing to do (or, with `when` = `never`, not to do).  `id` is the name of its maker below, with hyphens."""

    when: When
    do: str
    why: str
    who: str
    where: str | None = None
    takes: str | None = None
    id: str = ""


@dataclass(frozen=True, slots=True)
class Plan:
    """The steps, in the order to take them."""

    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class Situation:
    """What a plan is made for."""

    cause: Cause
    report: Report
    provider: Provider | None
    listed_by: BlockList | None

    @property
    def list_name(self) -> str:
        """What to call the list."""
        return self.report.list or self.report.zone or "the list"

    @property
    def address(self) -> str:
        """What to call the address."""
        return self.report.listed_ip or "the address that your mail left from"

    @property
    def provider_name(self) -> str:
        """What to call the provider."""
        return self.provider.name if self.provider else "your provider"

    @property
    def receiver(self) -> str:
        """The domain that refused."""
        return (self.report.recipient or "").rpartition("@")[2] or self.report.rhost or "the receiver"


class Maker(Protocol):
    """What makes one step of a situation; None where it does not apply."""

    __name__: str

    def __call__(self, s: Situation, /) -> Step | None:
        """The step."""
        ...


def make(situation: Situation) -> Plan:
    """The plan for a cause."""
    made = ((maker, maker(situation)) for maker in PLANS[situation.cause.id])
    return Plan(tuple(replace(step, id=_id(maker)) for maker, step in made if step is not None))


def _id(maker: Maker) -> str:
    return maker.__name__.replace("_", "-")


# --- steps ---------------------------------------------------------------------------------------------------------


def resend(s: Situation) -> Step | None:
    """A pool that rotates often lets the next try through."""
    if s.provider is None or not s.provider.rotates:
        return None
    why = f"{s.provider_name} sends from another address of the pool the next time, often one that is not listed"
    return Step("now", "Send the message again", why, "you", takes="5 to 10 minutes")


def resend_resolved(s: Situation) -> Step:
    """The listing is gone."""
    return Step(
        "now", "Send the message again", f"{s.list_name} does not list {s.address} any more", "you", takes="now"
    )


def relay(s: Situation) -> Step:
    """The way round."""
    do = f"Send urgent mail to {s.receiver} through a second relay"
    why = f"another address carries it until {s.address} is clean; the route goes back by itself"
    where = f"reputon reroute plan --domain {s.receiver}"
    if not s.cause.verified:
        why += "; only after the listing is verified, or with your own decision"
    return Step("now", do, why, "you, or whoever runs your mail server", where, "minutes")


def provider_ticket(s: Situation) -> Step | None:
    """Only the provider can clean its own address."""
    if s.provider is None:
        return None
    support = s.provider.support
    do = f"Open a ticket with {s.provider_name}: its address {s.address} is on {s.list_name}"
    return Step("ask", do, f"who may have it removed: {s.provider.who_may_delist}", support.who, support.portal, "days")


def delisting_by_owner(s: Situation) -> Step:
    """The owner asks the list."""
    where = s.listed_by.removal if s.listed_by else None
    do = f"Ask {s.list_name} to remove {s.address}, after the cause is mended"
    who = (s.listed_by.who_may_ask if s.listed_by else None) or "the owner of the address"
    return Step("ask", do, "it comes back as long as the cause is there", who, where, "hours to days")


def not_delisting(s: Situation) -> Step | None:
    """A request for somebody else's address is refused, or changes nothing."""
    if not s.report.list and not s.report.zone:
        return None
    where = s.listed_by.removal if s.listed_by else None
    why = f"the address belongs to {s.provider_name}, so the request has to come from there; the page shows the data"
    return Step("never", f"Do not ask {s.list_name} yourself to remove {s.address}", why, "you", where)


def wait_for_list(s: Situation) -> Step:
    """Look again."""
    where = f"reputon check {s.report.listed_ip}" if s.report.listed_ip else None
    return Step("wait", "Look again every hour", "listings of shared addresses end by themselves, often within days",
                "you", where, "hours to days")  # fmt: skip


def tell_receiver(s: Situation) -> Step:
    """The receiver's own postmaster can let the mail in."""
    do = f"Tell the postmaster of {s.receiver}, by another way than this route, what their server said"
    return Step("ask", do, "they can accept your domain in spite of the list", f"you to postmaster@{s.receiver}")


def tell_receiver_it_is_broken(s: Situation) -> Step:
    """Their filter refuses everybody."""
    do = f"Tell the postmaster of {s.receiver} that their filter misreads {s.list_name}; quote the text"
    why = "no listing of yours is the cause: every sender gets this answer until they change it"
    return Step("ask", do, why, f"you to postmaster@{s.receiver}, by another way")


def mend_authentication(s: Situation) -> Step:  # noqa: ARG001 - one signature for every maker
    """SPF, DKIM, DMARC."""
    why = "the message did not authenticate as your domain; no other route changes that"
    return Step(
        "now", "Correct SPF, DKIM and DMARC of the sending domain", why, "whoever keeps your DNS", takes="a day"
    )


def mend_behaviour(s: Situation) -> Step:
    """The provider judged the tenant's own mail."""
    do = "Find what was sent in your name: a compromised account, a form, a list without consent"
    why = f"{s.provider_name} took this mail for spam and sent it through the pool kept for that"
    return Step("now", do, why, "your administrator", takes="hours")


def mend_forwarding(s: Situation) -> Step:
    """Forwarding without authentication."""
    do = "Stop forwarding mail that did not authenticate, or make the forwarder's domain an accepted one"
    return Step("now", do, f"{s.provider_name} sends such mail through its relay pool", "your administrator")


def mend_domain(s: Situation) -> Step:
    """A listed domain."""
    do = f"Find why the domain is on {s.list_name}: its links, its pages, mail sent in its name"
    return Step("now", do, "the domain is listed, and it travels with the mail on every route", "the domain's owner")


def mend_address(s: Situation) -> Step:
    """An own address."""
    do = f"Find what sent spam from {s.address}: an infected machine, a stolen password, a missing reverse name"
    return Step("now", do, "the address is yours; the list saw mail from it", "your administrator", takes="hours")


def mend_content(s: Situation) -> Step:  # noqa: ARG001 - one signature for every maker
    """Content."""
    return Step("now", "Read the message as a filter does: links, attachments, wording; then ask the receiver",
                "what is in the message was refused, not who sent it", "the author")  # fmt: skip


def no_relay(s: Situation) -> Step:  # noqa: ARG001 - one signature for every maker
    """Where a relay does harm."""
    return Step("never", "Do not reroute", "the trouble travels with the mail, and spoils the relay as well", "you")


def read_refusal(s: Situation) -> Step:
    """Nothing about reputation."""
    said = s.report.text or s.report.reason or "see the bounce"
    return Step("now", "Read what the receiver said and act on that", said, "you")


def get_missing(s: Situation) -> Step:
    """Name what is missing."""
    missing = "; ".join(s.cause.missing) or "more of the bounce"
    return Step("now", f"Get what is missing: {missing}", "without it nobody's fault can be told", "you",
                "reputon diagnose with the whole bounce as a file")  # fmt: skip


PLANS: dict[CauseId, tuple[Maker, ...]] = {
    "provider-shared": (resend, relay, provider_ticket, tell_receiver, wait_for_list, not_delisting),
    "resolved": (resend_resolved,),
    "own-authentication": (mend_authentication, no_relay),
    "own-address": (mend_address, delisting_by_owner, relay, wait_for_list),
    "tenant-behaviour": (mend_behaviour, not_delisting, no_relay),
    "tenant-forwarding": (mend_forwarding, not_delisting, no_relay),
    "mixed": (mend_authentication, provider_ticket, wait_for_list, not_delisting, no_relay),
    "domain-reputation": (mend_domain, delisting_by_owner, no_relay),
    "content": (mend_content, no_relay),
    "recipient-fault": (tell_receiver_it_is_broken, no_relay),
    "out-of-scope": (read_refusal,),
    "undetermined": (get_missing, resend, wait_for_list),
}
