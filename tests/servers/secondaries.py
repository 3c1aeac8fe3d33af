"""NSD and Knot as secondaries on loopback, with the snippets of docs/zone-transfer.md."""

import re
import shutil
import subprocess
import time
from abc import ABC, abstractmethod
from contextlib import suppress
from pathlib import Path

import dns.exception
import dns.message
import dns.query
import dns.rcode

from tests.servers import unavailable
from tests.servers.postfix import free_port

HOST = "127.0.0.1"
WAIT = 60.0  # seconds
DOC = Path(__file__).parents[2] / "docs" / "zone-transfer.md"


def snippet(language):
    """What docs/zone-transfer.md has in this language."""
    found = re.search(rf"^```{language}\n(.*?)^```", DOC.read_text(), re.MULTILINE | re.DOTALL)
    assert found is not None
    return found.group(1)


class Secondary(ABC):
    """A server that takes zones from a primary; `folder` has all that it writes."""

    program = ""
    name = ""

    def __init__(self, folder, primary_port, apexes, signed=True, secret=None):
        if shutil.which(self.program) is None and not Path(f"/usr/sbin/{self.program}").exists():
            unavailable(f"{self.program} is not installed (Debian package {self.name})")
        self.folder = folder
        self.port = free_port()
        folder.mkdir(parents=True)
        config = folder / f"{self.name}.conf"
        config.write_text(self.around(self.for_zones(primary_port, apexes, signed, secret)))
        self.log = folder / "log"
        with self.log.open("w") as log:
            command = shutil.which(self.program) or f"/usr/sbin/{self.program}"
            self._process = subprocess.Popen([command, *self.options(config)], stdout=log, stderr=log, cwd=folder)

    def for_zones(self, primary_port, apexes, signed, secret):
        text = snippet(self.name).replace("192.0.2.53@53", f"{HOST}@{self.port}")
        text = text.replace("192.0.2.1@53", f"{HOST}@{primary_port}").replace("192.0.2.1", HOST)
        if not signed:
            text = self.unsigned(text)
        if secret is not None:
            text = re.sub(r"(secret: \"?)[^\"\n]*", rf"\g<1>{secret}", text)
        head, zone = text.split("zone:\n", 1)
        return head + self.zones(zone, apexes)

    @abstractmethod
    def around(self, snippet):
        """The snippet with what a private server needs."""

    @abstractmethod
    def options(self, config):
        """The arguments."""

    @abstractmethod
    def unsigned(self, text):
        """The snippet without its key."""

    @abstractmethod
    def zones(self, zone, apexes):
        """The snippet's zone, once for each apex."""

    def ask(self, name, rdtype="A"):
        """The answer; a server that takes up a new zone may lose a question."""
        for _ in range(5):
            with suppress(dns.exception.Timeout):
                return dns.query.udp(dns.message.make_query(name, rdtype), HOST, port=self.port, timeout=2)
        raise AssertionError(f"{self.name} does not answer:\n{self.log.read_text()[-4000:]}")

    def serial(self, apex):
        """The serial that it answers with; 0 where it has no zone yet."""
        try:
            answer = dns.query.udp(dns.message.make_query(apex, "SOA"), HOST, port=self.port, timeout=1)
        except (dns.exception.Timeout, OSError):
            return 0
        return answer.answer[0][0].serial if answer.rcode() == dns.rcode.NOERROR and answer.answer else 0

    def wait_for(self, apex, serial, wait=WAIT):
        """Wait until it has this serial; the seconds that this took."""
        begun = time.monotonic()
        while time.monotonic() < begun + wait:
            if self.serial(apex) == serial:
                return time.monotonic() - begun
            assert self._process.poll() is None, self.log.read_text()
            time.sleep(0.05)
        raise AssertionError(f"{self.name} has {self.serial(apex)}, not {serial}:\n{self.log.read_text()[-4000:]}")

    def close(self):
        self._process.terminate()
        try:
            self._process.wait(20)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait(20)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


class Nsd(Secondary):
    program, name = "nsd", "nsd"

    def around(self, snippet):
        own = {
            "server-count": "1", "username": '""', "chroot": '""', "database": '""', "verbosity": "2",
            "zonesdir": f'"{self.folder}"', "pidfile": f'"{self.folder}/nsd.pid"', "xfrdir": f'"{self.folder}"',
            "xfrdfile": f'"{self.folder}/xfrd.state"', "zonelistfile": f'"{self.folder}/zone.list"',
            "xfrd-reload-timeout": "0",
        }  # fmt: skip
        return snippet.replace("server:\n", "server:\n" + "".join(f"    {key}: {own[key]}\n" for key in own), 1)

    def options(self, config):
        return ["-d", "-c", str(config)]

    def unsigned(self, text):
        return re.sub(r"key:\n(    .*\n)+", "", text).replace(" secondaries", " NOKEY")

    def zones(self, zone, apexes):
        return "".join("zone:\n" + zone.replace("bl.example", apex) for apex in apexes)


class Knot(Secondary):
    program, name = "knotd", "knot"

    def around(self, snippet):
        return f"""{snippet}
database:
    storage: "{self.folder}"
log:
  - target: stderr
    any: info
""".replace("server:\n", f'server:\n    rundir: "{self.folder}"\n    udp-workers: 1\n    tcp-workers: 1\n', 1)

    def options(self, config):
        return ["-c", str(config)]

    def unsigned(self, text):
        return re.sub(r"key:\n(  .*\n)+", "", text, count=1).replace("    key: secondaries\n", "")

    def zones(self, zone, apexes):
        return "zone:\n" + "".join(zone.replace("bl.example", apex) for apex in apexes)
