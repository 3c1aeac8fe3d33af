"""Prefixes as intervals say what the longest prefix says, told by looking through them all."""

from bisect import bisect_right

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reputon.zone.flat import Bounds, flatten, overlay
from reputon.zone.kernel import jit

LAW = settings(max_examples=150, deadline=None)
HALF = (1 << 64) - 1
LENGTHS = {
    32: (0, 1, 8, 15, 16, 17, 24, 29, 30, 31, 32),
    128: (0, 1, 3, 16, 32, 48, 63, 64, 65, 95, 96, 97, 125, 126, 127, 128),
}


def prefixes(width):
    """Prefixes that often nest: (first, length, value)."""
    edges = st.sampled_from((0, (1 << width) - 1, 5, 1 << (width - 1), 0x7F000002, (1 << width) // 3))
    addresses = edges | st.integers(0, (1 << width) - 1) | st.integers(0, 15)

    def cut(address, length, value):
        return address >> (width - length) << (width - length), length, value

    return st.lists(st.builds(cut, addresses, st.sampled_from(LENGTHS[width]), st.integers(0, 4)), max_size=30)


def union(values):
    """A value that tells which ones it is made of."""
    return 100 + sum(1 << each for each in dict.fromkeys(values))


def flat(given, width):
    """As intervals."""
    firsts = [first for first, _, _ in given]
    bounds = Bounds(
        np.array([each >> 64 for each in firsts], np.uint64), np.array([each & HALF for each in firsts], np.uint64)
    )
    lengths = np.array([length + 128 - width for _, length, _ in given], np.uint8)
    return flatten(bounds, lengths, np.array([value for *_, value in given], np.uint32), combined)


def combined(values):
    """As union, of unions too."""
    bits = 0
    for each in values:
        bits |= each - 100 if each >= 100 else 1 << each
    return 100 + bits


def longest(given, width, address):
    """What the longest prefix over an address says, by looking through them all."""
    over = [each for each in given if address >> (width - each[1]) == each[0] >> (width - each[1])]
    said = {value for _, length, value in over if length == max(each[1] for each in over)}
    return 0 if not said or 0 in said else said.pop() if len(said) == 1 else union(said)


def probes(given, width):
    """Addresses at which something may change."""
    for first, length, _ in given:
        after = first + (1 << (width - length))
        yield from (each for each in (first - 1, first, first + 1, after - 1, after) if 0 <= each < 1 << width)
    yield from (0, (1 << width) - 1)


def listed(intervals, width):
    """The bounds as numbers, after a look at their order."""
    firsts = [
        int(upper) << 64 | int(lower) for upper, lower in zip(intervals.first.upper, intervals.first.lower, strict=True)
    ]
    assert firsts[0] == 0
    assert firsts == sorted(set(firsts))
    assert all(one != other for one, other in zip(intervals.value, intervals.value[1:], strict=False))
    return firsts


@pytest.mark.parametrize("width", [32, 128])
@LAW
@given(data=st.data())
def test_the_longest_prefix_wins(width, data):
    given = data.draw(prefixes(width))
    intervals = flat(given, width)
    firsts = listed(intervals, width)
    for address in probes(given, width):
        found = int(intervals.value[bisect_right(firsts, address) - 1])
        assert found == longest(given, width, address)


@pytest.mark.parametrize("width", [32, 128])
@LAW
@given(data=st.data())
def test_what_several_lists_say_adds_up(width, data):
    lists = data.draw(st.lists(prefixes(width), max_size=3))
    intervals = overlay([flat(each, width) for each in lists], combined)
    firsts = listed(intervals, width)
    for address in (each for some in lists for each in probes(some, width)):
        said = {longest(each, width, address) for each in lists} - {0}
        expected = 0 if not said else said.pop() if len(said) == 1 else combined(said)
        assert int(intervals.value[bisect_right(firsts, address) - 1]) == expected


@given(st.lists(st.integers(0, HALF), min_size=1, max_size=20))
@LAW
def test_addresses_with_an_empty_upper_half_are_in_order(addresses):
    """Shifted by the bits of a length, they once lost their own."""
    given = [(each, 128, 1) for each in addresses]
    intervals = flat(given, 128)
    firsts = listed(intervals, 128)
    assert all(intervals.value[bisect_right(firsts, each) - 1] == 1 for each in addresses)


@pytest.mark.skipif(not jit.is_there(), reason="there is one way only")
def test_many_prefixes_are_swept_as_few_are(monkeypatch):
    drawn = np.random.default_rng(3)
    lengths = drawn.choice([8, 16, 24, 30, 32], 60_000).astype(np.int64)
    firsts = drawn.integers(0, 1 << 32, 60_000) >> (32 - lengths) << (32 - lengths)
    arguments = (
        Bounds(np.zeros(60_000, np.uint64), firsts.astype(np.uint64)),
        (lengths + 96).astype(np.uint8),
        drawn.integers(0, 5, 60_000).astype(np.uint32),
        combined,
    )
    compiled = flatten(*arguments)
    monkeypatch.setattr(jit, "is_there", lambda: False)
    plain = flatten(*arguments)
    assert np.array_equal(compiled.first.lower, plain.first.lower)
    assert np.array_equal(compiled.value, plain.value)
