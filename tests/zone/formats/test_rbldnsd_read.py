"""Files of rbldnsd: what is wrong is told with its line, what is left out is told, whatever the bytes."""

import gzip
import tracemalloc

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.zone.formats.asked import answer, entries

from reputon.zone.content import FOREVER, ContentError, Covers
from reputon.zone.formats.rbldnsd import read
from reputon.zone.reading import lines, rbldnsd_loading
from reputon.zone.reading.rbldnsd_lines import LINES

NOW = 1_900_000_000
ZONE = "bl.example"


@pytest.fixture
def reading(tmp_path):
    def reading(text, kind="", now=NOW):
        path = tmp_path / "list"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return read([f"{kind}:{path}" if kind else str(path)], ZONE, now)

    return reading


@pytest.mark.parametrize(
    ("kind", "line", "said"),
    [
        ("ip4set", "192.0.2.256", "octet"),
        ("ip4set", "192.0.2.5/24", "write 192.0.2.0/24"),
        ("ip4set", "192.0.2.0/33", "0 to 32"),
        ("ip4set", "192", "write 192/8"),
        ("ip4set", "10.0.0.9-10.0.0.1", "lower address first"),
        ("ip4set", "10.0-10.0.0.1", "as many octets"),
        ("ip4set", "1.2.3.4.5", "no address"),
        ("ip4set", "192.0.2.1 :0:", "no A record"),
        ("ip4set", "192.0.2.1 :300.1.1.1:x", "no A record"),
        ("ip4set", "192.0.2.1 :4 # comment", "no A record"),
        ("ip4set", ": only text", "no A record"),
        ("ip4set", "192.0.2.1 bell \a", "control"),
        ("ip4set", b"192.0.2.1 Gr\xf6\xdfe", "UTF-8"),
        ("ip4set", "192.0.2.1 " + "x" * 1001, "1000 bytes"),
        ("ip4set", "192.0.2.1 " + "$=" * 400, "1000 bytes"),
        ("ip4set", "$= $=$$x\n192.0.2.1", "dollar"),
        ("ip4tset", "192.0.2.0/24", "ip4set"),
        ("ip4tset", "!192.0.2.1", "ip4set"),
        ("ip4trie", "10.0.0.1-10.0.0.2", "no address"),
        ("ip6trie", "2001", "write 2001::/16"),
        ("ip6trie", "2001:db8::1/64", "write 2001:db8::/64"),
        ("ip6trie", "2001:db8:", "no address"),
        ("ip6trie", "2001:db8::/129", "0 to 128"),
        ("ip6tset", "2001:db8::/64", "ip6trie"),
        ("ip6tset", "!2001:db8:1:2", "ip6trie"),
        ("dnset", "größe.example", "xn--"),
        ("dnset", "a..example", "label"),
        ("dnset", "*.", "no name"),
        ("dnset", "x" * 64 + ".example", "label"),
        ("dnset", ".".join(["x" * 60] * 4), "longer than"),
        ("generic", "www AAAA ::1", "A|TXT|MX"),
        ("generic", "www", "A|TXT|MX"),
        ("generic", "www A 192.0.2.0/24", "four octets"),
        ("generic", "www MX 70000 mx.example.com", "A|TXT|MX"),
        ("combined", "192.0.2.1", "$DATASET"),
        ("combined", "$DATASET acl @", "reputon.toml"),
        ("combined", "$DATASET combined @", "no type"),
        ("combined", "$DATASET", "no type"),
        ("combined", "$DATASET dnset @ " + "x" * 64, "label"),
        ("ip4set", "$DATASET ip4set @", "combined:FILE"),
        ("ip4set", "$SOA 0 ns.example h.example 1 2 3 4", "write $SOA"),
        ("ip4set", "$SOA 0 ns.example h.example 5000000000 2 3 4 5", "serial"),
        ("ip4set", "$SOA 0 ns.example h.example 1 2x 3 4 5", "no time"),
        ("ip4set", "$NS 5", "write $NS"),
        ("ip4set", "$TTL 1y", "no time"),
        ("ip4set", "$TTL 9999w", "no time"),
        ("ip4set", "$MAXRANGE4 /33", "write $MAXRANGE4"),
        ("ip4set", "$MAXRANGE4 0", "write $MAXRANGE4"),
        ("ip4set", "$TIMESTAMP 2031:13:01", "no time"),
        ("ip4set", "$TIMESTAMP 2031:01:01", "in the future"),
        ("ip4set", "$TIMESTAMP - +1d", "write both"),
        ("ip4set", "$1", "write the text"),
    ],
)
def test_wrong_lines_are_told(reading, kind, line, said):
    head = "# first\n"
    text = head.encode() + line if isinstance(line, bytes) else head + line
    with pytest.raises(ContentError) as told:
        reading(text, kind)
    assert said in str(told.value)
    assert "line 2: " in str(told.value) or str(told.value).startswith("dataset ")


def test_acl_has_another_place():
    with pytest.raises(ContentError, match=r"reputon\.toml"):
        read(["acl:nowhere"], ZONE, NOW)


def test_files_that_are_not_there_or_broken(tmp_path):
    with pytest.raises(ContentError, match="No such file"):
        read([str(tmp_path / "missing")], ZONE, NOW)
    with pytest.raises(ContentError, match="No such file"):
        read([f"ip4set:{tmp_path / 'missing'}"], ZONE, NOW)
    broken = tmp_path / "broken.gz"
    broken.write_bytes(gzip.compress(b"192.0.2.1\n" * 100)[:-9])
    with pytest.raises(ContentError, match="cannot be read"):
        read([f"ip4set:{broken}"], ZONE, NOW)
    (tmp_path / "empty").touch()
    with pytest.raises(ContentError, match="write its type"):
        read([str(tmp_path / "empty")], ZONE, NOW)
    with pytest.raises(ContentError, match="no file"):
        read([], ZONE, NOW)


@pytest.mark.parametrize("entry", ["192.0.2.1", "a.example"])
def test_values_of_one_entry_are_bounded(reading, entry):
    (zone,) = reading("".join(f"{entry} :{at}:text {at}\n" for at in range(1, 17))).zones
    assert len(entries(zone)[0][2].texts) == 16
    with pytest.raises(ContentError, match="more than 16 values"):
        reading("".join(f"{entry} text {at}\n" for at in range(17)))


@pytest.mark.parametrize(
    ("line", "kind"),
    [
        *((line, 4) for line in ("192.0.2.1", "!10/8", "10.0.0.1-9 x", "10.0.0.1:2:x")),
        *((line, 6) for line in ("2001:db8::/32", "::1 :3", "2001:db8:1:2")),
        *((line, 0) for line in ("example.com", ".example.com :3:x", "123.example")),
    ],
)
def test_type_is_told_by_the_first_entry(reading, line, kind):
    (zone,) = reading(f"# comment\n$TTL 5\n:2:x\n\n{line}\r\n").zones
    (dataset,) = zone.datasets
    kinds = {4: len(dataset.length4), 6: len(dataset.length6), 0: len(dataset.names)}
    assert kinds.pop(kind)
    assert not any(kinds.values())


def test_timestamp_ends_a_zone(reading):
    assert reading("$TIMESTAMP 2026:11:24\n192.0.2.1").zones[0].stale == FOREVER
    assert reading("$TIMESTAMP 0 2031-01-02-03-04-05\n192.0.2.1").zones[0].stale == 1925089445
    assert reading("$TIMESTAMP 20261124 +1w\n192.0.2.1", now=1795500000).zones[0].stale == 1796083200
    late = reading("$TIMESTAMP - 20261124\n192.0.2.1")
    assert late.zones[0].stale == 1795478400
    assert "is over" in late.warnings[0]


def test_unknown_specials_are_left_out_and_told(reading):
    result = reading("#$Id: list,v 1.1$\n$ENT 1\n# $TTL 5 is a comment\n192.0.2.1")
    assert [each.partition("line ")[2] for each in result.warnings] == [
        "1: $Id: list,v 1.1$ is not known: left out",
        "2: $ENT 1 is not known: left out",
    ]
    assert result.zones[0].ttl == 2100


def test_entries_twice_in_a_trie_are_told(reading):
    text = "".join(f"2001:db8:{at:x}::/48 :3\n" for at in range(9))
    result = reading(text + "2001:db8::/48 :4\n" + text)
    assert result.warnings == ["ip6trie: 10 entries came before, the first counts: " + ", ".join(
        ["2001:db8::/48", "2001:db8::/48", "2001:db8:1::/48", "2001:db8:2::/48", "2001:db8:3::/48"]
    )]  # fmt: skip
    assert len(result.zones[0]) == 9
    assert answer(result.zones[0], "2001:db8::1")[0] == ["127.0.0.3"]


def test_warnings_are_bounded(reading):
    result = reading("$MAXRANGE4 1\n" + "10/8\n" * 1000)
    assert len(result.warnings) == 101
    assert result.warnings[-1] == "900 more warnings"


def test_said_of_itself_and_of_those_below(reading):
    (zone,) = reading("a.example :2\n.a.example :2\n.b.example :2\nb.example :3\n!*.c.example\n!c.example").zones
    assert [(key, value.codes) for _, key, value in entries(zone)] == [
        (("a.example", Covers.BOTH), ("127.0.0.2",)),
        (("b.example", Covers.ITSELF), ("127.0.0.2", "127.0.0.3")),
        (("b.example", Covers.BELOW), ("127.0.0.2",)),
        (("c.example", Covers.BOTH), ()),
    ]


def test_datasets_have_their_own_ttl(tmp_path):
    for name, text in (("a", "$TTL 60\n192.0.2.1"), ("b", "$TTL 30\n192.0.2.1 :3"), ("c", "192.0.2.1 :4\n$TTL 60")):
        (tmp_path / name).write_text(text)
    (zone,) = read([f"ip4set:{tmp_path / name}" for name in "abc"], ZONE, NOW).zones
    assert zone.ttl == 60
    assert [(value.codes, value.ttl) for value in zone.values[1:]] == [
        (("127.0.0.2",), 0),
        (("127.0.0.3",), 30),
        (("127.0.0.4",), 0),
    ]


def test_bounds(reading, monkeypatch):
    monkeypatch.setattr(lines, "BLOCK", 64)
    assert len(reading("# " + "x" * 40 + "\n192.0.2.1\n" + "192.0.2.2\n" * 30).zones[0]) == 2
    with pytest.raises(ContentError, match="line 2: longer"):
        reading("192.0.2.1\n#" + "x" * 200, "ip4set")
    monkeypatch.setattr(lines, "LARGEST", 100)
    with pytest.raises(ContentError, match="larger"):
        reading("192.0.2.1\n" * 20)
    monkeypatch.undo()
    monkeypatch.setattr(lines, "MOST_LINES", 10)
    with pytest.raises(ContentError, match="more than 10 lines"):
        reading("192.0.2.1\n" * 20)
    monkeypatch.undo()
    monkeypatch.setattr(rbldnsd_loading, "MOST_ENTRIES", 10)
    with pytest.raises(ContentError, match="more than 10 entries"):
        reading("192.0.2.1\n" * 20)
    monkeypatch.setattr(rbldnsd_loading, "MOST_PLACES", 10)
    with pytest.raises(ContentError, match="more than 10 datasets"):
        reading("$DATASET ip4set @\n" * 20)


def test_packed_file_stays_packed_in_memory(tmp_path):
    path = tmp_path / "bomb"
    path.write_bytes(gzip.compress(b"# " + b"x" * (64 << 20)))
    tracemalloc.start()
    try:
        with pytest.raises(ContentError, match="line 1: longer"):
            read([f"ip4set:{path}"], ZONE, NOW)
        assert tracemalloc.get_traced_memory()[1] < 16 << 20
    finally:
        tracemalloc.stop()


WORDS = """192.0.2.1 10/8 10.0.0.0-10.0.3.7 2001:db8::/32 :: .example.com *.x ! : :2: $ $$ $= $1 # ; @ A TXT MX 5 / - \0
    ÿ $SOA $NS $TTL $TIMESTAMP $MAXRANGE4 $DATASET 1d 2026:11:24 +1d ip4set dnset"""
PIECES = st.sampled_from([*WORDS.split(), "$DATASET ip4set @\n", *" \t\r\n\n\n\x85\ud800"])
FILES = st.one_of(
    st.binary(max_size=300), st.lists(PIECES, max_size=40).map(lambda x: "".join(x).encode("utf-8", "surrogatepass"))
)


@given(st.sampled_from(["", *LINES]), FILES, st.booleans())
@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_whatever_the_bytes(tmp_path, kind, data, packed):
    path = tmp_path / "list"
    path.write_bytes(gzip.compress(data) if packed else data)
    try:
        result = read([f"{kind}:{path}" if kind else str(path)], ZONE, NOW)
    except ContentError:
        return
    for zone in result.zones:
        answer(zone, "192.0.2.1")
        answer(zone, "a.example.com")
        for _, _, value in entries(zone):
            for text in value.texts:
                assert 0 < len(text.encode()) <= 1000
