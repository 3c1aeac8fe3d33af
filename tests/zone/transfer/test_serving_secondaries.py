"""`reputon serve dns` as a hidden primary with the configuration of the docs, before real NSD and real Knot."""

import base64
import signal
import subprocess
import sys

import pytest
from tests.servers.postfix import free_port
from tests.servers.secondaries import Knot, Nsd, snippet
from tests.zone.transfer.zones import APEX, KEY, content

from reputon.zone import stored
from reputon.zone.table import compile_zones

pytestmark = [pytest.mark.server, pytest.mark.heavy]


def configuration(folder, secondary_port):
    """The docs' configuration and the key, in files of this test; the path of the first."""
    key = folder / "secondaries.key"
    secret = base64.b64encode(KEY.secret).decode()
    key.write_text(f'key "{KEY.name}" {{ algorithm {KEY.algorithm}; secret "{secret}"; }};\n')
    text = snippet("toml").replace("/etc/reputon/secondaries.key", str(key))
    text = text.replace("192.0.2.53:53", f"127.0.0.1:{secondary_port}").replace("192.0.2.53", "127.0.0.1")
    path = folder / "reputon.toml"
    path.write_text(f'state_dir = "{folder / "state"}"\n{text}')
    return path


@pytest.mark.parametrize("kind", [Nsd, Knot], ids=["nsd", "knot"])
def test_serve_dns_as_a_hidden_primary(kind, tmp_path):
    port, table = free_port(), tmp_path / "table"
    stored.write(compile_zones([content(1, range(0x0A000000, 0x0A001000, 3))]), table)
    with kind(tmp_path / kind.name, port, (APEX,)) as secondary:
        command = [sys.executable, "-m", "reputon", "serve", "dns", "--listen", f"127.0.0.1:{port}", "--table", table]
        command += ["--config", configuration(tmp_path, secondary.port)]
        log = tmp_path / "log"
        with log.open("w") as said:
            server = subprocess.Popen(list(map(str, command)), stderr=said)
        try:
            secondary.wait_for(APEX, 1)
            stored.write(compile_zones([content(2, range(0x0A000030, 0x0A001010, 3))]), table)
            server.send_signal(signal.SIGHUP)
            secondary.wait_for(APEX, 2)
        finally:
            server.terminate()
            server.wait(20)
        told = log.read_text()
        assert f"gets all of {APEX}, serial 1" in told
        assert f"gets changes of {APEX}, serial 2" in told
        assert base64.b64encode(KEY.secret).decode() not in told
        assert len(list((tmp_path / "state" / "zone" / "journal").iterdir())) == 1
        assert secondary.ask(f"48.0.0.10.{APEX}").answer
