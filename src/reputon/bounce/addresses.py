"""Addresses: those in the text of a refusal, and which of them is the listed one."""

import re
from dataclasses import dataclass
from ipaddress import ip_address

from reputon.lists.names import Token

_IP6 = re.compile(r"(?i)(?<![\w:.])(?:ipv6:)?([0-9a-f]{1,4}(?::{1,2}[0-9a-f]{1,4}){1,7}(?:::)?)(?![\w:])")

# What stands before an address tells how likely it is the listed one; the first that fits counts.
_RANKS = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        r"(?:client|sending|sender|banned|connecting|your|blocked)(?: \w{1,12}){0,2}(?: ip)?(?: address)? ?[\[(<:=]? ?$",
        r"(?:\bip|address|from|for|client_?addr\w{0,4}|host)[ =:]{0,2}[\[(<]? ?$",
        r"(?:[?&]\w{0,12}=|/ip/|\?)$",
        r"[\[(<]$",
    )
)
# The receiver, its resolver, and whatever is only an example.
_NOT_LISTED = re.compile(
    r"(?i)(?:dns ip|resolver|returnc|your dns|queried from|\be\.g\.?,?|example:?|such as|\bto|(?:our|this|receiving) (?:server|host|mx|ip)"
    r"|(?<!your )(?<!sending )server ?[:=])\W{0,3}(?:is |pub/)?\W{0,3}(?:[\w-]{1,63}\.[\w.-]{1,100})?[ \[(]{0,3}$"
)
_BEFORE = 64


@dataclass(frozen=True, slots=True)
class Found:
    """The addresses of a text, where each begins; the codes of lists; the address reversed in front of a zone."""

    addresses: list[tuple[int, str]]
    codes: list[str]
    reversed_ip: str | None = None


def find(text: str, words: list[Token]) -> Found:
    """All addresses, in the order of the text; 127.x is what a list answers."""
    addresses: list[tuple[int, str]] = []
    codes: list[str] = []
    turned = None
    for start, word in words:
        if word.count(".") < 3 or not word[0].isalnum():
            continue
        if word.replace(".", "").isdecimal():
            if (address := _address(word)) is not None:
                codes.append(address) if address.startswith("127.") else addresses.append((start, address))
        elif turned is None:
            turned = unreversed(word)[1]
    if "::" in text or text.count(":") > 6:
        addresses += [(each.start(), address) for each in _IP6.finditer(text) if (address := _address(each.group(1)))]
    return Found(addresses, codes, turned)


def listed(text: str, found: Found, by_rule: str | None) -> str | None:
    """The listed address: the one that the rule found, else the likeliest by what stands before it."""
    if by_rule and (named := _address(by_rule.strip("[]"))):
        return named
    possible = [each for each in found.addresses if not _NOT_LISTED.search(text, max(each[0] - _BEFORE, 0), each[0])]
    if len({address for _, address in possible}) > 1:
        return min((_rank(text, start), start, address) for start, address in possible)[2]
    return possible[0][1] if possible else found.reversed_ip


def unreversed(host: str) -> tuple[str, str | None]:
    """A host without the reversed address in front of it, and that address turned round (RFC 5782 section 2)."""
    labels = host.split(".")
    if len(labels) > 5 and all(label.isdecimal() for label in labels[:4]):
        address = _address(".".join(reversed(labels[:4])))
        return (".".join(labels[4:]), address) if address else (host, None)
    if len(labels) > 33 and all(len(label) == 1 for label in labels[:32]):
        digits = "".join(reversed(labels[:32]))
        address = _address(":".join(digits[at : at + 4] for at in range(0, 32, 4)))
        return (".".join(labels[32:]), address) if address else (host, None)
    return host, None


def _rank(text: str, start: int) -> int:
    at = max(start - _BEFORE, 0)
    return next((rank for rank, pattern in enumerate(_RANKS) if pattern.search(text, at, start)), len(_RANKS))


def _address(text: str) -> str | None:
    try:
        return str(ip_address(text))
    except ValueError:
        return None
