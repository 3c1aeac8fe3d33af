"""Export: a made population's evidence as JSON lines, a file for each source, as `reputon ingest jsonl` reads it."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address
from pathlib import Path

import numpy as np

from reputon import durable
from reputon.simulate.population import generate, worlds
from reputon.simulate.population.classes import CLASSES, KINDS, SOURCES
from reputon.simulate.population.experiment import Experiment
from reputon.simulate.population.generate import Counts

DAYS = 35
END = datetime(2026, 3, 31, tzinfo=UTC)  # what `--now` is to be
FIRST = IPv4Address("198.18.0.0")  # benchmarking (RFC 2544): nobody's, and room for 131,072 senders
PREFIX = f"{FIRST}/15"
MOST = 20_000  # senders: 35 days of each are some 2000 lines


def write(experiment: Experiment, count: int, folder: Path) -> int:
    """Write `SOURCE.jsonl` for each source, and `truth.csv`; how many lines of evidence that made."""
    of = worlds.classes(CLASSES, experiment.world, experiment.rng)
    senders = worlds.draw(of, experiment.world, min(count, MOST), experiment.rng)
    counts = generate.daily(senders, DAYS, experiment.world, experiment.rng)
    folder.mkdir(parents=True, exist_ok=True)
    truth = [f"{address(number)},{of[kind].name},{int(of[kind].is_bad)}" for number, kind in enumerate(senders.kind)]
    durable.write(folder / "truth.csv", "\n".join(["address,class,is_bad", *truth]) + "\n")
    written = 0
    for number, source in enumerate(SOURCES):
        lines = list(_lines(counts, number))
        durable.write(folder / f"{source.name}.jsonl", "".join(lines))
        written += len(lines)
    return written


def address(number: int) -> IPv4Address:
    """A sender's address."""
    return FIRST + number


def _lines(counts: Counts, source: int) -> Iterator[str]:
    mine = counts[:, source]
    for day, sender, kind in zip(*(each.tolist() for each in np.nonzero(mine)), strict=True):
        at = END - timedelta(days=DAYS - day) + timedelta(hours=12)
        yield json.dumps({
            "time": f"{at:%Y-%m-%dT%H:%M:%SZ}", "ip": str(address(sender)), "kind": KINDS[kind],
            "count": int(mine[day, sender, kind]), "tenant": f"sender-{sender}.example",
        }) + "\n"  # fmt: skip
