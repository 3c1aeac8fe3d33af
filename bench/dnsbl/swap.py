"""Swap: a new table renamed over the served one under load: what is lost, how long answers stall, when it is seen."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median

from bench.dnsbl import figures, load, probe
from bench.dnsbl.ask import ZONE, listed
from bench.dnsbl.machine import Running
from bench.dnsbl.servers import PORTS, Setting, built, up

SWAPS, PAUSE, BAR = 20, 0.5, 10.0  # times, seconds, milliseconds
MARK, MARKED = "192.0.2.77", f"77.2.0.192.{ZONE}"  # listed in each second table
LOADS: dict[str, tuple[str, ...]] = {"20,000/s": ("-r", "20000"), "full speed": ()}


@dataclass(frozen=True)
class Watched:
    """Queries of load and probe together.  Milliseconds: `wait`, the longest for an answer; `gaps`, the longest between
    two answers after each rename (or where one would have been); `seen`, from each rename to the first new answer.
    """

    sent: int
    lost: int
    wait: float
    gaps: tuple[float, ...]
    seen: tuple[float, ...]


def measured(setting: Setting) -> None:
    """Twenty swaps at each load, beside the same load without."""
    probe.first()
    tables = _tables(setting)
    shutil.copy(tables[0], setting.table())
    found: dict[str, dict[str, Watched]] = {}
    with up(setting, ["ours"]) as servers:
        if listed(PORTS["ours"], MARKED):
            raise SystemExit(f"{MARK} is listed in the first table too, so a swap would not show: make other data")
        for name, options in LOADS.items():
            quiet = _watched(setting, servers["ours"], [], options)
            found[name] = {"without": quiet, "swaps": _watched(setting, servers["ours"], tables, options)}
    kept = {name: {what: asdict(each) for what, each in both.items()} for name, both in found.items()}
    figures.kept(setting.work / "swap.json", {"swaps": SWAPS, "bars": _shown(found), "loads": kept})


def _tables(setting: Setting) -> list[Path]:
    """Two tables: without the mark, and with it."""
    marked = setting.data / "marked.rbl"
    shutil.copy(setting.data / "v4.rbl", marked)
    with marked.open("a") as file:
        file.write(f"{MARK}\n")
    return [built(setting, name="plain.table"), built(setting, marked, "marked.table")]


def _watched(setting: Setting, server: Running, tables: list[Path], options: tuple[str, ...]) -> Watched:
    """One load from beginning to end, with the swaps in its middle."""
    files = _copies(setting, tables)
    queries, seconds = setting.data / "queries.txt", SWAPS * PAUSE + 1
    asking = load.command(setting.work / "drained", PORTS["ours"], queries, seconds + 3, *load.OUTSTANDING, *options)
    watching = [sys.executable, "-m", "bench.dnsbl.probe", str(PORTS["ours"]), MARKED, str(seconds + 1)]
    with (
        subprocess.Popen(asking, stdout=subprocess.PIPE, text=True) as loading,
        subprocess.Popen(watching, stdout=subprocess.PIPE, text=True) as probing,
    ):
        time.sleep(1)
        moments = [_swapped(file, setting.table(), server) for file in files]
        seen, run = json.loads(probing.communicate()[0]), load.read(loading.communicate()[0])
    lost = run.lost + seen["sent"] - seen["received"]
    changes = [when for when, _ in seen["changes"][1:]]
    if len(changes) != sum(file is not None for file in files):
        raise SystemExit(f"{SWAPS} swaps, but the answers changed {len(changes)} times; log: {server.log}")
    until = tuple((change - when) * 1000 for change, when in zip(changes, moments, strict=False))
    gaps = tuple(_longest(seen["gaps"], moment) * 1000 for moment in moments)
    return Watched(run.sent + seen["sent"], lost, seen["wait"] * 1000, gaps, until)


def _longest(gaps: list[tuple[float, float]], moment: float) -> float:
    """Of the gaps that ended after a moment and before the next."""
    return max((gap for when, gap in gaps if moment < when < moment + PAUSE), default=probe.SHORT)


def _copies(setting: Setting, tables: list[Path]) -> Sequence[Path | None]:
    """The files to be renamed, written and synced before the load begins; the first has the mark, the last has not."""
    if not tables:
        return [None] * SWAPS
    copies = [setting.table(f"next-{number}.table") for number in range(SWAPS)]
    for number, copy in enumerate(copies):
        shutil.copy(tables[(number + 1) % 2], copy)
        with copy.open("rb") as file:
            os.fsync(file.fileno())
    return copies


def _swapped(file: Path | None, served: Path, server: Running) -> float:
    """Rename a file over the served one and tell the server, or do nothing; when that was."""
    time.sleep(PAUSE)
    now = time.monotonic()
    if file:
        file.rename(served)
        server.process.send_signal(signal.SIGHUP)
    return now


def _shown(found: dict[str, dict[str, Watched]]) -> dict[str, object]:
    rows = []
    for name, both in found.items():
        for what, each in both.items():
            times = [f"{median(some):.1f} ({max(some):.1f})" if some else "-" for some in (each.gaps, each.seen)]
            rows.append([f"{name}, {what}", f"{each.sent:,}", str(each.lost), f"{each.wait:.1f}", *times])
    head = ["load", "queries", "lost", "longest wait ms", "gap ms, median (longest)", "seen after ms, median (longest)"]
    figures.table(head, rows)
    swaps = [both["swaps"] for both in found.values()]
    return {
        "lost": figures.bounded("queries lost", sum(each.lost for each in swaps), 0, "queries"),
        "gap": figures.bounded("longest gap between answers", max(max(each.gaps) for each in swaps), BAR, "ms"),
        "seen": figures.bounded("longest time until seen", max(max(each.seen) for each in swaps), BAR, "ms"),
    }
