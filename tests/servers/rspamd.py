"""A private rspamd in a namespace, with the rbl module and nothing else."""

import http.client
import json
import shutil
from dataclasses import dataclass

from tests.servers import unavailable
from tests.servers.namespace import WAIT, Namespace
from tests.servers.program import Program

PLUGIN = "/usr/share/rspamd/plugins/rbl.lua"
SETTINGS = """\
options {{
  filters = "";
  tempdir = "{directory}";
  url_tld = "{directory}/suffixes";
  hs_cache_dir = "{directory}";
  cache_file = "{directory}/symbols";
  control_socket = "{directory}/control";
  stats_file = "";
  history_file = "";
  local_addrs = [];
  dns {{ nameserver = ["127.0.0.1:53"]; }}
}}
logging {{ type = "console"; level = "info"; }}
worker "normal" {{ bind_socket = "127.0.0.1:{port}"; count = 1; }}
modules {{ path = "{plugin}"; }}
actions {{ reject = 10; }}
rbl {{ {rbl} }}
group "rbl" {{ symbols {{ {weights} }} }}
"""
SUFFIXES = "example\ntest\n"  # the whole list is compiled for 20 s


@dataclass(frozen=True)
class Found:
    """What rspamd says of a message: the action, and the options of each symbol."""

    action: str
    symbols: dict[str, list[str]]


@dataclass(frozen=True)
class Rspamd:
    """A running one."""

    place: Namespace
    program: Program
    port: int

    def scan(self, client: str, sender: str, text: str) -> Found:
        """What it says of a message from that client."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=WAIT)
        connection.sock = self.place.connect(self.port)
        message = f"From: {sender}\r\nTo: bob@receiver.test\r\nSubject: x\r\n\r\n{text}\r\n"
        try:
            headers = {"IP": client, "From": sender, "Rcpt": "bob@receiver.test", "Helo": "client.test"}
            connection.request("POST", "/checkv2", message, headers)
            found = json.loads(connection.getresponse().read())
        finally:
            connection.close()
        assert "symbols" in found, f"{found}\n{self.program.said()[-3000:]}"
        return Found(found["action"], {name: each.get("options", []) for name, each in found["symbols"].items()})


def rspamd(place: Namespace, port: int, rbl: str, weights: dict[str, float]) -> Rspamd:
    """An rspamd on 127.0.0.1 inside, with those settings of its rbl module, and weights of symbols; 10 rejects."""
    if shutil.which("rspamd") is None:
        unavailable("no rspamd: install rspamd")
    program = Program("rspamd")
    program.directory.chmod(0o777)  # its user writes there
    said = "".join(f"{name} {{ weight = {weight}; }} " for name, weight in weights.items())
    settings = SETTINGS.format(directory=program.directory, port=port, plugin=PLUGIN, rbl=rbl, weights=said)
    (program.directory / "rspamd.conf").write_text(settings)
    (program.directory / "suffixes").write_text(SUFFIXES)
    command = [*place.inside, "rspamd", "-f", "-u", "_rspamd", "-g", "_rspamd"]
    command += ["-c", str(program.directory / "rspamd.conf")]
    program.start(command, lambda: place.listens(port))
    return Rspamd(place, program, port)
