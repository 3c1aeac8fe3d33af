"""Making: zones and questions drawn at random, the questions near the edges of what the zones say.

They are drawn from whatever has the methods of `random.Random`: a seeded one, or Hypothesis's, whose failures shrink.
"""

import struct

import dns.name
from tests.zone.oracle import Allowed

from reputon.zone.content import OF_ZONE, Content, Covers, Record, Soa, Value

NOW = 1_000_000
KEYS = ("k3y", "another-KEY", "9")
APEXES = (
    "bl.example",
    "sub.bl.example",
    "a.sub.bl.example",
    "example",
    "2.bl.example",
    "other.test",
    "x." * 30 + "long",
)
LABELS = ("a", "b", "c", "www", "1", "2", "0", "255", "00", "test", "invalid", "a-b", "l" * 63)
CODES = ("127.0.0.2", "127.0.0.3", "127.0.0.4", "127.0.1.1", "127.255.255.254", "10.0.0.1")
TEXTS = (
    "", "Listed", "$.", "$$", "$$$!", "See https://list.example/?q=$ for $$5", "x" * 255, "y" * 256, "$" * 3 + "é",
    "long " * 100, "$ " * 200, "z" * 600,
)  # fmt: skip
RECORDS = (
    ("A", "192.0.2.1"), ("A", "192.0.2.2"), ("AAAA", "2001:db8::1"), ("MX", "10 mx.example."), ("TXT", '"one" "two"'),
    ("TXT", "three"), ("CAA", '0 issue ";"'),
)  # fmt: skip
BASES4 = (0, 0x7F000000, 0x7F000002, 0x01020304, 0x0102FFFF, 0x01030000, 0xFFFFFFFF, 0xC0000200)
BASES6 = (
    0, 1, 0x20010DB8 << 96, (0x20010DB8 << 96) | (1 << 64), 0xFFFF7F000002, (1 << 128) - 1, 0x8000 << 48,
    (0x20010DB8FFFFFFFF << 64) | 0xFFFFFFFFFFFFFFFF,
)  # fmt: skip
LENGTHS4 = (0, 1, 7, 8, 9, 15, 16, 17, 23, 24, 25, 30, 31, 32, 32, 32)
LENGTHS6 = (0, 1, 3, 4, 5, 16, 31, 32, 33, 47, 48, 63, 64, 65, 96, 97, 124, 127, 128, 128)
TYPES = (1, 1, 1, 1, 16, 16, 16, 255, 255, 2, 6, 15, 28, 5, 257)
ODD_TYPES = (0, 41, 127, 128, 249, 250, 251, 252, 253, 254, 65280, 65535)
WIDTH = {4: 32, 6: 128}


def contents(random):
    """Some zones, nested in each other or not."""
    return [content(random, apex) for apex in random.sample(APEXES, random.choice((0,) + (1, 2, 1, 2, 3) * 5 + (5,)))]


def content(random, apex):
    """A zone."""
    server = random.choice(("ns.example", ".".join(("n" * 50,) * 4)))
    soa = Soa(server, "hostmaster@example", 1, minimum=random.choice((0, 60, 86400)), ttl=random.choice((0, 300, 3600)))
    servers = ("ns1.example", "ns2.example.")[: random.randint(0, 2)]
    made = Content(
        apex, soa, servers, ttl=random.choice((60, 300)), stale=random.choice((0,) * 9 + (NOW - 1, NOW, NOW + 1))
    )
    values = [0] + [made.value_of(value(random)) for _ in range(random.randint(1, 5))]
    kinds = random.choice((("4",), ("6",), ("name",), ("4", "6"), ("4", "6", "name"), ("4", "name"), ()))
    for _ in range(random.choice((1, 1, 2, 3))):
        fill(random, made.dataset(), values, kinds)
    for _ in range(random.choice((0, 0, 1, 4))):
        made.records.append(Record(name(random), *record(random)))
    return made


def value(random):
    """What an entry says."""
    codes = tuple(dict.fromkeys(random.choice(CODES) for _ in range(random.choice((1, 1, 2, 4)))))
    texts = tuple(dict.fromkeys(random.choice(TEXTS) for _ in range(random.choice((0, 1, 1, 1, 2, 4)))))
    expires = random.choice((0,) * 10 + (NOW - 1, NOW, NOW + 1, NOW + 100, NOW + 10_000))
    return Value(codes, texts, random.choice((OF_ZONE, OF_ZONE, 1, 120, 100_000)), expires)


def record(random):
    """Type, TTL and text of a generic record."""
    rdtype, text = random.choice(RECORDS)
    return rdtype, 600, text


def fill(random, dataset, values, kinds):
    """Entries, some within others."""
    for _ in range(random.choice((0, 1, 2, 4, 8, 16))):
        kind = random.choice(kinds) if kinds else ""
        if kind == "4":
            dataset.add4(*prefix(random, 4), random.choice(values))
        elif kind == "6":
            dataset.add6(*prefix(random, 6), random.choice(values))
        elif kind == "name":
            dataset.add_name(name(random), random.choice(list(Covers)), random.choice(values))


def prefix(random, version):
    """First address and length."""
    width = WIDTH[version]
    base = random.choice(BASES4 if version == 4 else BASES6)
    if random.random() < 0.3:
        base ^= 1 << random.randint(0, width - 1)
    length = random.choice(LENGTHS4 if version == 4 else LENGTHS6)
    return base >> (width - length) << (width - length), length


def name(random):
    """A relative name, often one that was given before, empty at times."""
    return ".".join(random.choice(LABELS) for _ in range(random.choice((0, 1, 1, 2, 2, 3))))


def packet(random, zones, allowed=None):
    """A question near something that a zone says, whole or, at times, spoilt; with a key, where one is needed."""
    whole = question(random, zones, allowed or Allowed.everything(len(zones)))
    if random.random() < 0.9:
        return whole
    return spoilt(random, bytearray(whole))


def question(random, zones, allowed):
    """A whole question."""
    rdtype = random.choice(TYPES if random.random() < 0.95 else ODD_TYPES)
    rdclass = 1 if random.random() < 0.95 else random.choice((3, 255, 0, 2, 4, 254, 65535))
    asked = odd_case(random, owner(random, zones, allowed))
    edns = b"" if random.random() < 0.4 else opt(random)
    flags = random.choice((0, 0x0100, 0x0100, 0x0110, 0x0030, 0x0FFF & ~0x7800))
    header = struct.pack("!6H", random.randint(0, 0xFFFF), flags, 1, 0, 0, bool(edns))
    return header + asked + struct.pack("!2H", rdtype, rdclass) + edns


def owner(random, zones, allowed):
    """A name in wire format, not longer than 255 bytes."""
    which = random.randint(0, len(zones) - 1) if zones else 0
    zone = zones[which] if zones else None
    apex = zone.apex if zone and random.random() < 0.98 else random.choice((*APEXES, ""))
    parts = [each.encode() for each in (relative(random, zone) if zone else [])]
    if random.random() < 0.05:
        parts = [random.choice((b"x", b"\0", b"*", b"\xff.", b"y" * 63, b"0"))] * random.randint(1, 4) + parts
    if zone and random.random() < (0.9 if allowed.keyed[which] else 0.01):
        parts.append(random.choice(KEYS).encode())
    made = b"".join(bytes((len(each),)) + each for each in [*parts, *apex.encode().split(b".")] if each) + b"\0"
    while len(made) > 255:
        made = made[made[0] + 1 :]
    if random.random() < 0.02 and len(made) <= 253:  # to the last byte that a name may have
        longest = random.choice((63, 63, 63, 1))
        while len(made) < 255:
            size = min(longest, 254 - len(made))
            size += (len(made) + size + 1 == 254) * (1 if size < 63 else -1)  # a byte alone is no label
            made = bytes((size,)) + b"f" * size + made
    return made


def relative(random, zone):
    """The labels of something in a zone: an address, the upper part of one, or a name."""
    listed = zone.datasets[random.randint(0, len(zone.datasets) - 1)]
    choice = random.random()
    if listed.length4 and choice < 0.5:
        each = random.randint(0, len(listed.length4) - 1)
        address = near(random, 4, listed.first4[each], listed.length4[each])
        return octets(random, address)
    if listed.length6 and choice < 0.85:
        each = random.randint(0, len(listed.length6) - 1)
        first = listed.first6[2 * each] << 64 | listed.first6[2 * each + 1]
        return nibbles(random, near(random, 6, first, listed.length6[each]))
    if choice > 0.97:
        return octets(random, random.randint(0, (1 << 32) - 1))
    names = [*listed.names, *(each.owner for each in zone.records), "", name(random)]
    labels = [each for each in random.choice(names).split(".") if each]
    if random.random() < 0.3:
        labels = [*(random.choice(LABELS) for _ in range(random.randint(1, 2))), *labels]
    return labels[random.randint(0, len(labels)) if random.random() < 0.2 else 0 :]


def near(random, version, first, length):
    """An address at an edge of a prefix, beside it, or within."""
    size = 1 << (WIDTH[version] - length)
    within = first + random.randint(0, size - 1)
    address = random.choice((first, first + size - 1, first - 1, first + size, within, within, first))
    return address % (1 << WIDTH[version])


def octets(random, address):
    """The labels of an IPv4 address, often whole, at times written oddly."""
    labels = [str(each) for each in reversed(address.to_bytes(4, "big"))]
    if random.random() < 0.3:
        labels = labels[random.randint(1, 3) :]
    if random.random() < 0.05:
        at = random.randint(0, len(labels) - 1)
        labels[at] = random.choice(("0" + labels[at], labels[at] + "0", "256", "1x", "-1", "999", "0x1"))
    return labels


def nibbles(random, address):
    """The labels of an IPv6 address, often whole."""
    labels = list(f"{address:032x}"[::-1])
    if random.random() < 0.5:
        labels = labels[random.randint(1, 31) :]
    if random.random() < 0.05:
        labels[random.randint(0, len(labels) - 1)] = random.choice(("g", "00", "/", "@", "`", ":"))
    return labels


def odd_case(random, wire):
    """Letters in whatever case."""
    way = random.random()
    if way < 0.5:
        return wire
    labels = dns.name.from_wire(wire, 0)[0].labels
    flipped = [bytes(turned(random, way, each) for each in label) for label in labels]
    return b"".join(bytes((len(each),)) + each for each in flipped)


def turned(random, way, byte):
    """A letter in the other case: every one, or about a half."""
    return byte ^ 0x20 if bytes((byte,)).isalpha() and (way < 0.6 or random.random() < 0.5) else byte


def opt(random):
    """An OPT record."""
    payload = random.choice((0, 1, 511, 512, 513, 600, 1231, 1232, 1233, 4096, 65535))
    version = 0 if random.random() < 0.95 else random.choice((1, 255))
    flags = random.choice((0, 0x8000, 0x8000, 0xFFFF))
    options = b"".join(option(random) for _ in range(random.choice((0, 0, 0, 1, 2))))
    return struct.pack("!BHHBBHH", 0, 41, payload, random.choice((0, 0, 1)), version, flags, len(options)) + options


def option(random):
    """An option: a cookie, padding, a client's subnet, one that nobody knows; at times NSID."""
    code, size = random.choice(((10, 8), (12, 0), (12, 40), (8, 7), (65001, 3), (65001, 0), (3, 0)))
    return struct.pack("!HH", code, size) + bytes(size)


def spoilt(random, raw):
    """A packet that something is wrong with, often."""
    way = random.randint(0, 5)
    if way == 0:
        return bytes(raw[: random.randint(0, len(raw))])
    if way == 1:
        return bytes(raw) + bytes(random.randint(1, 12))
    if way == 2:
        raw[random.randint(2, 11)] = random.choice((0, 1, 2, 0x80, 0xFF, 0x20, 0x28))
    else:
        for _ in range(random.randint(1, 4)):
            raw[random.randint(0, len(raw) - 1)] = random.choice((0, 1, 0x3F, 0x40, 0xC0, 0xFF, random.randint(0, 255)))
    return bytes(raw)


def allowed(random, zones):
    """What an operator allows in each zone."""
    actions = tuple(0 if random.random() < 0.92 else random.randint(1, 4) for _ in zones)
    return Allowed(actions, tuple(random.random() < 0.1 for _ in zones), KEYS)
