"""Outbox and history: what survives an end at any step, what waits, what is given up, who may run."""

import subprocess
import sys
from datetime import timedelta
from itertools import pairwise

import pytest
from tests.watch.made import START, Killed, Note

from reputon.check import Result, State
from reputon.watch import delivery, outbox, runner
from reputon.watch.channels import Channel
from reputon.watch.history import History, HistoryError
from reputon.watch.outbox import Status
from reputon.watch.recording import ListFacts
from reputon.watch.subjects import Watch, WatchError
from reputon.watch.transitions import Rules

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
CHANNELS = {"a": Channel("a", "note"), "b": Channel("b", "note")}
WATCH = Watch("192.0.2.7", "address", "mx1", HOUR, START, id=1)


def result(state=State.LISTED, subject_list="L"):
    codes = ("127.0.0.2",) if state is State.LISTED else ()
    return Result(subject_list, "l.test", state, codes, "spam", None, None, START)


def record(history, state, at, channels=("a", "b"), names=("L",)):
    answers = [("192.0.2.7", WATCH, result(state, name)) for name in names]
    facts = {name: ListFacts() for name in names}
    return history.record(answers, Rules(), facts, channels, at)


@pytest.fixture
def history(tmp_path):
    with History(tmp_path) as history:
        history.add([WATCH])
        record(history, State.LISTED, START)
        yield history


@pytest.fixture
def changed(history):
    (notice,) = record(history, State.LISTED, START + 10 * MINUTE)
    assert (notice.title, notice.id) == ("192.0.2.7 is listed by L", 1)
    return history


def deliver(history, note, now=START + HOUR):
    return delivery.deliver(history, CHANNELS, now, ways={"note": note.send})


def test_each_channel_is_told_once(changed):
    note = Note()
    assert [(each.alert.channel, each.status) for each in deliver(changed, note)] == [("a", "sent"), ("b", "sent")]
    assert deliver(changed, note) == []
    assert note.arrived == [("192.0.2.7", "L", "listed")] * 2


@pytest.mark.parametrize("death", ["killed before", "killed after"])
def test_who_ends_while_sending_sends_it_no_more_and_says_so(changed, death, tmp_path):
    note = Note(lambda number: death if number == 1 else "sent")
    with pytest.raises(Killed):
        deliver(changed, note)
    said: list[object] = []
    with History(tmp_path) as again:
        runner.recover(again, said.append)
        deliver(again, note)
        runner.recover(again, said.append)
        assert [each.channel for each in outbox.alerts(again, Status.UNCLEAR)] == ["a"]
        assert outbox.counts(again)[Status.SENT] == 1
    assert note.tries == 2
    assert said == ["perhaps sent before the last end, and not sent again: 192.0.2.7 is listed by L (a)"]


def test_two_runners_never_send_the_same(changed):
    first, second = outbox.waiting(changed, START + HOUR, CHANNELS), outbox.waiting(changed, START + HOUR, CHANNELS)
    assert [outbox.claim(changed, each) for each in (*first, *second)] == [True, True, False, False]


def test_what_was_refused_waits_longer_each_time_and_is_given_up_after_a_day(changed):
    note, now, times = Note(lambda number: "refused"), START + 10 * MINUTE, []
    while (due := outbox.next_try(changed, CHANNELS)) is not None:
        now = max(now, due)
        times.append(now)
        deliver(changed, note, now)
    assert {each.status for each in outbox.alerts(changed, *Status)} == {Status.FAILED}
    waits = [later - earlier for earlier, later in pairwise(times)]
    assert max(waits) == HOUR
    assert timedelta(hours=23) < times[-1] - times[0] <= timedelta(hours=24)
    assert note.tries < 70


def test_a_channel_that_refuses_is_left_alone_for_the_pass(history):
    record(history, State.LISTED, START, names=("M", "N"))
    record(history, State.LISTED, START + 10 * MINUTE, names=("L", "M", "N"))
    note = Note(lambda number: "refused")
    deliver(history, note)
    assert note.tries == len(CHANNELS)


def test_alerts_for_a_channel_that_is_gone_wait(changed):
    assert outbox.waiting(changed, START + HOUR, {}) == []
    assert outbox.next_try(changed, {}) is None
    assert outbox.counts(changed)[Status.WAITING] == 2


def test_a_change_and_its_alerts_are_written_together_or_not_at_all(history, monkeypatch):
    before = history.pairs()
    with monkeypatch.context() as patch:
        patch.setattr("reputon.watch.recording._write", lambda *_: (_ for _ in ()).throw(Killed))
        with pytest.raises(Killed):
            record(history, State.LISTED, START + 10 * MINUTE)
    assert history.pairs() == before
    assert history.transitions(10) == []
    record(history, State.LISTED, START + 20 * MINUTE)
    assert len(history.transitions(10)) == 1
    assert outbox.counts(history)[Status.WAITING] == 2


def test_equal_answers_are_one_row(history):
    for minute in (1, 2, 3):
        record(history, State.LISTED, START + minute * MINUTE)
    record(history, State.CLEAN, START + 4 * MINUTE)
    spans = history.spans("192.0.2.7", START)
    assert [(span.state, span.times, span.last) for span in spans] == [
        ("listed", 4, START + 3 * MINUTE), ("clean", 1, START + 4 * MINUTE),
    ]  # fmt: skip


def test_what_is_old_is_forgotten(changed):
    changed.forget(START + HOUR)
    assert changed.transitions(10) == changed.spans("192.0.2.7", START) == changed.pairs() == []
    assert sum(outbox.counts(changed).values()) == 0
    assert changed.watches() == [WATCH]


def test_a_claim_fits_into_the_day_or_is_refused(history):
    assert history.claim("L", START, 60, 100)
    assert not history.claim("L", START + HOUR, 41, 100)
    assert history.claim("L", START + HOUR, 40, 100)
    assert not history.claim("L", START + 24 * HOUR, 1, 100)
    assert history.claim("L", START + 26 * HOUR, 60, 100)
    assert history.spent("L", START + 26 * HOUR) == 60


def test_the_same_is_not_watched_twice_and_nothing_of_the_others_is_kept(history):
    other = Watch("example.org", "domain", "", HOUR, START)
    with pytest.raises(WatchError, match="is watched already"):
        history.add([other, WATCH])
    assert history.watches() == [WATCH]


def test_only_one_may_run(tmp_path):
    script = "import sys, pathlib\nfrom reputon.watch import runner\nwith runner.alone(pathlib.Path(sys.argv[1])): pass"
    with runner.alone(tmp_path):
        other = subprocess.run([sys.executable, "-c", script, tmp_path], capture_output=True, text=True, timeout=60)
        assert "a watch is running already" in other.stderr
    subprocess.run([sys.executable, "-c", script, tmp_path], check=True, timeout=60)


def test_a_history_that_is_none_is_one_sentence(tmp_path):
    (tmp_path / "watch.sqlite").write_text("no database, however long this text may be " * 50)
    with pytest.raises(HistoryError, match=r"watch\.sqlite cannot be written"):
        History(tmp_path)
