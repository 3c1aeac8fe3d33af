"""Steps about sending: again, round the listing, later; and what to do where more must be known first."""

from reputon.remedy.quoting import WORDS, brief, one_line
from reputon.remedy.situation import Situation
from reputon.remedy.step import Step

HARM = {
    "recipient-fault": "their filter refuses every address alike, the relay's too",
    "tenant-behaviour": "what your provider took for spam spoils the relay as well",
    "tenant-forwarding": "forwarded mail that nobody authenticated spoils the relay as well",
    "content": "the same message is refused from every address, and spoils the relay as well",
    "domain-reputation": "the domain travels with the mail on every route, and spoils the relay as well",
}
# What reasons other than reputation (Sisimai's names) ask for.
ACTS = {
    "userunknown": "Correct the recipient's address, or take it off your list",
    "hasmoved": "Write to the new address that the receiver names, and take the old one off your list",
    "hostunknown": "Correct the domain of the recipient's address",
    "mailboxfull": "Tell the recipient by another way that the mailbox is full, and send again later",
    "suspend": "Tell the recipient by another way that the mailbox is closed",
    "mesgtoobig": "Send a smaller message, or a link to the file",
    "exceedlimit": "Send a smaller message, or a link to the file",
    "speeding": "Send more slowly to this receiver; your server tries again by itself",
    "toomanyconn": "Open fewer connections to this receiver; your server tries again by itself",
    "systemfull": "Send again later: the receiver's server is full",
    "networkerror": "Send again later; if it stays, look at the route and the receiver's MX",
    "virusdetected": "Look for malware in the message and on the machine that it was written on",
    "norelaying": "Look at the recipient domain's MX: this server does not accept mail for it",
}
ID = "'<the message id>'"  # where a provider's way of tracing takes the Message-ID


def resend(s: Situation) -> Step | None:
    """A pool that rotates often lets the next try through."""
    if s.provider is None or not s.provider.rotates or s.sent_by_us is False:
        return None
    why = "the next one leaves from another address of the pool, often one that is not listed"
    return Step("now", "Send the message again", why, "you", takes="in 5 to 10 minutes")


def resend_resolved(s: Situation) -> Step:
    """The listing is gone."""
    why = f"{s.list_name} does not list {s.address} any more"
    return Step("now", "Send the message again", why, "you", takes="now")


def resend_mended(s: Situation) -> Step:
    """Once the records are right."""
    why = f"{s.receiver} keeps nothing against the message: it is judged anew"
    return Step("wait", "Send the message again once that is mended", why, "you", takes="after the old records' TTL")


def relay(s: Situation) -> Step:
    """The way round; for an own address only with consent, because the relay answers for what the address sent."""
    own = s.cause.id == "own-address"
    do = f"Send urgent mail to {s.receiver} by a second relay" + (", if you consent" if own else "")
    why = f"another address carries it until {s.address} is clean, and the route goes back"
    if s.provider is not None and s.provider.reroute and not own:
        why = f"{brief(s.provider.reroute)} ({s.provider_name})"
    if own:
        why += "; what sends spam must have stopped, or the relay is listed next"
    if not s.cause.verified:
        why += "; only after the listing is verified, by the list or by two bounces of mail that you sent"
    where = f"reputon reroute plan --domain {s.recipient_domain or 'DOMAIN'} --relay HOST:PORT"
    return Step("now", do, why, "your mail administrator", where + (" --yes-own-address" if own else ""), "minutes")


def no_relay(s: Situation) -> Step:
    """Where a relay does harm."""
    why = HARM.get(s.cause.id, "the trouble travels with the mail, and spoils the relay as well")
    return Step("never", "Do not reroute", why, "you")


def wait_for_list(s: Situation) -> Step | None:
    """Look again."""
    if not s.names_a_list or s.sent_by_us is False:
        return None
    ends = (s.who_may_ask or "").partition(": ")[2] if s.hears_nobody else ""
    why = ends or "it ends once the cause is mended and the list knows"
    if s.provider is not None and s.cause.id != "own-address":
        why = ends or "listings of shared addresses often end within days"
    where = f"reputon check {s.listed_ip}" if s.listed_ip else None
    return Step("wait", "Look again every hour", why, "you", where, "hours to days")


def read_refusal(s: Situation) -> Step:
    """Nothing about reputation."""
    do = ACTS.get(s.report.reason or "", "Read what the receiver said and act on that")
    return Step("now", do, f"they said: {s.words}", "you")


def ignore_forged(s: Situation) -> Step | None:
    """A bounce of mail that others sent."""
    if s.sent_by_us is not False:
        return None
    why = "the message that came back is none of yours: somebody else wrote your address on it"
    return Step("never", "Do not act on this bounce, and ask nobody for a removal because of it", why, "you")


def protect_domain(s: Situation) -> Step | None:
    """What keeps others from writing the domain on their mail."""
    if s.sent_by_us is not False:
        return None
    where = f"dig +short TXT _dmarc.{s.author_domain}" if s.author_domain else None
    why = (
        "with p=reject receivers refuse such mail instead of bouncing it to you; begin with p=none and read the reports"
    )
    do = f"Look at the DMARC policy of {s.sender}"
    return Step("now", do, why, "whoever keeps your DNS", where, "weeks")


def get_missing(s: Situation) -> Step | None:
    """Name what is missing."""
    if s.sent_by_us is False:
        return None
    do, why = "Get what is missing", "; ".join(s.cause.missing) or "more of the bounce"
    if s.listed_ip and "inventory.toml" in why:
        own = f'in inventory.toml, if it is yours: [sender] addresses = ["{s.listed_ip}"]'
        return Step("now", do, why, "you", own, "minutes")
    if s.has_headers:
        return Step("now", do, why, "you", "reputon diagnose BOUNCE", "minutes")
    where = "save the whole bounce as a file (.eml or .msg), then: reputon diagnose bounce.eml"
    return Step("now", do, why, "you", where, "minutes")


def trace(s: Situation) -> Step | None:
    """The sending side's own log, where the bounce does not show what the message left from."""
    if s.sent_by_us is False or (s.has_headers and s.listed_ip):
        return None
    if s.provider is None:
        where = f"grep -F -- '{s.message_id}' /var/log/mail.log" if s.message_id else None
        return Step("now", "Look for the message in your mail server's log", "it has the address that it left from",
                    "your mail administrator", where, "minutes")  # fmt: skip
    support = s.provider.support
    way = one_line(s.provider.trace, WORDS)
    if not way or way.startswith("none"):
        return Step("ask", f"Ask {s.provider_name} to trace the message", way or "its log has the pool and the address",
                    support.who, support.url, "days")  # fmt: skip
    where = way.replace(ID, f"'{s.message_id}'") if s.message_id else way
    why = f"the log of {s.provider_name} has the pool and the address that it left from"
    return Step("now", "Trace the message", why, support.who, where, "minutes")
