"""Addresses: those in the text of a refusal, and which of them is the listed one."""

import re
from ipaddress import ip_address
from typing import NamedTuple

from reputon.lists.names import Words

_IP6 = re.compile(r"(?i)(?<![\w:.])(?:ipv6:)?([0-9a-f]{1,4}(?::{1,2}[0-9a-f]{1,4}){1,7}(?:::)?)(?![\w:])")
# A whole network is no address that was refused, and none to ask a list about.
_NETWORK = re.compile(r"(?:\d{1,3}\.){3}0/\d\d?(?![\d.])")

# What stands before an address tells how likely it is the listed one; the first that fits counts.
_RANKS = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        r"(?:client|send(?:ing|er)|banned|connecting|your|blocked)(?: \w{1,9}){0,2}(?: ip)?(?: address)? ?[\[(<:=]? ?$",
        r"(?:\bip|address|from|for|client_?addr\w{0,4}|host)[ =:]{0,2}[\[(<]? ?$",
        r"(?:[?&]\w{0,12}=|/ip/|\?)$",
        r"[\[(<]$",
    )
)
_BEFORE = 64

# Words before an address that is not the sender's: the receiver, its resolver, whatever is only an example.
_OTHERS = frozenset(("to", "resolver", "nameserver", "e.g", "example", "queried", "returnc"))
_LINKING = frozenset(("from", "via", "is", "pub", "as", "ip", "address"))  # between such a word and the address
_OTHERS_SERVER = frozenset(("server", "mx"))
_OTHERS_OF = frozenset(("your", "sending", "sender", "mail", "client", "source", "remote", "the", "smtp"))


class Found(NamedTuple):
    """The addresses of a text, where each begins; the codes of lists; the address reversed in front of a zone."""

    addresses: list[tuple[int, str]]
    codes: list[str]
    reversed_ip: str | None = None


def find(read: Words) -> Found:
    """The addresses that may be the sender's, in the order of the text; 127.x is what a list answers."""
    found: list[tuple[int, str]] = []
    codes: list[str] = []
    turned = None
    for at, host in read.hosts:
        number = host[4:] if host[3:4] == "-" and host[:3].isdecimal() else host  # `521-192.0.2.7`
        if is_ip4(number):
            if number.startswith("127."):
                codes.append(number)
            elif not _is_others(read.words[max(at - 3, 0) : at]):
                start = read.start(host, found[-1][0] if found else 0)
                if not _NETWORK.match(read.text, start):
                    found.append((start, number))
        elif turned is None and host[0].isalnum() and host.count(".") > 4:
            turned = unreversed(host)[1]
    if "::" in read.text or read.text.count(":") > 6:
        found += [(each.start(), ip) for each in _IP6.finditer(read.text) if (ip := _address(each.group(1)))]
    return Found(found, codes, turned)


def _is_others(before: list[str]) -> bool:
    """Whether the words before an address make it another's than the sender's."""
    if not before:
        return False
    if before[-1] in _OTHERS_SERVER:
        return len(before) < 2 or before[-2] not in _OTHERS_OF
    return (
        before == ["your", "dns", "ip"]
        or before[-1] in _OTHERS
        or not _OTHERS.isdisjoint(before[-2:-1] if before[-1] in _LINKING else ())
    )


def listed(text: str, found: Found, by_rule: str | None) -> str | None:
    """The listed address: the one that the rule found, else the likeliest by what stands before it."""
    if by_rule and (named := _address(by_rule.strip("[]"))):
        return named
    possible = found.addresses
    if len({address for _, address in possible}) > 1:
        return min((_rank(text, start), start, address) for start, address in possible)[2]
    return possible[0][1] if possible else found.reversed_ip


def unreversed(host: str) -> tuple[str, str | None]:
    """A host without the reversed address in front of it, and that address turned round (RFC 5782 section 2)."""
    labels = host.split(".")
    if len(labels) > 33 and all(len(label) == 1 for label in labels[:32]):
        digits = "".join(reversed(labels[:32]))
        address = _address(":".join(digits[at : at + 4] for at in range(0, 32, 4)))
        return (".".join(labels[32:]), address) if address else (host, None)
    if len(labels) > 5 and all(label.isdecimal() for label in labels[:4]):
        address = _address(".".join(reversed(labels[:4])))
        return (".".join(labels[4:]), address) if address else (host, None)
    return host, None


def _rank(text: str, start: int) -> int:
    at = max(start - _BEFORE, 0)
    return next((rank for rank, pattern in enumerate(_RANKS) if pattern.search(text, at, start)), len(_RANKS))


def is_ip4(text: str) -> bool:
    """Whether it is an IPv4 address as people write it; 0.0.0.0 stands where somebody hid one."""
    if not text[-1:].isdecimal() or len(parts := text.split(".")) != 4 or set(parts) == {"0"}:
        return False
    return all(each.isdecimal() and len(each) < 4 and int(each) < 256 and str(int(each)) == each for each in parts)


def _address(text: str) -> str | None:
    if is_ip4(text):
        return text
    try:
        address = ip_address(text)
    except ValueError:
        return None
    return None if address.is_unspecified else str(address)
