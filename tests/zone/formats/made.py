"""Made zones: prefixes that lie in one another, names likewise, values of every kind."""

from hypothesis import strategies as st

from reputon.zone.content import EXCLUDED, Content, Covers, Record, Soa, Value

TEXT = st.text(st.sampled_from("ab \"\\ü#;:'!=,\t"), max_size=12).map(str.strip)
TEMPLATE = st.lists(st.one_of(TEXT, st.sampled_from(["$$", "$ ", "$."])), min_size=1, max_size=4).map("".join)
CODE = st.integers(1, 20).map("127.0.0.{}".format) | st.just("127.1.2.3") | st.just("127.0.0.0")
LABELS = ("a", "b", "xn--a", "_x", "1")
FAR_FROM_ADDRESSES = ("x", "yy", "xn--a", "_x")  # no octets and no nibbles
FIRST4 = st.integers(0, 1 << 10).map(lambda low: 10 << 24 | low)
FIRST6 = st.integers(0, 1 << 10).map(lambda low: 0x20010DB8 << 96 | low << 56)


def clean(text):
    return text.strip()


def values(most=3, ttls=(0, 60, 300), expires=(0,)):
    return st.builds(
        Value,
        st.lists(CODE, min_size=1, max_size=most, unique=True).map(tuple),
        st.lists(TEMPLATE.map(clean).filter(bool), max_size=most, unique=True).map(tuple),
        st.sampled_from(ttls),
        st.sampled_from(expires),
    )


@st.composite
def contents(draw, most=3, ttls=(0, 60, 300), expires=(0,), labels=LABELS):
    content = Content(
        "bl.example", Soa("ns1.example", "h.example", 7), ("ns1.example", "ns2.example"), stale=1_900_000_000
    )
    known = draw(st.lists(values(most, ttls, expires), min_size=1, max_size=5))
    for name in draw(st.lists(st.sampled_from(("", "relays", "Proxies.2")), max_size=2, unique=True)):
        fill(draw, content, content.dataset(name), st.sampled_from(known), labels)
    content.records += draw(st.lists(RECORD, max_size=3, unique_by=lambda each: (each.owner, each.rdtype)))
    return content


RECORD = st.one_of(
    st.builds(Record, st.sampled_from(["", "www"]), st.just("A"), st.sampled_from([60, 300]), st.just("192.0.2.80")),
    st.builds(Record, st.sampled_from(["", "www"]), st.just("MX"), st.just(60), st.just("10 mx.example.com.")),
    st.builds(
        Record, st.sampled_from(["", "www"]), st.just("TXT"), st.just(60), st.just('"a \\"b\\" \\\\ \\195\\188"')
    ),
)


def fill(draw, content, dataset, value, labels):
    def index():
        return EXCLUDED if draw(st.integers(0, 3)) == 0 else content.value_of(draw(value))

    lengths = st.sampled_from([8, 20, 22, 24, 25, 30, 31, 32])
    for first, length in draw(st.lists(st.tuples(FIRST4, lengths), max_size=6).map(lambda x: masked(x, 32))):
        dataset.add4(first, length, index())
    lengths = st.sampled_from([32, 47, 64, 65, 72, 128])
    for first, length in draw(st.lists(st.tuples(FIRST6, lengths), max_size=4).map(lambda x: masked(x, 128))):
        dataset.add6(first, length, index())
    names = st.lists(st.sampled_from(labels), min_size=1, max_size=4).map(".".join)
    for name in draw(st.lists(names, max_size=5, unique=True)):
        one, other = index(), index()
        if one == other or draw(st.booleans()):
            dataset.add_name(name, draw(st.sampled_from(Covers)), one)
        else:
            dataset.add_name(name, Covers.ITSELF, one)
            dataset.add_name(name, Covers.BELOW, other)


def masked(prefixes, bits):
    return list(dict.fromkeys((first >> bits - length << bits - length, length) for first, length in prefixes))


SUBJECTS = [
    *(f"10.0.{low >> 8}.{low & 255}" for low in range(0, 1025, 41)),
    *("2001:db8::", "2001:db8:0:0:1::5", "2001:db8::1:2:3:4"),
    *("a", "b", "a.b", "b.a", "a.a.b", "1.a", "_x.b", "xn--a.a.a", "x.y.z.a"),
]


def subjects(content):
    """The edges of all that is listed, and some more."""
    from ipaddress import IPv4Address, IPv6Address

    found = list(SUBJECTS)
    for each in content.datasets:
        for first, length in zip(each.first4, each.length4, strict=True):
            found += [str(IPv4Address(x)) for x in (first, first + (1 << 32 - length) - 1)]
        halves = zip(each.first6[::2], each.first6[1::2], each.length6, strict=True)
        for high, low, length in halves:
            first = high << 64 | low
            found += [str(IPv6Address(x)) for x in (first, first + (1 << 128 - length) - 1)]
        found += [prefix + name for name in each.names for prefix in ("", "a.", "q.b.")]
    return list(dict.fromkeys(found))
