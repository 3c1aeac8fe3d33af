"""Dynamics: hour by hour, how soon those who begin to spam are listed, and how soon those who end are not any more."""

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta

import numpy as np

from reputon.score.model import Floats
from reputon.simulate.population import generate, measures, worlds
from reputon.simulate.population.capping import VOLUME
from reputon.simulate.population.classes import CLASSES, COMPROMISES, Compromise, SenderClass
from reputon.simulate.population.experiment import Experiment, Found
from reputon.simulate.population.generate import Counts
from reputon.simulate.population.peers import PEERS
from reputon.simulate.population.rule import Flags, Rule, followed
from reputon.simulate.population.scoring import CAPPED, CAPS, assessed, faded, whole

BEFORE, AFTER = 31, 14  # days of a clean past, and to recover in
WATCHED = 7  # days in which a new sender is watched
AGAIN = 70.0  # the score from which filtering eases (Pardot's practice, scoring.md 1.1)
_HOUR = timedelta(hours=1)
_PEER_HOURS, _LOOK = 72, 3  # for how long the peers are looked at, and how often
_LEGITIMATE, _FALSE = 3000, 0.003  # senders by whom the peers' limits are set, so that all err as often
_SHOWN = Compromise(300, 3000, 72)  # whose days are drawn


@dataclass(frozen=True, slots=True)
class Course:
    """A compromise of N senders, hour by hour: what was seen, from which hour the spam came, until which."""

    counts: Counts
    spam: Counts
    begins: int
    ends: int

    def listed(self, rule: Rule) -> Flags:
        """Who is listed at the end of each hour, (hours, N), from a week before the spam on."""
        early = self.begins - 24 * WATCHED
        late = followed(self.counts[early:], _HOUR, rule)
        return np.concatenate([np.zeros((early, late.shape[1]), dtype=np.bool_), late])


def newcomers(experiment: Experiment, count: int) -> Iterator[Found]:
    """Table `newcomers`: every class from its first message on."""
    of = worlds.classes(CLASSES, experiment.world, experiment.rng)
    for number, each in enumerate(of):
        senders = worlds.of_kinds(of, np.full(count, number), experiment.world, experiment.rng)
        counts = generate.hourly(senders, 24 * WATCHED, experiment.world, experiment.rng)
        listed = followed(counts, _HOUR, experiment.rule)
        hours = measures.first(listed) + 1
        sent = counts[..., VOLUME].sum(axis=1)
        yield Found("newcomers", each.name, {
            "listed within 7 d": float(listed.any(axis=0).mean()),
            "hours": _median(hours), "messages": _median(measures.until(listed, sent)),
            "flips in 1000 days": measures.flips(listed, 1 / 24),
        })  # fmt: skip


def compromises(experiment: Experiment, count: int) -> Iterator[Found]:
    """Tables `compromises` and `timeline`: clean senders, for some hours with spam among their mail."""
    of = {each.name: each for each in worlds.classes(CLASSES, experiment.world, experiment.rng)}
    for case in COMPROMISES:
        course = _course(case, of, experiment, count)
        name = f"{case.own}/d + {case.spam}/d for {case.hours} h"
        listed = course.listed(experiment.rule)
        capped = course.listed(replace(experiment.rule, cap=CAPS[CAPPED]))
        scores = _scores(course, experiment.rule)
        yield Found("compromises", name, _figures(course, listed, scores) | _when_capped(course, capped))
        if case == _SHOWN:
            yield from _timeline(course, listed, scores)
            yield from _of_peers(course, listed, experiment)


def _course(case: Compromise, of: dict[str, SenderClass], experiment: Experiment, count: int) -> Course:
    """Its own mail is a mid sender's; the spam is a bulk sender's."""
    begins, ends = 24 * BEFORE, 24 * BEFORE + case.hours
    own = _steady(of["mid"], case.own, experiment, count)
    other = replace(_steady(of["bulk"], case.spam, experiment, count), seen_by=own.seen_by)
    days = BEFORE + math.ceil(case.hours / 24) + AFTER
    counts = generate.hourly(own, 24 * days, experiment.world, experiment.rng)
    spam = np.zeros_like(counts)
    spam[begins:ends] = generate.hourly(other, case.hours, experiment.world, experiment.rng)
    return Course(counts + spam, spam, begins, ends)


def _steady(of: SenderClass, volume: int, experiment: Experiment, count: int) -> worlds.Senders:
    """Senders of a class, all with this volume, and with the class's mean rates: the case is the same for each."""
    senders = worlds.of_kinds([of], np.zeros(count, dtype=np.int64), experiment.world, experiment.rng)
    rates = np.tile([rate.mean for rate in of.rates], (count, 1))
    return replace(senders, volume=np.full(count, float(volume)), rates=rates)


def _figures(course: Course, listed: Flags, scores: Floats) -> dict[str, float]:
    during = listed[course.begins : course.ends]
    spam = course.spam[course.begins : course.ends, ..., VOLUME].sum(axis=1)
    after = ~listed[course.ends - 1 :] & during.any(axis=0)
    recovered = scores[course.ends // 24 :] >= AGAIN
    return {
        "listed": float(during.any(axis=0).mean()),
        "hours to list": _median(measures.first(during) + 1),
        "spam until then": _median(measures.until(during, spam)),
        "spam stopped": measures.blocked(during, spam),
        "hours to delist": _median(measures.first(after)),
        "lowest score": float(np.median(scores.min(axis=0))),
        "days to 70": _median(measures.first(recovered)),
    }  # fmt: skip


def _when_capped(course: Course, listed: Flags) -> dict[str, float]:
    during = listed[course.begins : course.ends]
    return {
        "listed, capped": float(during.any(axis=0).mean()),
        "hours to list, capped": _median(measures.first(during) + 1),
    }


def _scores(course: Course, rule: Rule) -> Floats:
    """The published score at the end of each day, (days, N)."""
    hours, *rest = course.counts.shape
    daily = course.counts.reshape(hours // 24, 24, *rest).sum(axis=1, dtype=np.int32)
    found = []
    for day in range(1, len(daily) + 1):
        amounts = whole(faded(daily[:day], rule.parameters), rule.cap, rule.parameters.signals)
        found.append(assessed(amounts, rule.parameters.signals).value)
    return np.array(found)


def _timeline(course: Course, listed: Flags, scores: Floats) -> Iterator[Found]:
    """The days of a compromise from a week before it on: the mean over its senders."""
    sent, spam = (each[..., VOLUME].sum(axis=1).mean(axis=1) for each in (course.counts, course.spam))
    for day in range(BEFORE - 7, len(scores)):
        hours = slice(24 * day, 24 * day + 24)
        yield Found("timeline", str(day - BEFORE), {
            "score": float(scores[day].mean()), "listed": float(listed[hours].mean()),
            "own mail": float((sent - spam)[hours].sum()), "spam": float(spam[hours].sum()),
        })  # fmt: skip


def _of_peers(course: Course, listed: Flags, experiment: Experiment) -> Iterator[Found]:
    """Table `alarm`: how soon each peer's value is above what it is for all but 0.3 % of legitimate senders."""
    together = course.counts.sum(axis=1).astype(np.float64)
    limits = _limits(experiment)
    for name, peer in PEERS.items():
        ends = range(course.begins + _LOOK, course.begins + _PEER_HOURS + 1, _LOOK)
        now = np.array([peer(together[:end], 1 / 24) for end in ends])
        yield Found("alarm", name, _first_of(now > limits[name]))
    looked = listed[course.begins + _LOOK - 1 : course.begins + _PEER_HOURS : _LOOK]
    yield Found("alarm", "Reputon listing", _first_of(looked))


def _limits(experiment: Experiment) -> dict[str, float]:
    of = [each for each in worlds.classes(CLASSES, experiment.world, experiment.rng) if not each.is_bad]
    senders = worlds.draw(of, experiment.world, _LEGITIMATE, experiment.rng)
    together = generate.daily(senders, BEFORE, experiment.world, experiment.rng).sum(axis=1).astype(np.float64)
    even = np.ones(_LEGITIMATE)
    return {name: measures.threshold(peer(together, 1.0), _FALSE, even) for name, peer in PEERS.items()}


def _first_of(flags: Flags) -> dict[str, float]:
    return {"seen": float(flags.any(axis=0).mean()), "hours": _median(_LOOK * (measures.first(flags) + 1))}


def _median(values: Floats) -> float:
    known = values[~np.isnan(values)]
    return float(np.median(known)) if len(known) else float("nan")
