"""Measure evidence in and scores out: lines a second, CPU time a line.  Usage: `python bench/ingest.py [LINES]`."""

import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from resource import RUSAGE_CHILDREN, getrusage


def main() -> None:
    """Write a log, ingest it, ingest it again, score it."""
    lines = int(sys.argv[1]) if sys.argv[1:] else 200_000
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "reputon.toml").write_text('state_dir = "state"\n')
        with (folder / "log.jsonl").open("w") as file:
            for number in range(lines):
                said = {"time": "2026-11-20T10:00:00Z", "ip": f"192.0.{number % 200}.{number % 250}", "kind": "sent"}
                file.write(json.dumps({**said, "tenant": f"t{number % 500}.example"}) + "\n")
        ingest = ("ingest", "jsonl", "log.jsonl", "--source", "mx1")
        for what, words in (("ingest", ingest), ("ingest again", ingest), ("score", ("score", "--most", "0"))):
            before, began = getrusage(RUSAGE_CHILDREN), time.monotonic()
            subprocess.run([sys.executable, "-m", "reputon.cli", *words], cwd=folder, capture_output=True, check=False)
            took, after = time.monotonic() - began, getrusage(RUSAGE_CHILDREN)
            cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
            print(f"{what}: {took:.1f} s, {lines / took:,.0f} lines a second, {cpu / lines * 1e6:.1f} us of CPU a line")


if __name__ == "__main__":
    main()
