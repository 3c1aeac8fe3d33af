"""Detail: what is wrong with an address of one's own, by the list that names it, its codes and the receiver's words."""

import re

from reputon.cause.case import Case, Detail

# In the order in which they are asked: what names the network or the policy says so even beside words about spam.
# Each begins a word of the list's name, of what its codes mean, or of the refusal: Cox's CXBL is no XBL.
_SIGNS: tuple[tuple[Detail, tuple[str, ...]], ...] = (
    ("neighbour", (
        "uceprotect level 2", "uceprotect level 3", "uceprotect-2", "uceprotect-3", "dnsbl-2.uceprotect",
        "dnsbl-3.uceprotect", "sem-netblack", "netblack.spameatingmonkey", "net.spamrats",
        "part of their network is on our block list", "part of your network is on our block list",
        "your network is listed", "whole network", "your provider's network", "entire range",
    )),
    ("policy", (
        "pbl", "dyna", "noptr", "no ptr", "ptr record", "reverse dns", "reverse name", "rdns", "reverse hostname",
        "hostname lookup", "fcrdns", "dynamic", "dialup", "dial-up", "dul.", "residential", "generic", "policy block",
        "should not send mail directly", "not send mail directly", "no reverse", "does not resolve", "helo", "end-user",
    )),
    ("compromise", (
        "xbl", "css", "cbl", "dronebl", "exploit", "botnet", "infected", "compromised", "malware", "trojan", "virus",
        "open proxy", "open relay", "authbl", "brute", "spambot", "zombie", "blocklist.de", "drone",
    )),
)  # fmt: skip
_FOUND = tuple(
    (kind, re.compile(r"(?<![a-z0-9])(?:" + "|".join(map(re.escape, signs)) + ")")) for kind, signs in _SIGNS
)

_BY_REASON: dict[str, Detail] = {"requireptr": "policy", "notcompliantrfc": "policy"}


def detail_of(case: Case) -> Detail:
    """The kind of trouble: by the reason, then by the list's name and codes, then by the words; else it is spam."""
    report = case.report
    by_reason = _BY_REASON.get(report.reason or "")
    if by_reason is not None:
        return by_reason
    named = f"{report.list or ''} {report.zone or ''}"
    coded = case.list_why if case.list_state == "listed" else ""
    for text in (named, coded, report.text or ""):
        found = next((kind for kind, signs in _FOUND if signs.search(text.lower())), None)
        if found is not None:
            return found
    return "spam"
