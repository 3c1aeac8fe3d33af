"""Measure reading bounces beside Debian's Sisimai.  Usage: `python bench/bounces.py FOLDER [--rounds N] [--copies N]`.

FOLDER holds messages, one a file.  Both read the same files in one process each, one after the other in every round,
and print one JSON line a message; what is compared is CPU time (user and system) with the start of the process.
`--copies N` reads the folder N times over, so that the start counts less.  Needs `apt-get install libsisimai-perl`.
"""

import argparse
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

SISIMAI = """
use strict; use warnings; use Sisimai; use File::Find;
my @files; find({ wanted => sub { push @files, $File::Find::name if -f $_ }, no_chdir => 1 }, $ARGV[0]);
print(Sisimai->dump($_, delivered => 1) // "[]", "\\n") for sort @files;
"""


def main() -> None:
    """Print each peer's median messages per CPU second, the ratio to Sisimai's, and the time for a single file."""
    arguments = _arguments()
    with tempfile.TemporaryDirectory() as folder:
        files = _copied(arguments.folder, Path(folder), arguments.copies)
        peers = {
            "libsisimai-perl": ["perl", "-e", SISIMAI, folder],
            "reputon": [sys.executable, "-m", "reputon.cli", "diagnose", "--json", "--offline", folder],
        }
        spent = {name: [] for name in peers}
        for _ in range(arguments.rounds):
            for name, command in peers.items():
                spent[name].append(_cpu(command))
        medians = {name: statistics.median(times) for name, times in spent.items()}
        for name, seconds in medians.items():
            ratio = medians["libsisimai-perl"] / seconds
            print(f"{name}: {files / seconds:.0f} messages a CPU second ({seconds:.2f} s for {files}), {ratio:.2f} x")
        _start(next(path for path in sorted(Path(folder).rglob("*")) if path.is_file()))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.partition("  ")[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--copies", type=int, default=1)
    found = parser.parse_args()
    if subprocess.run(["perl", "-MSisimai", "-e1"], capture_output=True, check=False).returncode:
        parser.error("Sisimai is not here: apt-get install libsisimai-perl")
    return found


def _copied(source: Path, folder: Path, copies: int) -> int:
    files = [path for path in sorted(source.rglob("*")) if path.is_file()]
    for copy in range(copies):
        for number, path in enumerate(files):
            shutil.copy(path, folder / f"{copy:03}-{number:05}{path.suffix}")
    return len(files) * copies


def _cpu(command: list[str]) -> float:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def _start(file: Path) -> None:
    command = [sys.executable, "-m", "reputon.cli", "diagnose", "--offline", str(file)]
    walls = []
    for _ in range(9):
        began = time.monotonic()
        subprocess.run(command, stdout=subprocess.DEVNULL, check=False)
        walls.append(time.monotonic() - began)
    print(f"`reputon diagnose --offline` of one file: {statistics.median(walls):.2f} s")


if __name__ == "__main__":
    main()
