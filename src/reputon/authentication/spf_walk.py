"""SPF walk: everything that a domain's SPF record names, followed through its includes, counted as RFC 7208 counts.

A receiver stops at ten lookups; the walk counts on for a while, so that a person learns how far too many there are.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from ipaddress import IPv4Network, IPv6Network, ip_network

from reputon.authentication import faults
from reputon.authentication.faults import Fault, Weight
from reputon.resolver import Answer, Question, Resolver, Status

LOOKUPS = 10  # RFC 7208 section 4.6.4
VOIDS = 2
COUNTED = 30  # lookups after which the walk ends
DEPTH = 10  # records within each other
TERMS = 500  # terms of one record that are looked at
LENGTH = 450  # bytes of a record that still fit into one small DNS answer with the rest (RFC 7208 section 3.4)
HOSTS = 10  # hosts behind one `mx` (RFC 7208 section 4.6.4)

Network = IPv4Network | IPv6Network

_MECHANISMS = {"all", "include", "a", "mx", "ptr", "ip4", "ip6", "exists"}
_ASKING = {"include", "a", "mx", "ptr", "exists"}
_NEEDS_VALUE = {"include", "ip4", "ip6", "exists"}


@dataclass(frozen=True, slots=True)
class Walk:
    """What the record of `domain` names.

    `record` is None where there is none; `networks` are those that pass; `lookups` and `voids` are counted over all
    records followed; `includes` are the names included or redirected to, in order; `unknown` says what DNS could not
    tell, `dynamic` which terms depend on the message, so that nothing is known of the addresses behind them.
    """

    domain: str
    record: str | None
    networks: tuple[Network, ...]
    lookups: int
    voids: int
    includes: tuple[str, ...]
    faults: tuple[Fault, ...]
    unknown: tuple[str, ...] = ()
    dynamic: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Term:
    """One term of a record: qualifier (`+ - ~ ?`), mechanism or modifier, its domain or address, its prefix lengths."""

    text: str
    qualifier: str
    name: str
    value: str
    lengths: tuple[int | None, int | None] = (None, None)
    fault: str = ""


def terms(record: str) -> tuple[Term, ...]:
    """The terms after `v=spf1`; what is none has a `fault` in words.  Never raises."""
    return tuple(_term(word) for word in record.split()[1 : TERMS + 1])


def walk(domain: str, resolver: Resolver, limit: int = COUNTED) -> Walk:
    """Follow the record of a domain; `limit` bounds the lookups that are counted and made."""
    walker = _Walker(domain.rstrip(".").lower(), resolver, limit)
    record = walker.follow(walker.domain, ())
    return walker.result(record)


def is_spf(text: str) -> bool:
    """Whether a TXT record is an SPF record (RFC 7208 section 4.5)."""
    return text[:7].lower() in ("v=spf1", "v=spf1 ")


def _term(word: str) -> Term:
    qualifier, rest = (word[0], word[1:]) if word[0] in "+-~?" else ("+", word)
    name, separator, value = rest.partition("=")
    if separator and name.replace("-", "").replace("_", "").replace(".", "").isalnum() and ":" not in name:
        return Term(word, "", name.lower(), value.rstrip("."), fault="" if value else "a modifier without a value")
    name, colon, value = rest.partition(":")
    if not colon:
        name, slash, value = rest.partition("/")
        value = slash + value
    name = name.lower()
    if name not in _MECHANISMS:
        return Term(word, qualifier, name, value, fault="no mechanism of SPF has this name")
    if name in _NEEDS_VALUE and not value:
        return Term(word, qualifier, name, value, fault=f"`{name}` needs a value")
    if name == "all" and (value or colon):
        return Term(word, qualifier, name, value, fault="`all` takes no value")
    if name in ("ip4", "ip6"):
        return Term(word, qualifier, name, value, fault="" if _network(name, value) else f"no {_family(name)} address")
    return _with_lengths(word, qualifier, name, value)


def _with_lengths(word: str, qualifier: str, name: str, value: str) -> Term:
    if name not in ("a", "mx"):
        return Term(word, qualifier, name, value.rstrip("."))
    host, _, lengths = value.partition("/")
    four, _, six = lengths.partition("//") if not lengths.startswith("/") else ("", "", lengths[1:])
    found = (_length(four, 32), _length(six, 128))
    if -1 in found:
        return Term(word, qualifier, name, host, fault=f"{faults.shown(lengths)!r} is no prefix length")
    return Term(word, qualifier, name, host.rstrip("."), found)


def _length(text: str, most: int) -> int | None:
    if not text:
        return None
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 4 and int(text) <= most else -1


def _family(name: str) -> str:
    return "IPv4" if name == "ip4" else "IPv6"


def _network(name: str, value: str) -> Network | None:
    try:
        found = ip_network(value, strict=False)
    except ValueError:
        return None
    return found if found.version == (4 if name == "ip4" else 6) else None


@dataclass(slots=True)
class _Walker:
    domain: str
    resolver: Resolver
    limit: int
    networks: dict[Network, None] = field(default_factory=dict)
    includes: dict[str, None] = field(default_factory=dict)
    found: dict[tuple[str, str, str], Fault] = field(default_factory=dict)
    unknown: dict[str, None] = field(default_factory=dict)
    dynamic: dict[str, None] = field(default_factory=dict)
    lookups: int = 0
    voids: int = 0

    def result(self, record: str | None) -> Walk:
        at, counted = self.domain, f"{self.lookups}{' or more' if self.lookups >= self.limit else ''}"
        if self.lookups > LOOKUPS:
            self.say("too-many-lookups", at, f"the record needs {counted} DNS lookups, and receivers stop at "
                     f"{LOOKUPS}: SPF ends in permerror", "remove includes of services that you no longer use, or send "
                     "through a subdomain with a record of its own")  # fmt: skip
        if self.voids > VOIDS:
            self.say("too-many-voids", at, f"{self.voids} lookups of the record find nothing, and receivers stop "
                     f"at {VOIDS}", "remove the names that no longer exist")  # fmt: skip
        return Walk(at, record, tuple(self.networks), self.lookups, self.voids, tuple(self.includes),
                    tuple(self.found.values()), tuple(self.unknown),
                    tuple(self.dynamic))  # fmt: skip

    def say(self, name: str, where: str, words: str, remedy: str, weight: Weight = "fault") -> None:
        self.found.setdefault((name, where, words), Fault(name, where, words, remedy, weight))

    def ask(self, name: str, *types: str) -> list[Answer]:
        answers = self.resolver.ask([Question(name, rdtype) for rdtype in types])
        for answer in answers:
            if not answer.is_known:
                self.unknown[f"{answer.question.rdtype} {faults.shown(name)}: {answer.why}"] = None
        return answers

    def count(self, *answers: Answer) -> None:
        if all(answer.status in (Status.NODATA, Status.NXDOMAIN) for answer in answers):
            self.voids += 1

    def follow(self, domain: str, above: tuple[str, ...]) -> str | None:
        """The record of a domain, with everything below it taken in."""
        (answer,) = self.ask(domain, "TXT")
        if above:
            self.count(answer)
        records = [text for text in answer.records if is_spf(text)]
        if not answer.is_known:
            return None
        if len(records) != 1:
            self._not_one(domain, len(records), above)
            return None
        self._faults_of(domain, records[0], above)
        found = terms(records[0])
        for term in found:
            if self.lookups >= self.limit:
                break
            self._take(term, domain, (*above, domain))
        self._redirect(found, domain, (*above, domain))
        return records[0]

    def _not_one(self, domain: str, count: int, above: tuple[str, ...]) -> None:
        if count:
            self.say("two-records", domain, f"{domain} has {count} SPF records, and may have one: SPF ends in "
                     "permerror", "merge them into one TXT record that begins with v=spf1")  # fmt: skip
        elif above:
            name = faults.shown(domain)
            self.say("include-without-record", above[-1], f"the record of {above[-1]} leads to {name}, which has no "
                     "SPF record: SPF ends in permerror", f"remove the term that names {name}")  # fmt: skip
        else:
            self.say("no-spf", domain, f"{domain} has no SPF record", "publish one TXT record that begins with v=spf1 "
                     "and names whoever sends for you")  # fmt: skip

    def _faults_of(self, domain: str, record: str, above: tuple[str, ...]) -> None:
        found = terms(record)
        for term in found:
            if term.fault:
                self.say("syntax", domain, f"`{faults.shown(term.text)}` in the SPF record of {domain}: {term.fault}; "
                         "SPF ends in permerror", "correct this term")  # fmt: skip
            if term.name == "ptr" and not term.fault:
                self.say("ptr", domain, f"the SPF record of {domain} uses `ptr`, which is slow and many receivers "
                         "ignore", "name the addresses instead", "note")  # fmt: skip
        names = {term.name for term in found if not term.fault}
        if any(term.name == "all" and term.qualifier == "+" and not term.fault for term in found):
            self.say("plus-all", domain, f"the SPF record of {domain} lets everybody send (`+all`)",
                     "end it with ~all or -all")  # fmt: skip
        if len(record.split()) > TERMS + 1:
            self.say("too-many-terms", domain, f"the SPF record of {domain} has more than {TERMS} terms", "shorten it")
        if not above and not names & {"all", "redirect"}:
            self.say("no-end", domain, f"the SPF record of {domain} says nothing of other senders: it has neither "
                     "`all` nor `redirect`", "end it with ~all or -all")  # fmt: skip
        if len(record.encode("utf-8", "replace")) > LENGTH:
            self.say("too-long", domain, f"the SPF record of {domain} is longer than {LENGTH} bytes: some resolvers "
                     "cut the answer", "shorten it, or move a part into an include", "note")  # fmt: skip

    def _take(self, term: Term, domain: str, path: tuple[str, ...]) -> None:
        if term.fault:
            return
        if term.name in ("ip4", "ip6"):
            network = _network(term.name, term.value)
            if network is not None and term.qualifier == "+":
                self.networks[network] = None
        elif term.name in _ASKING:
            self.lookups += 1
            name = term.value or domain
            if "%" in name or term.name in ("ptr", "exists"):
                self.dynamic[f"`{faults.shown(term.text)}` in the record of {domain}"] = None
            elif term.name == "include":
                self._below(name.lower(), path, term.qualifier == "+")
            else:
                self._hosts(term, name)

    def _hosts(self, term: Term, name: str) -> None:
        hosts = [name]
        if term.name == "mx":
            (answer,) = self.ask(name, "MX")
            self.count(answer)
            hosts = [record.partition(" ")[2].rstrip(".") for record in answer.records]
            if len(hosts) > HOSTS:
                self.say("too-many-mx", name, f"`mx` of {name} has more than {HOSTS} hosts: SPF ends in permerror",
                         "name the addresses instead")  # fmt: skip
        for host in filter(None, hosts[:HOSTS]):
            answers = self.ask(host, "A", "AAAA")
            if term.name == "a":
                self.count(*answers)
            if term.qualifier == "+":
                self.networks.update(dict.fromkeys(_around(answers, term.lengths)))

    def _redirect(self, found: Iterable[Term], domain: str, path: tuple[str, ...]) -> None:
        names = {term.name for term in found}
        targets = [term for term in found if term.name == "redirect" and not term.fault]
        if not targets or "all" in names or self.lookups >= self.limit:
            return
        self.lookups += 1
        if "%" in targets[0].value:
            self.dynamic[f"`{faults.shown(targets[0].text)}` in the record of {domain}"] = None
        else:
            self._below(targets[0].value.lower(), path, passes=True)

    def _below(self, name: str, path: tuple[str, ...], passes: bool) -> None:
        if name in path:
            self.say("loop", path[-1], f"the SPF record of {path[-1]} leads to {faults.shown(name)}, which leads "
                     "back: SPF ends in permerror", f"remove the term that names {faults.shown(name)}")  # fmt: skip
            return
        self.includes[name] = None
        if len(path) > DEPTH:
            self.unknown[f"{faults.shown(name)}: more than {DEPTH} records within each other"] = None
            return
        before = dict(self.networks)
        self.follow(name, path)
        if not passes:
            self.networks = before


def _around(answers: Iterable[Answer], lengths: tuple[int | None, int | None]) -> Iterable[Network]:
    for answer in answers:
        for record in answer.records:
            try:
                host = ip_network(record)
            except ValueError:
                continue
            length = lengths[0] if host.version == 4 else lengths[1]
            yield host if length is None else host.supernet(new_prefix=length)
