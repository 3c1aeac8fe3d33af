"""Removal: the page or address that a refusal itself names for looking the sender up, or having it removed."""

import re

# A link, with or without its scheme, and an address of mail; what ends a sentence is trimmed off.
_LINK = re.compile(r"(?i)(?:https?://|www\.|mailto:|(?:[a-z\d-]{1,63}\.){1,6}[a-z]{2,12}/)[^\s<>\"'\[\]{}|]{2,300}")
_MAIL = re.compile(r"(?i)(?<![\w.+-])[\w.+-]{1,64}@(?:[a-z\d-]{1,63}\.){1,6}[a-z]{2,12}(?![\w@-])")
_END = ".,;:!?)*'\u2019"

# What is about removal and look-up, in a link or before it; what is a receiver's general help.
_ABOUT = re.compile(
    r"(?i)delist|de-list|remov|unblock|un-block|reset|look-?up|/query|quer[yi]|reputation|black-?list|block-?list|\bblocks?\b"
    r"|rbl|dnsbl|bl\b|sender\.office|ipcheck|ip-?check|check\.|[?&/=]ip[=/]|listing|spamhaus|spamcop|whitelist|appeal"
)
_ASKED = re.compile(
    r"(?i)(?:remov|delist|unblock|look.?up|request|appeal|clear|dispute)[^.;]{0,80}(?:at|visit|see|to|via|from|on|:|open)?\W{0,4}$"
)
_HELP = re.compile(r"(?i)error-?codes?|/help|support\.|/answer|fwlink|postmaster|guidelines|policy|faq|rfc\d|robtex")
_TO_WRITE = re.compile(r"(?i)(?:contact|forward|write|e?-?mail|send|assist|question|report|problem|help)[^@]{0,60}$")
_OFFICE = re.compile(r"(?i)(?:abuse|postmaster|rbl|delist|unblock|remov|support|blacklist|block|tosa|admin|blocked)")


def find(text: str) -> str | None:
    """The best of the text's links, or else its address for complaints; None where it names neither."""
    writable = "@" in text
    if not writable and text.count("://") == 1 and (only := _LINK.search(text, max(text.find("://") - 5, 0))):
        return _trimmed(only.group())
    links = _links(text)
    if len(links) == 1 and not writable:
        return _trimmed(links[0][1])
    ranked = [(_rank_of_link(text, link, at), at, _trimmed(link)) for at, link in links]
    if writable and min(ranked, default=(2, 0, ""))[0] > 1:
        mails = ((_rank_of_mail(text, each.group(), each.start()), each) for each in _MAIL.finditer(text))
        ranked += [(rank, each.start(), each.group()) for rank, each in mails if rank is not None]
    return min(ranked)[2] if ranked else None


def _links(text: str) -> list[tuple[int, str]]:
    """The links of a text, and where they stand."""
    if "/" not in text and "www." not in text:
        return []
    found, at = [], 0
    for word in text.replace("s: //", "s://").replace("p: //", "p://").split():  # where a report was folded
        if ("/" in word or "www." in word) and (link := _LINK.search(word)):
            at = max(text.find(word, at), 0)
            found.append((at + link.start(), link.group()))
    return found


def _trimmed(link: str) -> str:
    link = link.rstrip(_END)
    return link[: link.rfind("(")] if link.count("(") > link.count(")") else link


def _rank_of_link(text: str, link: str, start: int) -> int:
    """0: named for removal; 1: about the list; 2: some page; 3: a receiver's general help."""
    if _ASKED.search(text, max(start - 100, 0), start):
        return 0 if not _HELP.search(link) or _ABOUT.search(link) else 1
    if _HELP.search(link):
        return 1 if "ip=" in link.lower() else 3
    return 1 if _ABOUT.search(link) else 2


def _rank_of_mail(text: str, mail: str, start: int) -> int | None:
    """An address counts where the text says to write there, and it is an office's, not a recipient's."""
    asked = _TO_WRITE.search(text, max(start - 80, 0), start) is not None
    office = _OFFICE.search(mail) is not None
    return (1 if office else 2) if asked else None
