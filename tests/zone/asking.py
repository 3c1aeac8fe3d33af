"""Asking: packets put to the compiled and to the plain kernel, and what they answer: it must be the same."""

import dns.message
import numpy as np
from tests.zone.oracle import ELSEWHERE, SILENCE, Allowed, Said, length

from reputon.zone.access import Action, Rule
from reputon.zone.guard import Key, Limits, Protection, guard
from reputon.zone.kernel import jit
from reputon.zone.kernel.answer import answer
from reputon.zone.kernel.client import row_of
from reputon.zone.kernel.question import DROP, RARE, WORK
from reputon.zone.kernel.writing import ROOM, SIZE
from reputon.zone.table import compile_zones

CANARY = 0xA5
MARGIN = 16  # canaries before and after what a kernel may write
FLAGS = (("QR", 0x8000), ("AA", 0x0400), ("TC", 0x0200), ("RD", 0x0100))


class Kernels:
    """One table, asked of both kernels.  Without Numba there is the plain one only."""

    def __init__(self, contents, **options):
        self.table = compile_zones(contents, **options)
        self.plain = self.table.arrays.plain()
        self.allow(Allowed.everything(len(contents)))
        self.has_compiled = jit.is_there()
        self.work = [0] * WORK, np.zeros(WORK, np.int64)

    def allow(self, allowed):
        """Let the client do this from now on."""
        apexes = [each.apex for each in self.table.zones]
        rules = tuple(
            Rule("0.0.0.0/0", Action(action), apex) for apex, action in zip(apexes, allowed.actions, strict=True)
        )
        keyed = tuple(apex for apex, needs in zip(apexes, allowed.keyed, strict=True) if needs)
        keys = tuple(Key(each, each) for each in allowed.keys)
        self.allowed = allowed
        self.guard = guard(Protection(rules, keyed, keys, limits=Limits(answers=0, errors=0)), self.table)
        self.plain_guard, self.client = self.guard.plain(), row_of(self.guard, "192.0.2.1")

    def ask(self, packet, now=1000, most=0):
        """The answer's bytes, SILENCE or ELSEWHERE."""
        length, said = self.run_plain(packet, now, most)
        if self.has_compiled:
            assert self.run_compiled(packet, now, most) == (length, said)
        if length in (DROP, RARE):
            return SILENCE if length == DROP else ELSEWHERE
        assert 12 <= length <= (most or SIZE)
        return bytes(said)

    def run_plain(self, packet, now, most):
        """The length or outcome, and the bytes of the answer."""
        buf = bytearray(self.frame(packet, most))
        before = bytes(buf)
        length = answer(
            buf, MARGIN, len(packet), self.plain, self.plain_guard, self.client, now, most, self.work[0]
        )  # fmt: skip
        return self.looked_over(length, buf, before, most)

    def run_compiled(self, packet, now, most):
        """As the plain one."""
        before = self.frame(packet, most)
        buf = np.frombuffer(bytearray(before), np.uint8)
        run = jit.compiled(answer)
        length = run(
            buf, MARGIN, len(packet), self.table.arrays, self.guard, self.client, now, most, self.work[1]
        )  # fmt: skip
        return self.looked_over(length, buf.tobytes(), before, most)

    def frame(self, packet, most):
        """A buffer with canaries around what may be written."""
        room = max(len(packet), most or SIZE) + ROOM - len(packet)
        return bytes((CANARY,)) * MARGIN + packet + bytes((CANARY,)) * (room + MARGIN)

    def looked_over(self, length, buf, before, most):
        """What was written, after a look at the canaries."""
        assert bytes(buf[:MARGIN]) == before[:MARGIN]
        assert bytes(buf[-MARGIN:]) == before[-MARGIN:]
        return length, bytes(buf[MARGIN : MARGIN + max(length, 0)])


def said(packet, raw):
    """What an answer's bytes say, read by dnspython; it is an answer to this packet, its question byte for byte."""
    message = dns.message.from_wire(raw, one_rr_per_rrset=True)
    assert raw[:2] == packet[:2]
    assert raw[3] & 0xF0 == 0  # neither Z nor what only resolvers say
    question = None
    if message.question:
        asked = message.question[0]
        question = asked.name, int(asked.rdtype), int(asked.rdclass)
        size = length(asked.name) + 4
        assert raw[12 : 12 + size] == packet[12 : 12 + size]
    options = tuple((int(each.otype), each.to_wire()) for each in message.options)
    edns = (message.payload, message.edns, bool(message.ednsflags & 0x8000), options) if message.edns >= 0 else None
    assert all(each.rdclass == 1 for each in (*message.answer, *message.authority))
    assert not message.additional
    flags = frozenset(name for name, bit in FLAGS if message.flags & bit)
    return Said(
        int(message.rcode()), flags, question, records(message.answer), records(message.authority), edns, len(raw)
    )  # fmt: skip


def records(section):
    """A section as the oracle says it."""
    found = [(each.name, each.ttl, int(each.rdtype), each[0].to_wire()) for each in section]
    assert len(set(found)) == len(found)
    return frozenset(found)


def check(kernels, oracle, packet, now=1000, most=0):
    """Both kernels and the oracle say the same; what they say."""
    expected = oracle.answer(packet, kernels.allowed, now, most)
    raw = kernels.ask(packet, now, most)
    found = raw if isinstance(raw, str) else said(packet, raw)
    assert found == expected
    return found
