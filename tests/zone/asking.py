"""Asking: packets put to the compiled and to the plain kernel, and what they answer: it must be the same."""

from typing import Any, cast

import dns.message
import numpy as np
from tests.zone.oracle import ELSEWHERE, SILENCE, Said, length

from reputon.zone import jit
from reputon.zone.answer import answer
from reputon.zone.guard import open_guard
from reputon.zone.layout import Arrays
from reputon.zone.question import DROP, RARE, WORK
from reputon.zone.table import compile_zones
from reputon.zone.writing import ROOM, SIZE

CANARY = 0xA5
MARGIN = 16  # canaries before and after what a kernel may write
FLAGS = (("QR", 0x8000), ("AA", 0x0400), ("TC", 0x0200), ("RD", 0x0100))


class Kernels:
    """One table, asked of both kernels; `allowed` is each zone's action.  Without Numba there is the plain one only."""

    def __init__(self, contents, **options):
        self.table = compile_zones(contents, **options)
        self.plain = Arrays(*(memoryview(cast(Any, each)) for each in self.table.arrays))
        self.allowed = [0] * len(contents)
        self.open = open_guard(self.table)
        self.has_compiled = jit.is_there()
        self.work = [0] * WORK, np.zeros(WORK, np.int64)

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
        length = answer(buf, MARGIN, len(packet), self.plain, self.guard().plain(), 0, now, most, self.work[0])
        return self.looked_over(length, buf, before, most)

    def run_compiled(self, packet, now, most):
        """As the plain one."""
        before = self.frame(packet, most)
        buf = np.frombuffer(bytearray(before), np.uint8)
        run = jit.compiled(answer)
        length = run(buf, MARGIN, len(packet), self.table.arrays, self.guard(), 0, now, most, self.work[1])
        return self.looked_over(length, buf.tobytes(), before, most)

    def guard(self) -> Any:
        """One client's."""
        allowed = np.array([[*self.allowed, 0]], np.uint8)
        allowed.flags.writeable = False
        return self.open._replace(actions=allowed)

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
