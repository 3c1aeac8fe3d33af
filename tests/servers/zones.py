"""Servers of DNS lists in a namespace: ours by its commands, and Debian's rbldnsd of the same files."""

import shutil
import socket
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import dns.exception
import dns.message
import dns.query
import dns.rdatatype

from tests.servers import unavailable
from tests.servers.namespace import Namespace
from tests.servers.program import WAIT, Program

REPUTON = (sys.executable, "-m", "reputon")


def reputon(place: Namespace, port: int, origin: str, lists: Mapping[str, str]) -> Program:
    """Our server on 127.0.0.1 inside, with those data sets, whose lines are given by rbldnsd's types."""
    server = Program("reputon")
    files = [str(file) for file in _written(server.directory, lists).values()]
    table = str(server.directory / "table")
    command = [*REPUTON, "zone", "import", "rbldnsd", *files, "--origin", origin, "--output", table]
    done = subprocess.run(command, capture_output=True, text=True, timeout=WAIT)
    assert done.returncode == 0, f"{done.stdout}{done.stderr}"
    command = [*place.inside, *REPUTON, "serve", "dns", "--listen", f"127.0.0.1:{port}", "--table", table]
    server.start(command, lambda: answers(place, port, origin))
    return server


def rbldnsd(place: Namespace, port: int, origin: str, lists: Mapping[str, str]) -> Program:
    """An rbldnsd on 127.0.0.1 inside, with the same."""
    if shutil.which("rbldnsd") is None:
        unavailable("no rbldnsd: install rbldnsd")
    server = Program("rbldnsd")
    sets = [f"{origin}:{kind}:{file}" for kind, file in _written(server.directory, lists).items()]
    command = [*place.inside, "rbldnsd", "-n", "-u", "nobody", "-b", f"127.0.0.1/{port}", *sets]
    server.start(command, lambda: answers(place, port, origin))
    return server


def _written(directory: Path, lists: Mapping[str, str]) -> dict[str, Path]:
    files = {kind: directory / f"{kind}.rbl" for kind in lists}
    for kind, file in files.items():
        file.write_text(lists[kind])
    return files


def ask(
    place: Namespace, name: str, rdtype: str = "A", port: int = 53, seconds: float = WAIT
) -> dns.message.QueryMessage:
    """What the server or resolver on 127.0.0.1 inside says."""
    with place.made_socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.setblocking(False)
        query = dns.message.make_query(name, rdtype)
        answer = dns.query.udp(query, "127.0.0.1", seconds, port, sock=client)
    assert isinstance(answer, dns.message.QueryMessage)
    return answer


def answers(place: Namespace, port: int, origin: str) -> bool:
    """Whether a server answers for that zone."""
    try:
        return bool(ask(place, origin, "SOA", port, 0.5).answer)
    except (OSError, dns.exception.DNSException):
        return False


def records(answer: dns.message.QueryMessage) -> list[str]:
    """The data of an answer's records, sorted; texts without their quotes."""
    return sorted(str(record).strip('"') for rrset in answer.answer for record in rrset)
