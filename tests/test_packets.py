"""Packets: what we send is read by dnspython, what dnspython sends is read by us, and nothing else is ever believed."""

import string

import dns.message
import dns.rrset
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reputon.resolver import packets
from reputon.resolver.packets import BadPacket

NAME = "7.2.0.192.bl.example"
ASKED = packets.question(NAME, packets.A)
TEXT = packets.question(NAME, packets.TXT)
labels = st.text(string.ascii_letters + string.digits + "-_", min_size=1, max_size=63)
names = st.lists(labels, min_size=1, max_size=4).map(".".join).filter(lambda name: len(name) <= 253)


def reply(*rrsets: dns.rrset.RRset, rdtype: str = "A") -> bytes:
    response = dns.message.make_response(dns.message.make_query(NAME, rdtype, use_edns=0, id=7))
    response.answer.extend(rrsets)
    wire: bytes = response.to_wire()
    return wire


@given(names, st.integers(0, 65535), st.sampled_from([("A", 1), ("TXT", 16), ("AAAA", 28), ("MX", 15), ("PTR", 12)]))
def test_what_we_pack_is_what_dnspython_reads(name, number, rdtype):
    message = dns.message.from_wire(packets.query(number, packets.question(name + ".", rdtype[1])))
    assert message.id == number
    assert message.question[0].to_text() == f"{name}. IN {rdtype[0]}"
    assert message.edns == 0


@pytest.mark.parametrize("name", ["", "a..b", "a" * 64, ".".join(["abcdefgh"] * 30), ".a", "ü.example"])
def test_what_dns_cannot_hold_is_not_packed(name):
    with pytest.raises(ValueError):
        packets.question(name, packets.A)


@given(st.lists(st.ip_addresses(v=4).map(str), unique=True, max_size=20))
def test_addresses_are_read_as_dnspython_wrote_them(addresses):
    rrsets = [dns.rrset.from_text(NAME + ".", 60, "IN", "A", *addresses)] if addresses else []
    found = packets.read(reply(*rrsets), ASKED)
    assert (found.code, found.is_cut, sorted(found.records)) == (0, False, sorted(addresses))


def test_texts_are_joined_and_aliases_passed_over():
    alias = dns.rrset.from_text(NAME + ".", 60, "IN", "CNAME", "other.example.")
    text = dns.rrset.from_text("other.example.", 60, "IN", "TXT", '"see " "https://bl.example"', '"\\252"')
    assert set(packets.read(reply(alias, text, rdtype="TXT"), TEXT).records) == {"see https://bl.example", "\ufffd"}


def test_a_reply_is_ours_by_number_and_question_whatever_its_letters():
    data = reply()
    assert packets.identity(data) == 7
    assert packets.repeats(data.replace(b"example", b"eXaMpLe"), ASKED)
    assert not packets.repeats(data.replace(b"example", b"exampla"), ASKED)
    assert not packets.repeats(data, TEXT)
    assert packets.identity(packets.query(7, ASKED)) == -1  # our own question, reflected


@given(st.binary(max_size=600), st.sampled_from([ASKED, TEXT]))
def test_random_bytes_behind_our_question_are_read_or_refused(tail, asked):
    for data in (tail, b"\x00\x07\x81\x80\x00\x01\x00\x03\x00\x00\x00\x00" + asked + tail):
        packets.identity(data)
        packets.repeats(data, asked)
        try:
            found = packets.read(data, asked)
        except BadPacket:
            continue
        assert all(isinstance(record, str) for record in found.records)


@given(st.data())
def test_a_reply_with_some_octets_changed_or_cut_is_read_or_refused(data):
    wire = bytearray(reply(dns.rrset.from_text(NAME + ".", 60, "IN", "A", "127.0.0.2", "127.0.0.4")))
    for _ in range(data.draw(st.integers(0, 4))):
        wire[data.draw(st.integers(0, len(wire) - 1))] = data.draw(st.integers(0, 255))
    cut = bytes(wire[: data.draw(st.integers(0, len(wire)))])
    try:
        packets.read(cut, ASKED)
    except BadPacket:
        return


def test_a_reply_cut_anywhere_is_refused():
    wire = reply(dns.rrset.from_text(NAME + ".", 60, "IN", "A", "127.0.0.2", "127.0.0.4"))
    for end in range(len(wire)):
        with pytest.raises(BadPacket):
            packets.read(wire[:end], ASKED)
