"""Small zones, and what asks a server about them."""

import socket
import time

import dns.message
import dns.query

from reputon.zone.content import Content, Covers, Record, Soa, Value
from reputon.zone.reading.prefixes import prefix4, prefix6
from reputon.zone.table import compile_zones

WAIT = 30.0


def content(apex="bl.test", listed=("192.0.2.1", "127.0.0.2"), names=(), six=(), serial=7, stale=0, records=()):
    made = Content(apex, Soa("ns.test", "hostmaster.test", serial), ("ns.test",), stale=stale)
    into, value = made.dataset(), made.value_of(Value(("127.0.0.2",), ("listed: $",)))
    for each in listed:
        into.add4(*prefix4(each), value)
    for each in six:
        into.add6(*prefix6(each), value)
    for each in names:
        into.add_name(each, Covers.BOTH, value)
    made.records.extend(Record(*each) for each in records)
    return made


def table(*contents, made=1000, seed=5):
    return compile_zones(contents or [content()], made, seed)


def ask(address, name, rdtype="A", how=dns.query.udp):
    return how(dns.message.make_query(name, rdtype), address[0], port=address[1], timeout=WAIT)


def until(is_so):
    """Wait for it, bounded."""
    end = time.monotonic() + WAIT
    while not is_so():
        assert time.monotonic() < end
        time.sleep(0.01)


def send(address, packet):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.sendto(packet, address)


def warm():
    """Compile the loop, so that a server has it at once."""
    from reputon.zone.machine import native

    native.serve()
