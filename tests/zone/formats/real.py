"""A real rbldnsd on a port of its own, asked over the loopback."""

import os
import shutil
import socket
import subprocess
import time
from contextlib import contextmanager
from ipaddress import ip_address

import dns.exception
import dns.message
import dns.query
import dns.rcode
import dns.rdatatype
from tests.servers import unavailable

BINARY = shutil.which("rbldnsd", path="/usr/sbin:/usr/bin:/sbin:/bin")
PATIENCE = 10.0


class Asked:
    def __init__(self, port):
        self.port = port

    def ask(self, name, rdtype, timeout=2.0):
        query = dns.message.make_query(name, rdtype, use_edns=0, payload=4096)
        return dns.query.udp(query, "127.0.0.1", timeout=timeout, port=self.port, ignore_unexpected=True)

    def records(self, name, rdtype):
        reply = self.ask(name, rdtype)
        return [each for rrset in reply.answer for each in rrset]

    def answer(self, subject, zone):
        """(A records, texts), both sorted, as `asked.answer` gives them."""
        try:
            name = (
                f"{ip_address(subject).reverse_pointer.removesuffix('.in-addr.arpa').removesuffix('.ip6.arpa')}.{zone}"
            )
        except ValueError:
            name = f"{subject}.{zone}"
        codes = sorted({each.address for each in self.records(name, "A")})
        texts = sorted({b"".join(each.strings).decode() for each in self.records(name, "TXT")})
        return codes, texts


@contextmanager
def rbldnsd(*zones):
    """Started with zones like `bl.example:ip4set:FILE`; what it says goes nowhere."""
    if BINARY is None:
        unavailable("rbldnsd is not installed: apt-get install rbldnsd")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    user = ["-u", "nobody"] if os.geteuid() == 0 else []  # it will not run as root
    command = [BINARY, *user, "-n", "-c", "0", "-b", f"127.0.0.1/{port}", *zones]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    try:
        server = Asked(port)
        wait(server, zones[0].partition(":")[0], process)
        yield server
    finally:
        process.terminate()
        process.communicate(timeout=PATIENCE)


def wait(server, zone, process):
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        assert process.poll() is None, process.communicate()[0]
        try:
            server.ask(zone, "SOA", timeout=0.2)
        except (dns.exception.Timeout, OSError):
            continue
        else:
            return
    raise AssertionError("rbldnsd does not answer")
