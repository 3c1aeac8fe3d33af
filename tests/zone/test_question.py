"""Questions that are none: the code of the response, or silence (RFC 1035, 6891, 9619)."""

import struct

import pytest
from tests.zone.asking import Kernels
from tests.zone.oracle import ELSEWHERE, SILENCE

from reputon.zone.content import Content, Soa

NAME = b"\2bl\7example\0"
ASKED = NAME + b"\0\1\0\1"
OPT = b"\0\0\x29\x04\xd0\0\0\0\0\0\0"


def packet(body=ASKED, flags=0x0100, counts=(1, 0, 0, 0)):
    return struct.pack("!6H", 0xBEEF, flags, *counts) + body


def opt(options=b"", version=0, size=None):
    return (
        b"\0" + struct.pack("!HHBBHH", 41, 1232, 0, version, 0x8000, len(options) if size is None else size) + options
    )


@pytest.fixture(scope="module")
def kernels():
    return Kernels([Content("bl.example", Soa("ns.example", "hostmaster@example"))])


@pytest.mark.parametrize(
    "raw",
    [b"", b"x", packet()[:11], packet(flags=0x8000), packet(flags=0x8400), packet(flags=0xA800)],
    ids=["nothing", "a byte", "less than a header", "a response", "an answer", "a response to a notice"],
)
def test_what_is_met_with_silence(kernels, raw):
    assert kernels.ask(raw) == SILENCE


@pytest.mark.parametrize(
    "raw",
    [
        packet(flags=0x2000),
        packet(NAME + b"\0\1\0\3"),
        packet(NAME + b"\0\xfb\0\1"),
        packet(NAME + b"\0\xfc\0\1"),
        packet(ASKED + opt(b"\0\3\0\0"), counts=(1, 0, 0, 1)),
        packet(ASKED + OPT + OPT, counts=(1, 0, 0, 2)),
        packet(ASKED + ASKED + bytes(6), counts=(1, 0, 0, 1)),
    ],
    ids=["a notice", "CHAOS", "IXFR", "AXFR", "NSID", "two OPT", "another record"],
)
def test_what_is_rare(kernels, raw):
    assert kernels.ask(raw) == ELSEWHERE


@pytest.mark.parametrize(
    ("raw", "rcode"),
    [
        (packet(counts=(0, 0, 0, 0)), 1),
        (packet(counts=(2, 0, 0, 0)), 1),
        (packet(counts=(256, 0, 0, 0)), 1),
        (packet(counts=(1, 1, 0, 0)), 1),
        (packet(counts=(1, 0, 1, 0)), 1),
        (packet(ASKED + b"\0"), 1),
        (packet(ASKED[:-1]), 1),
        (packet(b"\2bl\7exam"), 1),
        (packet(b"\xc0\x0c\0\1\0\1"), 1),
        (packet(b"\x40" + b"x" * 64 + b"\0\0\1\0\1"), 1),
        (packet((b"\x3f" + b"x" * 63) * 4 + b"\0\0\1\0\1"), 1),
        (packet(b"\1x" * 128 + b"\0\0\1\0\1"), 1),
        (packet(ASKED + OPT[:-1], counts=(1, 0, 0, 1)), 1),
        (packet(flags=0x1000), 4),
        (packet(flags=0x7800), 4),
    ],
)
def test_what_is_refused_by_a_header(kernels, raw, rcode):
    """Nothing follows it, and it counts nothing: what could not be read is not said again."""
    flags = struct.unpack("!H", raw[2:4])[0]
    assert kernels.ask(raw) == raw[:2] + struct.pack("!5H", 0x8000 | (flags & 0x7900) | rcode, 0, 0, 0, 0)


@pytest.mark.parametrize(
    "extra",
    [opt(size=1), opt(b"\0\x0a\0"), opt(b"\0\x0a\0\x09" + bytes(8)), opt() + b"\0"],
    ids=["shorter than it says", "half an option", "an option beyond it", "a byte too many"],
)
def test_a_faulty_opt_is_answered_with_one(kernels, extra):
    """RFC 6891 section 7."""
    raw = kernels.ask(packet(ASKED + extra, counts=(1, 0, 0, 1)))
    assert raw[3] & 15 == 1
    assert raw[12:] == ASKED + b"\0\0\x29\x04\xd0\0\0\x80\0\0\0"


def test_another_version_of_edns(kernels):
    """RFC 6891 section 6.1.3: BADVERS, of which the upper bits lie in the OPT record."""
    raw = kernels.ask(packet(ASKED + opt(version=1), counts=(1, 0, 0, 1)))
    assert raw[3] & 15 == 0
    assert raw[12:] == ASKED + b"\0\0\x29\x04\xd0\1\0\x80\0\0\0"


@pytest.mark.parametrize(
    ("rdtype", "rcode"), [(41, 4), (128, 4), (249, 4), (254, 4), (127, 0), (0, 0), (256, 0), (65535, 0)]
)
def test_types_that_are_no_records(kernels, rdtype, rcode):
    assert kernels.ask(packet(NAME + struct.pack("!2H", rdtype, 1)))[3] & 15 == rcode


@pytest.mark.parametrize(("rdclass", "rcode"), [(1, 0), (255, 0), (0, 5), (2, 5), (4, 5), (254, 5)])
def test_classes(kernels, rdclass, rcode):
    assert kernels.ask(packet(NAME + struct.pack("!2H", 1, rdclass)))[3] & 15 == rcode


def test_recursion_desired_is_said_again_and_nothing_else(kernels):
    assert kernels.ask(packet(flags=0x0130))[2:4] == b"\x85\0"
    assert kernels.ask(packet(flags=0x0030))[2:4] == b"\x84\0"


@pytest.mark.parametrize(("last", "rcode"), [(61, 5), (62, 1)])
def test_a_name_has_255_bytes_at_most(kernels, last, rcode):
    name = (b"\x3f" + b"x" * 63) * 3 + bytes((last,)) + b"x" * last + b"\0"
    assert len(name) == 194 + last
    assert kernels.ask(packet(name + b"\0\1\0\1"))[3] & 15 == rcode
