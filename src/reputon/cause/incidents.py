"""Incidents: which bounces belong together: one list, one receiver, and one pool (or one own address).

Only bounces of messages that we really sent count: anybody can write a bounce.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Self

from reputon.authentication import domains
from reputon.bounce.report import Message, Report
from reputon.cause.inventory import Sent, bare
from reputon.cause.provider import Owners, Provider
from reputon.subject import SubjectError


@dataclass(frozen=True, slots=True)
class Key:
    """What the bounces of one incident have in common; `source` is a provider and its pool, or an address."""

    list: str
    receiver: str
    source: tuple[str, str | None]


@dataclass(frozen=True, slots=True)
class Incidents:
    """The messages that we really sent, by incident."""

    messages: Mapping[Key, frozenset[str]]
    providers: Mapping[str, Provider]

    @classmethod
    def of(cls, messages: Iterable[Message], sent: Sent, providers: Mapping[str, Provider]) -> Self:
        """Sort the bounces into incidents, each message once however often it is reported."""
        found: dict[Key, set[str]] = {}
        for message in messages:
            if message.message_id is None or not sent.has(message.message_id):
                continue
            for report in message.reports:
                key = key_of(report, providers)
                if key is not None:
                    found.setdefault(key, set()).add(bare(message.message_id))
        return cls({key: frozenset(ids) for key, ids in found.items()}, providers)

    def matched(self, report: Report) -> int:
        """How many messages that we really sent were refused in the incident of this report."""
        key = key_of(report, self.providers) if self.messages else None
        return len(self.messages.get(key, ())) if key is not None else 0


def key_of(report: Report, providers: Mapping[str, Provider]) -> Key | None:
    """The incident that a report belongs to; None where it names no list, no address or no receiver."""
    name = report.list or report.zone
    receiver = report.rhost or domain_of(report.recipient)
    address = address_of(report)
    if not name or not address or not receiver:
        return None
    return Key(name.lower(), organization_of(receiver), _source(address, report.wrapper_text or "", providers))


def address_of(report: Report) -> str | None:
    """The listed address, where what the refusal names is one."""
    try:
        return str(ip_address((report.listed_ip or "").partition("%")[0]))  # an interface is not the sender's business
    except ValueError:
        return None


def _source(address: str, words: str, providers: Mapping[str, Provider]) -> tuple[str, str | None]:
    """What a listed address stands for: its provider's pool, or only itself."""
    holder = Owners.of(providers).find(address)
    if holder is not None:
        pool = holder[0].pool_of(address, words)
        return holder[0].id, pool.id if pool else None
    return address, None


def domain_of(text: str | None) -> str | None:
    """The domain of an address as headers write it, lower case."""
    domain = (text or "").rpartition("@")[2].strip().rstrip(">").strip().lower()
    return domain if text and "@" in text and domain else None


def organization_of(name: str) -> str:
    """The organizational domain of a host name, or the name itself where it has none."""
    try:
        return domains.organizational(name)
    except SubjectError:
        return name.lower()
