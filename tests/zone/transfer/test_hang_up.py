"""A secondary that hangs up in the middle of a transfer leaves its place to others, also where nothing is collected."""

import gc
import socket
import time
from ipaddress import ip_network

import dns.message
import pytest

from reputon.zone.content import Content, Soa, Value
from reputon.zone.server.server import Options, Server
from reputon.zone.table import compile_zones
from reputon.zone.transfer.primary import Primary
from reputon.zone.transfer.settings import ANY_ZONE, Transfers, TransferSettings

WAIT = 10.0
LONG = "x" * 200


@pytest.fixture
def collects_nothing():
    gc.disable()
    yield
    gc.enable()


def asked(address):
    query = dns.message.make_query("bl.test", "AXFR").to_wire()
    client = socket.create_connection(address, WAIT)
    client.sendall(len(query).to_bytes(2, "big") + query)
    return client, client.recv(2)


def test_places_are_given_back(collects_nothing):
    zone = Content("bl.test", Soa("ns.bl.test", "x.bl.test"), ("ns.bl.test",))
    listed = zone.dataset()
    for each in range(40_000):
        listed.add4((10 << 24) + 2 * each, 32, zone.value_of(Value(("127.0.0.2",), (f"{each} {LONG}",))))
    table = compile_zones([zone])
    settings = TransferSettings({ANY_ZONE: Transfers((ip_network("127.0.0.0/8"),))}, at_once=2)
    options = Options(is_fast=False, transfers=Primary(lambda: table, settings))
    with Server(table, [("127.0.0.1", 0)], options) as server:
        for _ in range(6):
            asked(server.addresses[0])[0].close()
            time.sleep(0.1)
        end = time.monotonic() + WAIT
        while True:
            client, length = asked(server.addresses[0])
            rcode = client.recv(4)[3] & 15
            client.close()
            if not rcode:
                break
            assert time.monotonic() < end, "the places are not given back"
            time.sleep(0.2)
        assert int.from_bytes(length, "big") > 12
