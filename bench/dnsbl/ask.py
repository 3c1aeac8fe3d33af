"""Ask: questions one by one, where each answer matters."""

import random
import socket
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype
from bench.dnsbl.machine import Running

ZONE = "bl.reputon.test"
ALWAYS = f"2.0.0.127.{ZONE}"
Answer = tuple[str, tuple[str, ...]]  # rcode, and the addresses or that there is text


def query(name: str, kind: str = "A") -> bytes:
    """A question as it goes over the wire."""
    return dns.message.make_query(name, kind, use_edns=0, flags=0).to_wire()


def listed(port: int, name: str = ALWAYS, patience: float = 0.1) -> bool:
    """Whether a server answers, and that a name is listed."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as door:
        door.settimeout(patience)
        door.connect(("127.0.0.1", port))
        try:
            door.send(query(name))
            said = door.recv(4096)
        except OSError:
            return False
        return said[3] & 15 == 0 and said[7] > 0


def awaited(port: int, process: Running, name: str = ALWAYS, seconds: float = 180) -> float:
    """Seconds from the start of a server to the answer that a name is listed."""
    while not listed(port, name):
        if process.process.poll() is not None or time.monotonic() - process.began > seconds:
            said = process.log.read_text(errors="replace")[-1000:]
            raise SystemExit(f"{process.name} does not answer on port {port}; it said:\n{said}")
        time.sleep(0.005)
    return time.monotonic() - process.began


def answers(port: int, questions: Iterable[tuple[str, str]]) -> Iterator[Answer]:
    """What a server says to each, asked again for five seconds if it says nothing."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as door:
        door.settimeout(1)
        door.connect(("127.0.0.1", port))
        for name, kind in questions:
            yield _answer(door, name, kind)


def _answer(door: socket.socket, name: str, kind: str) -> Answer:
    asked = dns.message.make_query(name, kind, use_edns=0, flags=0)
    for _ in range(5):
        try:
            door.send(asked.to_wire())
            said = dns.message.from_wire(door.recv(4096))
            while said.id != asked.id:
                said = dns.message.from_wire(door.recv(4096))
        except TimeoutError:
            continue
        found = [each.to_text() for group in said.answer if group.rdtype == dns.rdatatype.A for each in group]
        text = [kind for group in said.answer if group.rdtype == dns.rdatatype.TXT]
        return dns.rcode.to_text(said.rcode()), tuple(sorted(found) + text)
    raise SystemExit(f"port {door.getpeername()[1]} says nothing to {name} {kind}")


def drawn(queries: Path, number: int) -> list[tuple[str, str]]:
    """Questions drawn from a file of them (the whole file is in no order)."""
    lines = queries.read_text().splitlines()
    chosen = random.Random(6).sample(lines, min(number, len(lines)))
    return [(name, kind) for name, kind in map(str.split, chosen)]


def agreed(ports: dict[str, int], questions: list[tuple[str, str]]) -> None:
    """Fail unless all servers say the same to each question."""
    first, *others = ports
    said = {name: list(answers(port, questions)) for name, port in ports.items()}
    for other in others:
        pairs = zip(questions, said[first], said[other], strict=True)
        differ = [(question, one, two) for question, one, two in pairs if one != two]
        if differ:
            question, one, two = differ[0]
            raise SystemExit(f"{len(differ)} of {len(questions)} answers differ, as {' '.join(question)}: "
                             f"{first} says {one}, {other} says {two}")  # fmt: skip
    print(f"{', '.join(ports)}: the same answers to {len(questions)} questions", flush=True)
