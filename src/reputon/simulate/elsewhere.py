"""Elsewhere: the other names of a made world, answered beside the zones, so that a demo's SPF is asked at one port."""

import dns.edns
import dns.exception
import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype
import dns.rrset

from reputon.resolver import Question, Status, World

TTL = 60  # seconds

_RCODES = {
    Status.ANSWER: dns.rcode.NOERROR,
    Status.NODATA: dns.rcode.NOERROR,
    Status.NXDOMAIN: dns.rcode.NXDOMAIN,
    Status.REFUSED: dns.rcode.REFUSED,
}


def respond(world: World, packet: bytes) -> bytes | None:
    """What the made world (DESIGN.md section 4, `dns.json`) says to a question; None where its server is silent."""
    try:
        query = dns.message.from_wire(packet)
    except dns.exception.DNSException:
        return None
    question = query.question[0]
    rdtype = dns.rdatatype.to_text(question.rdtype)
    said = world.ask([Question(question.name.to_text(omit_final_dot=True), rdtype)])[0]
    if said.status is Status.TIMEOUT:
        return None
    response = dns.message.make_response(query)
    response.flags |= dns.flags.AA
    response.set_rcode(_RCODES.get(said.status, dns.rcode.SERVFAIL))
    if said.status is Status.REFUSED and query.edns >= 0:
        response.use_edns(0, options=[dns.edns.EDEOption(dns.edns.EDECode.PROHIBITED, said.why)])
    if said.records:
        texts = [_text(rdtype, each) for each in said.records]
        response.answer = [dns.rrset.from_text_list(question.name, TTL, "IN", rdtype, texts)]
    return response.to_wire(max_size=max(512, query.payload), prefer_truncation=True)


def _text(rdtype: str, record: str) -> str:
    """A record as a zone file has it: TXT in quotes, in pieces of 255."""
    if rdtype != "TXT":
        return record if rdtype in ("A", "AAAA") else record.removesuffix(".") + "."
    pieces = [record[at : at + 255] for at in range(0, len(record), 255)] or [""]
    return " ".join('"' + each.replace("\\", "\\\\").replace('"', '\\"') + '"' for each in pieces)
