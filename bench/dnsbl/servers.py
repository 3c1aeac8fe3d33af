"""Servers: how ours and each peer is started on the same data, with one worker."""

import os
import shlex
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.dnsbl.ask import ZONE, awaited
from bench.dnsbl.machine import Running, running

REPUTON = f"{shlex.quote(sys.executable)} -m reputon.cli"
OURS = REPUTON + " serve dns --listen 127.0.0.1:{port} --table {table} --config {config}"
BUILD = REPUTON + " zone import rbldnsd {v4} {v6} --origin {zone} --output {table}"
# Configurations of ours.  Every protection is on, with limits that the load does not reach; loopback is not exempt.
PROTECTIONS = """
[serve.dns.limits]
answers = 1_000_000
errors = 1_000_000
exempt = []
[serve.dns.access.all]
"127.0.0.0/8" = "allow"
"192.0.2.0/24" = "refuse"
"2001:db8::/32" = "ignore"
[serve.dns.keys.someone]
key = "q7w2k5m9x4t8b3n6"
per_second = 100
per_day = 1_000_000
"""
# Loopback may have the zone, and the secondary, at {port} of it, is told of changes.
TRANSFERS = """
[serve.dns.transfer.all]
clients = ["127.0.0.0/8"]
notify = ["127.0.0.1:{port}"]
"""
PORTS = {"echo": 5320, "rbldnsd": 5301, "nsd": 5302, "knot": 5303, "ours": 5310}
PROGRAMS = {"rbldnsd": "rbldnsd", "nsd": "nsd", "knot": "knotd"}

NSD = """\
server:
  server-count: 1
  ip-address: 127.0.0.1@{port}
  username: ""
  verbosity: 1
  zonesdir: "{folder}"
  pidfile: "{folder}/nsd.pid"
  database: ""
  zonelistfile: "{folder}/nsd.list"
  xfrdfile: "{folder}/nsd.xfrd"
  xfrdir: "{folder}"
  rrl-ratelimit: 0
  rrl-whitelist-ratelimit: 0
remote-control:
  control-enable: no
zone:
  name: {zone}
  {source}
"""
KNOT = """\
server:
  listen: 127.0.0.1@{port}
  udp-workers: 1
  tcp-workers: 1
  background-workers: 1
  rundir: {folder}
log:
  - target: stdout
    any: warning
database:
  storage: {folder}
zone:
  - domain: {zone}
    storage: {folder}
    file: {file}
    journal-content: none
    semantic-checks: off
"""


@dataclass(frozen=True)
class Setting:
    """Where things lie, and what starts and makes ours; `config`: what its configuration says."""

    work: Path
    data: Path
    ours: str
    build: str
    config: str = ""

    def table(self, name: str = "served.table") -> Path:
        """A table of ours."""
        return self.data / name


def built(setting: Setting, v4: Path | None = None, name: str = "served.table") -> Path:
    """Compile our table from the rbldnsd files."""
    v4, v6, table = v4 or setting.data / "v4.rbl", setting.data / "v6.rbl", setting.table(name)
    if not v4.is_file():
        raise SystemExit(f"{v4} is missing: make it by `python -m bench.dnsbl data --entries {setting.data.name}`")
    began = time.monotonic()
    subprocess.run(_filled(setting.build, v4=v4, v6=v6, zone=ZONE, table=table), check=True)
    took, size = time.monotonic() - began, table.stat().st_size / 2**20
    print(f"{name}: {setting.data.name} entries, {size:.1f} MiB, made in {took:.1f} s", flush=True)
    return table


def _filled(command: str, **values: object) -> list[str]:
    return [word.format(**values) for word in shlex.split(command)]


def command(setting: Setting, name: str, port: int) -> list[str]:
    """What starts a server on a port, in the foreground."""
    program, data = PROGRAMS.get(name), setting.data
    if program and not shutil.which(program):
        raise SystemExit(f"{program} is missing: apt-get install {name}, or leave {name} out by --servers")
    if name == "echo":
        return [str(setting.work / "echo"), str(port), "64", "27"]
    if name == "rbldnsd":
        user = ["-u", "nobody"] if os.geteuid() == 0 else []
        lists = [f"{ZONE}:ip4set:v4.rbl", f"{ZONE}:ip6trie:v6.rbl"]
        return ["rbldnsd", *user, "-n", "-a", "-f", "-b", f"127.0.0.1/{port}", "-w", str(data), *lists]
    if name == "nsd":
        return nsd(setting.work / "nsd", port, f'zonefile: "{data}/zone.bind"')
    if name == "knot":
        place = _cleared(setting.work / "knot")
        (place / "knot.conf").write_text(KNOT.format(port=port, folder=place, zone=ZONE, file=data / "zone.bind"))
        return ["knotd", "-c", str(place / "knot.conf")]
    _cleared(setting.work / "state")
    config = setting.work / "ours.toml"
    config.write_text('state_dir = "state"\n' + setting.config)
    return _filled(setting.ours, port=port, table=setting.table(), config=config)


def nsd(place: Path, port: int, source: str) -> list[str]:
    """NSD with one server; `source` says where it has the zone from."""
    _cleared(place)
    (place / "nsd.conf").write_text(NSD.format(port=port, folder=place, zone=ZONE, source=source))
    return ["nsd", "-d", "-c", str(place / "nsd.conf")]


def _cleared(place: Path) -> Path:
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir(parents=True)
    return place


def unused(port: int) -> None:
    """Fail if somebody listens on a port already: it would be measured in the other's place."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as door:
        try:
            door.bind(("127.0.0.1", port))
        except OSError as trouble:
            raise SystemExit(f"port {port} of 127.0.0.1 is taken: end what listens there") from trouble


@contextmanager
def up(
    setting: Setting, names: list[str], environment: Mapping[str, str] | None = None
) -> Iterator[dict[str, Running]]:
    """Servers that answer and have come to rest, by name."""
    with ExitStack() as stack:
        found = {}
        for name in names:
            words = command(setting, name, PORTS[name])
            unused(PORTS[name])
            found[name] = stack.enter_context(running(name, words, setting.work, environment=environment))
            awaited(PORTS[name], found[name])
        for each in found.values():
            each.settled()
        yield found
