"""Put questions to the DNS server's kernel and to the oracle.  Usage: `python bench/dns_oracle.py [--questions N]`.

A million by default, to zones drawn at random; compiled, plain and oracle must agree on each whole message.  What does
not is told with its seed, and ends the run.
"""

import argparse
import os
import sys
import time
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT / "src"), str(ROOT)]

from tests.zone.worlds import OF_A_WORLD, world  # noqa: E402


def main() -> None:
    """Run, and tell how many of each outcome there were."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--questions", type=int, default=1_000_000)
    parser.add_argument("--first-seed", type=int, default=0)
    given = parser.parse_args()
    seeds = range(given.first_seed, given.first_seed + -(-given.questions // OF_A_WORLD))
    begun, total = time.monotonic(), Counter[str]()
    with ProcessPoolExecutor(min(2, os.cpu_count() or 1)) as pool:
        for found in pool.map(world, seeds):
            total += found
    seconds = time.monotonic() - begun
    print(f"{total.total():,} questions to {len(seeds):,} worlds in {seconds:.0f} s: compiled = plain = oracle")
    print(", ".join(f"{count:,} {name}" for name, count in total.most_common()))


if __name__ == "__main__":
    main()
