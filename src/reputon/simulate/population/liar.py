"""Liar: what one reporter in ten can do by forging evidence, with and without the caps on what a reporter says."""

from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np

from reputon.evidence.kinds import Kind
from reputon.score.capping import VOLUME
from reputon.score.model import Floats
from reputon.simulate.population import generate, worlds
from reputon.simulate.population.classes import CLASSES, CLEAN, KINDS, LIAR
from reputon.simulate.population.experiment import Experiment, Found
from reputon.simulate.population.generate import Counts
from reputon.simulate.population.rule import found
from reputon.simulate.population.scoring import assessed, faded, whole

DAYS = 35
COMPLAINTS, TRAPS, MALWARE = 50, 10, 10  # forged a day, of every victim
VOLUME_FORGED = 100  # times what the others saw: what whitens

Forge = Callable[[Counts], None]


def _complain(counts: Counts) -> None:
    counts[:, LIAR, :, KINDS.index(Kind.COMPLAINT)] += COMPLAINTS


def _trap(counts: Counts) -> None:
    counts[:, LIAR, :, KINDS.index(Kind.TRAP_PRISTINE)] += TRAPS


def _infect(counts: Counts) -> None:
    counts[:, LIAR, :, KINDS.index(Kind.MALWARE)] += MALWARE


def _whiten(counts: Counts) -> None:
    counts[:, LIAR, :, VOLUME] += (VOLUME_FORGED * counts[..., VOLUME].sum(axis=1)).clip(max=10**7).astype(np.int32)


# What is forged, about whom (whether the victims are bad).
FORGERIES: dict[str, tuple[Forge, bool]] = {
    "complaints about the clean": (_complain, False),
    "trap hits of the clean": (_trap, False),
    "malware of the clean": (_infect, False),
    "volume of the bad": (_whiten, True),
}


def run(experiment: Experiment, count: int) -> Iterator[Found]:
    """Table `liar`: the victims' scores and listings, before and after, capped and not."""
    of = worlds.classes(CLASSES, experiment.world, experiment.rng)
    senders = worlds.draw(of, experiment.world, count, experiment.rng)
    honest = generate.daily(senders, DAYS, experiment.world, experiment.rng)
    is_bad = np.array([each.is_bad for each in of])[senders.kind]
    is_clean = np.array([each.name in CLEAN for each in of])[senders.kind]
    is_seen = honest[..., VOLUME].sum(axis=(0, 1)) > 0
    for name, (forge, of_bad) in FORGERIES.items():
        victims = honest[:, :, (is_bad if of_bad else is_clean) & is_seen]
        forged = victims.copy()
        forge(forged)
        yield Found("liar", name, _said("honest", victims, experiment) | _said("forged", forged, experiment))


def _said(what: str, counts: Counts, experiment: Experiment) -> dict[str, float]:
    """Whose score is low, and who would be listed for the last day, capped and not."""
    made = {}
    for capped in (False, True):
        value = _values(counts, capped, experiment)
        verdict = found(counts[-1:], replace(experiment.rule, is_capped=capped))
        suffix = ", capped" if capped else ""
        made[f"{what}: below 50{suffix}"] = float((value < 50).mean())
        made[f"{what}: listed{suffix}"] = float(verdict.is_bad.mean())
    return made


def _values(counts: Counts, is_capped: bool, experiment: Experiment) -> Floats:
    amounts = whole(faded(counts, experiment.rule.parameters), is_capped)
    return assessed(amounts, experiment.rule.parameters.signals).value
