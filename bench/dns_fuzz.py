"""Spoil packets and put them to the DNS server's kernel.  Usage: `python bench/dns_fuzz.py [--packets N] [--seed N]`.

Ten million by default, to several tables, with Numba's checks of bounds on, which is proved first.  Of each thousand
one is also put to the oracle, and its answer read by dnspython.  What is wrong is told with its packet, and ends it.
"""

import argparse
import os
import random
import sys
import time
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

os.environ["NUMBA_BOUNDSCHECK"] = "1"  # before Numba is imported
ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT / "src"), str(ROOT)]

from tests.zone import fuzzing, making  # noqa: E402
from tests.zone.asking import Kernels, check  # noqa: E402
from tests.zone.oracle import Oracle  # noqa: E402

BETWEEN = 1000  # packets, of which the last is put to the oracle


def main() -> None:
    """Prove that bounds are checked, then run."""
    parser = argparse.ArgumentParser(description=__doc__.partition("  ")[0])
    parser.add_argument("--packets", type=int, default=10_000_000)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    fuzzing.prove_bounds()
    names = list(fuzzing.worlds())
    share = -(-given.packets // (2 * len(names)))
    begun, total = time.monotonic(), Counter[str]()
    with ProcessPoolExecutor(min(2, os.cpu_count() or 1)) as pool:
        jobs = [(name, share, given.seed * 1000 + each) for each in range(2) for name in names]
        for found in pool.map(run, *zip(*jobs, strict=True)):
            total += found
    seconds = time.monotonic() - begun
    print(f"{total['packets']:,} packets to {len(names)} tables in {seconds:.0f} s, bounds checked: nothing wrong")
    print(", ".join(f"{count:,} {name}" for name, count in total.most_common() if name != "packets"))


def run(name: str, count: int, seed: int) -> Counter[str]:
    """Packets to one table."""
    zones = fuzzing.worlds()[name]
    kernels, oracle = Kernels(zones), Oracle(zones)
    fuzzer = fuzzing.Fuzzer(kernels, zones, seed)
    rounds, drawn = -(-count // BETWEEN), random.Random(seed)
    for each in range(rounds):
        if each % 10 == 9:
            kernels.allow(making.allowed(drawn, zones))
        fuzzer.run(BETWEEN)
        _, most, now, _ = fuzzer.last.tolist()
        check(kernels, oracle, fuzzer.packet(), now, most)
    answered, bare, dropped, rare = fuzzer.tally.tolist()
    return Counter(
        {
            "packets": rounds * BETWEEN,
            "answered": answered,
            "refused by a header": bare,
            "dropped": dropped,
            "rare": rare,
            "by the oracle too": rounds,
        }
    )


if __name__ == "__main__":
    main()
