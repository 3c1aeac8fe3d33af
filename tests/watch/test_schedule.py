"""Schedule and sample: terms kept by stretching, jitter never early, every address has its turn."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reputon.lists import BlockList, Catalogue
from reputon.watch import planning, sample, schedule
from reputon.watch.planning import Call
from reputon.watch.schedule import Load
from reputon.watch.subjects import Watch

NOW = datetime(2026, 11, 1, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
LOADS = st.lists(
    st.builds(
        Load, st.integers(1, 5000), st.integers(1, 3), st.timedeltas(timedelta(seconds=600), timedelta(days=30))
    ),
    min_size=1, max_size=6,
)  # fmt: skip


def blocklist(per_day=0, per_second=0.0):
    return BlockList("L", "l.test", ("ip4", "ip6"), per_day=per_day, per_second=per_second)


@given(LOADS, st.integers(0, 10**6), st.floats(0, 50))
def test_what_is_planned_keeps_the_terms(loads, per_day, per_second):
    pace = schedule.pace(blocklist(per_day, per_second), loads)
    if pace.factor is None:
        least = max(schedule.cost(1, each.families) for each in loads)
        assert least > per_day > 0 or "were wanted" in pace.why
        return
    planned = sum(schedule.cost(each.subjects, each.families) * (DAY / (each.every * pace.factor)) for each in loads)
    assert not per_day or planned <= per_day
    assert not per_second or planned <= per_second * 86400
    assert (pace.factor > 1) == bool(pace.why)


def test_a_list_without_limits_is_not_stretched():
    assert schedule.pace(blocklist(), [Load(10_000, 2, HOUR)]) == schedule.Pace()


def test_what_cannot_be_asked_at_all_says_so():
    pace = schedule.pace(blocklist(per_day=3), [Load(1, 1, DAY)])
    assert pace.factor is None
    assert "3 questions a day" in pace.why


@given(st.floats(1, 500), st.floats(0, 1), st.text(max_size=8))
def test_a_look_is_late_by_a_tenth_at_most_and_never_early(factor, share, seed):
    interval = max(HOUR * factor * max(share, 1 / 24), schedule.LEAST)
    when = schedule.next_time(NOW, HOUR, factor, share, seed)
    assert NOW + interval <= when <= NOW + interval * 1.1 + schedule.GRID
    assert interval >= HOUR or when <= NOW + interval * 1.1 + schedule.GRID / 10 + timedelta(microseconds=1)
    assert when == schedule.next_time(NOW, HOUR, factor, share, seed)


def test_watches_of_one_house_meet_and_houses_do_not():
    times = {schedule.next_time(NOW, 24 * HOUR, 1, 1, str(seed), "ours") for seed in range(300)}
    assert 20 < len(times) <= 30  # jitter spreads them over a tenth of the day, in steps of 5 minutes
    houses = {schedule.next_time(NOW, HOUR, 1, 1, "same", str(house)) for house in range(100)}
    assert len(houses) > 90


@given(st.integers(0, 5000), st.integers(1, 3), st.integers(1, 200))
def test_what_is_affordable_costs_no_more(questions, families, size):
    able = schedule.affordable(questions, families, size)
    assert schedule.cost(able, families, size) <= questions
    assert schedule.cost(able + 1, families, size) > questions


@pytest.mark.parametrize(("per_second", "size"), [(0.0, 200), (0.01, 1), (1.0, 10), (5.0, 50), (1000.0, 200)])
def test_a_list_that_is_asked_slowly_has_short_calls(per_second, size):
    assert schedule.call_size(blocklist(per_second=per_second)) == size


# --- sample ----------------------------------------------------------------------------------------------------------

NETWORKS = st.lists(
    st.one_of(
        st.tuples(st.integers(0, 2**32 - 1), st.integers(22, 32)).map(lambda p: ip_network(p, strict=False)),
        st.tuples(st.integers(0x2000 << 112, 0x3FFF << 112), st.integers(56, 128)).map(
            lambda p: ip_network((p[0] >> 64 << 64, p[1]), strict=False)
        ).filter(lambda network: network.prefixlen <= 64 or network.prefixlen > 118),
    ),
    min_size=1, max_size=4,
).map(sample.merged)  # fmt: skip


@given(NETWORKS, st.integers(1, 300), st.integers(0, 10**6), st.text(max_size=5))
def test_a_sample_is_as_large_as_asked_and_of_these_networks(networks, most, turn, seed):
    found = sample.addresses(networks, most, turn, seed)
    assert len(found) == len(set(found)) == min(most, sample.size(networks))
    assert all(any(ip_address(each) in network for network in networks) for each in found)
    assert found == sample.addresses(networks, most, turn, seed)


@given(NETWORKS, st.integers(1, 300))
def test_every_address_has_its_turn(networks, most):
    total = sample.size(networks)
    turns = -(-total // most)
    if turns <= 300:
        seen = {each for turn in range(turns) for each in sample.addresses(networks, most, turn, "x")}
        assert len(seen) == total


def test_a_huge_ipv6_network_is_sampled_by_its_slash_64s():
    found = sample.addresses([ip_network("2001:db8::/32")], 5, 0)
    assert len({ip_address(each).exploded[:19] for each in found}) == 5
    assert all(each.endswith(":1") for each in found)


# --- planning --------------------------------------------------------------------------------------------------------


def test_lists_with_the_same_subjects_share_a_call_and_long_ones_are_cut():
    many = [f"10.0.0.{number}" for number in range(5)]
    chosen, sizes = {"a": many, "slow": many[:2], "b": many, "c": ["192.0.2.1"], "d": []}, dict.fromkeys("abcd", 4)
    assert planning.calls(chosen, sizes | {"slow": 1}) == [
        Call(tuple(many[:4]), ("a", "b")),
        Call(tuple(many[4:]), ("a", "b")),
        Call(("192.0.2.1",), ("c",)),
        Call((many[0],), ("slow",)),
        Call((many[1],), ("slow",)),
    ]


@pytest.mark.parametrize(("room", "chosen"), [(0, []), (4, []), (5, ["10.0.0.3"]), (7, ["10.0.0.3", "10.0.0.2"])])
def test_where_a_day_has_no_room_for_all_those_asked_longest_ago_go_first(room, chosen):
    watch = Watch("10.0.0.0/30", "prefix", "", HOUR, NOW)
    wanted = dict.fromkeys(("10.0.0.1", "10.0.0.2", "10.0.0.3"), watch)
    asked = {"10.0.0.1": NOW, "10.0.0.2": NOW - HOUR}
    assert planning.within(wanted, room, 1, asked) == chosen


@pytest.mark.parametrize(
    ("text", "taken"), [("10.0.0.0/24", 256), ("10.0.0.0/23", 32), ("10.0.0.0/16", 32), ("2001:db8::/40", 32)]
)
def test_a_prefix_is_taken_whole_up_to_256_and_else_by_the_sample(text, taken):
    watch = Watch(text, "prefix", "", HOUR, NOW)
    scope = planning.scope(watch, (ip_network(text),), Catalogue(()), (), 32)
    assert len(scope.subjects(0)) == taken


def test_each_list_is_paced_over_the_watches_that_ask_it():
    watch, networks = Watch("10.0.0.0/24", "prefix", "", HOUR, NOW), (ip_network("10.0.0.0/24"),)
    tight, free = replace(blocklist(per_day=1000), name="tight"), blocklist()
    scopes = [planning.Scope(watch, networks, (tight, free), 256), planning.Scope(watch, networks, (tight,), 256)]
    load = scopes[0].load()
    assert planning.paces(scopes) == {"tight": schedule.pace(tight, [load] * 2), "L": schedule.pace(free, [load])}
