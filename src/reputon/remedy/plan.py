"""Plan: the steps out of a refusal, in order, each with why, who, where and how long; a table by cause."""

from dataclasses import dataclass, replace
from typing import Protocol

from reputon.cause.decide import CauseId, Detail
from reputon.remedy.asking import (
    ask_hoster,
    delisting_by_owner,
    not_delisting,
    provider_ticket,
    release,
    tell_receiver,
    tell_receiver_it_is_broken,
)
from reputon.remedy.mending import (
    find_machine,
    find_sending,
    mend_address,
    mend_authentication,
    mend_behaviour,
    mend_content,
    mend_domain,
    mend_forwarding,
    send_by_smarthost,
    set_reverse_name,
)
from reputon.remedy.sending import (
    get_missing,
    ignore_forged,
    no_relay,
    protect_domain,
    read_refusal,
    relay,
    resend,
    resend_mended,
    resend_resolved,
    trace,
    wait_for_list,
)
from reputon.remedy.situation import Situation
from reputon.remedy.step import Step


@dataclass(frozen=True, slots=True)
class Plan:
    """The steps, in the order to take them."""

    steps: tuple[Step, ...]


class Maker(Protocol):
    """What makes one step of a situation; None where it does not apply."""

    __name__: str

    def __call__(self, s: Situation, /) -> Step | None:
        """The step."""
        ...


PLANS: dict[CauseId, tuple[Maker, ...]] = {
    "provider-shared": (resend, relay, provider_ticket, tell_receiver, wait_for_list, not_delisting),
    "resolved": (resend_resolved,),
    "own-authentication": (mend_authentication, set_reverse_name, resend_mended, no_relay),
    "own-address": (mend_address, delisting_by_owner, relay, wait_for_list),
    "tenant-behaviour": (mend_behaviour, release, not_delisting, no_relay),
    "tenant-forwarding": (mend_forwarding, not_delisting, no_relay),
    "mixed": (mend_authentication, provider_ticket, wait_for_list, not_delisting, no_relay),
    "domain-reputation": (mend_domain, delisting_by_owner, no_relay),
    "content": (mend_content, no_relay),
    "recipient-fault": (tell_receiver_it_is_broken, no_relay),
    "out-of-scope": (read_refusal,),
    "undetermined": (ignore_forged, protect_domain, get_missing, trace, resend, wait_for_list),
}

OWN_ADDRESS: dict[Detail, tuple[Maker, ...]] = {
    "policy": (set_reverse_name, send_by_smarthost, delisting_by_owner, relay, wait_for_list),
    "compromise": (find_machine, delisting_by_owner, relay, wait_for_list),
    "spam": (find_sending, delisting_by_owner, relay, wait_for_list),
    "neighbour": (ask_hoster, relay, wait_for_list),
}


def make(situation: Situation) -> Plan:
    """The plan for a cause; `own-address` has one for each kind of trouble."""
    cause = situation.cause
    of_kind = OWN_ADDRESS.get(cause.detail) if cause.id == "own-address" and cause.detail else None
    made = ((maker, maker(situation)) for maker in of_kind or PLANS[cause.id])
    return Plan(tuple(replace(step, id=_id(maker)) for maker, step in made if step is not None))


def _id(maker: Maker) -> str:
    return maker.__name__.replace("_", "-")
