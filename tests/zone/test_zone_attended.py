"""Zones that go stale are told of, and who writes them is started again; a full disk or a dead ledger stops nothing."""

import logging
import os
import signal
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from tests.zone.seen_made import content, table, until

from reputon.serve import publishing
from reputon.zone import stored
from reputon.zone.kernel import layout
from reputon.zone.own import Settings
from reputon.zone.publish import Publisher
from reputon.zone.server.keeper import Keeper
from reputon.zone.staleness import Staleness
from reputon.zone.statistics.attendant import Attendant
from reputon.zone.statistics.seen import Seen

NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
HOUR = 3600


class Ledger:
    number, trouble = 1, ""

    def revision(self):
        if self.trouble:
            raise OSError(self.trouble)
        return self.number

    def listings(self, _):
        return ()

    def scores(self):
        return ()


def test_late_and_stale_zones_are_told_once_each():
    watch = Staleness()
    one = table(content("a.test", stale=1000 + 6 * HOUR), content("b.test"), made=1000)
    assert watch.news(one, 1000 + 2 * HOUR) == []
    (late,) = watch.news(one, 1000 + 3 * HOUR)
    assert late.startswith("a.test was not renewed in time and goes stale in 180 min")
    assert watch.news(one, 1000 + 4 * HOUR) == []
    (over,) = watch.news(one, 1000 + 6 * HOUR)
    assert over.startswith("a.test is stale and lists nobody")
    assert watch.news(one, 1000 + 7 * HOUR) == []
    again = table(content("a.test", stale=1000 + 13 * HOUR), made=1000 + 7 * HOUR)
    assert watch.news(again, 1000 + 7 * HOUR) == []
    assert len(watch.news(again, 1000 + 10 * HOUR)) == 1


def test_our_own_zones_are_renewed_at_a_third_of_their_time():
    now = [NOW]
    publisher = Publisher(Ledger(), Settings("rep.test", "https://x/", stale=6 * HOUR), lambda: now[0])
    stale = publisher.table.arrays.zones[:, layout.STALE].tolist()
    assert set(stale) == {int(NOW.timestamp()) + 6 * HOUR}
    now[0] = NOW + timedelta(hours=1.9)
    assert not publisher.reload()
    now[0] = NOW + timedelta(hours=2)
    assert publisher.reload()
    assert publisher.table.arrays.zones[0, layout.STALE] == int(NOW.timestamp()) + 8 * HOUR
    assert publisher.table.zones[0].serial == int(NOW.timestamp()) + 2 * HOUR


def test_a_dead_ledger_is_told_once_and_so_is_its_return(caplog):
    caplog.set_level(logging.INFO)
    ledger = Ledger()
    publisher = Publisher(ledger, Settings("rep.test", "https://x/"), lambda: NOW)
    before = publisher.table
    ledger.trouble = "database is locked"
    for _ in range(5):
        assert not publisher.try_reload()
    assert publisher.table is before
    assert caplog.text.count("database is locked") == 1
    ledger.trouble, ledger.number = "", 2
    assert publisher.try_reload()
    assert caplog.text.count("can be read again") == 1


def test_a_table_that_cannot_be_written_is_tried_again(tmp_path, monkeypatch, caplog):
    monkeypatch.setattr(publishing, "_PATIENCE", 0.0)
    first, second = table(), table(content(serial=8))
    assert publishing._try_write(first, tmp_path / "gone" / "table", second) is second
    assert "cannot be written" in caplog.text
    assert publishing._try_write(first, tmp_path / "table", None) is not None
    assert stored.read(tmp_path / "table").zones == first.zones


def test_the_attendant_tells_what_was_done_and_what_is_late(caplog):
    caplog.set_level(logging.INFO)
    made, counters, now = table(content(stale=1100), made=1000), {"bl.test": {"listed": 0}}, [1000.0]
    attendant = Attendant(lambda: Seen(made, counters), lambda: made, 1, clock=lambda: now[0])
    attendant.attend()
    assert caplog.text == ""
    counters, now[0] = {"bl.test": {"listed": 120}}, 1060.0
    attendant.attend()
    assert "2.0 answers/s in 1 min" in caplog.text
    assert "bl.test was not renewed" in caplog.text
    attendant.start()
    attendant.stop()


def note_and_wait(path):
    with Path(path).open("a") as file:
        file.write(f"{os.getpid()}\n")
    time.sleep(60)


def test_a_process_that_is_killed_is_started_again(tmp_path, caplog):
    path = tmp_path / "pids"
    keeper = Keeper("the writer", note_and_wait, (path,), first=0.05)
    try:
        keeper.keep()
        for turn in range(1, 3):
            until(lambda turn=turn: path.exists() and len(path.read_text().splitlines()) == turn)
            os.kill(int(path.read_text().splitlines()[-1]), signal.SIGKILL)
        until(lambda: len(path.read_text().splitlines()) == 3)
        assert "the writer has ended (exit code -9): starting it again" in caplog.text
    finally:
        keeper.stop()
    assert not keeper.is_alive()
    with pytest.raises(ProcessLookupError):
        os.kill(int(path.read_text().splitlines()[-1]), 0)
