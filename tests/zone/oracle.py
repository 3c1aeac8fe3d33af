"""Oracle: what a zone must answer, told slowly from its content by dnspython: no code of the compiled table is here.

Prefixes are looked through one by one, names lie in dictionaries, and the rules are written down as the RFCs have them:
8020 (a name above a name exists), 2308 (the SOA of negative answers), 6891 (EDNS), 8482 (ANY), 8914 (extended errors).
"""

import struct
from dataclasses import dataclass, field, replace
from ipaddress import IPv6Address
from typing import Any

import dns.exception
import dns.name
import dns.rdata
import dns.rdataclass
import dns.rdatatype
from dns.rdataclass import CH, IN
from dns.rdatatype import ANY, AXFR, IXFR, SOA, TXT, A

from reputon.zone.content import Content, Covers, Value

SILENCE, ELSEWHERE = "silence", "elsewhere"  # what is dropped, and what is rare and another's to answer
NOERROR, FORMERR, SERVFAIL, NXDOMAIN, NOTIMP, REFUSED, BADVERS = 0, 1, 2, 3, 4, 5, 16
OURS = 1232  # bytes that pass any path unfragmented
ALLOW, REFUSE, EMPTY, IGNORE, CODE = range(5)
DENIED = {A: bytes((127, 255, 255, 254)), TXT: b"\x2dNo listing: this client may not ask this zone"}
AFTER_ADDRESS = {4: 1 << 32, 6: 1 << 128}


@dataclass(frozen=True)
class Said:
    """A message: records are (owner, TTL, type, data in wire format); `edns` is (payload, version, DO, options)."""

    rcode: int
    flags: frozenset[str] = frozenset()
    question: Any = None
    answer: frozenset[Any] = frozenset()
    authority: frozenset[Any] = frozenset()
    edns: Any = None
    size: int = 0  # bytes, where every record says its owner as a pointer


@dataclass(frozen=True)
class Asked:
    """What a packet asks."""

    number: int
    is_recursive: bool
    name: dns.name.Name
    rdtype: int
    rdclass: int
    edns: Any  # None, or (payload, version, DO)

    def says(self, rcode, *flags, why=None, **sections):
        """A response to it."""
        options = () if why is None else ((15, why.to_bytes(2, "big")),)
        edns = None if self.edns is None else (OURS, 0, self.edns[2], options)
        all_flags = frozenset(("QR", *flags, *(("RD",) if self.is_recursive else ())))
        made = Said(rcode, all_flags, (self.name, self.rdtype, self.rdclass), edns=edns, **sections)
        records = sum(12 + len(data) for *_, data in made.answer | made.authority)
        options_size = sum(4 + len(data) for _, data in options)
        edns_size = 0 if edns is None else 11 + options_size
        return replace(made, size=12 + length(self.name) + 4 + records + edns_size)


@dataclass(frozen=True)
class Allowed:
    """What an operator lets a client do: an action for each zone; which need a key, and the keys."""

    actions: tuple[int, ...] = ()
    keyed: tuple[bool, ...] = ()
    keys: tuple[str, ...] = ()

    @classmethod
    def everything(cls, count):
        """In so many zones."""
        return cls((ALLOW,) * count, (False,) * count)


class RefusedError(Exception):
    """A packet that is no question: what becomes of it."""

    def __init__(self, outcome):
        super().__init__(outcome)
        self.outcome = outcome


def length(name):
    """Bytes in wire format; dnspython's own takes a millisecond where there are many labels."""
    return sum(len(each) + 1 for each in name.labels)


def bare(packet, rcode):
    """A header and nothing else."""
    return Said(rcode, frozenset(("QR", *(("RD",) if packet[2] & 1 else ()))), size=12)


def read(packet):
    """What a packet asks; RefusedError."""
    if len(packet) < 12 or packet[2] & 0x80:
        raise RefusedError(SILENCE)
    number, flags, questions, answers, authorities, additionals = struct.unpack("!6H", packet[:12])
    opcode = flags >> 11 & 15
    if opcode:
        raise RefusedError(ELSEWHERE if opcode == 4 else bare(packet, NOTIMP))
    malformed = RefusedError(bare(packet, FORMERR))
    if questions != 1 or answers:
        raise malformed
    try:
        name, used = dns.name.from_wire(packet, 12)
        rdtype, rdclass = struct.unpack("!2H", packet[12 + used :][:4])
    except (dns.exception.DNSException, struct.error):
        raise malformed from None
    if used != length(name):  # there is nothing yet that a pointer could name
        raise malformed
    if authorities:
        raise RefusedError(ELSEWHERE) if rdtype == IXFR else malformed
    asked = Asked(number, bool(flags & 0x100), name, rdtype, rdclass, None)
    return read_additional(packet[16 + used :], additionals, asked, malformed)


def read_additional(rest, count, asked, malformed):
    """The question with its EDNS; only an OPT may follow a question."""
    if count == 0:
        if rest:
            raise malformed
        return asked
    if len(rest) < 11:
        raise malformed
    root, rdtype, payload, _, version, flags, size = struct.unpack("!BHHBBHH", rest[:11])
    if count > 1 or root or rdtype != 41:
        raise RefusedError(ELSEWHERE)
    asked = replace(asked, edns=(payload, version, bool(flags & 0x8000)))
    options = rest[11:]
    if len(options) != size:
        raise RefusedError(asked.says(FORMERR))
    if version:
        raise RefusedError(asked.says(BADVERS))
    codes = set()
    while options:
        if len(options) < 4 or len(options) < 4 + struct.unpack("!H", options[2:4])[0]:
            raise RefusedError(asked.says(FORMERR))
        codes.add(struct.unpack("!H", options[:2])[0])
        options = options[4 + struct.unpack("!H", options[2:4])[0] :]
    if 3 in codes:  # NSID asks who we are
        raise RefusedError(ELSEWHERE)
    return asked


class Oracle:
    """What several zones answer."""

    def __init__(self, contents):
        self.zones = [Zone(each) for each in contents]

    def answer(self, packet, allowed, now, most=0):
        """SILENCE, ELSEWHERE, or what is said."""
        try:
            asked = read(packet)
        except RefusedError as refused:
            return refused.outcome
        if asked.rdclass == CH or asked.rdtype in (IXFR, AXFR):
            return ELSEWHERE
        if asked.rdclass not in (IN, dns.rdataclass.ANY):
            return asked.says(REFUSED)
        if asked.rdtype == 41 or (128 <= asked.rdtype < 255):
            return asked.says(NOTIMP)
        above = [each for each, zone in enumerate(self.zones) if asked.name.is_subdomain(zone.apex)]
        if not above:
            return asked.says(REFUSED, why=20)
        deepest = max(above, key=lambda each: len(self.zones[each].apex))
        keys = {each.lower().encode() for each in allowed.keys} if allowed.keyed[deepest] else None
        said = self.zones[deepest].admit(asked, now, allowed.actions[deepest], keys)
        limit = most or min(max(512, asked.edns[0] if asked.edns else 512), OURS)
        return said if said == SILENCE or said.size <= limit else asked.says(said.rcode, "AA", "TC")


@dataclass
class Found:
    """What there is at a name: `value` of an address or name, `records` as (type, TTL, data)."""

    value: Value | None = None
    subject: str = ""
    exists: bool = False
    records: list[Any] = field(default_factory=list)


class Zone:
    """One zone."""

    def __init__(self, content: Content):
        self.content = content
        self.apex = dns.name.from_text(content.apex)
        self.lists = [Listed(each, content) for each in content.datasets]
        self.soa = dns.rdata.from_text("IN", "SOA", self.start()).to_wire()
        self.records: dict[Any, list[Any]] = {}
        for rdtype, ttl, owner, text in self.generic():
            rdata = dns.rdata.from_text("IN", rdtype, text, relativize=False, origin=dns.name.root)
            self.records.setdefault(owner, []).append((int(dns.rdatatype.from_text(rdtype)), ttl, rdata.to_wire()))
        owners = {owner for each in self.lists for owner in each.names} | set(self.records) | {()}
        self.owners = {owner[at:] for owner in owners for at in range(len(owner) + 1)}
        self.known: dict[Any, bool] = {}

    def generic(self):
        """The records that are no listings."""
        soa = self.content.soa
        yield "SOA", soa.ttl, (), self.start()
        for server in self.content.name_servers:
            yield "NS", self.content.name_server_ttl, (), f"{server.rstrip('.')}."
        for record in self.content.records:
            yield record.rdtype, record.ttl, labels(record.owner), record.text

    def start(self):
        """The data of the SOA."""
        soa = self.content.soa
        return (
            f"{soa.primary.rstrip('.')}. {soa.contact.replace('@', '.').rstrip('.')}. "
            f"{soa.serial} {soa.refresh} {soa.retry} {soa.expire} {soa.minimum}"
        )

    def admit(self, asked, now, action, keys):
        """What is said to a client; `keys`: those that open the zone, None where it needs none."""
        relative = tuple(each.lower() for each in asked.name.relativize(self.apex).labels)
        if action == IGNORE:
            return SILENCE
        if action == REFUSE:
            return asked.says(REFUSED, why=18)
        if action == CODE:
            return self.deny(asked)
        if keys is not None and relative and relative[-1] not in keys:
            return asked.says(REFUSED, why=18)
        if self.content.stale and now >= self.content.stale:
            return asked.says(SERVFAIL, why=24)
        found = None
        if keys is not None and relative:
            relative = relative[:-1]
            found = None if relative else Found(exists=action != EMPTY)
        if found is None:
            is_empty = action == EMPTY and relative
            found = Found() if is_empty else self.find(relative, now)
        return self.answer(asked, found, now)

    def deny(self, asked):
        """An address that is no listing, to those who may not ask."""
        rdtype = A if asked.rdtype == ANY else asked.rdtype
        if rdtype in DENIED:
            return asked.says(NOERROR, "AA", answer=frozenset({(asked.name, 10, int(rdtype), DENIED[rdtype])}))
        return asked.says(REFUSED, why=18)

    def answer(self, asked, found, now):
        """What is said of what was found."""
        rdtype = asked.rdtype
        if rdtype == ANY:
            rdtype = A if found.value else min((each for each, *_ in found.records), default=A)
        answer = {(asked.name, ttl, kind, data) for kind, ttl, data in found.records if kind == rdtype}
        if found.value:
            ttl = found.value.ttl
            if found.value.expires:
                ttl = min(ttl, found.value.expires - now)
            answer |= {(asked.name, ttl, rdtype, data) for data in datas(found, rdtype)}
        if answer:
            return asked.says(NOERROR, "AA", answer=frozenset(answer))
        ttl = min(self.content.soa.ttl, self.content.soa.minimum)
        rcode = NOERROR if found.value or found.exists else NXDOMAIN
        return asked.says(rcode, "AA", authority=frozenset({(self.apex, ttl, int(SOA), self.soa)}))

    def find(self, relative, now):
        """What there is at a name: an address, if it is listed as one, is not looked up as a name."""
        exists = False
        for version, text, first, length in addresses(relative):
            if length < {4: 32, 6: 128}[version]:
                exists = exists or self.remembered(self.addresses_within, version, first, length)
            elif value := live(self.union(each.at(version, first) for each in self.lists), now):
                return Found(value, text, True)
        value = live(self.union(each.of_name(relative) for each in self.lists), now)
        exists = exists or bool(value) or self.remembered(self.name_exists, relative)
        text = b".".join(relative).decode("latin-1")
        return Found(value, text, exists, self.records.get(relative, []))

    def remembered(self, what, *about):
        """What was found out before."""
        if (what, *about) not in self.known:
            self.known[what, *about] = what(*about)
        return self.known[what, *about]

    def name_exists(self, name):
        """Whether a name was given here that is listed, covers others or has records, or one below it."""
        return name in self.owners and (
            not name
            or name in self.records
            or self.union(each.of_name(name) for each in self.lists) is not None
            or self.union(each.of_name((b"\0", *name)) for each in self.lists) is not None
            or any(self.name_exists(each) for each in self.owners if each[1:] == name)
        )

    def addresses_within(self, version, first, length):
        """Whether any address of a prefix is listed: what is said changes only where prefixes begin and end."""
        last = first + (AFTER_ADDRESS[version] >> length) - 1
        edges = {first} | {edge for each in self.lists for edge in each.edges(version) if first <= edge <= last}
        return any(each.at(version, edge) is not None for edge in edges for each in self.lists)

    def union(self, said):
        """What several say at once; None: nothing."""
        values = list(dict.fromkeys(each for each in said if each is not None))
        return together(values) if values else None


class Listed:
    """One list of a zone: `names` by their labels, as (itself, below), None where it is not said."""

    def __init__(self, dataset, content):
        self.values = [replace(each, ttl=each.ttl or content.ttl) for each in content.values]
        uppers, lowers = dataset.first6[::2], dataset.first6[1::2]
        wide = [upper << 64 | lower for upper, lower in zip(uppers, lowers, strict=True)]
        self.prefixes = {
            4: list(zip(dataset.first4, dataset.length4, dataset.value4, strict=True)),
            6: list(zip(wide, dataset.length6, dataset.value6, strict=True)),
        }
        self.names: dict[Any, tuple[set[int], set[int]]] = {}
        for name, covers, value in zip(dataset.names, dataset.covers, dataset.value_of_name, strict=True):
            itself, below = self.names.setdefault(labels(name), (set(), set()))
            if covers in (Covers.ITSELF, Covers.BOTH):
                itself.add(value)
            if covers in (Covers.BELOW, Covers.BOTH):
                below.add(value)

    def value(self, said):
        """Of what is said of one prefix or name: excluded once is excluded."""
        return together([self.values[each] for each in sorted(said)]) if 0 not in said else None

    def at(self, version, address):
        """What the longest prefix says."""
        width = {4: 32, 6: 128}[version]
        over = [each for each in self.prefixes[version] if each[0] <= address < each[0] + (1 << (width - each[1]))]
        longest = max((length for _, length, _ in over), default=None)
        return self.value({value for _, length, value in over if length == longest}) if over else None

    def edges(self, version):
        """Addresses at which something may begin."""
        for first, length, _ in self.prefixes[version]:
            yield first
            yield first + (AFTER_ADDRESS[version] >> length)

    def of_name(self, name):
        """What is said of the name itself; else what the nearest name above says for all below it."""
        itself, _ = self.names.get(name, ((), ()))
        if itself:
            return self.value(itself)
        for at in range(1, len(name) + 1):
            _, below = self.names.get(name[at:], ((), ()))
            if below:
                return self.value(below)
        return None


def together(values):
    """Several values as one: it ends with the first of them."""
    return Value(
        tuple(dict.fromkeys(code for each in values for code in each.codes)),
        tuple(dict.fromkeys(text for each in values for text in each.texts)),
        min(each.ttl for each in values),
        min((each.expires for each in values if each.expires), default=0),
    )


def live(value, now):
    """None where it has ended."""
    return None if value is None or (value.expires and now >= value.expires) else value


def datas(found, rdtype):
    """The data of a listing's records of a type."""
    if rdtype == A:
        return {bytes(map(int, code.split("."))) for code in found.value.codes}
    if rdtype == TXT:
        return {text_data(each, found.subject) for each in found.value.texts}
    return set()


def text_data(template, subject):
    """Character-strings of 255 bytes, with who is asked about in the place of `$`."""
    # The subject is a name's bytes, the template is text.
    raw = b"$".join(
        subject.encode("latin-1").join(part.encode() for part in each.split("$")) for each in template.split("$$")
    )
    strings = [raw[at : at + 255] for at in range(0, len(raw), 255)] or [b""]
    return b"".join(bytes((len(each),)) + each for each in strings)


def labels(name):
    """The labels of a relative name."""
    return tuple(name.rstrip(".").lower().encode().split(b".")) if name else ()


def addresses(relative):
    """The addresses that labels may be, as (version, as people write it, first, length)."""
    texts = [each.decode("latin-1") for each in reversed(relative)]
    if 1 <= len(texts) <= 4 and all(each.isascii() and each.isdigit() for each in texts):
        octets = [int(each) for each in texts]
        if texts == [str(each) for each in octets] and max(octets) < 256:
            first = int.from_bytes(bytes(octets) + bytes(4 - len(octets)), "big")
            yield 4, ".".join(texts), first, 8 * len(octets)
    if 1 <= len(texts) <= 32 and all(len(each) == 1 and each in "0123456789abcdef" for each in texts):
        first = int("".join(texts).ljust(32, "0"), 16)
        yield 6, address6(first), first, 4 * len(texts)


def address6(number):
    """As ipaddress writes it, to which Python 3.13 has added octets for IPv4-mapped addresses."""
    address = IPv6Address(number)
    mapped = address.ipv4_mapped
    return "::ffff:{:x}:{:x}".format(*divmod(int(mapped), 1 << 16)) if mapped else str(address)
