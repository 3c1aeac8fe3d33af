"""The records of a zone say what our own server answers, of every address and of every listed name."""

import hypothesis
import hypothesis.strategies as some
import numpy as np
import pytest
from tests.zone.transfer.naive import Kernel, Naive

from reputon.zone.content import Content, ContentError, Covers, Record, Soa, Value
from reputon.zone.dump import aligned
from reputon.zone.dump.records import generic, told
from reputon.zone.table import compile_zones

NOW = 1_000_000
VALUES = (
    Value(("127.0.0.2",), ("see $",)), Value(("127.0.0.3", "127.0.0.2")), Value(("127.0.0.4",), ("$$",), 60, NOW),
    Value(("127.0.0.5",), (), 60, NOW + 1),
)  # fmt: skip
BASES4 = (0, 0x7F000002, 0x01020304, 0x0102FFFF, 0x01030000, 0x010C0304, 0xFFFFFFFF, 0xC0000200)
BASES6 = (
    0, 1, 0x20010DB8 << 96, (0x20010DB8 << 96) | (1 << 64), 0xFFFF7F000002, (1 << 128) - 1, (1 << 64) - 1,
    0x1234 << 112, (0x20010DB8FFFFFFFF << 64) | 0xFFFFFFFFFFFFFFFF,
)  # fmt: skip
LENGTHS4 = (15, 16, 17, 23, 24, 25, 30, 31, 32, 32)
LENGTHS6 = (10, 12, 13, 16, 31, 32, 33, 48, 63, 64, 65, 97, 124, 127, 128)
NAMES = ("example", "a.example", "b.a.example", "c.b.a.example", "other", "x.other", "d.c.b.a.example")


def prefixes(bases, lengths, width):
    made = some.tuples(some.sampled_from(bases), some.sampled_from(lengths), some.integers(0, len(VALUES)))
    return some.lists(made.map(lambda each: (each[0] >> width - each[1] << width - each[1], *each[1:])), max_size=6)


@some.composite
def contents(draw, bases4=BASES4, bases6=BASES6, names=NAMES):
    content = Content("bl.example", Soa("ns.example", "me.example"))
    values = [0, *map(content.value_of, VALUES)]
    for _ in range(draw(some.integers(1, 2))):
        dataset = content.dataset()
        for first, length, value in draw(prefixes(bases4, LENGTHS4, 32)) if bases4 else ():
            dataset.add4(first, length, values[value])
        for first, length, value in draw(prefixes(bases6, LENGTHS6, 128)) if bases6 else ():
            dataset.add6(first, length, values[value])
        if names:
            entry = some.tuples(some.sampled_from(names), some.sampled_from(list(Covers)), some.sampled_from(values))
            for each in draw(some.lists(entry, max_size=6)):
                dataset.add_name(*each)
    if names and draw(some.booleans()):
        content.records.append(Record(draw(some.sampled_from(names)), "A", 60, "192.0.2.1"))
    return content


def owner4(address):
    return ".".join(str(address >> shift & 255) for shift in (0, 8, 16, 24))


def owner6(address):
    return ".".join(reversed(f"{address:032x}"))


def near(bases, lengths, width):
    """Addresses at the edges of prefixes, and inside of them."""
    edge = some.tuples(some.sampled_from(bases), some.sampled_from(lengths), some.sampled_from((-1, 0, 1)))
    at = edge.map(lambda each: (each[0] >> width - each[1] << width - each[1]) + each[2])
    end = edge.map(lambda each: ((each[0] >> width - each[1]) + 1 << width - each[1]) + each[2])
    return some.one_of(at, end, some.integers(0, (1 << width) - 1)).map(lambda each: each % (1 << width))


def agree(content, questions, now=NOW):
    table = compile_zones([Content("other.test", Soa("ns.example", "me.example")), content])
    naive, kernel = Naive(table, 1, now), Kernel(table, now)
    for labels in questions:
        assert naive.codes(labels) == kernel.codes(1, labels), labels


@hypothesis.settings(max_examples=150, deadline=None)
@hypothesis.given(contents(bases6=(), names=()), some.lists(near(BASES4, LENGTHS4, 32), min_size=20, max_size=40))
def test_ipv4(content, addresses):
    agree(content, map(owner4, addresses))


@hypothesis.settings(max_examples=150, deadline=None)
@hypothesis.given(contents(bases4=(), names=()), some.lists(near(BASES6, LENGTHS6, 128), min_size=20, max_size=40))
def test_ipv6(content, addresses):
    agree(content, map(owner6, addresses))


@hypothesis.settings(max_examples=150, deadline=None)
@hypothesis.given(contents(bases4=(), bases6=()), some.lists(some.sampled_from(("", "x", "y.x")), max_size=3))
def test_names(content, below):
    agree(content, [f"{each}.{name}".strip(".") for each in ("", *below) for name in NAMES])


@hypothesis.settings(max_examples=40, deadline=None)
@hypothesis.given(
    contents(),
    some.lists(near(BASES4, LENGTHS4, 32), min_size=10, max_size=20),
    some.lists(near(BASES6, LENGTHS6, 128), min_size=10, max_size=20),
    some.integers(0, 0x9999).filter(lambda each: f"{each:04x}".isdecimal()),
)
def test_all_in_one_zone(content, addresses4, addresses6, digits):
    meeting = [(digits << 112) | address & (1 << 112) - 1 for address in addresses6]
    as4 = sum(int(digit) << shift for digit, shift in zip(f"{digits:04x}", (24, 16, 8, 0), strict=True))
    questions = [*map(owner4, (*addresses4, as4)), *map(owner6, (*addresses6, *meeting)), *NAMES]
    agree(content, questions)


def test_an_exception_splits_the_wildcard():
    content = Content("bl.example", Soa("ns.example", "me.example"))
    dataset, value = content.dataset(), content.value_of(Value(("127.0.0.2",), ("see $",)))
    dataset.add4(0x01020300, 24, value)
    dataset.add4(0x01020304, 32, 0)
    dataset.add4(0x0A000000, 8, value)
    owners = {each.labels: each for each in told(compile_zones([content]), 0)}
    assert len(owners) == 255 + 1
    assert owners["*.10"].subject == "10.0.0.0/8"
    assert owners["*.10"].texts == (b"see 10.0.0.0/8",)
    assert owners["5.3.2.1"].subject == "1.2.3.5"
    assert "4.3.2.1" not in owners


def test_a_name_that_is_not_listed_stops_the_wildcard():
    content = Content("dom.example", Soa("ns.example", "me.example"))
    dataset, value = content.dataset(), content.value_of(Value(("127.0.0.2",), ("$ is listed",)))
    dataset.add_name("example.com", Covers.BOTH, value)
    dataset.add_name("good.example.com", Covers.BOTH, 0)
    owners = {each.labels: each for each in told(compile_zones([content]), 0)}
    assert owners.keys() == {"example.com", "*.example.com", "good.example.com"}
    assert owners["good.example.com"].codes == ()
    assert owners["*.example.com"].texts == (b"*.example.com is listed",)


def test_ipv6_in_words():
    content = Content("bl.example", Soa("ns.example", "me.example"))
    dataset, value = content.dataset(), content.value_of(Value(("127.0.0.2",), ("see $",)))
    dataset.add6(0x20010DB8 << 96, 64, value)
    dataset.add6(0xFFFF7F000002, 128, value)
    owners = {each.labels: each.subject for each in told(compile_zones([content]), 0)}
    assert owners["*.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2"] == "2001:db8::/64"
    assert owners[owner6(0xFFFF7F000002)] == "::ffff:7f00:2"


def test_generic_records_have_their_owners():
    content = Content("bl.example", Soa("ns.example", "me.example"), ("ns1.example",))
    content.records.append(Record("odd name.www", "A", 60, "192.0.2.1"))
    found = [(owner, record[:2]) for owner, record in generic(compile_zones([content]), 0)]
    assert sorted(found) == [("", b"\0\2"), ("", b"\0\6"), (r"odd\032name.www", b"\0\1")]


def test_a_name_that_would_answer_for_addresses_is_refused():
    content = Content("bl.example", Soa("ns.example", "me.example"))
    value = content.value_of(Value(("127.0.0.2",)))
    content.dataset().add4(0x01020304, 32, value)
    content.dataset().add_name("", Covers.BELOW, value)
    with pytest.raises(ContentError, match="zones of their own"):
        list(told(compile_zones([content]), 0))


def test_too_many_blocks_are_refused_before_they_are_made(monkeypatch):
    monkeypatch.setattr(aligned, "MOST_BLOCKS", 100)
    ends = np.array([0], np.uint64), np.array([254], np.uint64)
    with pytest.raises(ContentError, match="leave out exceptions"):
        aligned.blocks4(*ends, np.ones(1, np.uint32))


def test_a_wildcard_of_ipv4_does_not_list_ipv6():
    content = Content("bl.example", Soa("ns.example", "me.example"))
    content.dataset().add4(0x02000000, 8, content.value_of(Value(("127.0.0.2",))))
    naive = Naive(compile_zones([content]), 0)
    assert naive.codes("7.7.7.2")
    assert naive.codes("77.77.77.2")
    assert not naive.codes(owner6(0x20010DB8 << 96))


def test_everything_is_listed():
    content = Content("bl.example", Soa("ns.example", "me.example"))
    value = content.value_of(Value(("127.0.0.2",)))
    content.dataset().add4(0, 0, value)
    content.dataset().add6(0, 0, value)
    agree(content, [*map(owner4, (0, 0x01020304, 0x0A0B0C0D, 0xFFFFFFFF)), *map(owner6, (0, 1 << 127, (1 << 128) - 1))])
