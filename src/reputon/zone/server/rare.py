"""Rare: what the kernel leaves to others, by dnspython: who we are (CHAOS, NSID), other opcodes, the malformed rest."""

from collections.abc import Callable
from dataclasses import dataclass

import dns.edns
import dns.exception
import dns.flags
import dns.message
import dns.opcode
import dns.rcode
import dns.rdataclass
import dns.rdatatype
import dns.rrset

from reputon.zone.kernel.writing import SIZE

Ordinary = Callable[[bytes], bytes | None]  # how the kernel answers a packet
_TCP_SIZE = 65535
_ABOUT = {"version.bind.": "version", "version.server.": "version", "hostname.bind.": "name", "id.server.": "name"}
_CHAOS_TTL = 0
_STRING = 255  # bytes


@dataclass(frozen=True, slots=True)
class Identity:
    """What the server says of itself; empty: nothing (RFC 4892, RFC 5001)."""

    version: str = ""
    name: str = ""

    def __post_init__(self) -> None:
        """ValueError where it would not fit into a character-string."""
        if max(len(self.version.encode()), len(self.name.encode())) > _STRING:
            raise ValueError(f"`serve.dns.name` and `serve.dns.version` have at most {_STRING} bytes: shorten them")


def respond(packet: bytes, ordinary: Ordinary, identity: Identity, over_tcp: bool = False) -> bytes | None:
    """The response to a packet that the kernel called rare; None: say nothing.  Never raises for what a packet is."""
    try:
        query = dns.message.from_wire(packet)
    except dns.message.UnknownTSIGKey:
        return bare(packet, dns.rcode.NOTAUTH)  # RFC 8945 section 5.2.1
    except Exception:  # a parser of hostile bytes: whatever it trips over, the packet is malformed
        return bare(packet, dns.rcode.FORMERR)
    if query.opcode() != dns.opcode.QUERY or len(query.question) != 1:
        return bare(packet, dns.rcode.REFUSED if query.opcode() == dns.opcode.NOTIFY else dns.rcode.FORMERR)
    question = query.question[0]
    if question.rdclass == dns.rdataclass.CH:
        response = _chaos(query, identity)
    elif question.rdtype in (dns.rdatatype.AXFR, dns.rdatatype.IXFR):
        response = _refused(query, "no transfer")
    else:
        plain = _as_ordinary(query)
        said = ordinary(plain.to_wire())
        if said is None:
            return None
        response = dns.message.from_wire(said)
    if identity.name and any(each.otype == dns.edns.NSID for each in query.options):
        options = [*response.options, dns.edns.GenericOption(dns.edns.NSID, identity.name.encode())]
        response.use_edns(0, response.ednsflags, SIZE, options=options)
    most = _TCP_SIZE if over_tcp else max(512, min(query.payload, SIZE)) if query.edns >= 0 else 512
    return response.to_wire(max_size=most, prefer_truncation=True)


def bare(packet: bytes, rcode: dns.rcode.Rcode) -> bytes:
    """A header that says no."""
    return packet[:2] + bytes((0x80 | packet[2] & 0x79, rcode)) + bytes(8)


def _as_ordinary(query: dns.message.Message) -> dns.message.Message:
    """The same question without what made it rare."""
    plain = dns.message.Message(id=query.id)
    plain.flags = query.flags & dns.flags.RD
    plain.question = query.question
    if query.edns >= 0:
        plain.use_edns(0, query.ednsflags & dns.flags.DO, query.payload)
    return plain


def _empty(query: dns.message.Message, rcode: dns.rcode.Rcode) -> dns.message.Message:
    response = dns.message.Message(id=query.id)
    response.flags = dns.flags.QR | (query.flags & dns.flags.RD)
    response.question = query.question
    response.set_rcode(rcode)
    if query.edns >= 0:
        response.use_edns(0, query.ednsflags & dns.flags.DO, SIZE)
    return response


def _refused(query: dns.message.Message, why: str) -> dns.message.Message:
    response = _empty(query, dns.rcode.REFUSED)
    if query.edns >= 0:
        said = dns.edns.EDEOption(dns.edns.EDECode.PROHIBITED, why)
        response.use_edns(0, response.ednsflags, SIZE, options=[said])
    return response


def _chaos(query: dns.message.Message, identity: Identity) -> dns.message.Message:
    """The version and the name of this server, where its operator tells them."""
    question = query.question[0]
    about = _ABOUT.get(question.name.to_text().lower(), "")
    text = getattr(identity, about) if about else ""
    if not text or question.rdtype not in (dns.rdatatype.TXT, dns.rdatatype.ANY):
        return _refused(query, "not told")
    response = _empty(query, dns.rcode.NOERROR)
    response.flags |= dns.flags.AA
    quoted = '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
    response.answer = [dns.rrset.from_text(question.name, _CHAOS_TTL, "CH", "TXT", quoted)]
    return response
