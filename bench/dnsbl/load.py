"""Load: the C programs that ask and that only echo, and the figures of a run."""

import json
import subprocess
from dataclasses import dataclass
from pathlib import Path

from bench.dnsbl.machine import CLIENT

OUTSTANDING = ("-w", "40", "-s", "4", "-b", "20")  # 160: the window of each of four sockets, and the batch
PROGRAMS = ("flood", "echo")
# The load as it is leaves what is under way at its end unread, which would count as lost.
SENDS, DRAINS = "int room=W-sk[i].out;", "int room=now()-t0<secs-0.5?W-sk[i].out:0;"


@dataclass(frozen=True)
class Run:
    """What a run of the load saw: latencies in microseconds, `rcodes` by number of answers from 0 up."""

    rate: float
    sent: int
    received: int
    middle: float
    late: float
    latest: float
    rcodes: tuple[int, ...]

    @property
    def lost(self) -> int:
        """Asked and not answered."""
        return self.sent - self.received


def compiled(source: Path, work: Path) -> None:
    """Compile the programs into the work folder; `drained` is the load that waits for its last answers."""
    for name in PROGRAMS:
        if not (source / f"{name}.c").is_file():
            raise SystemExit(f"{source}/{name}.c is missing: name the folder of the load's sources by --eval")
        _compile(source / f"{name}.c", work / name)
    text = (source / "flood.c").read_text()
    if text.count(SENDS) != 1:
        raise SystemExit(f"{source}/flood.c is not the one this script knows: {SENDS!r} is not in it once")
    (work / "drained.c").write_text(text.replace(SENDS, DRAINS))
    _compile(work / "drained.c", work / "drained")


def _compile(source: Path, program: Path) -> None:
    subprocess.run(["gcc", "-O2", "-w", "-o", str(program), str(source)], check=True)


def command(program: Path, port: int, queries: Path, seconds: float, *options: str) -> list[str]:
    """A load on the client's core."""
    return ["taskset", "-c", str(CLIENT), str(program), str(port), str(queries), str(seconds), *options]


def read(said: str) -> Run:
    """What the load printed."""
    figures = json.loads(said)
    middle, late, latest = (float(figures[name]) for name in ("p50us", "p99us", "p999us"))
    return Run(figures["qps"], figures["sent"], figures["recv"], middle, late, latest, tuple(figures["rcodes"]))


def flood(program: Path, port: int, queries: Path, seconds: float, *options: str) -> Run:
    """Ask for so many seconds."""
    words = command(program, port, queries, seconds, *options)
    return read(subprocess.run(words, capture_output=True, text=True, check=True).stdout)
