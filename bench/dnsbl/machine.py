"""Machine: a process on a core of its own, and its CPU time and memory from /proc."""

import os
import platform
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

SERVER, CLIENT = 0, 1  # cores
LOOKS = 10
TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Running:
    """A process that runs: `began` by the monotonic clock."""

    name: str
    process: subprocess.Popen[bytes]
    began: float
    log: Path

    def family(self) -> list[int]:
        """Its process number and those of all that came from it."""
        return _family(self.process.pid)

    def cpu(self) -> tuple[float, float]:
        """Seconds of user and of system time so far, of all threads and children."""
        user = system = 0
        for pid in self.family():
            with suppress(OSError):
                fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
                user, system = user + int(fields[11]), system + int(fields[12])
        return user / TICKS, system / TICKS

    def ran(self) -> float:
        """Seconds that its threads ran, exact where little is done and the ticks of `cpu` are too coarse."""
        found = 0
        for pid in self.family():
            for task in Path(f"/proc/{pid}/task").glob("*/schedstat"):
                with suppress(OSError):
                    found += int(task.read_text().split()[0])
        return found / 1e9

    def memory(self) -> tuple[float, float]:
        """MiB resident, and MiB with each shared page divided by those who share it."""
        kept = {"Rss:": 0, "Pss:": 0}
        for pid in self.family():
            with suppress(OSError):
                for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
                    name, *size = line.split()
                    if name in kept:
                        kept[name] += int(size[0])
        return kept["Rss:"] / 1024, kept["Pss:"] / 1024

    def peak(self) -> float:
        """MiB that were ever resident."""
        found = 0
        for pid in self.family():
            with suppress(OSError):
                lines = Path(f"/proc/{pid}/status").read_text().splitlines()
                found += sum(int(line.split()[1]) for line in lines if line.startswith("VmHWM:"))
        return found / 1024

    def settled(self, seconds: float = 300) -> float:
        """Wait until it works no more in the background; seconds since it began.

        Whoever compiles after its first answer would else be measured while it does; on a busy machine such a process
        gets next to no time, and is known by wanting it.
        """
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            before, began, wanting = sum(self.cpu()), time.monotonic(), Counter[str]()
            for _ in range(LOOKS):
                time.sleep(0.05)
                wanting.update(self._wanting())
            if sum(self.cpu()) - before <= 0.02 and max(wanting.values(), default=0) < LOOKS * 0.8:
                return began - self.began
        raise SystemExit(f"{self.name} has not come to rest in {seconds:.0f} s; its log: {self.log}")

    def _wanting(self) -> Iterator[str]:
        """Its threads that run or could."""
        for pid in self.family():
            for task in Path(f"/proc/{pid}/task").glob("*/stat"):
                with suppress(OSError):
                    if task.read_text().rpartition(")")[2].split()[0] in "RD":
                        yield str(task)


def _family(pid: int) -> list[int]:
    found = [pid]
    for children in Path(f"/proc/{pid}/task").glob("*/children"):
        with suppress(OSError):
            for child in children.read_text().split():
                found += _family(int(child))
    return found


@contextmanager
def running(
    name: str, command: list[str], folder: Path, core: int = SERVER, environment: Mapping[str, str] | None = None
) -> Iterator[Running]:
    """Start a command on a core, in a folder that also takes its log; end it, and what came from it, at the end."""
    log = folder / f"{name}.log"
    with log.open("wb") as said:
        process = subprocess.Popen(
            ["taskset", "-c", str(core), *command],
            stdin=subprocess.DEVNULL,
            stdout=said,
            stderr=subprocess.STDOUT,
            cwd=folder,
            env={**os.environ, **(environment or {})},
            start_new_session=True,
        )
    found = Running(name, process, time.monotonic(), log)
    try:
        yield found
    finally:
        _end(found)


def _end(found: Running) -> None:
    """End it, and then its group, which outlives a process that died and left others."""
    found.process.terminate()
    with suppress(subprocess.TimeoutExpired):
        found.process.wait(10)
    with suppress(ProcessLookupError):
        os.killpg(found.process.pid, signal.SIGKILL)
    found.process.wait(10)


def described() -> dict[str, str]:
    """What it runs on, and how busy that is."""
    load = " ".join(f"{each:.1f}" for each in os.getloadavg())
    cores, python = str(os.cpu_count()), platform.python_version()
    return {"machine": platform.machine(), "system": platform.release(), "cores": cores, "python": python, "load": load}
