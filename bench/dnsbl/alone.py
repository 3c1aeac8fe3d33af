"""Alone: what a server needs by itself: memory, latency when little is asked, time to start."""

import shutil
from pathlib import Path
from statistics import median

from bench.dnsbl import data, figures, load
from bench.dnsbl.ask import awaited
from bench.dnsbl.machine import running
from bench.dnsbl.servers import PORTS, Setting, built, command, up

RATES = (200, 1000, 10_000)
MEMORY = 160.0  # MiB


def memory(setting: Setting, names: list[str]) -> None:
    """MiB after each of the million queries was asked at least once."""
    built(setting)
    if "ours" in names:
        with up(setting, ["ours"]):
            pass  # whatever it compiles is kept, so that what compiling takes is not counted below
    found = {}
    with up(setting, names) as servers:
        for name in names:
            _all_asked(setting, name)
        for name, server in servers.items():
            resident, shared = server.memory()
            found[name] = {"rss": resident, "pss": shared, "peak": server.peak()}
    rows = [[name, *(f"{each:.1f}" for each in sizes.values())] for name, sizes in found.items()]
    figures.table(["server", "RSS MiB", "PSS MiB", "peak RSS MiB"], rows)
    bars = [figures.bounded("ours, resident", found["ours"]["rss"], MEMORY, "MiB")] if "ours" in found else []
    figures.kept(setting.work / "memory.json", {"servers": found, "bars": bars})


def _all_asked(setting: Setting, name: str) -> None:
    seconds = 2.0
    while True:
        run = load.flood(setting.work / "flood", PORTS[name], setting.data / "queries.txt", seconds, *load.OUTSTANDING)
        if run.received >= data.MILLION:
            return
        seconds *= max(1.5 * data.MILLION / max(run.received, 1), 1.5)


def latency(setting: Setting, names: list[str], rounds: int, seconds: float) -> None:
    """Microseconds until the answer at low rates, medians of the rounds."""
    built(setting)
    found: dict[str, list[dict[str, float]]] = {f"{rate:,}/s {name}": [] for rate in RATES for name in names}
    with up(setting, names) as servers:
        for rate in RATES:
            for _ in range(rounds):
                for name, server in servers.items():
                    before, options = server.ran(), ("-w", "60", "-s", "4", "-b", "16", "-r", str(rate))
                    run = load.flood(
                        setting.work / "flood", PORTS[name], setting.data / "queries.txt", seconds, *options
                    )
                    cpu = (server.ran() - before) / run.received * 1e6
                    seen = {"p50": run.middle, "p99": run.late, "p999": run.latest, "cpu": cpu}
                    found[f"{rate:,}/s {name}"].append(seen)
    rows = [[name, *(f"{median(each[what] for each in seen):.0f}" for what in ("p50", "p99", "p999", "cpu"))]
            for name, seen in found.items()]  # fmt: skip
    figures.table(["rate, server", "p50 us", "p99 us", "p999 us", "CPU us a query"], rows)
    figures.kept(setting.work / "latency.json", {"seconds": seconds, "rounds": found})


def start(setting: Setting, names: list[str], rounds: int) -> None:
    """Seconds until the first right answer, and until nothing works in the background any more."""
    built(setting)
    cache = setting.work / "cache"
    found: dict[str, list[tuple[float, float]]] = {}
    for _ in range(rounds):
        for name in names:
            shutil.rmtree(cache, ignore_errors=True)
            for what in ("cold", "warm") if name == "ours" else ("",):
                found.setdefault(f"{name} {what}".strip(), []).append(_started(setting, name, cache))
    rows = [[name, *(f"{median(each):.2f} ({min(each):.2f}-{max(each):.2f})" for each in zip(*seen, strict=True))]
            for name, seen in found.items()]  # fmt: skip
    figures.table(["server", "first answer s", "at rest s"], rows)
    figures.kept(setting.work / "start.json", {"rounds": found})


def _started(setting: Setting, name: str, cache: Path) -> tuple[float, float]:
    words, environment = command(setting, name, PORTS[name]), {"NUMBA_CACHE_DIR": str(cache)}
    with running(name, words, setting.work, environment=environment) as server:
        return awaited(PORTS[name], server), server.settled()
