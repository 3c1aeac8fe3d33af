"""Zone files for other servers: checked by named-checkzone, served by the real BIND with the answers of the content."""

import io
import re
import shutil
import socket
import subprocess
import time
from contextlib import contextmanager
from ipaddress import ip_address

import dns.exception
import dns.message
import dns.query
import dns.rcode
import dns.rdatatype
import dns.zone
import pytest
from hypothesis import Phase, given, settings
from tests.servers import unavailable
from tests.zone.formats.asked import answer
from tests.zone.formats.made import FAR_FROM_ADDRESSES, contents, subjects

from reputon.zone.content import Content, ContentError, Covers, Record, Soa, Value
from reputon.zone.formats import WRITERS, bind, rpz
from reputon.zone.reading.policy_zone import owner6, prefixes
from reputon.zone.table import compile_zones

ZONE = "bl.example"
SBIN = "/usr/sbin:/usr/bin:/sbin:/bin"
PATIENCE = 20.0


def text(kind, content, **more):
    out = io.StringIO()
    WRITERS[kind](content, out, **more)
    return out.getvalue()


def zone():
    content = Content(ZONE, Soa("ns1.example", "h.example", 7), ("ns1.example",))
    dataset = content.dataset()
    two = content.value_of(Value(("127.0.0.2",), ("listed $, see $$",)))
    three = content.value_of(Value(("127.0.0.3", "127.0.0.4"), (), 60))
    dataset.add4(10 << 24, 23, two)
    dataset.add4(10 << 24 | 7, 32, 0)
    dataset.add4(10 << 24 | 1 << 8, 24, three)
    dataset.add6(0x20010DB8 << 96, 32, two)
    dataset.add6(0x20010DB8 << 96 | 1, 128, three)
    dataset.add_name("example.com", Covers.BOTH, two)
    dataset.add_name("no.example.com", Covers.BOTH, 0)
    content.records = [Record("", "A", 60, "192.0.2.80"), Record("www", "TXT", 300, '"a \\"b\\""')]
    return content


def test_bind_has_disjoint_owners():
    lines = text("bind", zone()).splitlines()
    assert lines[:6] == [
        "$ORIGIN bl.example.",
        "$TTL 300",
        "@ 3600 SOA ns1.example. h.example. 7 3600 900 604800 60",
        "@ 86400 NS ns1.example.",
        "@ 60 A 192.0.2.80",
        'www 300 TXT "a \\"b\\""',
    ]
    assert "*.1.0.10 60 A 127.0.0.3" in lines
    assert '5.0.0.10 TXT "listed 10.0.0.5, see $"' in lines
    owners = {line.split()[0] for line in lines}
    assert "7.0.0.10" not in owners
    assert "*.0.0.10" not in owners
    assert len([each for each in owners if each.endswith(".0.0.10")]) == 255
    assert not any(re.match(r"(\*\.)?no\.example\.com A", line) for line in lines)


def test_zone_without_name_servers_names_its_primary():
    content = zone()
    content.name_servers = ()
    for kind in ("bind", "rpz"):
        assert "@ NS ns1.example.\n" in text(kind, content)
    content.soa = Soa(ZONE, "h.example")
    for kind in ("bind", "rpz"):
        assert "@ NS localhost.\n" in text(kind, content)


def test_what_has_ended_is_left_out():
    content = Content(ZONE, Soa("ns1.example", "h.example"))
    content.dataset().add4(1, 32, content.value_of(Value(("127.0.0.2",), (), 0, 1000)))
    table = compile_zones([content])
    for write in (bind.write_table, rpz.write_table):
        sizes = []
        for now in (0, 999, 1000):
            out = io.StringIO()
            write(table, 0, out, now=now)
            sizes.append(len(out.getvalue().splitlines()))
        assert sizes[0] == sizes[1] == sizes[2] + 1


def test_rpz_has_prefixes_and_names():
    lines = text("rpz", zone()).splitlines()[4:]
    assert "24.0.1.0.10.rpz-ip CNAME ." in lines
    assert [line for line in lines if line.endswith("0.0.10.rpz-ip CNAME .")] == [
        "30.0.0.0.10.rpz-ip CNAME .",
        "31.4.0.0.10.rpz-ip CNAME .",
        "32.6.0.0.10.rpz-ip CNAME .",
        *(f"{32 - shift}.{1 << shift}.0.0.10.rpz-ip CNAME ." for shift in range(3, 8)),
    ]
    assert "128.zz.db8.2001.rpz-ip CNAME ." in lines
    assert "128.1.zz.db8.2001.rpz-ip CNAME ." in lines
    assert {"example.com CNAME .", "*.example.com CNAME .", "no.example.com CNAME rpz-passthru."} <= set(lines)


def test_rpz_actions():
    assert "24.0.1.0.10.rpz-ip CNAME *." in text("rpz", zone(), action="nodata")
    assert "24.0.1.0.10.rpz-ip CNAME rpz-drop." in text("rpz", zone(), action="drop")
    data = text("rpz", zone(), action="data").splitlines()
    assert {"24.0.1.0.10.rpz-ip A 127.0.0.3", "24.0.1.0.10.rpz-ip A 127.0.0.4"} <= set(data)
    assert 'example.com TXT "listed example.com, see $"' in data
    with pytest.raises(ContentError, match="choose one of nxdomain"):
        text("rpz", zone(), action="refuse")


@pytest.mark.parametrize(
    ("address", "length", "owner"),
    [
        ("2001:db8::", 32, "32.zz.db8.2001.rpz-ip"),
        ("::1", 128, "128.1.zz.rpz-ip"),
        ("::", 1, "1.zz.rpz-ip"),
        ("2001:db8:0:1:2:3:4:5", 128, "128.5.4.3.2.1.0.db8.2001.rpz-ip"),
        ("2001:0:0:1::", 64, "64.zz.1.0.0.2001.rpz-ip"),
    ],
)
def test_owners_of_ipv6(address, length, owner):
    assert owner6(int(ip_address(address)), length) == owner


def test_everything_is_two_halves():
    assert list(prefixes(0, (1 << 32) - 1, 32)) == [(0, 1), (1 << 31, 1)]
    assert list(prefixes(0, (1 << 128) - 1, 128)) == [(0, 1), (1 << 127, 1)]
    assert list(prefixes((1 << 32) - 1, (1 << 32) - 1, 32)) == [((1 << 32) - 1, 32)]


@given(contents(labels=FAR_FROM_ADDRESSES))
@settings(max_examples=10, deadline=None, phases=[Phase.generate])
def test_others_can_read_it(content):
    dns.zone.from_text(text("rpz", content), relativize=False, check_origin=True)


@pytest.mark.server
@given(contents(labels=FAR_FROM_ADDRESSES))
@settings(max_examples=6, deadline=None, phases=[Phase.generate])
def test_named_checkzone_has_no_complaint(content):
    content.soa, content.name_servers = Soa(ZONE, f"h.{ZONE}"), ()
    checker = shutil.which("named-checkzone", path=SBIN)
    if checker is None:
        unavailable("named-checkzone is not installed: apt-get install bind9-utils")
    for kind in ("bind", "rpz"):
        checked = subprocess.run(
            [checker, "-k", "ignore", ZONE, "/dev/stdin"], input=text(kind, content), capture_output=True, text=True
        )
        assert checked.returncode == 0, checked.stdout
        assert "OK" in checked.stdout.splitlines()[-1]


@contextmanager
def named(folder, options, zones):
    """A real BIND on a port of its own, with files in a folder; `zones`: name to text."""
    binary = shutil.which("named", path=SBIN)
    if binary is None:
        unavailable("named is not installed: apt-get install bind9")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    config = [
        f'options {{ directory "{folder}"; listen-on port {port} {{ 127.0.0.1; }}; listen-on-v6 {{ none; }};',
        f'pid-file "{folder}/pid"; session-keyfile "{folder}/key"; check-names primary ignore; {options} }};',
        "controls { };",
    ]
    for name, lines in zones.items():
        (folder / name).write_text(lines)
        config.append(f'zone "{name}" {{ type primary; file "{folder / name}"; }};')
    (folder / "named.conf").write_text("\n".join(config))
    log = (folder / "log").open("w")
    process = subprocess.Popen([binary, "-g", "-c", str(folder / "named.conf")], stderr=log, stdout=log)
    try:
        until = time.monotonic() + PATIENCE
        while True:
            is_alive = process.poll() is None and time.monotonic() < until
            assert is_alive, (folder / "log").read_text()[-3000:]
            try:
                if ask(port, next(iter(zones)), "SOA", timeout=0.2).answer:
                    break
            except (dns.exception.Timeout, OSError):
                continue
        yield port
    finally:
        process.terminate()
        process.wait(timeout=PATIENCE)
        log.close()


def ask(port, name, rdtype, timeout=5.0):
    query = dns.message.make_query(name, rdtype, use_edns=0, payload=4096)
    return dns.query.udp(query, "127.0.0.1", timeout=timeout, port=port, ignore_unexpected=True)


def owner(subject):
    try:
        return ip_address(subject).reverse_pointer.removesuffix(".in-addr.arpa").removesuffix(".ip6.arpa")
    except ValueError:
        return subject


@pytest.mark.server
@given(contents(labels=FAR_FROM_ADDRESSES))
@settings(max_examples=3, deadline=None, phases=[Phase.generate])
def test_the_real_bind_answers_the_same(tmp_path_factory, content):
    content.records = []
    with named(tmp_path_factory.mktemp("bind"), "recursion no;", {ZONE: text("bind", content)}) as port:
        for subject in subjects(content):
            reply = ask(port, f"{owner(subject)}.{ZONE}", "A")
            assert sorted(each.address for rrset in reply.answer for each in rrset) == answer(content, subject)[0], (
                subject
            )


@pytest.mark.server
def test_the_real_bind_refuses_what_the_policy_lists(tmp_path):
    """A zone of ours as the policy of a resolver, which answers for a zone of its own."""
    content = zone()
    victims = {"listed": "10.0.1.5", "excluded": "10.0.0.7", "beside": "10.0.0.6", "clean": "10.0.2.1"}
    lines = ["$ORIGIN victim.test.\n$TTL 60\n@ SOA ns h 1 1 1 1 1\n@ NS ns\nns A 192.0.2.53"]
    lines += [f"{name} A {address}" for name, address in victims.items()]
    lines += ["six AAAA 2001:db8::77", "clean6 AAAA 2001:db9::1"]
    com = "$ORIGIN com.\n$TTL 60\n@ SOA ns.victim.test. h 1 1 1 1 1\n@ NS ns.victim.test.\n"
    com += "*.example A 192.0.2.1\nexample A 192.0.2.1\n"
    zones = {"victim.test": "\n".join(lines) + "\n", "com": com, ZONE: text("rpz", content)}
    options = f'recursion yes; response-policy {{ zone "{ZONE}"; }} recursive-only no qname-wait-recurse no;'
    with named(tmp_path, options, zones) as port:
        for name, rdtype, is_refused in (
            ("listed.victim.test", "A", True),
            ("excluded.victim.test", "A", False),
            ("beside.victim.test", "A", True),
            ("clean.victim.test", "A", False),
            ("six.victim.test", "AAAA", True),
            ("clean6.victim.test", "AAAA", False),
            ("example.com", "A", True),
            ("a.example.com", "A", True),
            ("no.example.com", "A", False),
        ):
            reply = ask(port, name, rdtype)
            assert (reply.rcode() == dns.rcode.NXDOMAIN) == is_refused, (name, reply.to_text())
    assert not [line for line in (tmp_path / "log").read_text().splitlines() if "rpz" in line and "invalid" in line]
