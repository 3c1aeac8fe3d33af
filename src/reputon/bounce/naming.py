"""Naming: which address and which list a refusal names, of the several addresses and hosts that stand in its text."""

import re
from typing import Literal, NamedTuple

from reputon.bounce import addresses, removal
from reputon.bounce.dialects import LENGTH, Match
from reputon.lists import BlockList, Catalogue, Mirror, names
from reputon.lists.catalogue import best
from reputon.lists.names import Hit, Words

# Reasons for which a list may have been asked; an unknown recipient's refusal may name a list's server and mean none.
_LISTED = frozenset(("blocked", "badreputation"))
_PERHAPS_LISTED = frozenset(
    ("rejected", "policyviolation", "spamdetected", "securityerror", "speeding", "toomanyconn", "notaccept", "onhold",
     "syntaxerror", "systemerror")
)  # fmt: skip
# Who says it, who is never listed: `host mx.example[192.0.2.7] said:`.
_HOST = re.compile(r"(?i)host [\w.-]{1,253} ?\[[\da-f.:]{3,45}\]:? ?(?:said|refused to talk|smtp error|\(\))")
_SAID = re.compile(r"(?i)\]:? ?(?:said|refused to talk|smtp error|\(\))")

# The parts of a host's name that make it a list's zone.
_LIST_LABELS = frozenset(
    ("bl", "rbl", "sbl", "xbl", "pbl", "dbl", "ubl", "cbl", "drbl", "rhsbl", "uribl", "black", "blackhole",
     "blackholes")
)  # fmt: skip
_LIST_ENDINGS = ("dnsbl", "rbl", "blacklist", "blocklist", "black-list", "block-list")
# After these words a host is a zone whatever its name; after "by" it may be the server that refuses.
_USING = frozenset(("using", "rbl", "dnsbl", "blacklist", "blocklist", "zone", "sbc"))
_AT = frozenset(("at", "in", "on", "via"))
_LISTED_WORDS = frozenset(
    ("listed", "list", "blacklist", "blacklisted", "blocklist", "blocklisted", "found", "blocked")
)

# The receiver's own question failed: its list complains of it, and says nothing of the sender.
_REFUSED = re.compile(r"error: (?:open|public) resolver|/returnc/|query refused|excessive number of queries")


class Naming(NamedTuple):
    """What a refusal names; `entry` is the list in the catalogue, where it is there.

    `refused` tells that the list refused the receiver's question, which is no listing; `removal` is the page or address
    that the text gives.  `list` is the canonical name: that of the very list where its zone stands in the text, and the
    name that people know it by ("Spamhaus") where only words name it.
    """

    listed_ip: str | None = None
    zone: str | None = None
    return_code: str | None = None
    list: str | None = None
    entry: BlockList | None = None
    removal: str | None = None
    refused: bool = False

    @property
    def fault(self) -> Literal["receiver"] | None:
        """Whose fault the list makes it: whoever asks a closed list, or asks in vain, is at fault."""
        return "receiver" if self.refused or (self.entry is not None and self.entry.is_closed) else None


def read(text: str, match: Match | None, catalogue: Catalogue) -> Naming:
    """The address, zone, code, list and removal page that a refusal names; the rule that knows it helps."""
    if match is None or not _may_name(match):
        return Naming()
    text = text[:LENGTH]
    if "]" in text and _SAID.search(text):
        text = _HOST.sub("host", text)
    words = Words(text)
    found = addresses.find(words)
    named = _list(words, found.codes, match, catalogue) if _may_list(match) else Naming()
    if named.refused or (_hints_refusal(words.lowered) and _REFUSED.search(words.lowered)):
        named = named._replace(refused=_may_list(match))
    if not _has_address(match, named):
        return named
    return named._replace(listed_ip=addresses.listed(text, found, match.ip))


def _list(words: Words, codes: list[str], match: Match, catalogue: Catalogue) -> Naming:
    """The list: behind its zone and code, else by its words, else by whose refusal it is."""
    hits = catalogue.hits(words)
    zone = _zone(words, hits, match)
    code = next((each for each in (match.code, *codes) if each is not None and each != "127.0.0.1"), None)
    behind = catalogue.behind(zone, code) if zone else None
    entry = behind or _by_words(hits, match)
    if code is None and "127.0.0.1" in codes and entry is not None and entry.error("127.0.0.1"):
        code = "127.0.0.1"
    return Naming(
        zone=zone,
        return_code=code,
        list=behind.name if behind else entry.title if entry else None,
        entry=entry,
        removal=removal.find(words.text) if entry or _counts(match) else None,
        refused=entry is not None and code is not None and entry.error(code) is not None,
    )


def _has_address(match: Match, named: Naming) -> bool:
    """Whether an address of the text is the one refused: a domain's refusal may show one that is not."""
    kind = match.rule.subject_kind
    return kind in ("ip", "auth", "rate") or (kind == "other" and (named.zone or named.list) is not None)


def _hints_refusal(lowered: str) -> bool:
    """A quick look before the closer one: most refusals have none of these."""
    return "resolver" in lowered or "quer" in lowered or "returnc" in lowered


def _may_name(match: Match) -> bool:
    """Whether the refusal is about who sends, or how the receiver judges that."""
    rule = match.rule
    about = rule.subject_kind in ("ip", "domain", "auth", "rate") or rule.fault != "sender"
    return about or rule.reason in _LISTED or rule.reason in _PERHAPS_LISTED


def _may_list(match: Match) -> bool:
    return match.rule.reason in _LISTED or match.rule.reason in _PERHAPS_LISTED


def _counts(match: Match) -> bool:
    """Whether the receiver refuses for a reputation, so that a sign of it says whose list that is."""
    return match.rule.reason in _LISTED and match.rule.fault != "recipient-policy"


def _by_words(hits: list[Hit[BlockList | Mirror]], match: Match) -> BlockList | None:
    """The list that the words name, else the one of whoever refuses."""
    weakest = names.SIGN if _counts(match) else names.PRIVATE
    return best([hit for hit in hits if hit.name.strength >= weakest])


def _zone(words: Words, hits: list[Hit[BlockList | Mirror]], match: Match) -> str | None:
    """The zone as written: one that the catalogue knows, else the host that the wording or its own name makes one."""
    for hit in hits:
        if hit.name.strength == names.ZONE and not words.in_link(hit.word):
            return _as_written(hit)
    hosts = [(at, host) for at, host in words.hosts if _is_host(host) and not words.in_link(host)]
    worded = next((host for at, host in hosts if host.count(".") > 1 and _makes_zone(words.words, at)), None)
    if worded or (worded := next((host for _, host in hosts if _is_list_like(host)), None)):
        return addresses.unreversed(worded)[0]
    by_rule = (match.zone or "").strip(".").lower()
    return by_rule if _is_list_like(by_rule) else None


def _as_written(hit: Hit[BlockList | Mirror]) -> str:
    """Without a subscriber's key and a reversed address in front, which are no part of the zone."""
    what = hit.name.what
    if isinstance(what, BlockList) and what.keyed:
        return hit.name.phrase
    return addresses.unreversed(hit.word)[0]


def _is_host(word: str) -> bool:
    last = word.rpartition(".")[2]
    return last.isalpha() and len(last) > 1 and "@" not in word


def _makes_zone(words: list[str], at: int) -> bool:
    before = words[max(at - 4, 0) : at]
    return bool(before) and (before[-1] in _USING or (before[-1] in _AT and not _LISTED_WORDS.isdisjoint(before)))


def _is_list_like(host: str) -> bool:
    labels = host.split(".")
    return len(labels) > 1 and any(each in _LIST_LABELS or each.endswith(_LIST_ENDINGS) for each in labels[:-1])
