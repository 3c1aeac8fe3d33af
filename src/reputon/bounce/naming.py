"""Naming: which address and which list a refusal names, of the several addresses and hosts that stand in its text."""

import re
from dataclasses import dataclass
from ipaddress import ip_address

from reputon.bounce.dialects import LENGTH, Match
from reputon.lists import BlockList, Catalogue

_IP4 = re.compile(r"(?<![\w.])(\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3})(?![\w]|\.\d)")
_IP6 = re.compile(r"(?<![\w:.])([0-9A-Fa-f]{1,4}(?::{1,2}[0-9A-Fa-f]{1,4}){2,7}(?:::)?)(?![\w:])")
_CODE = re.compile(r"(?<![\w.])(127\.\d{1,3}\.\d{1,3}\.\d{1,3})(?![\w]|\.\d)")
_ZONE = re.compile(r"(?<![\w@.-])([\w-]{1,63}(?:\.[\w-]{1,63}){1,8})(?=\.?(?:[\s;:,=)('\"]|$))")
_USING = re.compile(r"(?i)(?:blocked|rejected) (?:using|by) ([\w-]{1,63}(?:\.[\w-]{1,63}){1,8})")
_LIST_LIKE = re.compile(
    r"(?i)(?<![\w@./-])((?:[\w-]{1,63}\.){0,4}(?:dns[br]?bl|[rsx]?bl|black-?list|block-?list)(?:\.[\w-]{1,63}){1,6})"
)
_HOST = re.compile(r"(?i)host [\w.-]{1,253} ?\[[\da-f.:]{3,45}\]")  # who says it, never who is listed

# What stands before an address tells how likely it is the listed one; the first that fits counts.
_RANKS = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        r"(?:client|sending|sender|banned|connecting|your)(?: \w{1,12}){0,2}(?: ip)?(?: address)? ?[\[(<:=]? ?$",
        r"(?:\bip|address|from|for|client_?addr\w{0,4}|host)[ =:]{0,2}[\[(<]? ?$",
        r"(?:[?&]\w{0,12}=|/ip/|\?)$",
        r"[\[(<]$",
    )
)
_NOT_LISTED = re.compile(r"(?i)(?:dns ip|resolver|returnc|your dns|queried from|server)\W{0,3}\S{0,40}$")
_BEFORE = 48


@dataclass(frozen=True, slots=True)
class Naming:
    """What a refusal names; `entry` is the list in the catalogue, where it is there."""

    listed_ip: str | None = None
    zone: str | None = None
    return_code: str | None = None
    entry: BlockList | None = None


def read(text: str, match: Match, catalogue: Catalogue) -> Naming:
    """The address, zone, code and list of a refusal that a rule recognised."""
    text = _HOST.sub("host", text[:LENGTH])
    zone = _zone(text, match, catalogue)
    code = match.code or _first(_CODE, text)
    code = code if code not in (None, "127.0.0.1", match.ip) else None
    entry = (catalogue.behind(zone, code) if zone else None) or catalogue.by_words(text)
    return Naming(_listed(text, match), zone, code, entry)


def _zone(text: str, match: Match, catalogue: Catalogue) -> str | None:
    """The first host of the text that the catalogue knows as a zone, else the one that the wording makes one."""
    worded: str | None = match.zone or _first(_USING, text) or _first(_LIST_LIKE, text)
    candidates: list[str] = ([worded] if worded else []) + _ZONE.findall(text)
    for each in candidates:
        if catalogue.mirror(each) or (catalogue.by_zone(each) and each.count(".") > 1):
            return each.strip(".").lower()
    found = (worded or "").strip(".").lower()
    return found if any(character.isalpha() for character in found) else None


def _listed(text: str, match: Match) -> str | None:
    if match.rule.fault == "receiver" or match.rule.subject_kind not in ("ip", "auth", "rate"):
        return None
    if match.ip and (named := _address(match.ip)):
        return named
    ranked = []
    for found in [*_IP4.finditer(text), *_IP6.finditer(text)]:
        before = text[max(0, found.start() - _BEFORE) : found.start()]
        address = _address(found.group(1))
        if address and not address.startswith("127.") and not _NOT_LISTED.search(before):
            ranked.append((_rank(before), found.start(), address))
    return min(ranked)[2] if ranked else None


def _rank(before: str) -> int:
    return next((rank for rank, pattern in enumerate(_RANKS) if pattern.search(before)), len(_RANKS))


def _address(text: str) -> str | None:
    try:
        return str(ip_address(text.strip("[]")))
    except ValueError:
        return None


def _first(pattern: re.Pattern[str], text: str) -> str | None:
    found = pattern.search(text)
    return found.group(1) if found else None
