"""Measure the demo: wall time, and the figures of its last lines.  Usage: `python bench/demo.py [SEED...]`."""

import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path


def main() -> None:
    """Play each seed once and print what it took."""
    for seed in sys.argv[1:] or ["1", "2", "3"]:
        with tempfile.TemporaryDirectory() as folder:
            began = time.monotonic()
            command = [sys.executable, "-m", "reputon.cli", "demo", "--seed", seed, "--json", "--out", f"{folder}/out"]
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            took = time.monotonic() - began
            size = sum(path.stat().st_size for path in Path(folder).rglob("*") if path.is_file())
        print(f"seed {seed}: {took:.0f} s, exit code {done.returncode}, {size >> 20} MiB of artefacts")
        for name, values in json.loads(done.stdout.splitlines()[-1])["comparison"].items():
            print(f"  {name}: " + ", ".join(f"{mode} {value}" for mode, value in values.items()))


if __name__ == "__main__":
    main()
