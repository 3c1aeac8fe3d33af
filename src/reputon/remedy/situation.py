"""Situation: what a plan is made for, and what its steps call the list, the address, the provider and the receiver."""

import re
from dataclasses import dataclass

from reputon.bounce.report import Message, Report
from reputon.cause.case import Cause
from reputon.cause.incidents import domain_of
from reputon.cause.provider import Provider
from reputon.lists import BlockList
from reputon.remedy.quoting import WORDS, address, domain_name, message_id, one_line

_RETURNC = re.compile(r"https?://check\.spamhaus\.org/returnc/[A-Za-z0-9._/-]{1,100}")
_MECHANISM = re.compile(r"\b(?:spf|dkim|dmarc)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Situation:
    """What a plan is made for.  `sent_by_us` is None where nobody kept what was sent."""

    cause: Cause
    report: Report
    provider: Provider | None = None
    listed_by: BlockList | None = None
    message: Message | None = None
    sent_by_us: bool | None = None

    @property
    def names_a_list(self) -> bool:
        """Whether the refusal names a list."""
        return bool(self.report.list or self.report.zone)

    @property
    def list_name(self) -> str:
        """What to call the list."""
        return one_line(self.report.list or self.report.zone, 80) or "the list"

    @property
    def listed_ip(self) -> str | None:
        """The listed address, where what the refusal names is one."""
        return address(self.report.listed_ip)

    @property
    def address(self) -> str:
        """What to call the address."""
        return self.listed_ip or "the address that your mail left from"

    @property
    def provider_name(self) -> str:
        """What to call the provider."""
        return self.provider.name if self.provider else "your provider"

    @property
    def recipient_domain(self) -> str | None:
        """The recipient's domain, which a route is for."""
        return domain_name(domain_of(self.report.recipient))

    @property
    def receiver_domain(self) -> str | None:
        """The recipient's domain, else the refusing host, where either is a name."""
        return self.recipient_domain or domain_name(self.report.rhost)

    @property
    def receiver(self) -> str:
        """What to call who refused."""
        return self.receiver_domain or "the receiver"

    @property
    def postmaster(self) -> str:
        """The receiver's postmaster (RFC 5321 section 4.5.1)."""
        domain = self.recipient_domain
        return f"postmaster@{domain}" if domain else f"the postmaster of {self.receiver}"

    @property
    def author_domain(self) -> str | None:
        """The domain in the From field of the returned message."""
        returned = self.message.returned if self.message else None
        return domain_name(domain_of(returned.first("from"))) if returned else None

    @property
    def sender(self) -> str:
        """What to call the sending domain."""
        return self.author_domain or "the sending domain"

    @property
    def has_headers(self) -> bool:
        """Whether the returned message's headers came back."""
        return bool(self.message and self.message.returned and self.message.returned.headers)

    @property
    def message_id(self) -> str | None:
        """The Message-ID of the returned message, where it can be pasted."""
        return message_id(self.message.message_id) if self.message else None

    @property
    def words(self) -> str:
        """The receiver's words."""
        return one_line(self.report.text or self.report.reason, WORDS) or "see the bounce"

    @property
    def returnc(self) -> str | None:
        """Spamhaus's page about the question that the receiver asks wrongly, where the refusal quotes it."""
        return returnc(self.report.text or "")

    @property
    def who_may_ask(self) -> str | None:
        """Whom the list hears about a removal, in the catalogue's words: "nobody ..." where it hears none."""
        return self.listed_by.who_may_ask if self.listed_by else None

    @property
    def hears_nobody(self) -> bool:
        """Whether the list takes no requests, or needs none."""
        return (self.who_may_ask or "").startswith("nobody")

    @property
    def authentication(self) -> str:
        """What is known of SPF, DKIM and DMARC, beside the receiver's own words; "" where nothing is."""
        return authentication(self.cause, self.report)


def authentication(cause: Cause, report: Report) -> str:
    """The facts of a cause about SPF, DKIM and DMARC, on one line."""
    return one_line("; ".join(fact for fact in shown(cause, report) if _MECHANISM.search(fact)), WORDS)


def shown(cause: Cause, report: Report) -> tuple[str, ...]:
    """The facts of a cause, without the receiver's words, which stand beside them anyway."""
    words = f": {report.text or report.reason}"
    return tuple(filter(None, (one_line(fact.fact.removesuffix(words), WORDS) for fact in cause.facts)))


def returnc(text: str) -> str | None:
    """The address of Spamhaus's page about an error code, in a refusal that has one."""
    found = _RETURNC.search(text)
    return found.group() if found else None
