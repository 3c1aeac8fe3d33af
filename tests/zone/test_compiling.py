"""What is compiled of a content, and what is refused: names, records, values, unions."""

import dns.message
import pytest
from tests.zone.asking import Kernels, check
from tests.zone.oracle import Oracle

from reputon.zone.content import LONGEST_TTL, Content, ContentError, Covers, Record, Soa, Value
from reputon.zone.kernel.hashing import hash_of, labels_of, slots_for
from reputon.zone.names import wire
from reputon.zone.table import compile_zones


def zone(apex="bl.example", **more):
    return Content(apex, Soa("ns.example", "hostmaster@example"), ("ns.example",), **more)


def ask(content, name, rdtype="A", now=1000, most=0, **options):
    packet = dns.message.make_query(f"{name}.bl.example".lstrip("."), rdtype, **options).to_wire()
    return check(Kernels([content]), Oracle([content]), packet, now, most)


@pytest.mark.parametrize(
    ("name", "made"),
    [
        ("", b""),
        ("a", b"\1a"),
        ("A.b-C", b"\1a\3b-c"),
        ("a.b.", b"\1a\1b"),
        ("x" * 63, b"\x3f" + b"x" * 63),
        (".".join(("y" * 63,) * 3) + "." + "z" * 61, (b"\x3f" + b"y" * 63) * 3 + b"\x3d" + b"z" * 61),
    ],
)
def test_a_name_in_wire_format(name, made):
    assert wire(name) == made


@pytest.mark.parametrize("name", ["x" * 64, "a..b", ".a", "bücher", ".".join(("y" * 63,) * 3) + "." + "z" * 62])
def test_what_is_no_name(name):
    with pytest.raises(ContentError):
        wire(name)


def test_a_hash_is_of_labels_from_the_root_on():
    assert labels_of(b"\1a\3b-c") == [b"\1a", b"\3b-c"]
    assert hash_of(b"\1a\1b", 7) == hash_of(b"\1a", hash_of(b"\1b", 7))
    assert hash_of(b"\1a\1b", 7) != hash_of(b"\2ab", 7)
    assert hash_of(b"\1a", 7) != hash_of(b"\1a", 8)


@pytest.mark.parametrize("count", [0, 1, 2, 3, 4, 5, 1000])
def test_slots_are_a_power_of_two_at_most_half_full(count):
    slots = slots_for(count)
    assert slots & (slots - 1) == 0
    assert slots >= max(2, 2 * count)


@pytest.mark.parametrize("apex", ["", "."])
def test_the_root_is_no_list(apex):
    with pytest.raises(ContentError, match="root"):
        compile_zones([zone(apex)])


@pytest.mark.parametrize(
    "record",
    [
        Record("www", "CNAME", 60, "web.example."),
        Record("", "dname", 60, "web.example."),
        Record("sub", "NS", 60, "ns.example."),
        Record("www", "A", -1, "192.0.2.1"),
        Record("www", "A", LONGEST_TTL + 1, "192.0.2.1"),
        Record("www", "A", 60, "192.0.2.256"),
        Record("www", "NONSENSE", 60, "x"),
    ],
)
def test_records_that_cannot_be_answered(record):
    content = zone()
    content.records.append(record)
    with pytest.raises(ContentError):
        compile_zones([content])


@pytest.mark.parametrize(
    "value",
    [
        Value(()),
        Value(("127.0.0.2",), ttl=-1),
        Value(("127.0.0.2",), ttl=LONGEST_TTL + 1),
        Value(("127.0.0.2",), expires=1 << 32),
        Value(("127.0.0.2",), ("x" * 1001,)),
        Value(("nobody",)),
        Value(tuple(f"127.0.0.{each}" for each in range(17))),
    ],
)
def test_values_that_cannot_be_answered(value):
    content = zone()
    content.value_of(value)
    with pytest.raises(ContentError):
        compile_zones([content])


def test_nothing_is_said_twice():
    """RFC 2181 section 5: a set of records has each once."""
    content = zone()
    known = content.value_of(Value(("127.0.0.2", "127.0.0.2"), ("one", "one")))
    content.dataset().add_name("spam", Covers.ITSELF, known)
    content.records += [Record("www", "A", 60, "192.0.2.1")] * 3
    assert len(ask(content, "spam").answer) == len(ask(content, "spam", "TXT").answer) == 1
    assert len(ask(content, "www").answer) == 1


def test_what_lists_say_together_is_kept_no_longer_than_the_shortest():
    content = zone(ttl=300)
    for ttl in (0, 600, 900):
        content.dataset().add4(0x01020304, 32, content.value_of(Value((f"127.0.0.{2 + ttl // 300}",), ttl=ttl)))
    answer = ask(content, "4.3.2.1").answer
    assert {ttl for _, ttl, *_ in answer} == {300}
    assert len(answer) == 3


def test_a_name_said_twice_says_both_unless_it_is_excluded_once():
    content = zone()
    dataset = content.dataset()
    for code in ("127.0.0.2", "127.0.0.3"):
        for name in ("spam", "ham"):
            dataset.add_name(name, Covers.BOTH, content.value_of(Value((code,))))
    dataset.add_name("ham", Covers.ITSELF, 0)
    assert (
        len(ask(content, "spam").answer) == len(ask(content, "x.spam").answer) == len(ask(content, "x.ham").answer) == 2
    )
    assert not ask(content, "ham").answer


def test_an_address_that_ended_is_looked_up_as_whatever_else_it_may_be():
    content = zone()
    content.dataset().add4(0x01020304, 32, content.value_of(Value(("127.0.0.2",), expires=500)))
    content.records.append(Record("4.3.2.1", "TXT", 60, '"about it"'))
    content.dataset().add6(0x4321 << 112, 128, content.value_of(Value(("127.0.0.6",))))
    assert ask(content, "4.3.2.1", now=499).answer
    assert ask(content, "4.3.2.1", now=500).rcode == 0
    assert ask(content, "4.3.2.1", "TXT", now=500).answer


def test_any_has_all_records_of_one_type():
    """RFC 8482."""
    content = zone()
    content.dataset().add_name("spam", Covers.ITSELF, content.value_of(Value(("127.0.0.2",), ("why",))))
    content.records += [Record("spam", "A", 60, "192.0.2.1"), Record("spam", "MX", 60, "10 mx.example.")]
    assert {kind for _, _, kind, _ in ask(content, "spam", "ANY").answer} == {1}
    assert len(ask(content, "spam", "ANY").answer) == 2


def test_more_than_255_answers_are_counted():
    content = zone()
    content.records += [Record("www", "A", 60, f"192.0.{each >> 8}.{each & 255}") for each in range(600)]
    assert len(ask(content, "www", most=65535).answer) == 600
    assert "TC" in ask(content, "www").flags


@pytest.mark.parametrize("payload", [None, 0, 512, 513, 700, 1231, 1232, 1233, 4096, 65535])
def test_an_answer_is_whole_to_the_last_byte_that_fits(payload):
    """Its limit is 512 without EDNS, with it what the client takes, and never more than 1232."""
    limit = min(1232, max(512, payload or 0))
    frame = 12 + len(b"\4spam\2bl\7example\0") + 4 + (0 if payload is None else 11)
    for over in (-1, 0, 1, 2):
        room = limit + over - frame
        texts: list[str] = []
        while room > 0:
            size = min(room - 13, 240)
            size -= 14 if 0 < room - 13 - size < 14 else 0  # what is left must do for another
            texts.append(chr(97 + len(texts)) * size)
            room -= 13 + size
        content = zone()
        content.dataset().add_name("spam", Covers.ITSELF, content.value_of(Value(("127.0.0.2",), tuple(texts))))
        edns = {} if payload is None else {"use_edns": 0, "payload": payload}
        said = ask(content, "spam", "TXT", **edns)
        assert ("TC" in said.flags) == (over > 0)
        assert said.size == (frame if over > 0 else limit + over)


@pytest.mark.parametrize("size", [0, 1, 254, 255, 256, 509, 510, 511, 1000])
def test_a_text_is_cut_into_strings_of_255(size):
    content = zone()
    known = content.value_of(Value(("127.0.0.2",), ("x" * size,)))
    content.dataset().add_name("spam", Covers.ITSELF, known)
    ((*_, data),) = ask(content, "spam", "TXT", use_edns=0, payload=1232).answer
    assert len(data) == size + max(1, -(-size // 255))


@pytest.mark.parametrize(
    ("name", "rdtype"), [("spam", "A"), ("spam", "TXT"), ("www", "MX"), ("nobody", "A"), ("", "NS")]
)
def test_whatever_fits_to_the_byte_is_whole(name, rdtype):
    content = zone()
    known = content.value_of(Value(("127.0.0.2", "127.0.0.3"), ("why", "x" * 300)))
    content.dataset().add_name("spam", Covers.ITSELF, known)
    content.records.append(Record("www", "MX", 60, "10 mx.example."))
    whole = ask(content, name, rdtype, most=65535)
    assert ask(content, name, rdtype, most=whole.size) == whole
    assert "TC" in ask(content, name, rdtype, most=whole.size - 1).flags
