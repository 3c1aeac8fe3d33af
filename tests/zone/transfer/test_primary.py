"""The primary over loopback, asked by dnspython, and what it tells secondaries."""

import socket
import time
from ipaddress import ip_network

import dns.edns
import dns.flags
import dns.message
import dns.name
import dns.opcode
import dns.query
import dns.rcode
import dns.rdataclass
import dns.rdatatype
import dns.rrset
import dns.tsig
import dns.xfr
import dns.zone
import hypothesis
import hypothesis.strategies as some
import pytest
from tests.zone.transfer.serving import serving
from tests.zone.transfer.zones import APEX, KEY, OTHER_KEY, content, settings, tables

from reputon.zone.transfer.primary import Primary
from reputon.zone.transfer.reply import TransferError
from reputon.zone.transfer.settings import Secondary, Transfers, TransferSettings
from reputon.zone.transfer.signing import Key

HOST = "127.0.0.1"
SMALL, LARGE = (content(1, range(0x0A000000, 0x0A000400, 3)), content(2, range(0x0A00001E, 0x0A000412, 3)))

TABLE = tables(content(1))[0]
PRIMARY = Primary(lambda: TABLE, settings())


def query(rdtype="AXFR", serial=None, key=None, edns=None, now=None):
    made = dns.message.make_query(f"{APEX}.", rdtype, use_edns=edns)
    if serial is not None:
        made.authority.append(dns.rrset.from_text(f"{APEX}.", 0, "IN", "SOA", f". . {serial} 0 0 0 0"))
    if key is not None:
        made.use_tsig(key.for_dns())
    return made


def told_by(primary, raw, over_tcp=True, client=HOST):
    """The messages of an answer, which are not sent anywhere."""
    told = primary.serve(raw, client, over_tcp)
    assert told is not None
    return told


def transferred(server, zone=None, key=None):
    """A zone as AXFR has it, or as IXFR changed it."""
    zone = zone or dns.zone.Zone(f"{APEX}.")
    asked, _ = dns.xfr.make_query(zone, keyring=key and key.for_dns())
    dns.query.inbound_xfr(HOST, zone, asked, port=server.port, lifetime=20)
    return zone


def text(zone):
    return sorted(zone.to_text().splitlines())


@pytest.mark.parametrize("key", [None, KEY])
def test_axfr_then_ixfr_then_nothing(key):
    first, second = tables(SMALL, LARGE)
    with serving(first, settings(keys=(KEY.name,) if key else ())) as server:
        zone = transferred(server, key=key)
        whole = server.sent
        assert len(zone.nodes) > 500
        server.publish(second)
        transferred(server, zone, key)
        changed = server.sent - whole
        assert changed < whole / 5
        assert text(zone) == text(transferred(server, key=key))
        before = server.sent
        transferred(server, zone, key)
        assert server.sent - before < 300


def test_an_unknown_serial_gets_the_whole_zone():
    first, second = tables(content(1), content(9, [7]))
    with serving(first, settings(journal_records=0)) as server:
        zone = transferred(server)
        server.publish(second)
        transferred(server, zone)
        assert text(zone) == text(transferred(server))


def test_a_client_with_a_newer_serial_is_told_the_soa_alone():
    (table,) = tables(content(5))
    with serving(table, settings()) as server:
        for serial in (5, 6):
            answer = dns.query.tcp(query("IXFR", serial), HOST, port=server.port, timeout=10)
            assert [each.rdtype for each in answer.answer] == [dns.rdatatype.SOA]


def test_over_udp_ixfr_is_the_soa_alone_and_axfr_is_refused():
    (table,) = tables(content(5))
    with serving(table, settings()) as server:
        answer = dns.query.udp(query("IXFR", 1), HOST, port=server.port, timeout=10)
        assert [(each.rdtype, each[0].serial) for each in answer.answer] == [(dns.rdatatype.SOA, 5)]
        assert dns.query.udp(query(), HOST, port=server.port, timeout=10).rcode() == dns.rcode.FORMERR


def asked(settings, message, client=HOST, over_tcp=True, table=None):
    """What a primary answers, read; the messages are not sent anywhere."""
    table = table or tables(content(1))[0]
    told = list(told_by(Primary(lambda: table, settings), message.to_wire(), over_tcp, client))
    keyring = message.keyring or None
    return dns.message.from_wire(told[0], keyring=keyring, request_mac=message.mac or b"", xfr=True)


def test_by_default_it_is_nobody():
    answer = asked(TransferSettings(), query(edns=0))
    assert answer.rcode() == dns.rcode.REFUSED
    assert [each.code for each in answer.options] == [dns.edns.EDECode.PROHIBITED]
    assert asked(TransferSettings(), query()).edns == -1


@pytest.mark.parametrize(
    ("clients", "keys", "client", "key", "allowed"),
    [
        (("192.0.2.0/24",), (), "192.0.2.7", None, True),
        (("192.0.2.0/24",), (), "::ffff:192.0.2.7", None, True),
        (("192.0.2.0/24",), (), "198.51.100.7", None, False),
        (("2001:db8::/32",), (), "2001:db8::7", None, True),
        ((), (KEY.name,), "198.51.100.7", KEY, True),
        ((), (KEY.name,), "198.51.100.7", None, False),
        ((), (KEY.name,), "198.51.100.7", OTHER_KEY, False),
        (("192.0.2.0/24",), (KEY.name,), "192.0.2.7", KEY, True),
        (("192.0.2.0/24",), (KEY.name,), "198.51.100.7", KEY, False),
    ],
)
def test_who_may_have_a_zone(clients, keys, client, key, allowed):
    answer = asked(settings(tuple(map(ip_network, clients)), keys), query(key=key), client)
    assert answer.rcode() == (dns.rcode.NOERROR if allowed else dns.rcode.REFUSED)


def test_a_wrong_secret_and_an_unknown_key_are_told_unsigned():
    wrong = Key(KEY.name, KEY.algorithm, b"another secret of some thirty bytes")
    unknown = Key("nobodys", KEY.algorithm, KEY.secret)
    for key, error in ((wrong, dns.tsig.PeerBadSignature), (unknown, dns.tsig.PeerBadKey)):
        message = query(key=key)
        with pytest.raises(error):
            asked(settings(keys=(KEY.name,)), message)


def test_a_wrong_time_is_told_signed():
    (table,) = tables(content(1))
    message = query(key=KEY)
    raw = message.to_wire()
    primary = Primary(lambda: table, settings(keys=(KEY.name,)), clock=lambda: time.time() + 1000)
    (answer,) = told_by(primary, raw)
    found = dns.message.from_wire(answer, keyring=False)
    assert found.rcode() == dns.rcode.NOTAUTH
    assert found.tsig_error == dns.rcode.BADTIME
    assert found.tsig is not None
    assert len(found.tsig[0].mac) == 32
    assert abs(int.from_bytes(found.tsig[0].other, "big") - time.time() - 1000) < 100
    with pytest.raises(dns.tsig.PeerBadTime):
        dns.message.from_wire(answer, keyring=message.keyring, request_mac=message.mac)


def test_a_signed_question_for_the_soa_is_answered_and_signed():
    for over_tcp in (True, False):
        answer = asked(settings(keys=(KEY.name,)), query("SOA", key=KEY, edns=0), over_tcp=over_tcp)
        assert answer.answer[0].rdtype == dns.rdatatype.SOA
        assert answer.had_tsig
        assert answer.edns == 0


def test_others_questions_are_left_to_others():
    primary = Primary(lambda: tables(content(1))[0], settings())
    assert primary.serve(query("A").to_wire(), HOST, True) is None


def test_notify_is_refused_and_noise_is_no_matter():
    notify = query("SOA")
    notify.set_opcode(dns.opcode.NOTIFY)
    assert asked(settings(), notify).rcode() == dns.rcode.REFUSED
    primary = Primary(lambda: tables(content(1))[0], settings())
    assert primary.serve(b"short", HOST, False) is None
    (answer,) = told_by(primary, query().to_wire() + b"x")
    assert dns.message.from_wire(answer).rcode() == dns.rcode.FORMERR
    response = bytearray(query().to_wire())
    response[2] |= 0x80
    assert list(told_by(primary, bytes(response))) == []
    (answer,) = told_by(primary, query().to_wire().replace(b"\7example", b"\7exempel"))
    assert dns.message.from_wire(answer).rcode() == dns.rcode.NOTAUTH


@hypothesis.settings(max_examples=300, deadline=None)
@hypothesis.given(some.data())
def test_hostile_bytes_are_answered_or_dropped(data):
    kinds = (query(), query("IXFR", 1), query("IXFR", 0, KEY), query("SOA", key=KEY, edns=0), query("IXFR", 7, edns=0))
    raw = bytearray(data.draw(some.sampled_from(kinds)).to_wire())
    for _ in range(data.draw(some.integers(1, 4))):
        raw[data.draw(some.integers(0, len(raw) - 1))] = data.draw(some.integers(0, 255))
    raw = raw[: data.draw(some.integers(0, len(raw)))] if data.draw(some.booleans()) else raw
    for answer in PRIMARY.serve(bytes(raw), HOST, data.draw(some.booleans())) or ():
        assert answer[:2] == raw[:2]
        assert answer[2] & 0x80
        dns.message.from_wire(answer, keyring=False, xfr=True)


def test_a_stale_zone_is_not_transferred():
    old = content(1)
    old.stale = 1000
    assert asked(settings(), query(), table=tables(old)[0]).rcode() == dns.rcode.SERVFAIL


def test_few_transfers_at_once_and_a_slot_comes_back():
    (table,) = tables(content(1, range(0x0A000000, 0x0A006000, 3)))
    primary = Primary(lambda: table, settings(at_once=1))
    first = told_by(primary, query().to_wire())
    next(first)
    (refused,) = told_by(primary, query().to_wire())
    assert dns.message.from_wire(refused).rcode() == dns.rcode.SERVFAIL
    first.close()
    assert len(list(told_by(primary, query().to_wire()))) > 2
    assert len(list(told_by(primary, query().to_wire()))) > 2


@pytest.mark.parametrize("limit", ["message_seconds", "seconds"])
def test_who_takes_a_zone_too_slowly_is_cut_off(limit):
    (table,) = tables(content(1, range(0x0A000000, 0x0A006000, 3)))
    primary = Primary(lambda: table, settings(**{limit: 0.05}))
    told = told_by(primary, query().to_wire())
    next(told)
    time.sleep(0.1)
    with pytest.raises(TransferError, match="slowly"):
        next(told)


def test_the_journal_lives_on_beside_the_table(tmp_path):
    first, second = tables(SMALL, LARGE)
    with serving(first, settings(), tmp_path / "journal") as server:
        zone = transferred(server)
        server.publish(second)
    with serving(second, settings(), tmp_path / "journal") as server:
        transferred(server, zone)
        assert server.sent < 5000
        assert text(zone) == text(transferred(server))


@pytest.mark.parametrize("key", ["", KEY.name])
def test_secondaries_are_told_again_until_they_hear(key, monkeypatch):
    monkeypatch.setattr("reputon.zone.transfer.notify.FIRST_WAIT", 0.05)
    first, second = tables(content(1), content(2))
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as secondary:
        secondary.bind((HOST, 0))
        secondary.settimeout(10)
        primary = Primary(lambda: second, settings(notify=((secondary.getsockname()[1], key),)))
        primary.published(first, second)
        for attempt in range(3):
            raw, address = secondary.recvfrom(4096)
            told = dns.message.from_wire(raw, keyring=KEY.for_dns())
            assert told.opcode() == dns.opcode.NOTIFY
            assert told.answer[0][0].serial == 2
            assert told.had_tsig == bool(key)
            if attempt == 1:
                secondary.sendto(b"\0\0noise", address)
        answer = dns.message.make_response(told)
        secondary.sendto(answer.to_wire(), address)
        end = time.monotonic() + 10
        while primary._notifier._waiting and time.monotonic() < end:
            time.sleep(0.02)
        assert not primary._notifier._waiting
        primary.close()


def test_who_never_hears_is_given_up(monkeypatch, caplog):
    monkeypatch.setattr("reputon.zone.transfer.notify.FIRST_WAIT", 0.001)
    first, second = tables(content(1), content(2))
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as deaf:
        deaf.bind((HOST, 0))
        primary = Primary(lambda: second, settings(notify=((deaf.getsockname()[1],),)))
        primary.published(first, second)
        end = time.monotonic() + 10
        while primary._notifier._waiting and time.monotonic() < end:
            time.sleep(0.02)
        primary.close()
    assert "did not hear" in caplog.text


def test_secrets_are_not_shown():
    shown = repr(settings(keys=(KEY.name,)))
    assert "secondaries" in shown
    assert "0123456789" not in shown
    assert KEY.secret.hex() not in shown


def test_settings_that_cannot_hold_are_told():
    with pytest.raises(ValueError, match="not among the keys"):
        TransferSettings({APEX: Transfers(keys=("lost",))})
    with pytest.raises(ValueError, match="one name"):
        TransferSettings(keys=(KEY, Key("Secondaries", "hmac-sha256", b"x")))
    with pytest.raises(ValueError, match="hmac-sha256"):
        Key("k", "md5", b"x")
    with pytest.raises(ValueError, match="port"):
        Secondary("192.0.2.1", 0)
    with pytest.raises(ValueError, match="secret"):
        Key("k", "hmac-sha256", b"")
