"""Experiment: what one run of anything in a made population is given, and what it finds."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from reputon.simulate.population.rule import Rule
from reputon.simulate.population.worlds import Variation


@dataclass(frozen=True, slots=True)
class Experiment:
    """A world, the dice of a seed, and the rule that is tried."""

    world: Variation
    rng: np.random.Generator
    rule: Rule


class Found(NamedTuple):
    """A row of a table: what it is of, and its figures."""

    table: str
    of: str
    values: Mapping[str, float]
