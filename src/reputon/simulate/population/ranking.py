"""Ranking: forty days of a population, judged by the product and its peers: who tells the bad from the good best."""

from collections.abc import Iterator
from dataclasses import dataclass, fields, replace
from datetime import timedelta
from typing import Any

import numpy as np

from reputon.score.model import Assessed, Floats, Signal
from reputon.simulate.population import generate, measures, worlds
from reputon.simulate.population.capping import VOLUME
from reputon.simulate.population.classes import BAD_KINDS, CLASSES, CLEAN, KINDS, LIMITS
from reputon.simulate.population.experiment import Experiment, Found
from reputon.simulate.population.generate import Counts
from reputon.simulate.population.peers import PEERS
from reputon.simulate.population.rule import Flags, followed
from reputon.simulate.population.scoring import CAPPED, CAPS, assessed, faded, whole

DAYS = 40
FALSES = {"0.1 %": 0.001, "0.3 %": 0.003, "1 %": 0.01}  # 0.3 %: SNARE's operating point (USENIX Security 2009)
OURS = "Reputon mean"
_CHUNK = 2000  # senders at a time, to bound memory
_CURVE = np.logspace(-3, -1, 25)
_BANDS = np.arange(0, 101, 5)
_WITHOUT = "without "
THIN = 100  # messages in thirty days: fewer than a plain ratio can be trusted with


@dataclass(frozen=True, slots=True)
class Judged:
    """What became of N senders: badness by each method, ablations among them; and the rest of what is measured.

    `keeps`: whether its true rates keep the published limits; `rates` and `ratios`: of each signal and kind, by the
    formula and as they were; `listed`, `capped`, `daily`: day by day (N, days), by the rule, by it with the caps, mail.
    """

    kind: worlds.Numbers
    keeps: Flags
    sent: Floats
    badness: dict[str, Floats]
    rates: Floats
    ratios: Floats
    tomorrow: Floats
    listed: Flags
    capped: Flags
    daily: Floats

    @property
    def is_bad(self) -> Flags:
        """The truth."""
        return np.array([each.is_bad for each in CLASSES])[self.kind]


def run(experiment: Experiment, count: int) -> Iterator[Found]:
    """What is found in one world with one seed: tables `methods`, `ablation`, `classes`, `calibration`, and curves."""
    judged = _judged(experiment, count)
    for name, badness in judged.badness.items():
        left_out = name.removeprefix(_WITHOUT)
        yield Found("ablation" if left_out != name else "methods", left_out, _ranked(judged, badness))
    yield Found("ablation", "nothing", _ranked(judged, judged.badness[OURS]))
    yield from _classes(judged)
    yield from _calibrated(judged, experiment)
    for name in (*PEERS, OURS):
        caught = measures.curve(judged.badness[name], judged.is_bad, _CURVE)
        yield Found("roc", name, {f"{x:.5f}": y for x, y in zip(_CURVE, caught, strict=True)})


def _judged(experiment: Experiment, count: int) -> Judged:
    of = worlds.classes(CLASSES, experiment.world, experiment.rng)
    parts = []
    for first in range(0, count, _CHUNK):
        senders = worlds.draw(of, experiment.world, min(_CHUNK, count - first), experiment.rng)
        counts = generate.daily(senders, DAYS + 1, experiment.world, experiment.rng)
        parts.append(_judge(experiment, senders, counts))
    return _joined(parts)


def _judge(experiment: Experiment, senders: worlds.Senders, counts: Counts) -> Judged:
    past, tomorrow = counts[:-1], counts[-1].sum(axis=0)
    together = past.sum(axis=1, dtype=np.float64)
    month = together[-30:].sum(axis=0)
    by_source, signals = faded(past, experiment.rule.parameters), experiment.rule.parameters.signals
    ours = assessed(whole(by_source, None, signals), signals)
    day = timedelta(days=1)
    return Judged(
        kind=senders.kind,
        keeps=np.all([senders.rates[:, BAD_KINDS.index(kind)] <= most for kind, most in LIMITS.items()], axis=0),
        sent=month[:, VOLUME],
        badness=_of_peers(together) | _of_ours(ours) | _of_caps(by_source, signals) | _without(by_source, signals),
        rates=ours.rates,
        ratios=month / np.maximum(month[:, [VOLUME]], 1),
        tomorrow=tomorrow.astype(np.float64),
        listed=followed(past, day, experiment.rule).T,
        capped=followed(past, day, replace(experiment.rule, cap=CAPS[CAPPED])).T,
        daily=together[..., VOLUME].T,
    )


def _of_peers(together: Floats) -> dict[str, Floats]:
    return {name: peer(together, 1.0) for name, peer in PEERS.items()}


def _of_ours(ours: Assessed) -> dict[str, Floats]:
    return {OURS: 100 - ours.value, "Reputon optimistic bound": 100 - ours.high}


def _of_caps(by_source: Floats, signals: tuple[Signal, ...]) -> dict[str, Floats]:
    return {
        f"{OURS}, {name}": 100 - assessed(whole(by_source, cap, signals), signals).value
        for name, cap in CAPS.items()
        if cap is not None
    }


def _without(by_source: Floats, signals: tuple[Signal, ...]) -> dict[str, Floats]:
    """The mean with each signal left out."""
    amounts = whole(by_source, None, signals)
    rests = {signal.name: [each for each in signals if each != signal] for signal in signals}
    return {_WITHOUT + name: 100 - assessed(amounts, rest).value for name, rest in rests.items()}


def _joined(parts: list[Judged]) -> Judged:
    """All of those of whom any mail was seen."""
    seen = np.concatenate([each.sent for each in parts]) > 0
    badness = {name: np.concatenate([each.badness[name] for each in parts])[seen] for name in parts[0].badness}
    names = (each.name for each in fields(Judged) if each.name != "badness")
    rest: dict[str, Any] = {name: np.concatenate([getattr(each, name) for each in parts])[seen] for name in names}
    return Judged(badness=badness, **rest)


def _ranked(judged: Judged, badness: Floats) -> dict[str, float]:
    found = {"AUC": measures.auc(badness, judged.is_bad)}
    for name, false in FALSES.items():
        found[f"caught at {name}"] = measures.caught(badness, judged.is_bad, false)
    is_plain = judged.is_bad | np.array([each.name in CLEAN for each in CLASSES])[judged.kind]
    found["at 0.3 %, sloppy left out"] = measures.caught(badness[is_plain], judged.is_bad[is_plain], 0.003)
    for name, false in FALSES.items():
        found[f"spam at {name}"] = measures.caught(badness, judged.is_bad, false, judged.sent)
    return found


def _classes(judged: Judged) -> Iterator[Found]:
    value = 100 - judged.badness[OURS]
    for number, each in enumerate(CLASSES):
        mine = judged.kind == number
        listed, capped = judged.listed[mine].T, judged.capped[mine].T
        yield Found("classes", each.name, {
            "senders": float(mine.sum()),
            "median score": float(np.median(value[mine])) if mine.any() else float("nan"),
            "listed at the end": _part(listed[-1]),
            "ever listed": _part(listed.any(axis=0)),
            "ever listed, capped": _part(capped.any(axis=0)),
            "keeping limits": _part(judged.keeps[mine]),
            "ever listed of them": _part(listed[:, judged.keeps[mine]].any(axis=0)),
            "flips in 1000 days": measures.flips(listed, 1.0),
            "mail blocked": measures.blocked(listed, judged.daily[mine].T),
        })  # fmt: skip
        shares = np.histogram(value[mine], _BANDS)[0] / max(mine.sum(), 1)
        yield Found("scores", each.name, {str(x): float(y) for x, y in zip(_BANDS, shares, strict=False)})


def _part(flags: Flags) -> float:
    return float(flags.mean()) if flags.size else float("nan")


def _calibrated(judged: Judged, experiment: Experiment) -> Iterator[Found]:
    """How true the rates were for the day after, beside the plain ratio of thirty days; of all, and of the thin."""
    everybody = np.ones(len(judged.sent), dtype=np.bool_)
    for suffix, some in (("", everybody), (", thin", judged.sent < THIN)):
        for column, signal in enumerate(experiment.rule.parameters.signals):
            worth = np.array([signal.kinds.get(kind, 0.0) for kind in KINDS])
            yield Found("calibration", signal.name + suffix, _true(judged, some, column, worth))


def _true(judged: Judged, some: Flags, column: int, worth: Floats) -> dict[str, float]:
    trials = judged.tomorrow[some, VOLUME]
    hits = np.minimum(judged.tomorrow[some] @ worth, trials)
    ours = measures.calibration(judged.rates[some, column], hits, trials)
    plain = measures.calibration(np.minimum(judged.ratios[some] @ worth, 1.0), hits, trials)
    return {
        "rate": float(hits.sum() / max(trials.sum(), 1)),
        "error": ours.error, "error, plain ratio": plain.error,
        "Brier": ours.brier, "Brier, plain ratio": plain.brier,
    }  # fmt: skip
