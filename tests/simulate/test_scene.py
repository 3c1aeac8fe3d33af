"""The scene: the same for the same seed, about two fifths of it spam while the neighbour spams."""

from collections import Counter

import pytest

from reputon.simulate import scene
from reputon.simulate.clock import Clock
from reputon.simulate.measures import Fate, Track


def test_a_seed_is_a_scene():
    assert scene.make(7) == scene.make(7)
    assert scene.make(7) != scene.make(8)


def test_every_letter_is_due_in_one_tick():
    made = scene.make(3)
    before, due = scene.START, []
    for tick in made.ticks:
        due += made.due(before, tick)
        before = tick
    assert due == list(made.letters)
    assert len({letter.message_id for letter in due}) == len(due)


def test_the_neighbour_is_noisy():
    made = scene.make(1)
    hours = [
        each
        for each in made.letters
        if scene.SPAM_BEGINS < each.at <= scene.SPAM_BEGINS + 6 * (made.ticks[1] - made.ticks[0])
    ]
    share = sum(each.is_spam for each in hours) / len(hours)
    assert 0.3 < share < 0.5
    assert {each.tenant for each in made.letters if each.is_spam} == {scene.NOISY}
    kinds = Counter(each.whose for each in made.letters if each.is_spam)
    assert kinds["unknown"] > kinds["trap"] > 0
    assert not any(each.whose == "trap" for each in made.letters if not each.is_spam)


def test_a_clock_goes_one_way():
    clock = Clock(scene.START)
    clock.move(scene.END)
    with pytest.raises(ValueError, match="cannot go back"):
        clock.move(scene.START)


LETTER = scene.make(1).letters[0]


@pytest.mark.parametrize(
    ("track", "fate"),
    [
        (Track(LETTER, ("198.51.100.20",), 0, True), Fate.DELIVERED),
        (Track(LETTER, ("203.0.113.25",), 1, True), Fate.ROUND),
        (Track(LETTER, (), 1, True), Fate.RETURNED),
        (Track(LETTER, (), 0, True), Fate.LOST),
        (Track(LETTER, (), 0, False), Fate.STOPPED),
        (Track(LETTER, ("198.51.100.20", "203.0.113.25"), 0, True), Fate.DOUBLED),
    ],
)
def test_fates(track, fate):
    assert track.fate("203.0.113.25") is fate
