"""How often a prefix is answered: laws of the bucket, slip, and what no answer is longer than."""

from itertools import pairwise

import dns.flags
import dns.message
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.zone.conftest import NOW
from tests.zone.guarded import APEXES, Guarded, table

from reputon.zone import own
from reputon.zone.access import AccessError, Action, Rule
from reputon.zone.guard import Limits, Protection, guard
from reputon.zone.kernel.client import BUCKETS, bucket_of
from reputon.zone.kernel.limit import has_left, slips_through
from reputon.zone.kernel.writing import DROPPED, FAULTY, LIMITED, LISTED, NOT_LISTED, REFUSED_, SLIPPED
from reputon.zone.server.responder import Responder
from reputon.zone.table import compile_zones

BL = APEXES[0]
LISTED_NAME = "2.0.0.127." + BL
SECOND = 10**9


def limited(**more):
    return Guarded(Protection(limits=Limits(**{"answers": 10, "errors": 2, "slip": 0, **more})))


@settings(max_examples=60, deadline=None)
@given(
    st.integers(1, 1000),
    st.floats(0.01, 10),
    st.lists(st.one_of(st.just(0), st.integers(0, SECOND // 20), st.integers(0, 3 * SECOND)), max_size=150),
)
def test_never_more_than_burst_and_rate(rate, burst, pauses):
    """In each span of time: at most the burst, one, and what the rate gives."""
    of = guard(Protection(limits=Limits(answers=rate, burst=burst)), table())
    cost, depth = (int(each) for each in of.limits[-4:-2])
    buckets, now, passed = [0], 1_800_000_000 * SECOND, []
    for pause in pauses:
        now += pause
        if has_left(buckets, 0, now, cost, depth):
            passed.append(now)
    for first in range(0, len(passed), 7):
        for last in range(first, len(passed), 5):
            span = (passed[last] - passed[first]) / cost
            assert last - first + 1 <= max(1, rate * burst) + span + 1e-6


@settings(max_examples=50, deadline=None)
@given(st.integers(1, 1000), st.lists(st.integers(0, SECOND), min_size=1, max_size=100))
def test_who_stays_below_the_rate_is_never_limited(rate, pauses):
    of = guard(Protection(limits=Limits(answers=rate, burst=0.01)), table())
    cost, depth = (int(each) for each in of.limits[-4:-2])
    buckets, now = [0], 1_800_000_000 * SECOND
    for pause in pauses:
        now += cost + pause
        assert has_left(buckets, 0, now, cost, depth)


def test_a_clock_that_is_set_back_limits_nobody_for_long():
    to = limited()
    assert [to.said(LISTED_NAME) for _ in range(11)][-1] == "dropped"
    to.now -= 3600
    assert to.said(LISTED_NAME) == "127.0.0.2"


@settings(max_examples=50, deadline=None)
@given(st.integers(1, 100), st.integers(0, 500))
def test_of_those_above_the_limit_each_slip_th_goes_out(slip, times):
    slips = [0]
    out = [slips_through(slips, 0, slip) for _ in range(times)]
    assert sum(out) == -(-times // slip)
    assert all(b - a == slip for a, b in pairwise([at for at, is_out in enumerate(out) if is_out]))


@pytest.mark.parametrize(
    ("slip", "expected"), [(0, ["dropped"] * 4), (1, ["cut"] * 4), (2, ["cut", "dropped", "cut", "dropped"])]
)
def test_what_slips_is_cut(slip, expected):
    to = limited(slip=slip)
    assert [to.said(LISTED_NAME, "TXT") for _ in range(10)] == ['"listed: 127.0.0.2"'] * 10
    assert [to.said(LISTED_NAME, "TXT") for _ in range(4)] == expected
    assert to.count(LISTED) == 10
    assert (to.count(SLIPPED), to.count(LIMITED)) == (expected.count("cut"), expected.count("dropped"))


def test_time_gives_answers_back():
    to = limited()
    asked = [to.said("9.9.9.9." + BL) for _ in range(12)]
    assert asked.count("NXDOMAIN") == 10
    to.now += 0.25
    assert [to.said(LISTED_NAME) for _ in range(3)] == ["127.0.0.2"] * 2 + ["dropped"]
    assert (to.count(NOT_LISTED), to.count(LIMITED)) == (10, 3)


def test_errors_have_a_limit_of_their_own():
    to = limited(slip=2)
    assert [to.said("www.example.org") for _ in range(5)] == ["REFUSED"] * 3 + ["dropped", "REFUSED"]
    assert to.said(LISTED_NAME) == "127.0.0.2"
    assert to.send(b"\0\1\0\0\0\2" + bytes(6)) == 0
    assert (to.count(REFUSED_), to.count(SLIPPED), to.count(LIMITED), to.count(FAULTY)) == (2, 2, 2, 0)


def test_a_denial_is_an_error_too():
    to = Guarded(Protection(rules=(Rule("192.0.2.0/24", Action.CODE),), limits=Limits(errors=1, slip=0)))
    assert [to.said(LISTED_NAME) for _ in range(2)] == ["127.255.255.254", "dropped"]


def test_what_is_rare_is_charged():
    to = limited()
    chaos = dns.message.make_query("version.bind", "TXT", "CH").to_wire()
    assert [to.send(chaos) for _ in range(4)] == [-1, -1, 0, 0]
    assert to.count(LIMITED) == 2


@pytest.mark.parametrize(
    ("one", "near", "far"),
    [("192.0.2.1", "192.0.2.255", "192.0.3.1"), ("2001:db8::1", "2001:db8:0:ff::1", "2001:db8:0:100::1")],
)
def test_the_clients_of_a_prefix_are_one(one, near, far):
    to = limited()
    assert [to.said(LISTED_NAME, client=one) for _ in range(11)][-1] == "dropped"
    assert to.said(LISTED_NAME, client=near) == "dropped"
    assert to.said(LISTED_NAME, client=far) == "127.0.0.2"


@pytest.mark.parametrize("client", ["127.0.0.1", "::1", "10.1.2.3"])
def test_who_is_exempt_is_never_limited(client):
    to = limited(exempt=("127.0.0.0/8", "::1", "10.0.0.0/8"))
    assert {to.said(LISTED_NAME, client=client) for _ in range(40)} == {"127.0.0.2"}


def test_a_limit_of_zero_is_none():
    to = limited(answers=0, errors=0)
    assert {to.said(LISTED_NAME) for _ in range(40)} == {"127.0.0.2"}
    assert {to.said("www.example.org") for _ in range(40)} == {"REFUSED"}


def test_responses_are_dropped_and_cost_nothing():
    to = limited(answers=1)
    for _ in range(5):
        assert to.send(b"\0\1\x80\0\0\1" + bytes(6)) == 0
    assert to.count(DROPPED) == 5
    assert to.said(LISTED_NAME) == "127.0.0.2"


@pytest.mark.parametrize(
    "wrong",
    [{"answers": -1}, {"errors": 2_000_000}, {"slip": 101}, {"burst": 0}, {"prefix4": 33}, {"prefix6": 65}],
)
def test_a_limit_that_cannot_be_is_told(wrong):
    with pytest.raises(AccessError):
        guard(Protection(limits=Limits(**wrong)), table())


def test_prefixes_spread_over_the_buckets():
    """As evenly as chance would, whatever the seed: neighbours, and steps of powers of two."""
    for seed in (0, 1, 0xDEADBEEF):
        for shift in (0, 8, 16):
            found = {bucket_of(each << shift, 0, seed) for each in range(4096)}
            assert len(found) > 3800  # 3969 by chance
        assert len({bucket_of(0x20010DB8, each << 8, seed) for each in range(4096)}) > 3800
        assert max(found) < BUCKETS


@settings(max_examples=60, deadline=None)
@given(
    st.sampled_from([LISTED_NAME, "1.0.0.127." + BL, BL, "x.y." + BL, "www.example.org", "0.127." + BL]),
    st.sampled_from(["A", "TXT", "ANY", "SOA", "NS", "MX", "AXFR"]),
    st.one_of(st.none(), st.integers(0, 65535)),
    st.integers(0, 1),
)
def test_no_answer_is_longer_than_its_bound(name, rdtype, payload, slip):
    to = limited(answers=1, slip=slip)
    query = dns.message.make_query(name, rdtype, use_edns=None if payload is None else 0, payload=payload or 0)
    packet = query.to_wire()
    for _ in range(3):
        answered = to.send(packet)
        if not isinstance(answered, bytes):
            continue
        assert len(answered) <= (512 if payload is None else min(max(512, payload), 1232))
        message = dns.message.from_wire(answered)
        if message.flags & dns.flags.TC or message.rcode() not in (0, 3):
            assert len(answered) <= len(packet) + 6  # an extended error's
        if message.flags & dns.flags.TC:
            assert len(answered) <= len(packet)


@pytest.mark.parametrize("edns", [-1, 0])
@pytest.mark.parametrize("rdtype", ["A", "TXT", "ANY", "SOA", "NS", "AAAA"])
def test_our_own_zones_amplify_less_than_four_times(ledger, settings, reason, rdtype, edns):
    """The figure of docs/zone-protection.md, for all that a stranger may ask."""
    for who in ("192.0.2.1", "2001:db8:1::1", "spam.example"):
        ledger.list(who, reason("score", 0.4), reason("pristine-trap", 0.3), reason("malware", 0.3))
        ledger.score(who, 12.5)
    zones = compile_zones(own.contents(ledger.listed, ledger.scored, settings))
    names = [each for who in ("192.0.2.1", "2001:db8:1::1", "spam.example") for each in own.names_of(who, settings)]
    for name in [*names, "9.9.9.9.bl.reputon.test", "bl.reputon.test", "x.dom.reputon.test"]:
        query = dns.message.make_query(name, rdtype, use_edns=edns).to_wire()
        answered = Responder(zones, clock=NOW.timestamp).one(query, "192.0.2.1")
        assert answered is not None
        assert len(answered) < 4 * len(query)
