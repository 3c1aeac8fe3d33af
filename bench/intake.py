"""Measure acknowledged events a second: `Store.add` in batches of 1,000.  Usage: `python bench/intake.py [BATCHES]`.

Five repetitions, interleaved with the limit: the same bytes appended to a file and synced, one write a batch.
"""

import os
import platform
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from reputon.evidence import rows
from reputon.evidence.kinds import Evidence, Kind
from reputon.evidence.store import Store

BATCH, REPETITIONS, BAR = 1000, 5, 100_000
KINDS = (Kind.SENT, Kind.DELIVERED, Kind.COMPLAINT)


def main() -> None:
    """Print the medians, their range, CPU time an event, and how far the bar is."""
    batches = int(sys.argv[1]) if sys.argv[1:] else 200
    dice, now = random.Random(1), datetime(2026, 11, 24, 12, tzinfo=UTC)
    pieces = [made(dice, now, batch) for batch in range(batches)]
    records = [rows.batch("mx1", each) for each in pieces]
    blobs = [rows.packed(each)[-1] for each in records]
    names = {each.tenant for batch in pieces for each in batch}
    size, load = sum(map(len, blobs)) / batches / BATCH, os.getloadavg()[0]
    speeds: dict[str, list[tuple[float, float]]] = {}
    for _ in range(REPETITIONS):
        for what, action in (
            ("limit: raw write + fdatasync", lambda folder: raw(folder, blobs)),
            ("Store.add of Evidence", lambda folder: stored(folder, pieces, set())),
            ("Store.add of RecordBatch", lambda folder: stored(folder, records, names)),
        ):
            speeds.setdefault(what, []).append(timed(action, batches * BATCH))
    print(f"{batches} batches of {BATCH}, {REPETITIONS} repetitions, {size:.1f} bytes an event")
    print(f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}, load {load:.1f}")
    for what, found in speeds.items():
        fast, cpu = [each[0] for each in found], statistics.median(each[1] for each in found)
        median = statistics.median(fast)
        said = "" if what.startswith("limit") else f", {median / BAR:.1f} x the bar of {BAR:,}"
        print(f"{what}: {median:,.0f} events/s ({min(fast):,.0f} to {max(fast):,.0f}), {cpu:.2f} us of CPU{said}")


def made(dice: random.Random, now: datetime, batch: int) -> list[Evidence]:
    """A batch as a log gives it: a second or two, many addresses, tenants by Zipf's law."""
    return [
        Evidence(now + timedelta(milliseconds=batch * 1000 + place), dice.randrange(1 << 24),
                 f"t{int(1 / (dice.random() + 1e-5))}.example", dice.choice(KINDS))
        for place in range(BATCH)
    ]  # fmt: skip


def raw(folder: Path, blobs: list[bytes]) -> None:
    """What the disk can do."""
    descriptor = os.open(folder / "raw", os.O_WRONLY | os.O_CREAT)
    for each in blobs:
        os.write(descriptor, each)
        os.fdatasync(descriptor)
    os.close(descriptor)


def stored(folder: Path, batches: list[list[Evidence]] | list[object], names: set[str]) -> None:
    """What the store does: each batch is on the disk when `add` returns."""
    with Store(folder) as store:
        for number, each in enumerate(batches):
            if not store.add("mx1", number.to_bytes(16), each, names=names if not number else ()):  # type: ignore[arg-type]
                raise SystemExit("a batch was not new")


def timed(action: Callable[[Path], None], events: int) -> tuple[float, float]:
    """Events a second, and microseconds of CPU time an event."""
    with tempfile.TemporaryDirectory(dir=".") as name:
        wall, cpu = time.perf_counter(), time.process_time()
        action(Path(name))
        return events / (time.perf_counter() - wall), (time.process_time() - cpu) / events * 1e6


if __name__ == "__main__":
    main()
