"""What the service manager is told, and that the compiled loop runs where no memory may become code."""

import ctypes
import os
import signal
import socket
import subprocess
import sys

import dns.message
import dns.query
import pytest
from tests.servers.program import Program

from reputon.zone import stored
from reputon.zone.content import Content, Soa, Value
from reputon.zone.kernel import jit
from reputon.zone.machine import native
from reputon.zone.server import service
from reputon.zone.table import compile_zones

MDWE = 65  # PR_SET_MDWE of <linux/prctl.h>, Linux 6.3: as MemoryDenyWriteExecute of systemd, and stricter
STARTED_SO = f"""
import ctypes, os, sys
assert ctypes.CDLL(None).prctl({MDWE}, 1, 0, 0, 0) == 0
os.execv(sys.argv[1], sys.argv[1:])
"""
PATIENCE = 30.0  # seconds


@pytest.fixture
def table(tmp_path):
    """A file of one zone."""
    content = Content("bl.test", Soa("ns.test", "hostmaster.test", 7))
    content.dataset().add4(0xC0000201, 32, content.value_of(Value(("127.0.0.2",))))
    stored.write(compile_zones([content]), tmp_path / "table")
    return tmp_path / "table"


@pytest.fixture
def manager(tmp_path, monkeypatch):
    """A socket that is told."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listening:
        listening.bind(str(tmp_path / "notify"))
        listening.settimeout(PATIENCE)
        monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
        yield listening


def command(table):
    words = ("-m", "reputon", "serve", "dns", "--listen", "127.0.0.1:0", "--table", str(table), "--threads", "1")
    return [sys.executable, *words]


def heard(manager):
    return manager.recv(4096).decode().split("\n")


def test_states_are_told_in_one_datagram(manager):
    service.tell(service.READY, service.status("two\nlines"))
    assert heard(manager) == ["READY=1", "STATUS=two"]
    service.tell(service.reloading())
    assert heard(manager)[0] == "RELOADING=1"


@pytest.mark.parametrize("where", ["", "nowhere", "/no/such/socket", "@reputon-no-such-socket"])
def test_nobody_need_listen(monkeypatch, where):
    monkeypatch.setenv("NOTIFY_SOCKET", where)
    service.tell(service.READY)


def test_an_abstract_socket_is_found(monkeypatch):
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listening:
        listening.bind("")  # Linux finds a name that is free
        listening.settimeout(PATIENCE)
        monkeypatch.setenv("NOTIFY_SOCKET", "@" + listening.getsockname()[1:].decode())
        service.tell(service.STOPPING)
        assert heard(listening) == ["STOPPING=1"]


def test_the_server_tells_what_it_does(table, manager):
    with Program("dns") as server:
        server.start(command(table), lambda: "listening on" in server.said())
        assert heard(manager) == ["READY=1", "STATUS=bl.test serial 7"]
        os.kill(server.pid, signal.SIGHUP)
        assert heard(manager)[0] == "RELOADING=1"
        assert heard(manager) == ["READY=1"]
        os.kill(server.pid, signal.SIGTERM)
        assert heard(manager) == ["STOPPING=1"]


@pytest.mark.heavy
@pytest.mark.skipif(not jit.is_there(), reason="Numba is not there")
def test_the_compiled_loop_needs_no_memory_that_becomes_code(table):
    forbidden = os.fork()
    if forbidden == 0:
        os._exit(ctypes.CDLL(None).prctl(MDWE, 1, 0, 0, 0) != 0)
    if os.waitpid(forbidden, 0)[1]:
        pytest.skip("this kernel has no PR_SET_MDWE")
    for _ in range(2):
        warmed = subprocess.run([*command(table), "--warm"], capture_output=True, text=True, timeout=native.PATIENCE)
        assert warmed.returncode == 0, warmed.stderr
    assert warmed.stderr.startswith("compiled before: ")
    with Program("dns") as server:
        started = [sys.executable, "-c", STARTED_SO, *command(table)]
        server.start(started, lambda: "listening on" in server.said() and "/loop-" in server.maps())
        assert any("/loop-" in line and "r-xp" in line for line in server.maps().splitlines())
        port = int(server.said().partition("listening on 127.0.0.1:")[2].split()[0])
        asked = dns.message.make_query("1.2.0.192.bl.test", "A")
        assert dns.query.udp(asked, "127.0.0.1", PATIENCE, port).answer
        assert "compiled" not in server.said()
