"""CSV and JSON lines: what is written is read again, what is wrong is told, whatever the bytes."""

import io
import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.zone.formats.asked import answer, entries
from tests.zone.formats.made import contents

from reputon.zone.content import Content, ContentError, Covers, Soa, Value
from reputon.zone.formats import READERS, WRITERS

NOW = 1_800_000_000
ZONE = "bl.example"
QUICK = settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
HEADER = "apex soa name_servers name_server_ttl ttl stale records"


def text(kind, content):
    out = io.StringIO()
    WRITERS[kind](content, out)
    return out.getvalue()


@pytest.fixture
def reading(tmp_path):
    def reading(kind, data):
        path = tmp_path / f"list.{kind}"
        path.write_bytes(data if isinstance(data, bytes) else data.encode())
        return READERS[kind]([str(path)], ZONE, NOW)

    return reading


@pytest.mark.parametrize("kind", ["csv", "jsonl"])
@given(content=contents(expires=(0, 1_900_000_000)))
@QUICK
def test_read_again_it_is_the_same(reading, kind, content):
    result = reading(kind, text(kind, content))
    (made,) = result.zones
    assert not result.warnings
    assert entries(made) == entries(content)
    assert text(kind, made).splitlines()[1:] == text(kind, content).splitlines()[1:]
    if kind == "jsonl":
        assert all(getattr(made, each) == getattr(content, each) for each in HEADER.split())


def zone():
    content = Content(ZONE, Soa("ns1.example", "h.example"))
    dataset = content.dataset("relays")
    both = content.value_of(Value(("127.0.0.2", "127.0.0.3"), ('say "hi", $', "more"), 60, 1_900_000_000))
    dataset.add4(192 << 24, 8, content.value_of(Value(("127.0.0.2",))))
    dataset.add4(0xC0000201, 32, both)
    dataset.add6(0x20010DB8 << 96, 32, 0)
    dataset.add_name("example.com", Covers.BELOW, both)
    return content


def test_as_written():
    assert text("csv", zone()) == (
        "subject,codes,texts,ttl,expires,list\n"
        "192.0.0.0/8,127.0.0.2,,,,relays\n"
        '192.0.2.1,127.0.0.2 127.0.0.3,"say ""hi"", $\nmore",60,2030-03-17T17:46:40Z,relays\n'
        "2001:db8::/32,,,,,relays\n"
        '*.example.com,127.0.0.2 127.0.0.3,"say ""hi"", $\nmore",60,2030-03-17T17:46:40Z,relays\n'
    )
    head, *lines = map(json.loads, text("jsonl", zone()).splitlines())
    assert head["zone"] == ZONE
    assert lines[0] == {"subject": "192.0.0.0/8", "codes": ["127.0.0.2"], "list": "relays"}
    assert lines[1]["expires"] == "2030-03-17T17:46:40Z"
    assert lines[2] == {"subject": "2001:db8::/32", "codes": [], "list": "relays"}


def test_columns_in_any_order_and_a_few(reading):
    (made,) = reading("csv", "\ufeffCodes, subject\r\n127.0.0.2,192.0.2.1\r\n\r\n,192.0.2.0/24\r\n").zones
    assert answer(made, "192.0.2.1") == (["127.0.0.2"], [])
    assert answer(made, "192.0.2.2") == ([], [])
    assert len(made) == 2


@pytest.mark.parametrize("kind", ["csv", "jsonl"])
def test_what_is_there_twice_is_told(reading, kind):
    content = Content(ZONE, Soa("ns1.example", "h.example"))
    for value in ("127.0.0.2", "127.0.0.3"):
        index = content.value_of(Value((value,)))
        dataset = content.datasets[0] if content.datasets else content.dataset()
        dataset.add4(0xC0000201, 32, index)
        dataset.add_name("example.com", Covers.BOTH, index)
        dataset.add_name("b.example", Covers.ITSELF if value.endswith("2") else Covers.BELOW, index)
    result = reading(kind, text(kind, content))
    assert result.warnings == ["the list: 3 entries came before, the first counts: 192.0.2.1"]
    assert answer(result.zones[0], "192.0.2.1")[0] == answer(result.zones[0], "example.com")[0] == ["127.0.0.2"]
    assert answer(result.zones[0], "a.b.example")[0] == ["127.0.0.3"]


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("192.0.2.1,127.0.0.2", "6 cells|columns"),
        ("192.0.2.1,2,,,,", "no code"),
        ("192.0.2.1,,text,,,", "without codes"),
        ("192.0.2.1,127.0.0.2,,-1,,", "ttl"),
        ("192.0.2.1,127.0.0.2,,3000000000,,", "ttl"),
        ("192.0.2.1,127.0.0.2,,,tomorrow,", "2026-11-24T09:00:00Z"),
        ("192.0.2.1,127.0.0.2,,,2026-11-24T09:00:00,", "2026-11-24T09:00:00Z"),
        ("192.0.2,127.0.0.2,,,,", "four octets"),
        ("192.0.2.1/24,127.0.0.2,,,,", "write 192.0.2.0/24"),
        ("2001:db8::/129,127.0.0.2,,,,", "0 to 128"),
        (",127.0.0.2,,,,", "no address|no name"),
        ("!x,127.0.0.2,,,,", "no name"),
        ("192.0.2.1,127.0.0.2,a\0b,,,", "control"),
        ("192.0.2.1,127.0.0.2," + "x" * 1001 + ",,,", "1000 bytes"),
        ("192.0.2.1," + "127.0.0.2 " * 17 + ",,,,", "16 codes"),
        ("192.0.2.1,127.0.0.2,,,,a\ab", "printable"),
        ('192.0.2.1,"127.0.0.2" x,,,,', "quotes twice"),
        ('192.0.2.1,"127.0.0.2,,,,', "quotes twice"),
    ],
)
def test_wrong_rows_are_told(reading, row, said):
    with pytest.raises(ContentError, match=rf"list\.csv line 2: .*({said})"):
        reading("csv", "subject,codes,texts,ttl,expires,list\n" + row)


def test_wrong_columns_are_told(reading):
    for head in ("", "subject\n", "subject,codes,codes\n", "subject,codes,what\n192.0.2.1,127.0.0.2,x"):
        if head:
            with pytest.raises(ContentError, match=r"line 1: .*first row like"):
                reading("csv", head)
    with pytest.raises(ContentError, match="no file"):
        READERS["csv"]([], ZONE, NOW)
    with pytest.raises(ContentError, match="No such file"):
        READERS["jsonl"](["/nowhere"], ZONE, NOW)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("[", "no JSON object"),
        ("[" * 100_000, "no JSON object"),
        ("5", "no JSON object"),
        ("9" * 10_000, "no JSON object"),
        ("{}", "neither subject nor zone nor record"),
        ('{"subject": "192.0.2.1"}', "codes is missing"),
        ('{"subject": "192.0.2.1", "codes": "127.0.0.2"}', "list of texts"),
        ('{"subject": "192.0.2.1", "codes": [2]}', "list of texts"),
        ('{"subject": "192.0.2.1", "codes": [], "ttl": true}', "whole number"),
        ('{"subject": "192.0.2.1", "codes": [], "more": 1}', "'more' is no key"),
        ('{"subject": "192.0.2.1", "codes": ["127.0.0.2"], "texts": ["\\ud800"]}', "UTF-8"),
        ('{"subject": "192.0.2.1", "codes": ["127.0.0.2"], "texts": [" "]}', "empty"),
        ('{"record": "www", "type": "A", "ttl": 5, "text": "192.0.2.1.9"}', "no A record"),
        ('{"record": "www", "type": "NS", "ttl": 5, "text": "x."}', "write one of"),
        ('{"record": "www", "type": "A", "ttl": 5}', "text is missing"),
        ('{"zone": "x", "soa": {"serial": 4294967296}}', "serial"),
        ('{"zone": "x", "soa": {"primary": "a b"}}', "no name"),
        ('{"zone": "x", "ttl": -1}', "ttl"),
    ],
)
def test_wrong_lines_are_told(reading, line, said):
    with pytest.raises(ContentError, match=r"list\.jsonl line 2: ") as told:
        reading("jsonl", "\n" + line)
    assert said in str(told.value)


def test_records_cannot_smuggle_lines(reading):
    line = {"record": "www", "type": "MX", "ttl": 5, "text": "10 mx.example ; comment\nevil A 192.0.2.1"}
    (made,) = reading("jsonl", json.dumps(line)).zones
    assert made.records[0].text == "10 mx.example."


ROWS = st.lists(
    st.sampled_from([*',"\n\r\0\ud800', "192.0.2.1", "127.0.0.2", "*.x", "::/0", "60", "$", "2026-11-24T09:00:00Z"])
)
KEYS = st.sampled_from(
    [
        "subject",
        "codes",
        "texts",
        "ttl",
        "expires",
        "list",
        "zone",
        "soa",
        "stale",
        "name_servers",
        "record",
        "type",
        "text",
    ]
)
OBJECTS = st.recursive(
    st.none() | st.booleans() | st.integers() | st.sampled_from(["192.0.2.1", "127.0.0.2", "www", "A", ".x", "::", ""]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=5),
    max_leaves=10,
)


@given(
    st.one_of(st.binary(max_size=200), ROWS.map(lambda x: "".join(x).encode("utf-8", "surrogatepass"))), st.booleans()
)
@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_whatever_the_rows(reading, data, has_head):
    try:
        reading("csv", b"subject,codes,texts,ttl,expires,list\n" + data if has_head else data)
    except ContentError:
        return


@given(
    st.one_of(
        st.binary(max_size=200), st.lists(OBJECTS, max_size=3).map(lambda x: "\n".join(map(json.dumps, x)).encode())
    )
)
@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_whatever_the_objects(reading, data):
    try:
        reading("jsonl", data)
    except ContentError:
        return
