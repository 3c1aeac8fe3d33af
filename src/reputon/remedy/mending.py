"""Steps that mend what is the sender's own: records, accounts, machines, forwarding, domains, messages."""

import re

from reputon.remedy.situation import Situation
from reputon.remedy.step import Step

_FAILED = re.compile(r"did not|=(?:fail|softfail|permerror)|says (?:fail|softfail|permerror)")
# What each enhanced status code of RFC 7372 says to look at.
RECORDS = {
    "5.7.20": "DKIM", "5.7.21": "DKIM", "5.7.22": "DKIM in the author's own domain",
    "5.7.23": "SPF", "5.7.24": "SPF",
}  # fmt: skip


def mend_authentication(s: Situation) -> Step | None:
    """SPF, DKIM, DMARC: those that failed, by name."""
    if s.report.reason == "requireptr":
        return None
    records = RECORDS.get(s.report.enhanced or "", "SPF, DKIM and DMARC")
    why = f"the receiver says that the message did not authenticate as {s.sender}"
    if _FAILED.search(s.authentication):
        why = s.authentication
    where = None
    if s.author_domain:
        where = f"reputon auth {s.author_domain}" + (f" --ip {s.listed_ip}" if s.listed_ip else "")
    do, takes = f"Correct {records} of {s.sender}", "minutes, plus the old record's TTL"
    return Step("now", do, f"{why}; no other route changes that", "whoever keeps your DNS", where, takes)


def set_reverse_name(s: Situation) -> Step | None:
    """A reverse name that leads back to the address."""
    if s.cause.detail != "policy" and s.report.reason != "requireptr":
        return None
    do = f"Give {s.address} a reverse name (PTR) that leads back to it, and greet (EHLO) with that name"
    why = "receivers take an address without one, or with a dial-up one, for no mail server"
    who = "your hoster or access provider, who keeps its reverse zone: ask for the PTR"
    return Step("now", do, why, who, f"dig +short -x {s.listed_ip}" if s.listed_ip else None, "hours")


def send_by_smarthost(s: Situation) -> Step:
    """An address that is not meant to send."""
    do = f"Or send through the smart host of your provider, and let nothing else send from {s.address}"
    why = f"{s.list_name} holds addresses that are not meant to send mail directly"
    return Step("now", do, why, "your mail administrator", "in Postfix: relayhost = [smtp.provider.example]:587",
                "an hour")  # fmt: skip


def mend_address(s: Situation) -> Step:
    """An own address of which more is not known."""
    do = f"Find what is wrong with {s.address}"
    why = "it is yours: look for an infected machine, a stolen password, a bought list, a missing reverse name"
    return Step("now", do, why, "your mail administrator", takes="hours")


def find_machine(s: Situation) -> Step:
    """A machine or a password is in other hands."""
    do = f"Find the infected machine or stolen account behind {s.address}, clean it, and change the passwords"
    why = f"{s.list_name} lists addresses from which malware or a stolen account sends"
    where = "the firewall's log of port 25, and the mail log of logins: block port 25 for all but your mail server"
    return Step("now", do, why, "your mail administrator", where, "hours")


def find_sending(s: Situation) -> Step:
    """Its mail was taken for spam."""
    do = f"Find the mail from {s.address} that was taken for spam, and stop it: a form, a bought list, old addresses"
    why = f"{s.list_name} saw mail of yours at its traps, or had complaints"
    where = "the mail log, by sender and number of recipients, of the days before the refusal"
    return Step("now", do, why, "your mail administrator", where, "hours")


def mend_behaviour(s: Situation) -> Step:
    """The provider judged the tenant's own mail."""
    do = "Find what was sent in your name that is spam"
    pool = f" and sent it through its {s.cause.pool} pool" if s.cause.pool else ""
    why = f"{s.provider_name} took this mail for spam{pool}: a stolen account, a form, a list without consent"
    return Step("now", do, why, "your mail administrator", takes="hours")


def mend_forwarding(s: Situation) -> Step:
    """Forwarding without authentication."""
    do = "Stop forwarding mail that did not authenticate, or make the forwarder's domain an accepted one"
    why = f"{s.provider_name} sends such mail through its relay pool"
    return Step("now", do, why, "your mail administrator", takes="an hour")


def mend_domain(s: Situation) -> Step:
    """A listed domain."""
    do = f"Find why the domain is on {s.list_name}"
    why = "look at its links, its pages, and mail sent in its name: the domain travels with the mail on every route"
    return Step("now", do, why, "the domain's owner", takes="hours")


def mend_content(s: Situation) -> Step:  # noqa: ARG001 - one signature for every maker
    """Content."""
    return Step("now", "Read the message as a filter does: links, attachments, wording; then ask the receiver",
                "what is in the message was refused, not who sent it", "the author")  # fmt: skip
