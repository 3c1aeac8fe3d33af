"""Measure asking lists.  Usage: `python bench/check.py [--rounds N] [--rewriting QUERIES]`.

Lookups per CPU-second beside pydnsbl (in a virtual environment of its own, in the same run, by turns); the time for one
address on 80 lists of which 3 are dead; the time for thousands of subjects against what limits allow.  rbldnsd serves
the lists where it is installed, which is worth having: the server here is slow.
"""

import argparse
import json
import os
import random
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import venv
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from reputon import check
from reputon.lists import BlockList, Catalogue, Code
from reputon.lists.blocklist import Pattern
from reputon.resolver import Question
from reputon.resolver.servers import Servers

LISTS, ADDRESSES = 42, 300
CODES = ((Pattern.parse("127.0.0.2"), Code("listed")),)

PEER = """
import asyncio, json, sys, time, warnings
warnings.simplefilter("ignore")
import aiodns
from pydnsbl import DNSBLIpChecker
from pydnsbl.providers import Provider
port, lists, addresses = json.loads(sys.stdin.read())
loop = asyncio.new_event_loop()
asyncio.set_event_loop(loop)
checker = DNSBLIpChecker(providers=[Provider(zone) for zone in lists], loop=loop)
checker._resolver = aiodns.DNSResolver(
    nameservers=["127.0.0.1"], udp_port=port, tcp_port=port, timeout=5, tries=2, loop=loop)
cpu, wall = time.process_time(), time.monotonic()
found = checker.bulk_check(addresses)
took = time.process_time() - cpu, time.monotonic() - wall
print(json.dumps([*took, sum(each.blacklisted for each in found), sum(len(each.failed_providers) for each in found)]))
"""

# Lists that live below .bl.test, and others that never answer; what it does not know does not exist.
SERVER = """
import socket, sys
door = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
door.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 22)
door.bind(("127.0.0.1", int(sys.argv[1])))
while True:
    data, sender = door.recvfrom(4096)
    labels, at = [], 12
    while data[at]:
        labels.append(data[at + 1 : at + 1 + data[at]])
        at += 1 + data[at]
    if any(label.startswith(b"dead") for label in labels):
        continue
    listed = labels[:4] == [b"2", b"0", b"0", b"127"] or labels[3:4] == [b"10"]
    record = b"\\xc0\\x0c\\0\\1\\0\\1\\0\\0\\0\\x3c\\0\\4\\x7f\\0\\0\\2" if listed else b""
    head = b"\\x84\\0\\0\\1\\0\\1\\0\\0\\0\\0" if listed else b"\\x84\\3\\0\\1\\0\\0\\0\\0\\0\\0"
    door.sendto(data[:2] + head + data[12 : at + 5] + record, sender)
"""


def main() -> None:
    """Measure what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--rewriting", type=int, default=0, metavar="QUERIES")
    chosen = parser.parse_args()
    if chosen.rewriting:
        through_a_rewriting_resolver(chosen.rewriting)
        return
    with served() as port, tempfile.TemporaryDirectory() as folder:
        throughput(port, Path(folder), chosen.rounds)
        paced(port)
        with served(program="") as slow:
            one_address(slow, Path(folder))


def throughput(port: int, folder: Path, rounds: int) -> None:
    """Lookups per CPU-second, ours and the peer's by turns."""
    python = peer(folder)
    ours, theirs = [], []
    for number in range(rounds):
        addresses = made(ADDRESSES, number)
        ours.append(our_round(port, addresses))
        theirs.append(their_round(python, port, addresses))
        print(f"round {number + 1}: ours {ours[-1]:,.0f}, pydnsbl {theirs[-1]:,.0f} lookups a CPU-second")
    ratios = [one / other for one, other in zip(ours, theirs, strict=True)]
    print(
        f"median: ours {statistics.median(ours):,.0f}, pydnsbl {statistics.median(theirs):,.0f};"
        f" ratio {statistics.median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f})"
    )


def our_round(port: int, addresses: list[str]) -> float:
    """With tests of health, probes, retries, meanings and the lists' own words."""
    cpu, wall = time.process_time(), time.monotonic()
    run = check.Run(catalogue(LISTS), Servers([("127.0.0.1", port)]))
    results = [result for part in parts(addresses, run.at_a_time) for each in run.ask(part, datetime.now(UTC))
               for result in each.results]  # fmt: skip
    took, waited = time.process_time() - cpu, time.monotonic() - wall
    states = {state: sum(result.state == state for result in results) for state in ("listed", "clean", "unknown")}
    print(f"  ours: {waited:.2f} s, {states}")
    return len(results) / took


def their_round(python: Path, port: int, addresses: list[str]) -> float:
    """The peer's own CPU time for the same questions, in a process of its own, imports left out."""
    said = json.dumps([port, [f"l{number}.bl.test" for number in range(LISTS)], addresses])
    done = subprocess.run([python, "-c", PEER], input=said, capture_output=True, text=True, check=True, timeout=300)
    took, waited, listed, failed = json.loads(done.stdout)
    print(f"  pydnsbl: {waited:.2f} s, {listed} addresses listed, {failed} lookups failed")
    return LISTS * len(addresses) / float(took)


def one_address(port: int, folder: Path) -> None:
    """The command as a person runs it: one address, 80 lists, 3 of which never answer, nothing known of any."""
    lines = [entry_text(f"L{number}", f"l{number}.bl.test") for number in range(77)]
    lines += [entry_text(f"D{number}", f"dead{number}.test") for number in range(3)]
    (folder / "own.toml").write_text("\n".join(lines))
    (folder / "reputon.toml").write_text('state_dir = "state"\n')
    names = ",".join([f"L{number}" for number in range(77)] + [f"D{number}" for number in range(3)])
    command = [sys.executable, "-m", "reputon.cli", "check", "192.0.2.7", "--json", "--resolver", f"127.0.0.1:{port}",
               "--catalogue", "own.toml", "--lists", names]  # fmt: skip
    for what, more in (("fresh", ["--fresh"]), ("fresh", ["--fresh"]), ("fresh", ["--fresh"]), ("known", [])):
        began = time.monotonic()
        done = subprocess.run([*command, *more], capture_output=True, text=True, cwd=folder, check=False)
        took = time.monotonic() - began
        states = [result["state"] for result in json.loads(done.stdout)["results"]]
        print(f"one address, 80 lists, 3 dead ({what}): {took:.2f} s, {states.count('clean')} clean,"
              f" {states.count('unknown')} unknown")  # fmt: skip


def paced(port: int) -> None:
    """Thousands of subjects, one list of which allows 100 questions a second."""
    known = Catalogue((*catalogue(9).lists, entry("Slow", "l9.bl.test", per_second=100)))
    run = check.Run(known, Servers([("127.0.0.1", port)]))
    addresses = made(3000, 99)
    began = time.monotonic()
    results = [each for part in parts(addresses, run.at_a_time) for each in run.ask(part, datetime.now(UTC))]
    took = time.monotonic() - began
    asked = len(addresses) + 2 + sum(str(each.results[-1].state) == "listed" for each in results)
    unknown = sum(str(result.state) == "unknown" for each in results for result in each.results)
    print(f"{len(addresses)} subjects, 10 lists, one at 100 a second: {took:.2f} s, {took / ((asked - 1) / 100):.3f} of"
          f" what the limit allows ({asked} questions); {unknown} unknown")  # fmt: skip


def through_a_rewriting_resolver(queries: int) -> None:
    """Results that say anything but "unknown" through resolvers that find an address for every name."""
    sys.path.insert(0, str(Path(__file__).parents[1]))
    from tests.check.test_check_run import HOWS, wrongly_listed

    for how in HOWS:
        asked, wrong = wrongly_listed(how, queries // len(HOWS))
        print(f"rewriting ({how}): {asked:,} queries, {wrong} wrong")


# --- what is asked, and who answers ---


def entry(name: str, zone: str, per_second: float = 0.0) -> BlockList:
    """A list that matters."""
    return BlockList(name, zone, ("ip4",), CODES, impact="high", per_second=per_second)


def entry_text(name: str, zone: str) -> str:
    """The same, as a table of a catalogue."""
    return (
        f'[[list]]\nname = "{name}"\nzone = "{zone}"\nsubjects = ["ip4"]\ncodes = {{ "127.0.0.2" = "bad" }}\n'
        'impact = "high"\n'
    )


def catalogue(count: int) -> Catalogue:
    """So many lists."""
    return Catalogue(tuple(entry(f"L{number}", f"l{number}.bl.test") for number in range(count)))


def made(count: int, seed: int) -> list[str]:
    """Addresses, a tenth of them in the lists."""
    chance = random.Random(seed)
    firsts = [10 if chance.random() < 0.1 else chance.randrange(20, 100) for _ in range(count)]
    return [f"{first}.{chance.randrange(256)}.{chance.randrange(256)}.{n % 250 + 1}" for n, first in enumerate(firsts)]


def parts(addresses: list[str], size: int) -> Iterable[list[str]]:
    """The addresses, some at a time."""
    return (addresses[start : start + size] for start in range(0, len(addresses), size))


def peer(folder: Path) -> Path:
    """The Python of a virtual environment that holds pydnsbl, which ours cannot (it pins an older pycares)."""
    if "PYDNSBL_PYTHON" in os.environ:
        return Path(os.environ["PYDNSBL_PYTHON"])
    venv.create(folder / "peer", with_pip=True)
    python = folder / "peer" / "bin" / "python"
    subprocess.run([python, "-m", "pip", "install", "--quiet", "pydnsbl"], check=True, capture_output=True)
    return python


@contextmanager
def served(program: str = "rbldnsd") -> Iterator[int]:
    """The lists l0.bl.test ... behind one port, by rbldnsd where it is installed and wanted."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    found = shutil.which(program)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        (folder / "zone").write_text(":127.0.0.2:listed $\n127.0.0.2\n10.0.0.0/8\n")
        zones = [f"l{number}.bl.test:ip4set:zone" for number in range(LISTS)]
        command = [found, "-n", "-b", f"127.0.0.1/{port}", "-w", name, *zones] if found else [
            sys.executable, "-c", SERVER, str(port)]  # fmt: skip
        server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            _until_it_answers(port)
            yield port
        finally:
            server.terminate()
            server.wait()


def _until_it_answers(port: int) -> None:
    for _ in range(50):
        time.sleep(0.1)
        (answer,) = Servers([("127.0.0.1", port)], timeout=0.2).ask([Question("2.0.0.127.l1.bl.test", "A")])
        if answer.records:
            return
    sys.exit("the server of lists does not start")


if __name__ == "__main__":
    main()
