"""Packets in, packets out: whatever comes, a right answer, a clear refusal, or silence."""

import dns.edns
import dns.flags
import dns.message
import dns.name
import dns.opcode
import dns.rcode
import dns.rdatatype
import dns.update
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reputon.zone import own
from reputon.zone.content import Covers, Value
from reputon.zone.kernel.question import HEADER
from reputon.zone.own import Settings
from reputon.zone.server.rare import Identity
from reputon.zone.server.responder import Responder
from reputon.zone.table import compile_zones

NAME = "2.0.0.127.bl.reputon.test"


def make(**texts):
    """A responder whose zone `dom` has these names, too, each with these texts."""
    contents = own.contents((), (), Settings("reputon.test", "https://reputon.test/{subject}"))
    dom = contents[1]
    for name, each in texts.items():
        dom.datasets[0].add_name(name, Covers.ITSELF, dom.value_of(Value(("127.0.0.2",), tuple(each), ttl=5)))
    return Responder(compile_zones(contents), identity=Identity("reputon 0", "ns1"), clock=lambda: 1000)


OURS = make()


def respond(packet, responder=OURS, **how):
    response = responder.one(packet, "192.0.2.1", **how)
    assert response is not None
    return response


def exchange(query, responder=OURS, **how):
    return dns.message.from_wire(respond(query.to_wire(), responder, **how))


def query(name=NAME, rdtype="A", **how):
    return dns.message.make_query(name, rdtype, **how)


def test_an_answer_is_authoritative_and_keeps_the_letters_of_the_question():
    asked = query("2.0.0.127.BL.rePUTon.tEst")
    response = exchange(asked)
    assert response.id == asked.id
    assert response.rcode() == dns.rcode.NOERROR
    assert response.flags & (dns.flags.QR | dns.flags.AA | dns.flags.RD | dns.flags.RA) == (
        dns.flags.QR | dns.flags.AA | dns.flags.RD
    )
    assert str(response.answer[0]) == "2.0.0.127.BL.rePUTon.tEst. 300 IN A 127.0.0.2"
    assert response.edns == -1


def test_edns_is_answered_with_edns_and_do_is_echoed():
    response = exchange(query(use_edns=0, want_dnssec=True, payload=4096))
    assert (response.edns, response.payload, response.ednsflags) == (0, 1232, dns.flags.DO)


def test_an_unknown_version_of_edns_is_told():
    response = exchange(query(use_edns=1))
    assert (response.rcode(), response.edns, response.answer) == (dns.rcode.BADVERS, 0, [])


@pytest.mark.parametrize(
    ("name", "rdtype", "rdclass", "why"),
    [
        ("example.org", "A", "IN", dns.edns.EDECode.NOT_AUTHORITATIVE),
        (".", "NS", "IN", dns.edns.EDECode.NOT_AUTHORITATIVE),
        ("authors.bind", "TXT", "CH", dns.edns.EDECode.PROHIBITED),
        ("bl.reputon.test", "AXFR", "IN", dns.edns.EDECode.PROHIBITED),
    ],
)
def test_what_we_do_not_answer_is_refused_with_the_reason(name, rdtype, rdclass, why):
    response = exchange(query(name, rdtype, rdclass=rdclass, use_edns=0))
    assert response.rcode() == dns.rcode.REFUSED
    assert [option.code for option in response.options] == [why]
    assert not response.flags & dns.flags.AA
    assert exchange(query(name, rdtype, rdclass=rdclass)).rcode() == dns.rcode.REFUSED


@pytest.mark.parametrize(
    ("name", "text"),
    [("version.bind", "reputon 0"), ("VERSION.server", "reputon 0"), ("hostname.bind", "ns1"), ("id.server", "ns1")],
)
def test_who_we_are_is_told_where_the_operator_says_it(name, text):
    assert f'"{text}"' in str(exchange(query(name, "TXT", rdclass="CH")).answer[0])


def test_a_server_is_named_to_whoever_asks_for_it_with_the_answer():
    asked = query(use_edns=0, options=[dns.edns.NSIDOption(b"")])
    response = exchange(asked)
    assert response.answer
    assert [option.nsid for option in response.options] == [b"ns1"]


@pytest.mark.parametrize("opcode", [dns.opcode.IQUERY, dns.opcode.STATUS, dns.opcode.UPDATE, dns.opcode.Opcode(15)])
def test_other_opcodes_are_not_implemented(opcode):
    packet = bytearray(query().to_wire())
    packet[2] = opcode << 3
    response = respond(bytes(packet))
    assert response[3] & 15 == dns.rcode.NOTIMP
    assert response[2] >> 3 & 15 == opcode
    assert response[:2] == packet[:2]


@pytest.mark.parametrize("rdtype", ["MAILB", "MAILA", "TYPE200"])
def test_other_meta_types_are_not_implemented(rdtype):
    assert exchange(query(rdtype=dns.rdatatype.from_text(rdtype))).rcode() == dns.rcode.NOTIMP


@pytest.mark.parametrize("packet", [b"", b"x" * 11, b"\0" * 11], ids=["empty", "short", "zeros"])
def test_silence_for_what_is_no_question(packet):
    assert OURS.one(packet, "192.0.2.1") is None


def test_silence_for_a_response():
    packet = bytearray(query().to_wire())
    packet[2] |= 0x80
    assert OURS.one(bytes(packet), "192.0.2.1") is None


@pytest.mark.parametrize(
    "packet",
    [
        b"\x12\x34\x01\0" + bytes(8),  # no question
        b"\x12\x34\x01\0\0\2\0\0\0\0\0\0" + query().to_wire()[12:] * 2,  # two questions
        query().to_wire()[:-3],  # cut
        query().to_wire() + b"junk",
        b"\x12\x34\x01\0\0\1\0\0\0\0\0\0\xc0\x0c\0\1\0\1",  # a name that points to itself
        b"\x12\x34\x01\0\0\1\0\0\0\0\0\0\x45abc\0\0\1\0\1",
    ],
)
def test_malformed_packets_get_formerr(packet):
    response = respond(packet)
    assert len(response) == HEADER
    assert response[3] & 15 == dns.rcode.FORMERR
    assert response[:2] == packet[:2]


def test_a_dot_inside_a_label_is_not_the_end_of_a_label():
    trick = dns.name.Name([b"2.0", b"0", b"127", b"bl", b"reputon", b"test", b""])
    assert exchange(query(trick)).rcode() == dns.rcode.NXDOMAIN
    assert exchange(query(dns.name.Name([b"2.0.0.127.bl.reputon", b"test", b""]))).rcode() == dns.rcode.REFUSED


def test_a_long_text_is_cut_into_strings_and_over_udp_marked_as_cut():
    ours, name = make(long=["x" * 700]), "long.dom.reputon.test"
    response = exchange(query(name, "TXT"), ours)
    assert response.flags & dns.flags.TC
    assert response.answer == []
    for asked, how in ((query(name, "TXT", use_edns=0, payload=1232), {}), (query(name, "TXT"), {"over_tcp": True})):
        whole = exchange(asked, ours, **how)
        assert not whole.flags & dns.flags.TC
        assert [len(piece) for piece in whole.answer[0][0].strings] == [255, 255, 190]


def test_no_udp_answer_is_longer_than_the_client_takes():
    ours, name = make(much=[f"{each:x}" * 900 for each in range(16)]), "much.dom.reputon.test"
    for payload, limit in ((None, 512), (100, 512), (700, 700), (65535, 1232)):
        asked = query(name, "TXT") if payload is None else query(name, "TXT", use_edns=0, payload=payload)
        assert len(respond(asked.to_wire(), ours)) <= limit
    assert len(exchange(query(name, "TXT"), ours, over_tcp=True).answer[0]) == 16


def check(packet):
    response = OURS.one(packet, "192.0.2.1")
    if response is not None:
        assert response[:2] == packet[:2]
        assert response[2] & 0x80
        assert len(response) <= 1232
        dns.message.from_wire(response)


@given(st.binary(max_size=600))
@settings(max_examples=300)
def test_random_bytes_never_raise(packet):
    check(packet)


@given(st.data())
@settings(max_examples=500)
def test_mutated_questions_never_raise(data):
    asked = query(data.draw(st.sampled_from([NAME, "bl.reputon.test", "a.dom.reputon.test"])), "TXT", use_edns=0, id=7)
    packet = bytearray(asked.to_wire())
    for _ in range(data.draw(st.integers(1, 4))):
        packet[data.draw(st.integers(0, len(packet) - 1))] = data.draw(st.integers(0, 255))
    check(bytes(packet[: data.draw(st.integers(0, len(packet)))]) if data.draw(st.booleans()) else bytes(packet))


@given(st.lists(st.binary(min_size=1, max_size=20), max_size=6), st.integers(0, 65535), st.integers(0, 65535))
def test_any_name_type_and_class_is_answered(labels, rdtype, rdclass):
    name = dns.name.Name([*labels, b"bl", b"reputon", b"test", b""])
    packet = (
        b"\0\7\1\0\0\1\0\0\0\0\0\0" + (name.to_wire() or b"") + rdtype.to_bytes(2, "big") + rdclass.to_bytes(2, "big")
    )
    check(packet)
    assert respond(packet)[3] & 15 in (0, 1, 3, 4, 5)
