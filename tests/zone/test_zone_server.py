"""The server on real sockets, asked by dnspython and by dig."""

import os
import shutil
import socket
import subprocess
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import dns.flags
import dns.message
import dns.query
import dns.rcode
import pytest

from reputon.zone.content import Content, ContentError, Record, Soa
from reputon.zone.server.server import Options, Server, parse_address
from reputon.zone.server.streams import Limits
from reputon.zone.table import compile_zones

NAME = "2.0.0.127.bl.reputon.test"
WAIT = 5.0


def ask(running, name=NAME, rdtype="A", how=dns.query.udp):
    host, port = running.addresses[0]
    return how(dns.message.make_query(name, rdtype), host, port=port, timeout=WAIT)


@pytest.mark.parametrize("how", [dns.query.udp, dns.query.tcp])
def test_it_answers_over_udp_and_tcp_on_one_port(running, how):
    response = ask(running, how=how)
    assert [str(each) for each in response.answer] == [f"{NAME}. 300 IN A 127.0.0.2"]
    assert ask(running, "1.0.0.127.bl.reputon.test", how=how).rcode() == dns.rcode.NXDOMAIN
    assert ask(running, "example.org", how=how).rcode() == dns.rcode.REFUSED


def test_ipv6_transport(serve):
    with serve(("::1", 0), ("127.0.0.1", 0), threads=2) as running:
        for host, port in running.addresses:
            for how in (dns.query.udp, dns.query.tcp):
                assert how(dns.message.make_query(NAME, "A"), host, port=port, timeout=WAIT).answer


def test_an_answer_that_is_cut_over_udp_comes_whole_over_tcp():
    pieces = " ".join(['"' + "x" * 250 + '"'] * 8)
    zone = Content("long.test", Soa("ns.long.test", "x.long.test"), records=[Record("", "TXT", 5, pieces)])
    with Server(compile_zones([zone]), [("127.0.0.1", 0)], Options(is_fast=False)) as running:
        assert ask(running, "long.test", "TXT").flags & dns.flags.TC
        whole = ask(running, "long.test", "TXT", dns.query.tcp)
    assert sum(len(piece) for piece in whole.answer[0][0].strings) == 2000


def test_several_questions_on_one_connection(running):
    with socket.create_connection(running.addresses[0], WAIT) as client:
        packets = [dns.message.make_query(NAME, "A", id=each).to_wire() for each in range(20)]
        client.sendall(b"".join(len(each).to_bytes(2, "big") + each for each in packets))
        for each in range(20):
            response, _ = dns.query.receive_tcp(client, time.time() + WAIT)
            assert response.id == each


@pytest.mark.parametrize("sent", [b"\xff\xff" + b"x" * 100, b"\0\3abc", b"\0\0", b"\0"], ids=repr)
def test_a_client_that_talks_no_dns_is_dropped(serve, sent):
    with serve(limits=Limits(idle=0.3)) as running:
        with socket.create_connection(running.addresses[0], WAIT) as client:
            client.sendall(sent)
            with suppress(ConnectionResetError):  # closed with our bytes unread
                assert client.recv(10) == b""
        assert ask(running).answer


def test_a_silent_client_is_dropped_after_the_idle_time(serve):
    with serve(limits=Limits(idle=0.3)) as running, socket.create_connection(running.addresses[0], WAIT) as client:
        client.sendall(b"\0\x20half a quest")
        started = time.monotonic()
        assert client.recv(10) == b""
        assert 0.1 < time.monotonic() - started < WAIT - 1


def test_a_hundred_tcp_clients_are_bounded_and_the_newest_is_served(serve):
    with serve(limits=Limits(streams=10, idle=30.0)) as running:
        silent = [socket.create_connection(running.addresses[0], WAIT) for _ in range(100)]
        try:
            assert ask(running, how=dns.query.tcp).answer
            assert len(running._streams._open) <= 10
            dropped = sum(is_closed(client) for client in silent)
            assert 90 <= dropped < 100
            with ThreadPoolExecutor(8) as clients:
                answers = list(clients.map(lambda _: ask(running, how=dns.query.tcp), range(100)))
            assert all(response.answer for response in answers)
        finally:
            for client in silent:
                client.close()


def is_closed(client):
    client.settimeout(0.05)
    try:
        return client.recv(1) == b""
    except ConnectionResetError:
        return True
    except TimeoutError:
        return False


def test_an_active_client_outlives_the_silent_ones(serve):
    silent = []
    with serve(limits=Limits(streams=5)) as running, socket.create_connection(running.addresses[0], WAIT) as client:
        for _ in range(20):
            dns.query.send_tcp(client, dns.message.make_query(NAME, "A"), time.time() + WAIT)
            assert dns.query.receive_tcp(client, time.time() + WAIT)[0].answer
            silent.append(socket.create_connection(running.addresses[0], WAIT))
        for other in silent:
            other.close()


def test_reloads_under_questions_lose_no_answer_and_mix_no_tables(running, publisher, ledger):
    ledger.list("192.0.2.1")
    ledger.list("192.0.2.2")
    publisher.reload()
    stop, seen, failed = threading.Event(), set(), []

    def client():
        while not stop.is_set():
            try:
                seen.add(ask(running, "1.2.0.192.bl.reputon.test").rcode())
                assert ask(running, "2.2.0.192.bl.reputon.test").answer
            except Exception as error:
                failed.append(error)

    threads = [threading.Thread(target=client) for _ in range(3)]
    for thread in threads:
        thread.start()
    both, one = list(ledger.listed), ledger.listed[1:]
    for turn in range(40):
        ledger.listed, ledger.number = (one, both)[turn % 2], ledger.number + 1
        assert publisher.reload()
        time.sleep(0.01)
    stop.set()
    for thread in threads:
        thread.join(WAIT)
    assert failed == []
    assert seen == {dns.rcode.NOERROR, dns.rcode.NXDOMAIN}


def test_a_listing_expires_by_the_servers_clock(running, publisher, ledger, clock):
    ledger.list("192.0.2.1", hours=2)
    publisher.reload()
    assert ask(running, "1.2.0.192.bl.reputon.test").answer
    clock.pass_(hours=2)
    assert ask(running, "1.2.0.192.bl.reputon.test").rcode() == dns.rcode.NXDOMAIN


def test_an_address_in_use_is_told_and_nothing_is_left_open(serve, running):
    host, port = running.addresses[0]
    with pytest.raises(OSError, match=rf"cannot listen at {host}:{port}"):
        serve(("127.0.0.1", 0), (host, port)).start()


@pytest.mark.parametrize(
    ("text", "address"),
    [("127.0.0.1:53", ("127.0.0.1", 53)), ("[::1]:0", ("::1", 0)), ("0.0.0.0:65535", ("0.0.0.0", 65535))],
)
def test_addresses_to_listen_at(text, address):
    assert parse_address(text) == address


@pytest.mark.parametrize(
    "text", ["", "53", "localhost:53", "::1:53", "[127.0.0.1]:53", "127.0.0.1:65536", "127.0.0.1:x", "127.0.0.1:²"]
)
def test_what_is_no_address_is_told(text):
    with pytest.raises(ContentError, match="write it as"):
        parse_address(text)


@pytest.fixture
def dig(running):
    program = shutil.which("dig")
    if program is None:
        if os.environ.get("REPUTON_NEED_SERVERS"):
            pytest.fail("dig is missing: install bind9-dnsutils")
        pytest.skip("dig is missing: install bind9-dnsutils")
    host, port = running.addresses[0]

    def run(*words):
        command = [program, f"@{host}", "-p", str(port), "+time=2", "+tries=1", *words]
        return subprocess.run(command, capture_output=True, text=True, timeout=20, check=True).stdout

    return run


@pytest.mark.server
@pytest.mark.parametrize("transport", ["+notcp", "+tcp"])
def test_dig_understands_every_answer(dig, ledger, publisher, transport):
    ledger.list("192.0.2.1")
    publisher.reload()
    assert dig(transport, "+short", NAME).split() == ["127.0.0.2"]
    assert dig(transport, "+short", "1.2.0.192.bl.reputon.test", "TXT").startswith('"scope=address reason=score until=')
    assert dig(transport, "+short", "bl.reputon.test", "NS").split() == ["ns.reputon.test."]
    for name, status in [
        ("1.0.0.127.bl.reputon.test", "NXDOMAIN"),
        ("0.127.bl.reputon.test", "NOERROR"),
        ("example.org", "REFUSED"),
    ]:
        said = dig(transport, name)
        assert f"status: {status}" in said
        assert "malformed" not in said
        assert "EDNS: version: 0" in said
    assert "EDE: 20 (Not Authoritative)" in dig(transport, "example.org")
    assert "1 IN" not in dig(transport, "+short", "bl.reputon.test", "AXFR")
