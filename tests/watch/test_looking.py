"""Looking: what a pass asks, of whom, and what it says of what it could not ask."""

from datetime import timedelta
from ipaddress import ip_network

import pytest
from tests.watch.made import START, Clock, Lists, blocklist

from reputon.cause import providers
from reputon.watch import adding
from reputon.watch.history import History
from reputon.watch.looking import Around, look
from reputon.watch.subjects import Known, WatchError, parse

HOUR = timedelta(hours=1)


def around(lists, sample=4, **known):
    return Around(lists.catalogue, lists, Known(lists, **known), sample=sample)


def made(history, texts, world, lists=(), every=HOUR):
    history.add([adding.made(text, "", every, lists, world, START) for text in texts])


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def history(tmp_path, monkeypatch):
    # No power fails here, and waiting for the disk is all that would take long.
    monkeypatch.setattr("reputon.watch.history._durable", lambda db, _: db.execute("PRAGMA synchronous = OFF"))
    with History(tmp_path) as history:
        yield history


def clean(*_):
    return None


def passes(history, world, clock, until):
    while clock.now < until:
        look(history, world, clock)
        due = history.next_due()
        assert due is not None
        clock.now = max(due, clock.now + timedelta(seconds=1))


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (" 192.0.2.7 ", ("address", "192.0.2.7")),
        ("192.0.2.7/32", ("address", "192.0.2.7")),
        ("::ffff:192.0.2.7", ("address", "192.0.2.7")),
        ("[2001:DB8::1]", ("address", "2001:db8::1")),
        ("192.0.2.9/24", ("prefix", "192.0.2.0/24")),
        ("2001:db8::/32", ("prefix", "2001:db8::/32")),
        ("Example.ORG.", ("domain", "example.org")),
        ("SPF:Example.org", ("spf", "spf:example.org")),
        ("pool:own", ("pool", "pool:own")),
    ],
)
def test_what_can_be_watched(text, found):
    assert parse(text) == found


@pytest.mark.parametrize(
    "text", ["", "300.1.2.3", "192.0.2.0/33", "localhost", "spf:", "spf:x", "a b.test", "1", "::g"]
)
def test_what_cannot_is_told(text):
    with pytest.raises(WatchError, match="give an address"):
        parse(text)


def test_lists_without_limits_are_asked_together_and_only_about_their_kinds(history, clock):
    lists = Lists((blocklist("one"), blocklist("two"), blocklist("four", subjects=("ip4",)),
                   blocklist("gone", status="closed"), blocklist("key", needs_key=True)), clock, clean)  # fmt: skip
    made(history, ["192.0.2.7", "example.org", "2001:db8::1"], around(lists))
    assert look(history, around(lists), clock).answers == 7
    assert set(lists.asked) == {"one", "two", "four"}
    assert {name for name, subject in lists.subjects if subject == "example.org"} == {"one", "two"}


def test_a_second_pass_asks_nothing_before_it_is_time(history, clock):
    lists = Lists((blocklist("one"),), clock, clean)
    made(history, ["192.0.2.7"], around(lists))
    assert [look(history, around(lists), clock).answers for _ in range(2)] == [1, 0]
    clock.now += HOUR - timedelta(seconds=1)
    assert look(history, around(lists), clock).answers == 0
    clock.now += timedelta(minutes=12)
    assert look(history, around(lists), clock).answers == 1


def test_a_doubt_is_settled_as_soon_as_it_can_be(history, clock):
    lists = Lists((blocklist("one"),), clock, lambda *_: "127.0.0.2")
    made(history, ["192.0.2.7"], around(lists), every=24 * HOUR)
    assert look(history, around(lists), clock).changes == ()
    assert history.next_due() == START + timedelta(minutes=10)
    clock.now = START + timedelta(minutes=10)
    (notice,) = look(history, around(lists), clock).changes
    assert notice.title == "192.0.2.7 is listed by one"
    assert notice.text == "spam was seen"


def test_a_large_prefix_is_sampled_in_turns_and_what_is_listed_stays(history, clock):
    lists = Lists((blocklist("one"),), clock, lambda _, subject, __: "127.0.0.2" if subject.endswith(".77") else None)
    made(history, ["10.9.0.0/22"], around(lists, sample=300))
    passes(history, around(lists, sample=300), clock, START + 9 * HOUR)
    seen = {subject for _, subject in lists.subjects if subject.startswith("10.9.")}
    assert len(seen) == 1024
    titles = {notice.subject for notice, _ in history.transitions(100)}
    assert titles == {f"10.9.{part}.77" for part in range(4)}
    assert lists.subjects["one", "10.9.1.77"] > 4


def test_spf_networks_are_walked_when_due_and_kept_while_dns_is_silent(history, clock):
    lists, walked = Lists((blocklist("one"),), clock, clean), []
    networks = [ip_network("192.0.2.0/30")]

    def walk(name, resolver):
        walked.append(name)
        return networks

    world = around(lists, walk=walk)
    made(history, ["spf:example.org"], world)
    assert look(history, world, clock).answers == 4
    assert look(history, world, clock).answers == 0
    assert walked == ["example.org"]
    networks.clear()
    clock.now += 2 * HOUR
    assert look(history, world, clock).answers == 4
    assert len(walked) == 2


def test_what_names_no_addresses_is_told(history, clock):
    lists = Lists((blocklist("one"),), clock, clean)
    world = around(lists, walk=lambda *_: ())
    made(history, ["spf:example.org", "192.0.2.7"], world)
    looked = look(history, world, clock)
    assert looked.warnings == ("spf:example.org is not looked at: it names no addresses, or DNS could not tell",)
    assert looked.answers == 1


def test_pools_are_the_inventorys_and_the_providers(history, clock):
    lists = Lists((blocklist("one"),), clock, clean)
    known = {"own": (ip_network("192.0.2.0/29"),), "providers": providers.load()}
    world = around(lists, **known)
    made(history, ["pool:own", "pool:microsoft365", "pool:microsoft365/relay"], world)
    assert look(history, world, clock).answers == 8 + 4 + 4
    assert any(subject.startswith("40.95.") for _, subject in lists.subjects)
    for wrong in ("pool:nobody", "pool:microsoft365/none", "pool:microsoft365/high-risk"):
        with pytest.raises(WatchError, match="pool:"):
            made(history, [wrong], world)
    with pytest.raises(WatchError, match=r"cause\.inventory"):
        around(lists).known.pool("pool:own")


@pytest.mark.parametrize("count", [1, 30, 90])
def test_terms_hold_and_everybody_has_a_turn(history, clock, count):
    lists = Lists((blocklist("tight", per_day=100), blocklist("free")), clock, clean)
    world = around(lists)
    made(history, [f"10.0.{number // 256}.{number % 256}" for number in range(count)], world, every=8 * HOUR)
    passes(history, world, clock, START + timedelta(days=8))
    assert lists.most_in_a_day("tight") <= 100
    seen = {subject for name, subject in lists.subjects if name == "tight" and subject.startswith("10.")}
    assert len(seen) == count


def test_what_a_list_does_not_allow_in_one_round_is_asked_in_parts(history, clock):
    lists = Lists((blocklist("tight", per_day=100),), clock, clean)
    made(history, ["10.0.0.0/25"], around(lists), every=24 * HOUR)
    passes(history, around(lists), clock, START + timedelta(days=9))
    assert lists.most_in_a_day("tight") <= 100
    assert len({subject for _, subject in lists.subjects if subject.startswith("10.")}) == 128


def test_a_list_that_allows_less_than_one_look_is_never_asked(history, clock):
    lists = Lists((blocklist("tight", per_day=2), blocklist("free")), clock, clean)
    made(history, ["192.0.2.7"], around(lists))
    passes(history, around(lists), clock, START + 5 * HOUR)
    assert "tight" not in lists.asked
    assert lists.asked["free"]


def test_a_removed_watch_asks_nothing(history, clock):
    lists = Lists((blocklist("one"),), clock, lambda *_: "127.0.0.2")
    made(history, ["192.0.2.7"], around(lists))
    look(history, around(lists), clock)
    history.remove(history.watches()[0])
    clock.now += HOUR
    assert look(history, around(lists), clock).answers == 0
    assert history.next_due() is None


def test_who_is_told_to_end_ends_between_calls_and_loses_nothing(history, clock):
    lists = Lists((blocklist("one"),), clock, clean)
    made(history, ["10.0.0.0/24", "10.1.0.0/24"], around(lists))
    answers = iter([False, True, True])
    first = look(history, around(lists), clock, lambda: next(answers))
    assert first.answers == 200
    assert look(history, around(lists), clock).answers == 512


@pytest.mark.parametrize(
    ("lists", "every", "said"),
    [
        (["nonsense"], HOUR, "no list called 'nonsense'"),
        (["gone"], HOUR, "gone cannot be asked (closed)"),
        (["one"] * 101, HOUR, "at most"),
        ([], timedelta(minutes=9), "--every"),
        ([], timedelta(days=31), "--every"),
    ],
)
def test_a_watch_that_makes_no_sense_is_refused(clock, lists, every, said):
    world = around(Lists((blocklist("one"), blocklist("gone", status="closed")), clock, clean))
    with pytest.raises(WatchError) as raised:
        adding.made("192.0.2.7", "", every, lists, world, START)
    assert said in str(raised.value)


def test_stretching_is_told(history, clock):
    lists = Lists((blocklist("tight", per_day=100), blocklist("free")), clock, clean)
    made(history, ["10.0.0.0/25"], around(lists))
    (said,) = look(history, around(lists), clock).warnings
    assert said.startswith("tight is asked more seldom: its terms allow 100 questions a day, and ")


def test_a_list_with_a_key_is_asked_whatever_the_case_of_its_name(history, clock):
    keyed = blocklist("Keyed", needs_key=True, keyed="{key}.Keyed.test", registration="a key")
    lists = Lists((keyed,), clock, clean)
    world = Around(lists.catalogue, lists, Known(lists), keys={"keyed": "abc123"})
    made(history, ["192.0.2.7"], world)
    assert look(history, world, clock).answers == 1
    assert lists.asked["Keyed"]


def test_what_cannot_be_looked_at_is_tried_again_only_after_a_while(history, clock):
    walked = []

    def walk(name, resolver):
        walked.append(name)
        return [ip_network("192.0.2.0/30")] if len(walked) > 2 else []

    lists = Lists((blocklist("one"),), clock, clean)
    world = around(lists, walk=walk)
    made(history, ["spf:example.org"], world)
    for minute, walks, answers in ((0, 1, 0), (1, 1, 0), (9, 1, 0), (10, 2, 0), (20, 3, 4), (31, 3, 0), (60, 3, 0)):
        clock.now = START + timedelta(minutes=minute)
        assert (look(history, world, clock).answers, len(walked)) == (answers, walks), minute
    assert {name for _, name in history.turns()} == {"one"}


def test_a_list_that_has_closed_is_asked_no_more_and_keeps_nobody_awake(history, clock):
    lists = Lists((blocklist("one"), blocklist("two")), clock, lambda *_: "127.0.0.2")
    made(history, ["192.0.2.7"], around(lists))
    look(history, around(lists), clock)
    later = Lists((blocklist("one"), blocklist("two", status="closed")), clock, lambda *_: "127.0.0.2")
    clock.now += timedelta(hours=2)
    assert look(history, around(later), clock).answers == 1
    assert history.is_idle(clock.now)
    assert set(later.asked) == {"one"}
    assert {name for _, name in history.turns()} == {"one"}


def test_a_doubt_that_a_list_has_no_room_for_waits(history, clock):
    lists = Lists((blocklist("tight", per_day=9),), clock, lambda *_: "127.0.0.2")
    made(history, ["192.0.2.7"], around(lists), every=24 * HOUR)
    look(history, around(lists), clock)
    history.claim("tight", clock.now, 4, 9)
    clock.now += timedelta(minutes=10)
    assert look(history, around(lists), clock).answers == 0
    assert history.is_idle(clock.now)
    clock.now += timedelta(hours=26)
    assert [notice.title for notice in look(history, around(lists), clock).changes] == ["192.0.2.7 is listed by tight"]
