"""Guarded: zones behind a guard, asked in plain Python as a worker asks them, for the tests of protection."""

from functools import cache

import dns.edns
import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype

from reputon.zone.content import Content, Covers, Record, Soa, Value
from reputon.zone.guard import Protection, guard, new_uses
from reputon.zone.kernel.client import put_name
from reputon.zone.kernel.loop import answer_packet, buffers, new_counts
from reputon.zone.kernel.question import DROP
from reputon.zone.server.worker import PlainBuffers
from reputon.zone.table import compile_zones

NOW = 1_800_000_000
APEXES = ("bl.rep.test", "dom.rep.test")
CLIENT = "192.0.2.1"


@cache
def table(apexes=APEXES):
    """Each lists 127.0.0.2, a prefix of each family and a name, and has a generic record."""
    return compile_zones([_content(each) for each in apexes])


def _content(apex):
    of = Content(apex, Soa("ns.rep.test", "hostmaster.rep.test"), ("ns.rep.test",))
    listed = of.value_of(Value(("127.0.0.2",), ("listed: $",)))
    dataset = of.dataset()
    dataset.add4(0x7F000002, 32, listed)
    dataset.add4(0xC0000200, 24, listed)
    dataset.add6(0x20010DB8 << 96, 64, listed)
    dataset.add_name("spam.example", Covers.BOTH, listed)
    of.records.append(Record("", "TXT", 60, '"about this zone"'))
    return of


class Guarded:
    """A worker's loop in plain Python, with a clock that stands where it is set."""

    def __init__(self, protection=None, apexes=APEXES, seed=7):
        self.protection = protection or Protection()
        self.table = table(apexes)
        self.uses = new_uses(self.protection)
        self.guard = guard(self.protection, self.table, self.uses, seed)
        self.counts = new_counts(self.table)
        self.of = PlainBuffers(buffers(16))
        self.now = float(NOW)

    def send(self, packet, client=CLIENT):
        """The answer's bytes, or the DROP or RARE that came of it."""
        self.of.set_clock(self.now)
        put_name(self.of.name, client)
        self.of.packet[: len(packet)] = packet
        plain, counted = self.guard.plain(), memoryview(self.counts)
        arrays = self.table.arrays.plain()
        length = answer_packet(self.of.packet, 0, len(packet), self.of.name, 0, self.of, arrays, plain, counted)
        return bytes(self.of.packet[:length]) if length > 0 else length

    def ask(self, name, rdtype="A", client=CLIENT, edns=True):
        """The answer as a message; None: dropped."""
        query = dns.message.make_query(name, rdtype, use_edns=0 if edns else -1)
        answered = self.send(query.to_wire(), client)
        if answered == DROP:
            return None
        message = dns.message.from_wire(answered)
        assert message.id == query.id
        assert message.question == query.question
        return message

    def said(self, name, rdtype="A", client=CLIENT):
        """In a word: the rcode, or the first record's text; `dropped`, `cut`."""
        message = self.ask(name, rdtype, client)
        if message is None:
            return "dropped"
        if message.flags & dns.flags.TC:
            return "cut"
        if message.answer:
            return message.answer[0][0].to_text()
        rcode = dns.rcode.to_text(message.rcode())
        return "NODATA" if rcode == "NOERROR" else rcode

    def count(self, outcome, zone=None):
        """How often, in a zone's row or in all."""
        return int(self.counts[:, outcome].sum() if zone is None else self.counts[zone, outcome])


def errors_of(message):
    """The extended errors (RFC 8914)."""
    return [int(each.code) for each in message.options if isinstance(each, dns.edns.EDEOption)]
