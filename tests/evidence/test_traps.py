"""The trap listener over real SMTP: what is acknowledged is safe, nobody is named, nobody speaks for others."""

import asyncio
import logging
import smtplib
import socket
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime

import dkim as dkimpy
import pytest
from tests.authentication.test_records import PRIVATE, PUBLIC

from reputon.evidence.kinds import Kind
from reputon.evidence.traps import TrapLimits, TrapSettings, listen
from reputon.resolver import World
from reputon.subject import address_text

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
HOST = "127.0.0.1"
BELIEVED = frozenset((HOST,))
MAIL = b"From: news@shop.example\r\nTo: trap@us.example\r\nSubject: Only today\r\n\r\nBuy.\r\n"


class Hits:
    """What was acknowledged; raises as often as it is told."""

    def __init__(self):
        self.found, self.calls, self.threads, self.fail = [], [], set(), 0
        self.hold = threading.Event()
        self.hold.set()

    def __call__(self, evidence):
        self.threads.add(threading.get_ident())
        self.calls.append(len(evidence))
        assert self.hold.wait(10)
        if self.fail:
            self.fail -= 1
            raise OSError("No space left on device")
        self.found += evidence


@contextmanager
def trap(hits, kind=Kind.TRAP_PRISTINE, **options):
    """A listener in a thread of its own; its address."""
    settings = TrapSettings(clock=lambda: NOW, **options)
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()

    def run(coroutine):
        return asyncio.run_coroutine_threadsafe(coroutine, loop).result(20)

    server = run(listen(HOST, 0, kind, hits, settings))
    try:
        yield server.address
    finally:
        run(server.stop())
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
        loop.close()


class Client(smtplib.SMTP):
    """A client that begins with these bytes (a PROXY header)."""

    def __init__(self, address, first=b""):
        self.first = first
        super().__init__(address[0], address[1], local_hostname="mail.shop.example", timeout=10)

    def _get_socket(self, host, port, timeout):
        made = super()._get_socket(host, port, timeout)  # type: ignore[misc]  # typeshed leaves it out
        made.sendall(self.first)
        return made


def forwarded(address, client="192.0.2.1"):
    return Client(address, f"PROXY TCP4 {client} 192.0.2.25 40000 25\r\n".encode())


def deliver(client, *recipients, sender="bounce@shop.example", content=MAIL):
    client.ehlo_or_helo_if_needed()
    assert client.mail(sender)[0] == 250
    for each in recipients or ("trap@us.example",):
        assert client.rcpt(each)[0] == 250
    return client.data(content)


def test_a_hit_is_the_clients():
    hits = Hits()
    with trap(hits, Kind.TRAP_RECYCLED, proxies=BELIEVED) as address, forwarded(address) as client:
        assert deliver(client)[0] == 250
        assert deliver(client, "any.one@us.example", "ann@us.example", content=MAIL + b"More.\r\n")[0] == 250
    (one, two) = hits.found
    assert (one.time, address_text(one.subject), one.tenant) == (NOW, "192.0.2.1", "unauth@192.0.2.1")
    assert (one.kind, one.count, two.count) == ("trap-recycled", 1, 2)
    assert len(hits.threads) == 1


def test_the_same_message_again_has_the_same_identity():
    hits = Hits()
    with trap(hits, proxies=BELIEVED) as address, forwarded(address) as client:
        deliver(client)
        deliver(client)
        deliver(client, "bob@us.example")
    one, again, other = (each.identity for each in hits.found)
    assert one == again != other
    assert one is not None


def test_what_cannot_be_written_is_not_acknowledged():
    hits = Hits()
    hits.fail = 1
    with trap(hits, proxies=BELIEVED) as address, forwarded(address) as client:
        assert deliver(client)[0] == 451
        assert hits.found == []
        assert deliver(client)[0] == 250
    assert len(hits.found) == 1


def test_250_comes_after_the_hit_is_safe_and_waiting_hits_go_together():
    hits = Hits()
    hits.hold.clear()
    with trap(hits, proxies=BELIEVED) as address, ThreadPoolExecutor(5) as senders:

        def send(number):
            with forwarded(address, f"192.0.2.{number}") as client:
                return deliver(client)[0]

        first = senders.submit(send, 1)
        while not hits.calls:
            assert not first.done()
        others = [senders.submit(send, number) for number in range(2, 6)]
        assert not first.done()
        hits.hold.set()
        assert [each.result(10) for each in (first, *others)] == [250] * 5
    assert len(hits.found) == sum(hits.calls) == 5


def test_what_was_taken_is_answered_before_the_listener_stops():
    hits = Hits()
    hits.hold.clear()
    with ThreadPoolExecutor(1) as sender:
        with trap(hits, proxies=BELIEVED) as address:

            def send():
                client = forwarded(address)
                client.ehlo()
                return deliver(client)[0], client.close()

            answer = sender.submit(send)
            while not hits.calls:
                assert not answer.done()
            threading.Timer(0.2, hits.hold.set).start()
        assert answer.result(10)[0] == 250
    assert len(hits.found) == 1


def test_null_senders_and_inner_clients_are_taken_and_no_hits():
    hits = Hits()
    with trap(hits) as address, Client(address) as client:
        assert deliver(client)[0] == 250  # from loopback: our own
    with trap(hits, proxies=BELIEVED) as address, forwarded(address) as client:
        assert deliver(client, sender="")[0] == 250
    with trap(hits, proxies=BELIEVED) as address:
        inner = Client(address, b"PROXY TCP6 fe80::1 2001:db8::1 40000 25\r\n")
        with inner as client:
            assert deliver(client)[0] == 250
    assert hits.found == []


# --- who may speak for others


def test_a_proxy_is_believed_only_from_configured_peers():
    hits = Hits()
    with trap(hits) as address, Client(address, b"PROXY TCP4 192.0.2.1 192.0.2.25 40000 25\r\n") as client:
        assert client.noop()[0] == 500  # its header was a command that nobody knows
        client.getreply()
        deliver(client)
    assert hits.found == []


@pytest.mark.parametrize("first", [b"PROXY UNKNOWN\r\n", b"EHLO mail.shop.example\r\n", b"PROXY TCP4 x y z\r\n"])
def test_a_proxy_that_tells_nobodys_address_is_not_heard(first):
    hits = Hits()
    with trap(hits, proxies=BELIEVED) as address, pytest.raises((smtplib.SMTPException, OSError)):
        Client(address, first)


def test_xclient_from_a_configured_peer():
    hits = Hits()
    with trap(hits, xclients=BELIEVED) as address, Client(address) as client:
        client.ehlo()
        assert client.has_extn("xclient")
        assert client.docmd("XCLIENT", "NAME=x ADDR=nobody")[0] == 501
        assert client.docmd("XCLIENT", "NAME=mail.shop.example ADDR=IPV6:2001:db8::25")[0] == 220
        assert deliver(client)[0] == 250
    assert [address_text(each.subject) for each in hits.found] == ["2001:db8::/64"]


def test_xclient_from_anybody_else():
    hits = Hits()
    with trap(hits) as address, Client(address) as client:
        client.ehlo()
        assert not client.has_extn("xclient")
        assert client.docmd("XCLIENT", "ADDR=192.0.2.1")[0] == 550
        deliver(client)
    assert hits.found == []


# --- whose mail it was

DNS = World({
    "s1._domainkey.shop.example": {"TXT": [PUBLIC]},
    "esp.example": {"TXT": ["v=spf1 ip4:192.0.2.0/24 -all"]},
})  # fmt: skip
SIGNED = dkimpy.sign(MAIL, b"s1", b"shop.example", PRIVATE, include_headers=[b"from", b"subject"]) + MAIL


@pytest.mark.parametrize(
    ("content", "sender", "tenant"),
    [
        (SIGNED, "bounce@esp.example", "shop.example"),
        (MAIL, "bounce@esp.example", "esp.example"),
        (SIGNED.replace(b"Buy.", b"Sell."), "bounce@esp.example", "esp.example"),
        (MAIL, "bounce@shop.example", "unauth@192.0.2.1"),
        (b"no mail at all\r\n", "bounce@shop.example", "unauth@192.0.2.1"),
    ],
)
def test_the_tenant_is_who_proved_it(content, sender, tenant):
    hits = Hits()
    with trap(hits, proxies=BELIEVED, resolver=DNS) as address, forwarded(address) as client:
        assert deliver(client, sender=sender, content=content)[0] == 250
    assert [each.tenant for each in hits.found] == [tenant]


@pytest.mark.parametrize(
    "sender",
    [b"a\xff@\xff.example", b'"' + b"x" * 300 + b'"@shop.example', b"a@" + b"x" * 200 + b".example", b"a@[192.0.2.1]"],
)
@pytest.mark.parametrize("content", [MAIL, b"\x00\xff" * 40 + b"\r\n", b"DKIM-Signature: v=1; d=\xff; s=;\r\n" + MAIL])
def test_no_name_saves_its_sender_from_the_hit(sender, content):
    hits = Hits()
    with trap(hits, proxies=BELIEVED, resolver=DNS) as address, forwarded(address) as client:
        client.ehlo()
        client.send(b"MAIL FROM:<" + sender + b">\r\n")
        assert client.getreply()[0] == 250
        assert client.rcpt("trap@us.example")[0] == 250
        assert client.data(content)[0] == 250
    assert [each.tenant for each in hits.found] == ["unauth@192.0.2.1"]


# --- bounds


def test_sizes_are_bounded():
    hits = Hits()
    limits = TrapLimits(size=2000, recipients=2)
    with trap(hits, proxies=BELIEVED, limits=limits) as address, forwarded(address) as client:
        client.ehlo()
        assert deliver(client, content=MAIL + b"x" * 900 + b"\r\n")[0] == 250
        assert deliver(client, content=MAIL + (b"x" * 900 + b"\r\n") * 3)[0] == 552
        assert client.docmd("RCPT TO:<" + "a" * 600 + "@us.example>")[0] == 500
        client.mail("bounce@shop.example")
        assert [client.rcpt(f"{n}@us.example")[0] for n in range(3)] == [250, 250, 452]
    assert len(hits.found) == 1


def test_commands_are_bounded():
    with trap(Hits(), limits=TrapLimits(commands=3)) as address, Client(address) as client:
        assert [client.noop()[0] for _ in range(4)] == [250, 250, 250, 421]


def test_connections_are_bounded_in_number_and_time():
    limits = TrapLimits(connections=2, of_one=1, lifetime=1.0)
    with trap(Hits(), limits=limits) as address:
        one = socket.create_connection(address)
        assert one.recv(100).startswith(b"220")
        with socket.create_connection(address) as other:
            assert other.recv(100).startswith(b"421")
        one.settimeout(10)
        with one:
            assert one.recv(100) == b""  # its time is over
        with socket.create_connection(address) as other:
            assert other.recv(100).startswith(b"220")


def test_an_idle_client_is_dropped():
    with trap(Hits(), limits=TrapLimits(idle=0.3)) as address, socket.create_connection(address) as client:
        client.settimeout(10)
        assert client.recv(100).startswith(b"220")
        assert client.recv(100) == b""


@pytest.mark.parametrize(
    "junk", [b"\x00\xff" * 5000, b"\r\n" * 50, b"MAIL FROM:<" + b"(" * 3000 + b"\r\n", b"a" * 300_000]
)
def test_junk_is_no_hit_and_harms_nobody(junk):
    hits = Hits()
    with trap(hits, proxies=BELIEVED) as address:
        with socket.create_connection(address) as client:
            client.sendall(b"PROXY TCP4 192.0.2.9 192.0.2.25 40000 25\r\n" + junk)
        with forwarded(address) as good:
            assert deliver(good)[0] == 250
    assert len(hits.found) == 1


def test_nobody_is_named_in_the_log(caplog):
    caplog.set_level(logging.DEBUG)
    hits = Hits()
    hits.fail = 1
    with trap(hits, proxies=BELIEVED) as address, forwarded(address) as client:
        deliver(client, "secret.person@us.example")
        deliver(client, "secret.person@us.example")
    assert "secret.person" not in caplog.text
    assert "secret.person" not in str(hits.found)
