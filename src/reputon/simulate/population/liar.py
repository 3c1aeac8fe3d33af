"""Liar: what one source in ten can do by forging evidence, with and without the caps on what a source says."""

from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np

from reputon.evidence.kinds import Kind
from reputon.score.model import Floats
from reputon.simulate.population import generate, worlds
from reputon.simulate.population.capping import VOLUME
from reputon.simulate.population.classes import CLASSES, CLEAN, KINDS, LIAR
from reputon.simulate.population.experiment import Experiment, Found
from reputon.simulate.population.generate import Counts
from reputon.simulate.population.rule import Rule, found
from reputon.simulate.population.scoring import CAPS, assessed, faded, whole

DAYS = 35
COMPLAINTS, TRAPS, MALWARE = 50, 10, 10  # forged a day, of every victim
LOW = 50  # a score below it is a spammer's (Pardot's practice, scoring.md 1.1)
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
    "clean, complaints forged": (_complain, False),
    "clean, trap hits forged": (_trap, False),
    "clean, malware forged": (_infect, False),
    "bad, volume forged": (_whiten, True),
}


def run(experiment: Experiment, count: int) -> Iterator[Found]:
    """Tables `liar` and `liar, listed`: by each cap, whose score is below 50, and who is listed by a day's evidence."""
    of = worlds.classes(CLASSES, experiment.world, experiment.rng)
    senders = worlds.draw(of, experiment.world, count, experiment.rng)
    honest = generate.daily(senders, DAYS, experiment.world, experiment.rng)
    is_seen = honest[..., VOLUME].sum(axis=(0, 1)) > 0
    is_bad = np.array([each.is_bad for each in of])[senders.kind] & is_seen
    is_clean = np.array([each.name in CLEAN for each in of])[senders.kind] & is_seen
    said = {"clean": honest[:, :, is_clean], "bad": honest[:, :, is_bad]}
    for name, (forge, of_bad) in FORGERIES.items():
        said[name] = said["bad" if of_bad else "clean"].copy()
        forge(said[name])
    left = {name: faded(counts, experiment.rule.parameters) for name, counts in said.items()}
    for name, cap in CAPS.items():
        rule = replace(experiment.rule, cap=cap)
        yield Found("liar", name, {what: _low(each, rule) for what, each in left.items()})
        listed = {what: found(counts[-1:], rule).is_bad for what, counts in said.items()}
        yield Found("liar, listed", name, {what: float(flags.mean()) for what, flags in listed.items()})


def _low(by_source: Floats, rule: Rule) -> float:
    signals = rule.parameters.signals
    return float((assessed(whole(by_source, rule.cap, signals), signals).value < LOW).mean())
