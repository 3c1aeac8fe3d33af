"""Swap: a new table renamed over the served one under load: what is lost, how long answers stall, when it is seen."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
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
    """Queries of load and probe together; milliseconds: the longest gap and wait, and from each rename until seen."""

    sent: int
    lost: int
    gap: float
    wait: float
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
    watching = [sys.executable, "-m", "bench.dnsbl.probe", str(PORTS["ours"]), MARKED, str(seconds)]
    with (
        subprocess.Popen(asking, stdout=subprocess.PIPE, text=True) as loading,
        subprocess.Popen(watching, stdout=subprocess.PIPE, text=True) as probing,
    ):
        time.sleep(1)
        renamed = [_swapped(file, setting.table(), server) for file in files]
        seen, run = json.loads(probing.communicate()[0]), load.read(loading.communicate()[0])
    lost = run.lost + seen["sent"] - seen["received"]
    changes = [when for when, _ in seen["changes"][1:]]
    if len(changes) != len(renamed):
        raise SystemExit(f"{len(renamed)} swaps, but the answers changed {len(changes)} times; log: {server.log}")
    until = tuple((change - when) * 1000 for change, when in zip(changes, renamed, strict=True))
    return Watched(run.sent + seen["sent"], lost, seen["gap"] * 1000, seen["wait"] * 1000, until)


def _copies(setting: Setting, tables: list[Path]) -> list[Path]:
    """The files to be renamed, written and synced before the load begins; the first has the mark, the last has not."""
    copies = [setting.table(f"next-{number}.table") for number in range(SWAPS if tables else 0)]
    for number, copy in enumerate(copies):
        shutil.copy(tables[(number + 1) % 2], copy)
        with copy.open("rb") as file:
            os.fsync(file.fileno())
    return copies


def _swapped(file: Path, served: Path, server: Running) -> float:
    """Rename a file over the served one and tell the server; when that was."""
    time.sleep(PAUSE)
    now = time.monotonic()
    file.rename(served)
    server.process.send_signal(signal.SIGHUP)
    return now


def _shown(found: dict[str, dict[str, Watched]]) -> dict[str, object]:
    rows = []
    for name, both in found.items():
        for what, each in both.items():
            seen = f"{median(each.seen):.1f} ({max(each.seen):.1f})" if each.seen else "-"
            numbers = (f"{each.sent:,}", str(each.lost), f"{each.gap:.1f}", f"{each.wait:.1f}", seen)
            rows.append([f"{name}, {what}", *numbers])
    figures.table(["load", "queries", "lost", "longest gap ms", "longest wait ms", "seen after ms (longest)"], rows)
    swaps = [both["swaps"] for both in found.values()]
    return {
        "lost": figures.bounded("queries lost", sum(each.lost for each in swaps), 0, "queries"),
        "gap": figures.bounded("longest gap between answers", max(each.gap for each in swaps), BAR, "ms"),
        "seen": figures.bounded("longest time until seen", max(max(each.seen) for each in swaps), BAR, "ms"),
    }
