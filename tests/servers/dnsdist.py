"""A dnsdist in front of a server of DNS lists, with the snippet of docs/running-dns.md."""

import re
import shutil
from pathlib import Path

from tests.servers import unavailable
from tests.servers.namespace import Namespace
from tests.servers.program import Program
from tests.servers.zones import answers

DOC = Path(__file__).parents[2] / "docs" / "running-dns.md"


def snippet() -> str:
    """The configuration that the page shows."""
    (found,) = re.findall(r"^```lua\n(.*?)^```", DOC.read_text(), flags=re.MULTILINE | re.DOTALL)
    return str(found)


def dnsdist(place: Namespace, origin: str, server: int, *, port: int = 53, a_second: int = 500) -> Program:
    """A dnsdist on 127.0.0.1 inside that asks the server on that port; `a_second`: its limit for UDP from a /24."""
    if shutil.which("dnsdist") is None:
        unavailable("no dnsdist: install dnsdist")
    front = Program("dnsdist")
    settings = snippet()
    for said, instead in (
        ("192.0.2.53:53", f"127.0.0.1:{port}"), ("127.0.0.1:5310", f"127.0.0.1:{server}"),
        ("bl.example.", f"{origin}."), ("MaxQPSIPRule(500", f"MaxQPSIPRule({a_second}"),
        ('addLocal("[2001:db8::53]:53")', ""),
    ):  # fmt: skip
        assert said in settings, f"{DOC.name} has no {said}"
        settings = settings.replace(said, instead)
    (front.directory / "dnsdist.conf").write_text(settings)
    command = [*place.inside, "dnsdist", "--supervised", "--disable-syslog", "-C", f"{front.directory}/dnsdist.conf"]
    front.start(command, lambda: answers(place, port, origin))
    return front
