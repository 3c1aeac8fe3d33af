"""Runs one after the other over one state: what is told, what is taken back, and what was broken meanwhile."""

import shutil
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from tests.evidence_made import asked, keep, resources

from reputon.evidence.store import Store
from reputon.listing.ledger import Ledger
from reputon.listing.policy import Settings
from reputon.listing.rescore import propose, rescore
from reputon.score import engines

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
BAD = "9.9.9.9"
OWN = [("log", True, None), ("filter", True, None), ("partner", True, None)]


class State:
    """A store, a ledger and what runs leave, under one folder."""

    def __init__(self, folder: Path, store: Store, engine: engines.Engine) -> None:
        self.folder, self.store, self.engine = folder, store, engine

    def take(self, *evidence, now=NOW):
        keep(self.store, evidence, now)

    def run(self, now=NOW, sources=OWN, accept=False, act=rescore, **settings):
        given = asked(self.store, now, sources)
        with Ledger(self.folder) as ledger:
            return act(self.engine, given, self.folder / "scores", ledger, Settings(**settings), accept=accept)

    def published(self):
        with Ledger(self.folder) as ledger:
            return {each.subject.text: each.value for each in ledger.scores()}

    def listed(self, now=NOW):
        with Ledger(self.folder) as ledger:
            return {each.subject.text for each in ledger.listings(now)}


@contextmanager
def opened(folder):
    with Store(folder) as store, engines.opened("duckdb", resources(folder)) as engine:
        yield State(folder, store, engine)


@pytest.fixture
def state(tmp_path):
    with opened(tmp_path) as made:
        yield made


def sent(address, count, source="log", ago=2.0):
    return (ago, source, address, f"unauth@{address}", "sent", count)


def bad(address=BAD, source="filter", ago=1.0, count=60):
    return [sent(address, 100)] + [(ago, source, address, f"unauth@{address}", "filtered", count // 2)] * 2


def listed(address=BAD):
    return [
        *bad(address, "filter"),
        *((1.0, "partner", address, f"unauth@{address}", "trap-pristine", 2) for _ in range(2)),
    ]


def test_two_runs_of_one_time_are_two(state):
    state.take(sent("8.8.8.8", 100), sent("8.8.4.4", 100))
    for _ in range(3):
        assert state.run().results.paths("address")
        assert set(state.published()) == {"8.8.8.8", "8.8.4.4"}


def test_a_ledger_that_is_new_is_told_everything(state):
    state.take(sent("8.8.8.8", 100), sent("8.8.4.4", 100, ago=30.0))
    state.run()
    for path in state.folder.glob("listings.sqlite*"):
        path.unlink()
    assert state.published() == {}
    state.run(NOW + timedelta(minutes=1))
    assert set(state.published()) == {"8.8.8.8", "8.8.4.4"}


@pytest.mark.parametrize("what", ["scores-*", "base-*", "day", "hour", "scores.json", "tallies.json"])
@pytest.mark.parametrize("how", ["cut", "gone"])
def test_what_runs_left_may_be_broken(state, what, how):
    state.take(sent("8.8.8.8", 100), sent("8.8.4.4", 100, ago=30.0))
    state.run()
    before = state.published()
    for path in (state.folder / "scores").glob(what):
        for file in [path] if path.is_file() else path.rglob("*.parquet"):
            file.write_bytes(file.read_bytes()[:100])
        if how == "gone":
            shutil.rmtree(path) if path.is_dir() else path.unlink()
    state.take(sent("8.8.8.9", 100, ago=0.0), now=NOW)
    state.run(NOW + timedelta(minutes=1))
    assert state.published() == before | {"8.8.8.9": 100.0}


@pytest.mark.parametrize("text", ["{}", "[1]", "null", '{"hours": 3}', '{"folder": "../.."}'])
def test_a_strange_word_of_the_last_run_is_none(state, text):
    state.take(sent("8.8.8.8", 100))
    state.run()
    (state.folder / "scores" / "scores.json").write_text(text)
    state.run(NOW + timedelta(minutes=1))
    assert set(state.published()) == {"8.8.8.8"}


def test_a_listing_ends_with_the_evidence_that_it_stood_on(state):
    state.take(*listed())
    state.run()
    assert state.listed() == {BAD}
    state.store.purge("partner")
    later = NOW + timedelta(minutes=1)
    looked = state.run(later, act=propose)  # a dry run shows it, and leaves it to be done
    assert [each.what for each in looked.changes] == ["removed"]
    done = state.run(later)
    assert [(each.what, each.listing.subject.text) for each in done.changes] == [("removed", BAD)]
    assert state.listed(later) == set()


def test_a_run_that_stopped_stops_again(state):
    good = [f"8.8.8.{number}" for number in range(1, 31)]
    state.take(*(sent(address, 100, ago=30.0) for address in good))
    state.run(most_share=0.1)
    for address in good[:10]:
        state.take(*listed(address))
    for minutes in (1, 2, 3):
        done = state.run(NOW + timedelta(minutes=minutes), most_share=0.1)
        assert done.halt is not None
        assert state.listed() == set()
        assert state.published()[good[0]] == 100.0
    assert len(state.run(NOW + timedelta(minutes=4), accept=True, most_share=0.1).listings) == 10


def test_a_past_time_is_shown_and_not_published(state):
    state.take(sent("8.8.8.8", 100, ago=30.0), *listed())
    state.run()
    before = state.published()
    done = state.run(NOW - timedelta(hours=20))
    assert done.is_past
    assert done.results.paths("address")
    assert (state.published(), state.listed()) == (before, {BAD})
    state.run(NOW + timedelta(minutes=1))
    assert state.published() == before


def test_a_cap_holds_in_the_last_24_hours_too(state):
    """One who may claim ten messages cannot make a spammer look good by claiming a billion."""
    sources = [("log", True, None), ("filter", True, None), ("partner", True, None), ("liar", False, 10)]
    state.take(*listed(), *(sent(BAD, 10**9, source="liar") for _ in range(3)))
    state.run(sources=sources)
    assert state.listed() == {BAD}
