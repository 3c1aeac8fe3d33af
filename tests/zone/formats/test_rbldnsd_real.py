"""The same file, read by us and served by the real rbldnsd: the same answers."""

import gzip
from ipaddress import IPv4Address
from itertools import product
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

import dns.rdatatype
import pytest
from tests.zone.formats.asked import answer, ttls
from tests.zone.formats.real import rbldnsd

from reputon.zone.content import ContentError
from reputon.zone.formats.rbldnsd import read

pytestmark = pytest.mark.server
NOW = 1_900_000_000
ZONE = "bl.example"

FILES = {
    "ip4set": """
        # values in all their forms
        :2:listed $, see $1
        $1 https://example.com/?a=$
        192.0.2.1
        192.0.2.2 :5
        192.0.2.3 :6:
        192.0.2.4 only text for $
        192.0.2.5 :127.0.0.9:both $$ and $
        192.0.2.6 ; a comment
        192.0.2.7#another
        192.0.2.8:4:close
        192.0.2.9 text # not a comment
        192.0.2.10 :4:# nor this
        192.0.2.11 :1.2:of four octets
        192.0.2.12 $1 $= $$ $$$$ $9
        192.0.2.13 :3:= plain $
        192.0.2.14 "quoted" \\ slashed
        192.0.2.15\ttab
        192.0.2.016 :017 : spaces
        :7
        192.0.2.17
        # entries of one place add up
        192.0.2.1 :8:again
        10.0.0.0/25 :2:half
        10.0.0.0/26 :3:quarter
        10.1.0.0/24 :2:whole
        10.1.0.0/25 :3:half
        !10.1.0.7
        !10.2.0.0/26
        10.2.0.0/24 :9:whole
        10.2.0.5 :8:excluded all the same
        10.3/16 :2:wide
        !10.3.4
        10.3.4.5 :3:inside
        10.4.0.0/20 :2:of the third octet
        10.4.2.0/23 :3:too
        # ranges
        10.5.0.5-10.5.2.9 :2:range
        10.6-8 :2:octets
        10.9.1-5 :2:more octets
        10.10.0.1-255 :2:last octet
        172.16/12 :2:cidr
        ! 172.16.3.0/24
        203/8
        """,
    "ip4trie": """
        :2:default $
        192.0.2.0/24 :3:net
        192.0.2.0/24 :4:too late
        192.0.2.1
        192.0.2.1 :9
        !192.0.2.128/25
        192.0.2.129 :5:back
        192.0.2 :6:too late again
        0/0 :7:all
        10/9 :8
        """,
    "ip4tset": """
        :3:one for all $
        192.0.2.1 :9:not seen
        :4:too late
        192.0.2.2
        192.0.2.2
        """,
    "ip6trie": """
        :3:default $
        2001:db8:1
        2001:db8:2::/48 :4
        2001:db8:3:: :5
        2001:db8:4::1 :6
        2001:db8:5:6:7:8:9:a :7
        2001:db8:6:1/64 :8
        ::1
        2001:DB8:8/48:12:close
        !2001:db8:1::5
        2001:db8:1:2:: :13
        2001:db8:a000/36 :9:odd length
        """,
    "ip6tset": """
        :3:default $
        2001:db8:1:2
        2001:db8:1:3 :4:not seen
        !2001:db8:1:2::5
        :5:too late
        2001:db8:1:6
        """,
    "dnset": """
        :2:listed $
        example.com
        .wild.example :3:w
        *.star.example :4:s
        !no.wild.example
        !.deep.wild.example
        a.b.both.example :5:x
        .both.example :6:y
        both.example :7:z
        *.both.example :8:q
        Upper.Example. :9:u
        127.0.0.2
        """,
}
ASKED = {
    "ip4set": """
        192.0.2.0 192.0.2.1 192.0.2.2 192.0.2.3 192.0.2.4 192.0.2.5 192.0.2.6 192.0.2.7 192.0.2.8 192.0.2.9
        192.0.2.10 192.0.2.11 192.0.2.12 192.0.2.13 192.0.2.14 192.0.2.15 192.0.2.16 192.0.2.17 192.0.2.18
        192.0.2.19 10.0.0.0 10.0.0.63 10.0.0.64 10.0.0.127 10.0.0.128 10.1.0.1 10.1.0.200 10.1.0.7 10.2.0.5
        10.2.0.6 10.2.0.100 10.3.9.9 10.3.4.4 10.3.4.5 10.4.1.1 10.4.2.1 10.5.0.4 10.5.0.5 10.5.1.0 10.5.2.9
        10.5.2.10 10.6.0.0 10.8.255.255 10.9.0.255 10.9.1.0 10.9.5.255 10.9.6.0 10.10.0.0 10.10.0.1
        10.10.0.255 172.31.255.255 172.15.255.255 172.16.3.4 172.16.4.4 203.1.1.1 204.0.0.0
        """,
    "ip4trie": """
        192.0.2.0 192.0.2.1 192.0.2.128 192.0.2.129 9.9.9.9 10.0.0.1 10.200.0.1
        """,
    "ip4tset": """
        192.0.2.1 192.0.2.2 192.0.2.3
        """,
    "ip6trie": """
        2001:db8:1::9 2001:db8:1::5 2001:db8:2::9 2001:db8:3:: 2001:db8:3::1 2001:db8:4::1 2001:db8:4::2
        2001:db8:5:6:7:8:9:a 2001:db8:6:1::5 2001:db8:6:2::5 ::1 2001:db8:8::1 2001:db8:1:2::
        2001:db8:1:2::1 2001:db8:a000:: 2001:db8:afff::1 2001:db8:b000::
        """,
    "ip6tset": """
        2001:db8:1:2::9 2001:db8:1:2::5 2001:db8:1:3::9 2001:db8:1:6::1 2001:db8:1:7::1
        """,
    "dnset": """
        example.com sub.example.com wild.example a.wild.example no.wild.example x.no.wild.example
        deep.wild.example x.deep.wild.example star.example a.star.example both.example z.both.example
        b.both.example a.b.both.example upper.example example
        """,
}


@pytest.fixture
def folder():
    """A folder that rbldnsd can read too, as which user it runs ever."""
    with TemporaryDirectory() as made:
        Path(made).chmod(0o755)
        yield Path(made)


def write(path, text):
    path.write_text("\n".join(line.strip(" ") for line in text.splitlines()) + "\n")
    return path


@pytest.mark.parametrize("kind", FILES)
def test_same_answers(folder, kind):
    path = write(folder / "list", FILES[kind])
    (zone,) = read([f"{kind}:{path}"], ZONE, NOW).zones
    with rbldnsd(f"{ZONE}:{kind}:{path}") as server:
        for subject in ASKED[kind].split():
            assert answer(zone, subject) == server.answer(subject, ZONE), subject


def made(random):
    """Prefixes that lie in one another as often as can be, for each type its own."""
    kind = random.choice(["ip4set", "ip4trie", "dnset"])
    lines = []
    for _ in range(random.randint(1, 25)):
        value = random.choice(["", "", ":3", ":4:", "text $$", ":5:five" if kind == "dnset" else ":5:five $"])
        if random.random() < 0.1:
            lines.append(random.choice([":7", ":8:eight", ":2"]))
        elif kind == "dnset":
            name = ".".join(random.choice("ab") for _ in range(random.randint(1, 4)))
            lines.append(f"{random.choice(['', '', '!'])}{random.choice(['', '.', '*.'])}{name} {value}")
        elif kind == "ip4set" and random.random() < 0.2:
            first = random.randint(0, 400)
            last = first + random.randint(0, 300)
            lines.append(f"10.0.{first >> 8}.{first & 255}-10.0.{last >> 8}.{last & 255} {value}")
        else:
            length = random.choice([8, 15, 16, 20, 22, 23, 24, 25, 28, 30, 31, 32])
            address = (10 << 24 | random.randint(0, 700)) >> 32 - length << 32 - length
            lines.append(f"{random.choice(['', '', '!'])}{IPv4Address(address)}/{length} {value}")
    return kind, "\n".join(lines) + "\n"


@pytest.mark.parametrize("seed", range(12))
def test_same_answers_for_made_files(folder, seed):
    random = Random(seed)
    kind, text = made(random)
    (folder / "list").write_text(text)
    (zone,) = read([f"{kind}:{folder / 'list'}"], ZONE, NOW).zones
    subjects = [str(IPv4Address((10 << 24) + random.randint(0, 800))) for _ in range(200)]
    if kind == "dnset":
        subjects = [".".join(labels) for depth in range(1, 5) for labels in product("ab", repeat=depth)]
    with rbldnsd(f"{ZONE}:{kind}:{folder / 'list'}") as server:
        for subject in subjects:
            assert answer(zone, subject) == server.answer(subject, ZONE), (subject, text)


def test_base_templates_and_ttls(folder):
    text = """
        $= See https://example.com/?$= ($) $1 for
        $TTL 1h
        #$1 one$two
        192.0.2.2 r123
        192.0.2.3
        192.0.2.4 =other $ $1 $2
        192.0.2.5 with $ and $1
        192.0.2.6 :6:
        192.0.2.7 :7
        ;$ttl 77
        :$1 ignored, because it was set
        """
    path = write(folder / "list", text)
    (zone,) = read([str(path)], ZONE, NOW).zones
    with rbldnsd(f"{ZONE}:ip4set:{path}") as server:
        for subject in (f"192.0.2.{last}" for last in range(2, 8)):
            assert answer(zone, subject) == server.answer(subject, ZONE), subject
        (rrset,) = server.ask(f"2.2.0.192.{ZONE}", "A").answer
        assert ttls(zone, "192.0.2.2") == {rrset.ttl} == {77}


def test_several_files_packed_or_not(folder):
    first = write(folder / "first", ":5:first $\n192.0.2.1\n192.0.2.2 :6:x\n$MAXRANGE4 /24\n198.51.100/24\n10/23")
    second = folder / "second"
    second.write_bytes(gzip.compress(b"192.0.2.3\n!192.0.2.2\n198.18/15 :3:too wide\n"))
    third = write(folder / "third", "$TTL 99\n192.0.2.1 :9:third\n!192.0.2.3")
    reading = read([f"ip4set:{first},{second}", f"ip4trie:{third}"], ZONE, NOW)
    (zone,) = reading.zones
    with rbldnsd(f"{ZONE}:ip4set:{first},{second}", f"{ZONE}:ip4trie:{third}") as server:
        for subject in ["192.0.2.1", "192.0.2.2", "192.0.2.3", "198.51.100.7", "10.0.0.1", "198.18.0.1"]:
            assert answer(zone, subject) == server.answer(subject, ZONE), subject
    assert [each.partition("line ")[2] for each in reading.warnings] == [
        "6: 10/23 is left out: wider than $MAXRANGE4 256",
        "3: 198.18/15 is left out: wider than $MAXRANGE4 256",
    ]


COMBINED = """
    $SOA 1h ns1.example.com hostmaster.example.com 7 1h 2h 1w 5m
    $NS 1d ns1.example.com -ns2.example.com ns3.example.com
    $NS 1d ns4.example.com
    $TTL 10m
    $1 common
    $DATASET ip4set:proxy proxies @ # a comment
    :2:proxy $ $1
    192.0.2.1
    192.0.2.2
    $DATASET ip4trie:relay relays @
    $1 ignored
    $TTL 60
    :3:relay $ $1
    192.0.2.1
    192.0.2.0/25 :9
    $DATASET dnset names
    $2 own
    .example.com :4:name $2
    $DATASET generic:common proxies relays @
    @ A 192.0.2.80
    www 77 IN A 192.0.2.80
    www TXT "some text" ; all of it
    other A 192.0.2.81 ; a comment
    @ MX 10 mx.example.com.
    """


def test_combined(folder):
    path = write(folder / "list", COMBINED)
    zones = {zone.apex: zone for zone in read([str(path)], ZONE, NOW).zones}
    assert list(zones) == [ZONE, f"proxies.{ZONE}", f"relays.{ZONE}", f"names.{ZONE}"]
    with rbldnsd(f"{ZONE}:combined:{path}") as server:
        for apex, zone in zones.items():
            for subject in ("192.0.2.1", "192.0.2.2", "192.0.2.3", "example.com", "a.example.com"):
                theirs = server.answer(subject, apex)
                if (apex, subject) != (f"names.{ZONE}", "a.example.com"):
                    assert answer(zone, subject) == theirs, (apex, subject)
            for record in zone.records:
                name = f"{record.owner}.{apex}".lstrip(".")
                assert record.text in [each.to_text() for each in server.records(name, record.rdtype)]
                assert {rrset.ttl for rrset in server.ask(name, record.rdtype).answer} == {record.ttl}
        assert [each.to_text() for each in server.records(ZONE, "SOA")] == [
            "ns1.example.com. hostmaster.example.com. 7 3600 7200 604800 300"
        ]
        names = sorted(each.to_text().rstrip(".") for each in server.records(ZONE, "NS"))
    assert sorted(zones[ZONE].name_servers) == names == ["ns1.example.com", "ns3.example.com"]
    assert zones[ZONE].soa.serial == 7


def test_combined_of_several_files(folder):
    """A dataset within ends with its file."""
    first = write(folder / "first", "$DATASET ip4set x @\n:5:five\n192.0.2.1")
    second = write(folder / "second", "$TTL 77\n$DATASET ip4set y @\n192.0.2.2")
    zones = read([f"combined:{first},{second}"], ZONE, NOW).zones
    assert [each.apex for each in zones] == [ZONE, f"x.{ZONE}", f"y.{ZONE}"]
    with rbldnsd(f"{ZONE}:combined:{first},{second}") as server:
        for subject in ("192.0.2.1", "192.0.2.2"):
            for zone in zones:
                assert answer(zone, subject) == server.answer(subject, zone.apex), (subject, zone.apex)
    with pytest.raises(ContentError, match=r"third line 1: .* belongs to no dataset"):
        read([f"combined:{first},{write(folder / 'third', '192.0.2.3')}"], ZONE, NOW)


def test_serial_of_the_newest_file(folder):
    path = write(folder / "list", "$SOA 0 ns1.example.com h.example.com 0 1h 1h 1h 1h\n192.0.2.1")
    (zone,) = read([str(path)], ZONE, NOW).zones
    with rbldnsd(f"{ZONE}:ip4set:{path}") as server:
        (soa,) = server.records(ZONE, dns.rdatatype.SOA)
        assert soa.serial == zone.soa.serial == int(path.stat().st_mtime)


def test_template_of_a_wildcard_differs(folder):
    """rbldnsd puts in the name of the entry, we the name that is asked about."""
    path = write(folder / "list", ".example.com :2:listed $")
    (zone,) = read([str(path)], ZONE, NOW).zones
    with rbldnsd(f"{ZONE}:dnset:{path}") as server:
        assert server.answer("a.example.com", ZONE) == (["127.0.0.2"], ["listed example.com"])
    assert answer(zone, "a.example.com") == (["127.0.0.2"], ["listed a.example.com"])
