"""Measure the formula: microseconds a subject and core, bounds included, and memory over ever more batches.

`python bench/formula.py [SUBJECTS]`: batches as an engine hands them over, one process, one thread.
"""

import os
import sys
import time
from resource import RUSAGE_SELF, getrusage
from statistics import median

import numpy as np
import pyarrow as pa

from reputon.score import judgement, parameters
from reputon.score.engines.duckdb import BATCH

ONE = judgement.ONE


def batch(rng: np.random.Generator) -> pa.RecordBatch:
    """Senders of every size, most of them small, a third with something bad."""
    sent = (rng.pareto(0.8, BATCH) * 20 * ONE).clip(0, 1e6 * ONE).astype(np.int64)
    columns = {"subject": rng.integers(1, 1 << 32, BATCH), "tenant": np.zeros(BATCH, np.int64)}
    for kind, column in judgement.COLUMNS.items():
        rate = 1.0 if kind == "sent" else np.where(rng.random(BATCH) < 0.3, rng.beta(0.3, 6, BATCH), 0)
        columns[column] = (sent * rate).astype(np.int64)
    return pa.record_batch({name: pa.array(each) for name, each in columns.items()})


def main() -> None:
    """Time it, and watch the memory grow from a tenth of the subjects to all of them."""
    subjects = int(sys.argv[1]) if sys.argv[1:] else 10_000_000
    rng, published, times, peaks = np.random.default_rng(20261128), parameters.load(), [], []
    made = [batch(rng) for _ in range(4)]
    for number in range(max(subjects // BATCH, 1)):
        began = time.process_time()
        judgement.scored(made[number % 4], published)
        times.append((time.process_time() - began) / BATCH * 1e6)
        peaks.append(getrusage(RUSAGE_SELF).ru_maxrss / 1024)
    tenth = peaks[max(len(peaks) // 10 - 1, 0)]
    low, high = np.quantile(times, [0.05, 0.95])
    print(
        f"{median(times):.2f} us of CPU a subject (5 to 95 %: {low:.2f} to {high:.2f}; {len(times)} batches of {BATCH})"
    )
    print(f"peak memory: {tenth:.0f} MB after {len(peaks) // 10 * BATCH} subjects, {peaks[-1]:.0f} MB after "
          f"{len(peaks) * BATCH}; load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")  # fmt: skip


if __name__ == "__main__":
    main()
