"""Study: every experiment in every world with every seed, as jobs whose order and number say nothing of their dice."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from zlib import crc32

import numpy as np

from reputon.listing.policy import Settings
from reputon.score import parameters
from reputon.simulate.population import dynamics, liar, pools, ranking
from reputon.simulate.population.experiment import Experiment, Found
from reputon.simulate.population.rows import Row
from reputon.simulate.population.rule import Rule
from reputon.simulate.population.worlds import WORLDS


@dataclass(frozen=True, slots=True)
class Size:
    """How much an experiment makes for so many senders of the study: one in `each`, at least and at most."""

    each: int
    least: int
    most: int

    def of(self, senders: int) -> int:
        """How many."""
        return min(max(senders // self.each, self.least), self.most)


_ALL = 1 << 20  # beyond what a person waits for
# Hourly ones are bounded by memory: ten sources by seven kinds by hours by senders.
EXPERIMENTS: dict[str, tuple[Callable[[Experiment, int], Iterator[Found]], Size]] = {
    "ranking": (ranking.run, Size(1, 50, _ALL)),
    "liar": (liar.run, Size(4, 50, 3000)),
    "newcomers": (dynamics.newcomers, Size(60, 5, 200)),
    "compromises": (dynamics.compromises, Size(150, 4, 40)),
    "pools": (pools.pools, Size(250, 4, 24)),
    "rotation": (pools.rotation, Size(150, 4, 40)),
}


@dataclass(frozen=True, slots=True)
class Job:
    """One experiment in one world with one seed."""

    experiment: str
    world: str
    seed: int
    senders: int

    def rows(self) -> list[Row]:
        """What it finds; the same job finds the same."""
        run, size = EXPERIMENTS[self.experiment]
        found = run(begun(self.world, self.seed, self.experiment), size.of(self.senders))
        return [Row(table, self.world, self.seed, of, values) for table, of, values in found]


def begun(world: str, seed: int, name: str) -> Experiment:
    """A world with the dice of a seed, for what has this name."""
    rng = np.random.default_rng([seed, crc32(world.encode()), crc32(name.encode())])
    return Experiment(WORLDS[world], rng, Rule(Settings(), parameters.load()))


def jobs(worlds: tuple[str, ...], seeds: int, senders: int) -> list[Job]:
    """All that is to be done."""
    return [
        Job(experiment, world, seed, senders)
        for experiment in EXPERIMENTS
        for world in worlds
        for seed in range(1, seeds + 1)
    ]
