"""Queries: CPU time a query, of all servers by turns, and the ratio to each peer in the same round."""

from dataclasses import asdict, dataclass, replace
from pathlib import Path
from statistics import median

from bench.dnsbl import data, figures, load
from bench.dnsbl.ask import agreed, awaited, drawn
from bench.dnsbl.machine import Running, running
from bench.dnsbl.servers import PORTS, Setting, built, command, up

BARS = {"rbldnsd": 0.85, "nsd": 0.60, "knot": 0.60, "echo": 1.35}
LARGER = 1.10


@dataclass(frozen=True)
class Round:
    """Microseconds of CPU a query, and what the load saw."""

    user: float
    system: float
    seen: load.Run

    @property
    def cpu(self) -> float:
        """All of it."""
        return self.user + self.system


def measured(server: Running, port: int, flood: Path, queries: Path, seconds: float) -> Round:
    """One round: the load on one server."""
    before = server.cpu()
    seen = load.flood(flood, port, queries, seconds, *load.OUTSTANDING)
    user, system = ((now - then) / seen.received * 1e6 for now, then in zip(server.cpu(), before, strict=True))
    return Round(user, system, seen)


def compared(setting: Setting, names: list[str], rounds: int, seconds: float) -> None:
    """Echo, rbldnsd, NSD, Knot and ours by turns, after they were seen to answer alike."""
    built(setting)
    queries, found = setting.data / "queries.txt", {name: list[Round]() for name in names}
    with up(setting, names) as servers:
        agreed({name: PORTS[name] for name in names if name != "echo"}, drawn(queries, 5000))
        for number in range(rounds):
            for name in _turned(names, number):
                each = measured(servers[name], PORTS[name], setting.work / "flood", queries, seconds)
                found[name].append(each)
        shown(found)
        _same(found)
    ratios = _ratios(found)
    kept = {name: [asdict(each) for each in all_] for name, all_ in found.items()}
    figures.kept(setting.work / "queries.json", {"seconds": seconds, "rounds": kept, "ratios": ratios})


def _turned(names: list[str], number: int) -> list[str]:
    """Each round begins with another, so that none is always measured after the same."""
    place = number % len(names)
    return names[place:] + names[:place]


def shown(found: dict[str, list[Round]]) -> None:
    """A line of medians for each server."""
    rows = []
    for name, rounds in found.items():
        cpu, rate = [each.cpu for each in rounds], [each.seen.rate for each in rounds]
        user, system = median(each.user for each in rounds), median(each.system for each in rounds)
        rows.append([name, f"{median(cpu):.2f}", f"{min(cpu):.2f}-{max(cpu):.2f}", f"{user:.2f}", f"{system:.2f}",
                     f"{median(rate):,.0f}", f"{min(rate):,.0f}-{max(rate):,.0f}",
                     f"{median(each.seen.middle for each in rounds):.0f}"])  # fmt: skip
    figures.table(["server", "CPU us", "range", "user", "system", "queries/s", "range", "p50 us"], rows)


def _ratios(found: dict[str, list[Round]]) -> dict[str, object]:
    if "ours" not in found:
        return {}
    ours = [each.cpu for each in found["ours"]]
    return {
        name: figures.ratio(f"ours / {name}", ours, [each.cpu for each in rounds], BARS[name])
        for name, rounds in found.items()
        if name != "ours"
    }


def _same(found: dict[str, list[Round]]) -> None:
    """Fail if under load a server said "no" in another share than the others, or anything but yes and no."""
    shares = {}
    for name, rounds in found.items():
        tally = [sum(column) for column in zip(*(each.seen.rcodes for each in rounds), strict=True)]
        print(f"{name}: rcodes {tally}", flush=True)
        if name != "echo":
            shares[name] = tally[3] / max(sum(tally), 1)
            if sum(tally) != tally[0] + tally[3]:
                raise SystemExit(f"{name} gave errors under load: rcodes {tally}")
    if max(shares.values()) - min(shares.values()) > 0.01:
        raise SystemExit(f"the shares of names that do not exist differ: {shares}")


def larger(setting: Setting, entries: int, rounds: int, seconds: float) -> None:
    """Ours with many entries beside ours with a million, each asked for its own."""
    small, large = setting, replace(setting, data=data.folder(setting.work, entries))
    for each in (small, large):
        built(each)
    ports = {"ours": PORTS["ours"], "more": PORTS["ours"] + 1}
    found: dict[str, list[Round]] = {name: [] for name in ports}
    first = running("ours", command(small, "ours", ports["ours"]), setting.work)
    second = running("more", command(large, "ours", ports["more"]), setting.work)
    with first as one, second as two:
        servers = {"ours": (one, small), "more": (two, large)}
        for name, (server, _) in servers.items():
            awaited(ports[name], server)
            server.settled()
        for number in range(rounds):
            for name in _turned(list(servers), number):
                server, its = servers[name]
                queries = its.data / "queries.txt"
                found[name].append(measured(server, ports[name], setting.work / "flood", queries, seconds))
        shown(found)
    more, ours = ([each.cpu for each in found[name]] for name in ("more", "ours"))
    kept = figures.ratio(f"{entries:,} entries / {data.MILLION:,}", more, ours, LARGER)
    figures.kept(setting.work / "entries.json", {"entries": entries, "ratio": kept, "ours": ours, "more": more})
