"""Transfer: a million entries to a real NSD by AXFR, then 15,000 changes by IXFR after NOTIFY."""

import random
import re
import shutil
import signal
import socket
import time
from pathlib import Path
from statistics import median

import dns.exception
import dns.message
import dns.query
import dns.rdatatype
from bench.dnsbl import figures
from bench.dnsbl.ask import ZONE, agreed, awaited, drawn
from bench.dnsbl.machine import CLIENT, Running, running
from bench.dnsbl.servers import PORTS, Setting, built, nsd, up

DELETED, ADDED, NAMES = 10_000, 5_000, 10_000
WHOLE, CHANGES = 15.0, 2.0  # seconds
SOURCE = """zonefile: "secondary.zone"
  request-xfr: 127.0.0.1@{port} NOKEY
  allow-notify: 127.0.0.1 NOKEY"""
RECEIVED = re.compile(r"received update to serial \d+ .*? of (\d+) bytes")


def measured(setting: Setting, rounds: int) -> None:
    """Seconds from the start of NSD, and from the rename of the next table, until NSD answers with it."""
    tables, changed = _tables(setting)
    names = [(name, "A") for name, kind in drawn(setting.data / "queries.txt", 3 * NAMES) if kind == "A"]
    names = random.Random(2).sample(changed, NAMES // 4) + names[: NAMES * 3 // 4]
    found = []
    for _ in range(rounds):
        shutil.copy(tables[0], setting.table())
        with up(setting, ["ours"]) as servers:
            found.append(_round(setting, servers["ours"], tables[1], names))
    whole, changes, sizes = zip(*found, strict=True)
    print(f"bytes received, whole and changes: {sizes}", flush=True)
    kept = {
        "whole": figures.bounded(f"AXFR, median of {rounds}", median(whole), WHOLE, "s"),
        "changes": figures.bounded(f"IXFR, median of {rounds}", median(changes), CHANGES, "s"),
    }
    figures.kept(setting.work / "transfer.json", {"bars": kept, "whole": whole, "changes": changes, "bytes": sizes})


def _round(
    setting: Setting, primary: Running, table: Path, names: list[tuple[str, str]]
) -> tuple[float, float, list[int]]:
    port, both = PORTS["nsd"], {"ours": PORTS["ours"], "nsd": PORTS["nsd"]}
    words = nsd(setting.work / "secondary", port, SOURCE.format(port=PORTS["ours"]))
    with running("secondary", words, setting.work, CLIENT) as secondary:
        whole, first = awaited(port, secondary), serial(port)
        print(f"CPU until then: ours {sum(primary.cpu()):.1f} s, NSD {sum(secondary.cpu()):.1f} s", flush=True)
        agreed(both, names)
        following = setting.table("next.table")
        shutil.copy(table, following)
        began = time.monotonic()
        following.rename(setting.table())
        primary.process.send_signal(signal.SIGHUP)
        while serial(port) == first:
            if time.monotonic() - began > 120:
                raise SystemExit(f"NSD has not got the changes in two minutes: {primary.log}, {secondary.log}")
            time.sleep(0.005)
        changes = time.monotonic() - began
        agreed(both, names)
        return whole, changes, [int(size) for size in RECEIVED.findall(secondary.log.read_text())]


def serial(port: int) -> int | None:
    """The serial of the zone as a server has it."""
    try:
        said = dns.query.udp(dns.message.make_query(ZONE, "SOA"), "127.0.0.1", port=port, timeout=2)
    except (dns.exception.DNSException, OSError):
        return None
    return next((int(each[0].serial) for each in said.answer if each.rdtype == dns.rdatatype.SOA), None)


def _tables(setting: Setting) -> tuple[list[Path], list[tuple[str, str]]]:
    """The table and the next one, and questions for what differs."""
    dice, later = random.Random(1), setting.data / "changed.rbl"
    lines = (setting.data / "v4.rbl").read_text().splitlines(keepends=True)
    single = [place for place, line in enumerate(lines) if line[0].isdigit() and "/" not in line and line[:4] != "127."]
    gone, known = set(dice.sample(single, DELETED)), {line.split()[0] for line in lines}
    fresh = (socket.inet_ntoa(dice.randrange(1 << 24, 224 << 24).to_bytes(4)) for _ in range(ADDED * 2))
    added = [address for address in fresh if address not in known][:ADDED]
    kept = [line for place, line in enumerate(lines) if place not in gone]
    kept[0] = kept[0].replace("reputon.test 1 ", "reputon.test 2 ")
    later.write_text("".join([*kept, *(f"{address}\n" for address in added)]))
    differing = [lines[place].split()[0] for place in sorted(gone)] + added
    asked = [(f"{'.'.join(reversed(address.split('.')))}.{ZONE}", "A") for address in differing]
    return [built(setting, name="plain.table"), built(setting, later, "changed.table")], asked
