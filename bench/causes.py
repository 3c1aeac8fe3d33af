"""Measure whose fault the program says it is, on labelled cases.  Usage: `python bench/causes.py [FOLDER]`.

FOLDER holds cases (tests/cause/cases/*.toml by default; the form is told by tests/cause/cases.py).  A case is right
where the cause is the label's; what else the label says (verified, provider, detail) is counted beside it.
"""

import argparse
import sys
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT / "src"), str(ROOT)]

from tests.cause import cases  # noqa: E402 - found by the path above


def main() -> None:
    """Print the table, then every miss by its name; exit 1 where the provider is blamed wrongly."""
    parser = argparse.ArgumentParser(description=__doc__.partition("  ")[0])
    parser.add_argument("folder", type=Path, nargs="?", default=cases.FOLDER)
    every = cases.load(parser.parse_args().folder)
    if not every:
        parser.error("the folder holds no case (*.toml)")
    causes = {case.name: case.cause() for case in every}
    totals = Counter(case.expect["cause"] for case in every)
    right = Counter(case.expect["cause"] for case in every if causes[case.name]["id"] == case.expect["cause"])
    wrongly = [case.name for case in every if case.blames_wrongly(causes[case.name])]
    misses = {case.name: missed for case in every if (missed := case.misses(causes[case.name]))}
    for name, number in sorted(totals.items()):
        _row(name, right[name], number)
    _row("all", right.total(), totals.total())
    _row("whole label", len(every) - len(misses), len(every))
    print(f"provider blamed wrongly: {len(wrongly)} {' '.join(wrongly)}".rstrip())
    for name, missed in misses.items():
        print(f"  {name}: {'; '.join(missed)}")
    sys.exit(bool(wrongly))


def _row(name: str, right: int, number: int) -> None:
    print(f"{name:20} {right:4} of {number:4} {right / number:7.1%}")


if __name__ == "__main__":
    main()
