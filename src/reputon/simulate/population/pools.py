"""Pools: shared addresses with one noisy tenant, judged by address and by tenant, and one whose domains change."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta

import numpy as np

from reputon.listing.sharing import MAJORITY, SHARED
from reputon.score.model import Floats
from reputon.simulate.population import generate, measures, worlds
from reputon.simulate.population.capping import VOLUME
from reputon.simulate.population.classes import (
    CLASSES,
    POOL_SHARES,
    POOL_TENANTS,
    POOL_UNSIGNED,
    POOL_VOLUME,
    ROTATION_NEWCOMERS,
    ROTATION_SHARE,
    ROTATION_STEPS,
    SenderClass,
)  # fmt: skip
from reputon.simulate.population.experiment import Experiment, Found
from reputon.simulate.population.generate import Counts
from reputon.simulate.population.rule import Flags, Rule, followed, found, has_bad, listed, recent

HOURS = 72
ROTATION_HOURS = 72
NEWCOMER = 100.0  # messages a day of a clean tenant that is new at the address
STEPS_AN_HOUR = 6  # of the rotation: domains live for minutes
_HOUR = timedelta(hours=1)
_UNEVEN = 0.5  # shape of the Gamma by which tenants differ in volume
_WINDOW = 24


@dataclass(frozen=True, slots=True)
class Pool:
    """Several shared addresses, (hours, sources, addresses * tenants, kinds); the first tenant of each is noisy.

    `unsigned` is the part of each tenant's mail that nobody signed for; the receiver cannot tell whose it is.
    """

    signed: Counts
    unsigned: Counts
    tenants: int

    def by_address(self, counts: Counts) -> Counts:
        """The sums of each address."""
        hours, sources, senders, kinds = counts.shape
        parts = counts.reshape(hours, sources, senders // self.tenants, self.tenants, kinds)
        summed: Counts = parts.sum(axis=3, dtype=np.int32)
        return summed

    def of_tenants(self, counts: Floats) -> Floats:
        """Of (hours, addresses * tenants) per tenant: (hours, addresses, tenants)."""
        parts: Floats = counts.reshape(len(counts), -1, self.tenants)
        return parts


def pools(experiment: Experiment, count: int) -> Iterator[Found]:
    """Table `pools`: for each share of the noisy tenant, what both ways to list do to clean mail and to spam."""
    of = {each.name: each for each in worlds.classes(CLASSES, experiment.world, experiment.rng)}
    for share in POOL_SHARES:
        pool = _pool(share, of, experiment, count)
        yield Found("pools", f"{share:.0%}", _by_address(pool, experiment.rule) | _by_tenant(pool, experiment.rule))


def _pool(share: float, of: dict[str, SenderClass], experiment: Experiment, count: int) -> Pool:
    rng, world = experiment.rng, experiment.world
    clean = rng.gamma(_UNEVEN, size=(count, POOL_TENANTS - 1))
    parts = np.column_stack([np.full(count, share), (1 - share) * clean / clean.sum(axis=1, keepdims=True)])
    kinds = np.tile([0] + [1] * (POOL_TENANTS - 1), count)
    senders = worlds.of_kinds([of["bulk"], of["mid"]], kinds, world, rng)
    counts = generate.hourly(replace(senders, volume=POOL_VOLUME * parts.ravel()), HOURS, world, rng)
    unsigned = generate.part(counts, POOL_UNSIGNED, rng)
    return Pool(counts - unsigned, unsigned, POOL_TENANTS)


def _by_address(pool: Pool, rule: Rule) -> dict[str, float]:
    """As lists work today: all that an address sends is judged together, and all of it is refused."""
    counts = pool.by_address(pool.signed + pool.unsigned)
    is_on = np.repeat(followed(counts, _HOUR, rule), pool.tenants, axis=1)
    clean, spam = _blocked(pool, is_on, is_on)
    return {"clean blocked, by address": clean, "spam stopped, by address": spam}


def _by_tenant(pool: Pool, rule: Rule) -> dict[str, float]:
    """By tenant; and the address itself where it is bad without its offenders, or mostly theirs."""
    tenants = found(recent(pool.signed, _WINDOW), rule)
    address = _rest(pool, tenants.is_low, tenants.is_bad, rule)
    named = listed(tenants.is_bad, has_bad(pool.signed), _HOUR, rule.settings)
    whole = np.repeat(address, pool.tenants, axis=1)
    clean, spam = _blocked(pool, named | whole, whole)
    ever = pool.of_tenants(named.astype(np.float64)).max(axis=0)
    right, wrong = ever[:, 0].sum(), ever[:, 1:].sum()
    return {
        "clean blocked, by tenant": clean, "spam stopped, by tenant": spam,
        "recall": float(right / len(ever)),
        "precision": float(right / (right + wrong)) if right + wrong else float("nan"),
    }  # fmt: skip


def _rest(pool: Pool, is_low: Flags, is_bad: Flags, rule: Rule) -> Flags:
    """Whether each address is listed for what remains of it, (hours, addresses): the rule of listing.sharing."""
    signed = recent(pool.signed, _WINDOW)
    unsigned = pool.by_address(recent(pool.unsigned, _WINDOW))
    clean = pool.by_address(signed * ~is_low[:, None, :, None]) + unsigned
    rest = found(clean, rule).is_bad
    sent = pool.of_tenants(signed[..., VOLUME].sum(axis=1).astype(np.float64))
    total = sent.sum(axis=2) + unsigned[..., VOLUME].sum(axis=1)
    theirs = (sent * pool.of_tenants(is_bad.astype(np.float64))).sum(axis=2) / np.maximum(total, 1)
    is_shared = total**2 / np.maximum((sent**2).sum(axis=2), 1) >= SHARED
    alone = found(pool.by_address(signed) + unsigned, rule).is_bad
    bad = np.where(is_shared, rest | (theirs > MAJORITY), alone)
    return listed(bad, has_bad(pool.by_address(pool.signed + pool.unsigned)), _HOUR, rule.settings)


def _blocked(pool: Pool, signed: Flags, unsigned: Flags) -> tuple[float, float]:
    """The parts of the clean mail and of the spam that were refused."""
    gone = np.stack([
        pool.of_tenants(counts[1:, ..., VOLUME].sum(axis=1) * is_on[:-1])
        for counts, is_on in ((pool.signed, signed), (pool.unsigned, unsigned))
    ]).sum(axis=(0, 1, 2))  # fmt: skip
    sent = pool.of_tenants((pool.signed + pool.unsigned)[..., VOLUME].sum(axis=1)).sum(axis=(0, 1))
    return float(gone[1:].sum() / sent[1:].sum()), float(gone[0] / sent[0])


def rotation(experiment: Experiment, count: int) -> Iterator[Found]:
    """Table `rotation`: a noisy tenant whose domains live a while, with and without `new@address` as one tenant."""
    of = {each.name: each for each in worlds.classes(CLASSES, experiment.world, experiment.rng)}
    noisy = _newly(of["bulk"], POOL_VOLUME * ROTATION_SHARE, experiment, count)
    fresh = np.sum([_newly(of["mid"], NEWCOMER, experiment, count) for _ in range(ROTATION_NEWCOMERS)], axis=0)
    pooled = _followed(noisy + fresh, experiment.rule)
    for steps in ROTATION_STEPS:
        alone = _lives(noisy, steps, experiment.rule)
        spam, clean = (each[..., VOLUME].sum(axis=1) for each in (noisy, fresh))
        messages = POOL_VOLUME * ROTATION_SHARE * steps / (24 * STEPS_AN_HOUR)
        yield Found("rotation", f"{messages:.0f}", {
            "spam stopped": measures.blocked(alone, spam),
            "spam stopped, new pooled": measures.blocked(alone | pooled, spam),
            "clean newcomers deferred, new pooled": measures.blocked(pooled, clean),
        })  # fmt: skip


def _newly(of: SenderClass, volume: float, experiment: Experiment, count: int) -> Counts:
    """One tenant of this class at each of so many addresses."""
    senders = worlds.of_kinds([of], np.zeros(count, dtype=np.int64), experiment.world, experiment.rng)
    senders = replace(senders, volume=np.full(count, volume))
    return generate.hourly(senders, ROTATION_HOURS, experiment.world, experiment.rng, STEPS_AN_HOUR)


def _followed(counts: Counts, rule: Rule) -> Flags:
    return followed(counts, _HOUR / STEPS_AN_HOUR, rule)


def _lives(counts: Counts, steps: int, rule: Rule) -> Flags:
    """Who is listed where each domain lives so many steps and is judged by itself."""
    length, sources, senders, kinds = counts.shape
    lives = counts.reshape(length // steps, steps, sources, senders, kinds)
    beside = np.moveaxis(lives, 0, 2).reshape(steps, sources, -1, kinds)
    is_on = _followed(beside, rule).reshape(steps, length // steps, senders)
    is_on[-1] = False  # the next domain is not listed for what the last one did
    return np.moveaxis(is_on, 1, 0).reshape(length, senders)
