"""A made month of evidence for the engine's benchmarks: sealed Parquet as the store writes it, from one seed.

Two million addresses (Zipf; a fifth IPv6), two hundred thousand tenants, four hundred shared pools, five sources: two
mail servers, a filter, a complaint loop and traps.  A message is a `sent` row and a row for what became of it.  The
distribution is a property of this file, not of mail.
"""

import sys
from dataclasses import dataclass
from datetime import UTC, datetime
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

SEED, ADDRESSES, TENANTS, POOLS, POOL_SIZE = 20261128, 2_000_000, 200_000, 400, 16
DAYS = 30
FIRST = int(datetime(2026, 10, 1, tzinfo=UTC).timestamp()) // 86400
SOURCES = np.array([101, 102, 203, 304, 405], dtype=np.int64)  # mx1, mx2, filter, complaints, traps
KINDS = {"sent": 1, "delivered": 2, "rejected": 3, "unknown": 4, "complaint": 5, "pristine": 6, "filtered": 8}
SCHEMA = pa.schema(
    [("day", pa.int32()), ("hour", pa.int32()), ("time", pa.int64()), ("source", pa.int64()),
     ("subject", pa.int64()), ("tenant", pa.int64()), ("kind", pa.int8()), ("count", pa.int64())]
)  # fmt: skip


@dataclass(frozen=True)
class World:
    """Who there is: address keys by rank, the chance of each, its tenants, and how bad each tenant is."""

    keys: np.ndarray
    chances: np.ndarray
    pool: np.ndarray
    pools: list[np.ndarray]
    home: np.ndarray
    tenants: np.ndarray
    badness: np.ndarray
    spoiled: np.ndarray


def world(addresses: int = ADDRESSES) -> World:
    """The same one each time."""
    rng = np.random.default_rng(SEED)
    v4 = addresses * 4 // 5
    nets = rng.choice(np.arange(0x01000000 >> 8, 0xDF000000 >> 8), max(v4 // 27, 16), replace=False).astype(np.int64)
    four = rng.permutation(np.unique((nets[rng.integers(0, len(nets), v4 * 3)] << 8) | rng.integers(1, 255, v4 * 3)))
    sites = rng.integers(0x2001_0000_0000, 0x2C0F_FFFF_FFFF, max(addresses // 50, 8), dtype=np.int64)
    six = rng.permutation(
        np.unique((sites[rng.integers(0, len(sites), addresses)] << 16) | rng.integers(0, 4096, addresses))
    )
    keys = rng.permutation(np.concatenate([four[:v4], six[: addresses - min(v4, len(four))]]))
    weights = 1 / np.arange(1, len(keys) + 1) ** 1.05
    pool = np.full(len(keys), -1, np.int32)
    shared = rng.permutation(min(20_000, len(keys) // 2))[: POOLS * POOL_SIZE]
    pool[shared] = np.arange(len(shared)) // POOL_SIZE
    badness = rng.beta(1.2, 12, TENANTS)
    badness[rng.random(TENANTS) < 0.03] = 0.8
    members = [rng.integers(0, TENANTS, n) for n in rng.integers(20, 600, POOLS)]
    return World(
        keys, np.cumsum(weights / weights.sum()), pool, members, rng.integers(0, TENANTS, len(keys)),
        rng.integers(1, 1 << 62, TENANTS), badness, rng.random(len(keys)) < 0.02,
    )  # fmt: skip


def day(made: World, number: int, rows: int) -> pa.Table:
    """The evidence of one day, about `rows` of it, sorted as a sealed file is."""
    rng = np.random.default_rng([SEED, number])
    n = int(rows / 1.93)
    which = np.minimum(np.searchsorted(made.chances, rng.random(n)), len(made.keys) - 1)
    tenant = made.home[which].copy()
    for at in np.nonzero(made.pool[which] >= 0)[0]:
        members = made.pools[made.pool[which[at]]]
        tenant[at] = members[int(len(members) * rng.random() ** 2.5)]
    bad = np.where(made.spoiled[which], np.maximum(made.badness[tenant], 0.7), made.badness[tenant])
    edges = np.cumsum(
        [0.004 * bad, 0.002 * bad**2, 0.005 + 0.12 * bad, 0.005 + 0.25 * bad**2, 0.02 + 0.35 * bad], axis=0
    )
    u = rng.random(n)
    names = ("complaint", "pristine", "unknown", "rejected", "filtered")
    outcome = np.select([u < edge for edge in edges], [KINDS[name] for name in names], KINDS["delivered"])
    seconds = rng.integers(0, 86400, n) + (FIRST + number) * 86400
    server = SOURCES[(rng.random(n) < 0.3).astype(int)]
    reporter = np.select([outcome == KINDS["filtered"], outcome == KINDS["complaint"], outcome == KINDS["pristine"]],
                         SOURCES[2:], server)  # fmt: skip
    sent = outcome != KINDS["rejected"]
    columns = {
        "time": np.concatenate([seconds[sent], seconds]), "source": np.concatenate([server[sent], reporter]),
        "subject": made.keys[np.concatenate([which[sent], which])],
        "tenant": made.tenants[np.concatenate([tenant[sent], tenant])],
        "kind": np.concatenate([np.full(sent.sum(), KINDS["sent"]), outcome]),
    }  # fmt: skip
    hour = columns["time"] // 3600
    order = np.lexsort(
        (columns["time"], columns["kind"], columns["source"], columns["tenant"], columns["subject"], hour)
    )
    columns |= {"hour": hour, "day": np.full(len(hour), FIRST + number), "count": np.ones(len(hour), np.int64)}
    return pa.table([pa.array(columns[f.name][order]).cast(f.type) for f in SCHEMA], schema=SCHEMA)


def write(made: World, folder: Path, number: int, rows: int) -> int:
    """Write one day as the store seals it: a file an hour; how many rows it has."""
    table = day(made, number, rows)
    hours = table["hour"].to_numpy()
    name = datetime.fromtimestamp((FIRST + number) * 86400, UTC).strftime("date=%Y-%m-%d")
    for hour in range((FIRST + number) * 24, (FIRST + number + 1) * 24):
        low, high = np.searchsorted(hours, [hour, hour + 1])
        place = folder / name / f"hour={hour % 24:02d}"
        place.mkdir(parents=True, exist_ok=True)
        pq.write_table(table.slice(low, high - low), place / "n1-1.parquet", compression="zstd", compression_level=1)
    return table.num_rows


_made: World | None = None


def _write(task: tuple[Path, int, int]) -> int:
    global _made  # noqa: PLW0603 - one world a process
    _made = _made or world()
    return write(_made, *task)


def main(folder: Path, rows: int, days: int = DAYS) -> None:
    """`python bench/events.py FOLDER ROWS [DAYS]`."""
    with get_context("spawn").Pool(2) as pool:
        done = 0
        for wrote in pool.imap_unordered(_write, [(folder, number, rows // days) for number in range(days)]):
            done += wrote
            print(f"{done} rows", file=sys.stderr)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), *(int(each) for each in sys.argv[3:]))
