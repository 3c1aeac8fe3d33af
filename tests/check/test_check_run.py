"""Runs: each list tested once, the broken left alone, limits kept, and a resolver that rewrites never believed."""

import json
import random
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest

from reputon import check, lists
from reputon.check.memory import NAME
from reputon.lists import BlockList, Catalogue, Code
from reputon.lists.blocklist import Pattern
from reputon.resolver import Answer, Nobody, Question, Status

NOW = datetime(2026, 11, 24, 9, 30, tzinfo=UTC)
CODES = ((Pattern.parse("127.0.0.2"), Code("bad")),)


def catalogue(*names: str, **more: float) -> Catalogue:
    return Catalogue(tuple(BlockList(name, f"{name}.test", ("ip4",), CODES, impact="high", **more) for name in names))  # type: ignore[arg-type]


class Lists:
    """Lists on a network: those of `broken` answer everything alike, the others keep their test entries."""

    def __init__(self, broken: dict[str, Status | str] | None = None, listed: Iterable[str] = ()) -> None:
        self.broken, self.listed = broken or {}, set(listed)
        self.asked: list[Question] = []

    def ask(self, questions: Iterable[Question]) -> list[Answer]:
        found = list(questions)
        self.asked += found
        return [self.answer(question) for question in found]

    def answer(self, question: Question) -> Answer:
        labels, _, zone = question.name.removesuffix(".test").rpartition(".")
        said = self.broken.get(zone)
        if isinstance(said, Status):
            return Answer(question, said)
        if said is not None or labels in {"2.0.0.127", *self.listed}:
            return Answer(question, Status.ANSWER, (said or "127.0.0.2",))
        return Answer(question, Status.NXDOMAIN)

    def count(self, zone: str) -> int:
        return sum(question.name.endswith(f".{zone}.test") for question in self.asked)


def addresses(count: int) -> list[str]:
    return [f"198.51.{number // 256}.{number % 256}" for number in range(count)]


def test_lists_are_tested_once_a_run_and_the_broken_are_not_asked_of_each_subject():
    world = Lists({"dead": Status.TIMEOUT, "wild": "127.0.0.2", "gone": "203.0.113.5"})
    run = check.Run(catalogue("good", "dead", "wild", "gone"), world)
    for part in range(3):
        found = run.ask(addresses(50), NOW + timedelta(minutes=part))
        assert {str(each.overall) for each in found} == {"unknown"}
    assert {zone: world.count(zone) for zone in ("good", "dead", "wild", "gone")} == {
        "good": 152, "dead": 2, "wild": 2, "gone": 2,
    }  # fmt: skip


def test_a_healthy_list_is_tested_again_after_an_hour():
    world = Lists()
    run = check.Run(catalogue("good"), world)
    for minutes in (0, 59, 61):
        run.ask(["198.51.100.1"], NOW + timedelta(minutes=minutes))
    assert sum(question.name == "2.0.0.127.good.test" for question in world.asked) == 2


def test_the_back_off_doubles_up_to_a_day_and_ends_when_the_list_is_well(tmp_path):
    world = Lists({"dead": Status.SERVFAIL})
    tests, now = [], NOW
    for _ in range(14):
        check.Run(catalogue("good", "dead"), world, memory=check.Memory(tmp_path)).ask(["198.51.100.1"], now)
        health = check.Memory(tmp_path).health("2.0.0.127.dead.test")
        assert health is not None
        tests.append((health.next_test - now) // timedelta(minutes=1))
        now = health.next_test
    assert tests == [10, 20, 40, 80, 160, 320, 640, 1280] + [1440] * 6
    world.broken.clear()
    (found,) = check.Run(catalogue("good", "dead"), world, memory=check.Memory(tmp_path)).ask(["198.51.100.1"], now)
    assert found.overall == "clean"


def test_a_network_that_is_down_puts_no_list_into_quarantine(tmp_path):
    down = Lists(dict.fromkeys(("good", "other"), Status.TIMEOUT))
    down.answer = lambda question: Answer(question, Status.TIMEOUT)  # type: ignore[method-assign]
    (found,) = check.Run(catalogue("good", "other"), down, memory=check.Memory(tmp_path)).ask(["198.51.100.1"], NOW)
    assert found.overall == "unknown"
    (found,) = check.Run(catalogue("good", "other"), Lists(), memory=check.Memory(tmp_path)).ask(["198.51.100.1"], NOW)
    assert found.overall == "clean"
    check.Run(catalogue("good"), Nobody(), memory=check.Memory(tmp_path / "new")).ask(["198.51.100.1"], NOW)
    assert check.Memory(tmp_path / "new").health("2.0.0.127.good.test") is None


def test_what_one_resolver_is_refused_another_is_not(tmp_path):
    refused = Lists({"picky": "127.255.255.254"})
    names = catalogue("good", "picky")
    check.Run(names, refused, memory=check.Memory(tmp_path, "public")).ask(["198.51.100.1"], NOW)
    (found,) = check.Run(names, Lists(), memory=check.Memory(tmp_path, "own")).ask(["198.51.100.1"], NOW)
    assert found.overall == "clean"


def test_a_list_that_began_to_list_everybody_within_its_hour_is_found_out(tmp_path):
    world = Lists()
    check.Run(catalogue("good", "turns"), world, memory=check.Memory(tmp_path)).ask(["198.51.100.1"], NOW)
    world.broken["turns"] = "127.0.0.2"
    for minutes in (5, 6):
        run = check.Run(catalogue("good", "turns"), world, memory=check.Memory(tmp_path))
        (found,) = run.ask(["198.51.100.1"], NOW + timedelta(minutes=minutes))
        assert [str(each.state) for each in found.results] == ["clean", "unknown"]
        assert "lists everybody" in (found.results[1].why or "")


@pytest.mark.parametrize("content", ["", "{", "[]", '{"health": {"x": {}}, "spent": {}}', "\x00" * 9, "[" * 100_000,
                                     '{"health": {"x": {"silence": null, "word": null, "failures": 3, '
                                     '"tested_at": "2026-11-24T09:30:00Z"}}, "spent": {}}'])  # fmt: skip
def test_a_broken_memory_is_a_warning_and_written_anew(tmp_path, content):
    (tmp_path / NAME).write_text(content)
    memory = check.Memory(tmp_path)
    assert NAME in (memory.warning or "")
    (found,) = check.Run(catalogue("good"), Lists(), memory=memory).ask(["198.51.100.1"], NOW)
    assert found.overall == "clean"
    again = check.Memory(tmp_path)
    assert again.warning is None
    assert again.health("2.0.0.127.good.test") is not None


def test_a_key_is_not_kept(tmp_path):
    entry = BlockList("keyed", "keyed.test", ("ip4",), CODES, keyed="{key}.keyed.test", needs_key=True)
    memory = check.Memory(tmp_path)
    check.Run(Catalogue((entry,)), Lists(), keys={"keyed": "topsecretkey"}, memory=memory).ask(["198.51.100.1"], NOW)
    assert "topsecretkey" not in (tmp_path / NAME).read_text()
    assert json.loads((tmp_path / NAME).read_text())["health"]


# --- limits ---


def test_a_day_is_shared_by_runs_and_what_exceeds_it_is_unknown(tmp_path):
    world, names = Lists(), catalogue("good", per_day=30)
    states: list[str] = []
    for _ in range(3):
        run = check.Run(names, world, memory=check.Memory(tmp_path))
        states += [str(each.overall) for each in run.ask(addresses(20), NOW)]
    assert states == ["clean"] * 28 + ["unknown"] * 32  # two questions went to its test entries
    assert world.count("good") == 30
    (found,) = check.Run(names, world, memory=check.Memory(tmp_path)).ask(["198.51.100.1"], NOW)
    assert "limit of 30 a day reached" in (found.results[0].why or "")
    (found,) = check.Run(names, world, memory=check.Memory(tmp_path)).ask(["198.51.100.1"], NOW + timedelta(days=1))
    assert found.overall == "clean"


class Paced(Lists):
    """Lists behind a resolver that can wait; the time goes on while it does."""

    def __init__(self) -> None:
        super().__init__(listed=["1.100.51.198"])
        self.now = 1000.0
        self.times: dict[str, list[float]] = {}

    def ask_at(self, questions: Sequence[Question], at: Sequence[float] | None) -> list[Answer]:
        assert at is not None
        for question, moment in zip(questions, at, strict=True):
            self.times.setdefault(question.name.split(".")[-2], []).append(moment)
        self.now = max(self.now, *at) + 0.05
        return self.ask(questions)


def test_each_list_is_asked_at_its_own_pace_over_all_chunks():
    world = Paced()
    known = Catalogue((*catalogue("slow", per_second=5).lists, *catalogue("quick").lists))
    run = check.Run(known, world, clock=lambda: world.now)
    for part in range(4):
        run.ask([f"198.51.{part}.{number}" for number in range(100)], NOW)
    slow = sorted(world.times["slow"])
    assert len(slow) == 402
    assert all(later - earlier >= 0.2 - 1e-6 for earlier, later in pairwise(slow))
    assert world.now - 1000 <= 1.05 * 402 / 5


def test_a_made_world_never_waits():
    world = Lists()
    check.Run(catalogue("slow", per_second=0.001), world, clock=lambda: pytest.fail("asked for the time")).ask(
        addresses(20), NOW
    )
    assert world.count("slow") == 22


# --- a resolver that rewrites ---


class Rewriting:
    """A resolver that answers for every name that does not exist, as `how` says; all lists behind it are alive."""

    def __init__(self, how: str, seed: int = 1) -> None:
        self.how, self._random = how, random.Random(seed)
        self.asked = 0

    def ask(self, questions: Iterable[Question]) -> list[Answer]:
        return [self.answer(question) for question in questions]

    def answer(self, question: Question) -> Answer:
        self.asked += 1
        if question.name.startswith(("2.0.0.127.", "test.", "dbltest")):
            return Answer(question, Status.ANSWER, ("127.0.0.2",))
        if self.how == "spares .invalid" and question.name.endswith("invalid"):
            return Answer(question, Status.NXDOMAIN)
        if self.how == "a search page":
            return Answer(question, Status.ANSWER, ("203.0.113.5",))
        if self.how == "now and then" and self._random.random() < 0.5:
            return Answer(question, Status.NXDOMAIN)
        last = self._random.randrange(2, 12) if self.how == "any code" else 2
        if self.how == "spares test entries" and question.name.startswith("1.0.0.127."):
            return Answer(question, Status.NXDOMAIN)
        return Answer(question, Status.ANSWER, (f"127.0.0.{last}",))


HOWS = ("a search page", "a code", "any code", "spares .invalid", "spares test entries", "now and then")


def wrongly_listed(how: str, queries: int) -> tuple[int, int]:
    """Ask the lists that ship until so many queries were made: how many, and how many results said "listed"."""
    world, wrong, number = Rewriting(how), 0, 0
    while world.asked < queries:
        subjects = [f"198.{18 + number // 65536 % 2}.{number // 256 % 256}.{number % 256}", f"s{number}.example.org"]
        for each in check.Run(lists.load(), world).ask(subjects, NOW):
            wrong += sum(str(result.state) in ("listed", "listed-by-policy") for result in each.results)
        number += 1
    return world.asked, wrong


@pytest.mark.parametrize("how", HOWS)
def test_through_a_resolver_that_rewrites_nothing_is_listed(how):
    asked, wrong = wrongly_listed(how, 2000)
    assert asked >= 2000
    assert wrong == 0
    if how == "now and then":
        return  # what it left alone may be read as it is
    (found,) = check.Run(lists.load(), Rewriting(how)).ask(["198.51.100.1"], NOW)
    assert found.overall == "unknown"
    assert "rewrites answers" in (found.results[0].why or "")


@pytest.mark.heavy
@pytest.mark.parametrize("how", HOWS)
def test_through_a_resolver_that_rewrites_nothing_is_listed_in_a_hundred_thousand(how):
    assert wrongly_listed(how, 100_000)[1] == 0


def test_a_resolver_that_rewrites_says_nothing_of_any_list(tmp_path):
    check.Run(lists.load(), Rewriting("a code"), memory=check.Memory(tmp_path)).ask(["198.51.100.1"], NOW)
    kept = json.loads((tmp_path / NAME).read_text())
    assert not kept["health"]
    assert kept["spent"]  # what was asked counts, whoever answered


class Second(Lists):
    """A resolver whose second server rewrites: it was asked about one subject, while the first was silent."""

    def others(self) -> list[Rewriting]:
        return [Rewriting("a code")]


def test_a_second_server_that_rewrites_is_found_out_before_a_listing_is_believed():
    run = check.Run(catalogue("good"), Second(listed=["1.100.51.198"]))
    clean, listed = run.ask(["198.51.100.2", "198.51.100.1"], NOW)
    assert (clean.overall, listed.overall) == ("clean", "unknown")
    assert "rewrites answers" in (listed.results[0].why or "")


def test_a_state_folder_that_cannot_be_written_is_a_warning(tmp_path):
    (tmp_path / "file").write_text("")
    memory = check.Memory(tmp_path / "file" / "state")
    assert "nothing is kept" in (memory.warning or "")
    (found,) = check.Run(catalogue("good", per_day=9), Lists(), memory=memory).ask(["198.51.100.1"], NOW)
    assert found.overall == "clean"
