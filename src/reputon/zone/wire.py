"""Wire: a packet in, a packet out, or silence: DNS messages (RFC 1035, 6891, 8482, 8914) around a table's replies."""

import logging
from collections.abc import Callable, Iterable

import dns.edns
import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.opcode
import dns.rcode
import dns.rdata
import dns.rdataclass
import dns.rdatatype
import dns.rrset
from dns.rdtypes.ANY.TXT import TXT

from reputon.zone.table import Record, Reply

Ask = Callable[[str, str], Reply | None]  # name and type to reply; None is silence

HEADER = 12  # bytes
QUERY_SIZE = 4096  # bytes: no honest question is longer
UDP_SIZE = 512  # bytes that a client without EDNS takes (RFC 1035 section 4.2.1)
EDNS_SIZE = 1232  # bytes that pass any path unfragmented
TCP_SIZE = 65535
_STRING = 255  # bytes in a character-string of TXT
_META = range(128, 255)  # types that ask for something else than records (RFC 6895 section 3.1)

_log = logging.getLogger(__name__)


def respond(packet: bytes, ask: Ask, is_tcp: bool = False) -> bytes | None:
    """The response to a packet of the network; None: say nothing.  Never raises, whatever the bytes are."""
    if not HEADER <= len(packet) <= QUERY_SIZE or packet[2] & 0x80:
        return None  # answering a response would let two servers talk for ever
    if packet[2] >> 3 & 0xF != dns.opcode.QUERY:
        return _bare(packet, dns.rcode.NOTIMP)
    try:
        query = dns.message.from_wire(packet)
    except dns.message.UnknownTSIGKey:
        return _bare(packet, dns.rcode.NOTAUTH)  # RFC 8945 section 5.2.1
    except Exception:  # a parser of hostile bytes: whatever it trips over, the packet is malformed
        return _bare(packet, dns.rcode.FORMERR)
    if len(query.question) != 1:
        return _bare(packet, dns.rcode.FORMERR)  # RFC 9619
    try:
        response = _response(query, ask)
        return None if response is None else _bytes(response, _limit(query, is_tcp))
    except Exception:  # our own fault: the client shall ask elsewhere, and the next question be answered
        _log.exception("cannot answer %s", query.question[0])
        return _bare(packet, dns.rcode.SERVFAIL)


def _response(query: dns.message.Message, ask: Ask) -> dns.message.Message | None:
    question = query.question[0]
    reply = _judge(query, question, ask)
    if reply is None:
        return None
    response = dns.message.Message(id=query.id)
    response.flags = dns.flags.QR | (query.flags & dns.flags.RD)
    response.question = [question]
    if reply.rcode in ("NOERROR", "NXDOMAIN"):
        response.flags |= dns.flags.AA
    if query.edns >= 0:
        options: list[dns.edns.Option] = []
        if reply.why:
            options.append(dns.edns.EDEOption(dns.edns.EDECode.PROHIBITED, reply.why))
        response.use_edns(0, query.ednsflags & dns.flags.DO, EDNS_SIZE, options=options)
    response.set_rcode(dns.rcode.from_text(reply.rcode))
    response.answer = _rrsets(reply.answer, question.name)
    response.authority = _rrsets(reply.authority)
    return response


def _judge(query: dns.message.Message, question: dns.rrset.RRset, ask: Ask) -> Reply | None:
    """The reply, after what DNS itself forbids."""
    if query.edns > 0:
        return Reply("BADVERS")
    if question.rdclass != dns.rdataclass.IN:
        return Reply("REFUSED", why="class IN only")
    if question.rdtype in (dns.rdatatype.AXFR, dns.rdatatype.IXFR):
        return Reply("REFUSED", why="no transfer")
    if question.rdtype in _META:
        return Reply("NOTIMP")
    return ask(plain(question.name), dns.rdatatype.to_text(question.rdtype))


def plain(name: dns.name.Name) -> str:
    """A name as text in lower case; a dot inside a label becomes a backslash, which no name of ours holds."""
    labels = (label.decode("latin-1").replace(".", "\\") for label in name.labels[:-1])
    return ".".join(labels).lower()


def _rrsets(records: Iterable[Record], asked: dns.name.Name | None = None) -> list[dns.rrset.RRset]:
    """The records by owner and type; an answer's owner is the question's name, in the letters it was asked in."""
    found: dict[tuple[str, str], dns.rrset.RRset] = {}
    for record in records:
        key = record.owner, record.rdtype
        if key not in found:
            owner = asked if asked is not None else dns.name.from_text(record.owner)
            found[key] = dns.rrset.RRset(owner, dns.rdataclass.IN, dns.rdatatype.from_text(record.rdtype))
        found[key].add(_rdata(record), record.ttl)
    return list(found.values())


def _rdata(record: Record) -> dns.rdata.Rdata:
    if record.rdtype != "TXT":
        return dns.rdata.from_text("IN", record.rdtype, record.text, origin=dns.name.root, relativize=False)
    data = record.text.encode()
    pieces = [data[at : at + _STRING] for at in range(0, len(data), _STRING)] or [b""]
    return TXT(dns.rdataclass.IN, dns.rdatatype.TXT, pieces)


def _limit(query: dns.message.Message, is_tcp: bool) -> int:
    if is_tcp:
        return TCP_SIZE
    return max(UDP_SIZE, min(query.payload, EDNS_SIZE)) if query.edns >= 0 else UDP_SIZE


def _bytes(response: dns.message.Message, limit: int) -> bytes:
    """The message, cut and marked as cut where it is longer than the client takes."""
    return response.to_wire(max_size=limit, prefer_truncation=True)


def _bare(packet: bytes, rcode: dns.rcode.Rcode) -> bytes:
    """A header that says no: the question may be what could not be read."""
    opcode_and_rd = packet[2] & 0x79
    return packet[:2] + bytes((0x80 | opcode_and_rd, rcode)) + bytes(8)
