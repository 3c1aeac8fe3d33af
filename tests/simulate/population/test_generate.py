"""Generate: the same seed makes the same world, and the world is what its table says."""

import numpy as np
import pytest

from reputon.evidence.kinds import Kind
from reputon.simulate.population import generate, worlds
from reputon.simulate.population.classes import BAD_KINDS, CLASSES, KINDS, OWN, SOURCES

SHARED = worlds.WORLDS["shared"]


def population(name, count=300, days=6, seed=1):
    rng = np.random.default_rng(seed)
    world = worlds.WORLDS[name]
    senders = worlds.draw(worlds.classes(CLASSES, world, rng), world, count, rng)
    return senders, generate.daily(senders, days, world, rng)


@pytest.mark.parametrize("name", worlds.WORLDS)
def test_a_seed_makes_the_same_again(name):
    (one, counts), (other, again) = population(name), population(name)
    assert (counts == again).all()
    assert (one.rates == other.rates).all()
    assert not np.array_equal(counts, population(name, seed=2)[1])


@pytest.mark.parametrize("name", worlds.WORLDS)
def test_sources_tell_only_of_their_kinds(name):
    senders, counts = population(name)
    assert counts.shape == (6, len(SOURCES), 300, len(KINDS))
    assert (counts >= 0).all()
    np.testing.assert_allclose(senders.seen_by.sum(axis=2), 1)
    for number, source in enumerate(SOURCES):
        for column, kind in enumerate(KINDS):
            assert kind in source.kinds or not counts[:, number, :, column].any()


def test_every_kind_has_several_sources():
    for kind in KINDS:
        assert sum(kind in source.kinds for source in SOURCES) >= 2
    assert {SOURCES[number].name for number in OWN} == {"provider-a", "traps-a", "traps-b"}


def test_the_shared_world_is_the_table():
    rng = np.random.default_rng(3)
    assert worlds.classes(CLASSES, SHARED, rng) == CLASSES
    assert sum(each.share for each in CLASSES) == pytest.approx(1)
    for number, each in enumerate(CLASSES):
        senders = worlds.of_kinds(CLASSES, np.full(4000, number), SHARED, rng)
        filtered = senders.rates[:, BAD_KINDS.index(Kind.FILTERED)].mean()
        assert filtered == pytest.approx(each.rates[BAD_KINDS.index(Kind.FILTERED)].mean, rel=0.06)
        power = np.log10(senders.volume)
        assert power.min() >= each.volume[0]
        assert power.max() <= each.volume[1]


def test_the_drawn_world_is_within_its_ranges():
    world = worlds.WORLDS["drawn"]
    for seed in range(20):
        drawn = worlds.classes(CLASSES, world, np.random.default_rng(seed))
        for before, after in zip(CLASSES, drawn, strict=True):
            for was, now in zip(before.rates, after.rates, strict=True):
                assert 1 / world.spread <= now.mean / was.mean <= world.spread


def test_rates_go_together_only_where_the_world_says_so():
    complaint, filtered = BAD_KINDS.index(Kind.COMPLAINT), BAD_KINDS.index(Kind.FILTERED)
    bulk = next(number for number, each in enumerate(CLASSES) if each.name == "bulk")

    def together(world):
        rates = worlds.of_kinds(CLASSES, np.full(4000, bulk), world, np.random.default_rng(1)).rates
        ranks = rates[:, [complaint, filtered]].argsort(axis=0).argsort(axis=0)
        return np.asarray(np.corrcoef(ranks.T))[0, 1]

    assert abs(together(SHARED)) < 0.05
    assert together(worlds.WORLDS["correlated"]) > 0.45


def test_hours_make_a_day_and_nights_are_quiet():
    hours = np.arange(0, 24, 0.5)
    wave = generate.by_hour(hours)
    assert wave.mean() == pytest.approx(1)
    assert wave[6] == wave.min() == pytest.approx(0.25)  # at 3 o'clock
    assert (wave > 0).all()
