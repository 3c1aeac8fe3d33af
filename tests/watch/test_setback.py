"""A clock that ran ahead: once it is right again the watch looks, confirms and keeps the terms."""

from datetime import timedelta

import pytest
from tests.watch.made import START, Clock, Lists, blocklist
from tests.watch.test_looking import around, made

from reputon.watch import runner, setback
from reputon.watch.history import History
from reputon.watch.notice import Notice

YEARS = timedelta(days=73 * 365)


@pytest.fixture
def history(tmp_path):
    with History(tmp_path) as history:
        yield history


def test_a_watch_that_looked_in_2099_goes_on_today(history):
    clock = Clock(START + YEARS)
    lists = Lists((blocklist("a", per_day=1000),), clock, lambda *_: "127.0.0.2")
    world = around(lists)
    said: list[str | Notice] = []
    made(history, ["192.0.2.7"], world)
    runner.once(history, world, {}, said.append, clock)
    asked = len(lists.asked["a"])
    clock.now = START
    runner.once(history, world, {}, said.append, clock)
    assert len(lists.asked["a"]) > asked
    assert "the clock was set back" in str(said[0])
    assert history.spent("a", START) > history.spent("a", START + YEARS) == 0
    clock.now = START + timedelta(minutes=11)
    runner.once(history, world, {}, said.append, clock)
    (change,) = [notice for notice, _ in history.transitions(10)]
    assert (str(change.kind), change.since) == ("listed", START)


def test_a_clock_that_is_right_changes_nothing(history):
    clock = Clock()
    world = around(Lists((blocklist("a"),), clock, lambda *_: None))
    made(history, ["192.0.2.7"], world)
    runner.once(history, world, {}, lambda said: pytest.fail(str(said)), clock)
    turns = history.turns()
    assert setback.undo(history, clock.now - timedelta(minutes=5)) == ""
    assert history.turns() == turns
