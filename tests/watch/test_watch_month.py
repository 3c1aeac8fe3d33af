"""A month of watching in seconds: one alert for each true change, the lists' terms kept, whatever flaps or fails."""

import random
from collections import defaultdict
from datetime import timedelta
from typing import ClassVar

import pytest
from tests.watch.made import START, Clock, Killed, Lists, Note, blocklist

from reputon.watch import delivery, outbox, runner
from reputon.watch import history as history_module
from reputon.watch.channels import Channel
from reputon.watch.history import History
from reputon.watch.looking import Around, look
from reputon.watch.outbox import Status
from reputon.watch.subjects import Known, Watch, parse
from reputon.watch.transitions import Rules

MONTH, HOUR = timedelta(days=30), timedelta(hours=1)
SUBJECTS = ("192.0.2.7", "192.0.2.8", "198.51.100.0/30", "mail.example.org", "2001:db8::25")
LISTS = (
    blocklist("plain"),
    blocklist("slow", per_day=60),
    blocklist("second", per_second=0.001),
    blocklist("minor", impact="low"),
    blocklist("flapping"),
    blocklist("failing"),
)
CHANNELS = {"ops": Channel("ops", "note")}


class Truth:
    """When each list holds each subject, drawn by a seed; what flaps is listed for 3 minutes of 17."""

    def __init__(self, seed: int, subjects: list[str]) -> None:
        dice = random.Random(seed)
        self.spans = {}
        for name in ("plain", "slow", "second", "minor", "failing"):
            for subject in subjects:
                spans, at = [], START + dice.uniform(0, 1) * timedelta(days=10)
                while at < START + MONTH - timedelta(days=8):
                    long = dice.uniform(2.5, 6) * timedelta(days=1)
                    spans.append((at, at + long))
                    at += long + dice.uniform(2.5, 8) * timedelta(days=1)
                self.spans[name, subject] = spans if dice.random() < 0.6 else []
        self.outages = [
            (at, at + dice.uniform(0.2, 12) * HOUR)
            for at in (START + timedelta(days=day + dice.random()) for day in range(0, 29, 2))
        ]
        self.everywhere = [(START + timedelta(days=12, hours=3), START + timedelta(days=12, hours=20))]

    def says(self, name, subject, now):
        failing = self.everywhere + (self.outages if name == "failing" else [])
        if any(start <= now < end for start, end in failing):
            return "?"
        if name == "flapping":
            return "127.0.0.2" if subject and (now - START) % timedelta(minutes=17) < timedelta(minutes=3) else None
        spans = self.spans.get((name, subject), ())
        return "127.0.0.2" if any(start <= now < end for start, end in spans) else None

    def changes(self, name, subject):
        return ["listed", "delisted"] * len(self.spans.get((name, subject), ()))


class Life:
    """The watch over a month, restarted now and then, by its ordinary functions and with the time as a value."""

    SUBJECTS: ClassVar = ["192.0.2.7", "192.0.2.8", *(f"198.51.100.{n}" for n in range(4)), "mail.example.org",
                          "2001:db8::25"]  # fmt: skip

    def __init__(self, folder, seed):
        self.folder, self.dice = folder, random.Random(seed)
        self.truth, self.clock, self.note = Truth(seed, self.SUBJECTS), Clock(), Note(self.fate)
        self.lists = Lists(LISTS, self.clock, self.truth.says)
        self.around = Around(self.lists.catalogue, self.lists, Known(self.lists), Rules(silence=6 * HOUR),
                             channels=tuple(CHANNELS))  # fmt: skip
        self.restarts = 0
        with History(folder) as history:
            history.add(Watch(parse(each)[1], parse(each)[0], "", 3 * HOUR, START) for each in SUBJECTS)

    def fate(self, number):
        return self.dice.choice(["sent"] * 12 + ["refused"] * 3 + ["unclear", "killed before", "killed after"])

    def live(self, until):
        while self.clock.now < until:
            self.restarts += 1
            with History(self.folder) as history:
                try:
                    self.run(history, until)
                except Killed:
                    continue

    def run(self, history, until):
        runner.recover(history, lambda line: None)
        while self.clock.now < until:
            look(history, self.around, self.clock)
            delivery.deliver(history, CHANNELS, self.clock.now, ways={"note": self.note.send})
            due = (history.next_due(), outbox.next_try(history, CHANNELS))
            self.clock.now = max(min(each for each in due if each), self.clock.now + timedelta(minutes=1))
            if self.dice.random() < 0.01:
                return


@pytest.fixture(scope="module", params=[1, pytest.param(2, marks=pytest.mark.heavy)])
def life(request, tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        # No power fails here, and waiting for the disk is all that would take long.
        patch.setattr(history_module, "_durable", lambda connection, _: connection.execute("PRAGMA synchronous = OFF"))
        life = Life(tmp_path_factory.mktemp("month"), request.param)
        life.live(START + MONTH)
    return life


def test_every_true_change_is_one_transition_and_nothing_else_is(life):
    found = defaultdict(list)
    with History(life.folder) as history:
        for notice, _ in reversed(history.transitions(10_000)):
            found[notice.list, notice.subject].append(str(notice.kind))
    heard = {key: [kind for kind in kinds if kind in ("listed", "delisted")] for key, kinds in found.items()}
    for name in ("plain", "slow", "second", "minor", "failing", "flapping"):
        for subject in life.SUBJECTS:
            assert heard.get((name, subject), []) == life.truth.changes(name, subject), (name, subject)
    assert sum(map(len, heard.values())) > 60
    assert life.restarts > 10


def test_every_change_that_is_worth_it_is_told_once(life):
    told = [each for each in life.note.arrived if each[2] in ("listed", "delisted")]
    with History(life.folder) as history:
        states = outbox.counts(history)
        lost = [
            (alert.notice.subject, alert.notice.list, str(alert.notice.kind))
            for alert in outbox.alerts(history, Status.UNCLEAR)
        ]
    expected = [
        (subject, name, kind)
        for name in ("plain", "slow", "second", "failing") for subject in life.SUBJECTS
        for kind in life.truth.changes(name, subject)
    ]  # fmt: skip
    missing = sorted(expected)
    for each in sorted(told):
        missing.remove(each)  # nothing twice, and nothing that is not true
    assert len(missing) <= len(lost)
    assert set(missing) <= set(lost)  # what did not arrive is known to be unclear
    assert states[Status.WAITING] == states[Status.SENDING] == states[Status.FAILED] == 0
    assert states[Status.UNCLEAR] > 0
    assert states[Status.SENT] > 3 * states[Status.UNCLEAR]


def test_a_list_that_falls_silent_is_told_once_for_all_subjects(life):
    with History(life.folder) as history:
        told = [(notice.list, str(notice.kind)) for notice, told in reversed(history.transitions(10_000)) if told]
        quiet = [notice for notice, told in history.transitions(10_000) if notice.kind == "silent" and not told]
    for name in ("plain", "slow", "second", "failing"):
        kinds = [kind for each, kind in told if each == name and kind in ("silent", "audible")]
        assert kinds == ["silent", "audible"] * (len(kinds) // 2)
        if name != "failing":  # the day without any DNS, which those that are seldom asked may miss
            assert len(kinds) in ((2,) if name == "plain" else (0, 2))
    assert ("minor", "silent") not in told
    assert len(quiet) > len(life.SUBJECTS)


def test_terms_are_kept(life):
    assert life.lists.most_in_a_day("slow") <= 60
    assert len(life.lists.asked["second"]) <= 0.001 * MONTH.total_seconds()
    assert len(life.lists.asked["slow"]) > 0.3 * 60 * 30  # and used
    assert len(life.lists.asked["plain"]) > 2 * len(life.lists.asked["slow"])


def test_the_history_does_not_grow_with_every_look(life):
    with History(life.folder) as history:
        spans = history.spans("192.0.2.7", START)
    looks = life.lists.subjects["plain", "192.0.2.7"]
    plain = [each for each in spans if each.list == "plain"]
    assert sum(each.times for each in plain) <= looks
    assert len(plain) < looks / 20
