"""`reputon serve trap` over real SMTP: what was answered with 250 is in the store, also after a kill."""

import json
import signal
import smtplib
import subprocess
import sys

import pytest

pytestmark = pytest.mark.heavy

MAIL = "From: a@spam.example\r\nTo: nobody@trap.example\r\nSubject: x\r\n\r\nbuy\r\n"


def told(config):
    command = [sys.executable, "-m", "reputon", "evidence", "ls", "--json", "--config", str(config)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    return [json.loads(line) for line in done.stdout.splitlines()]


@pytest.fixture
def config(tmp_path):
    file = tmp_path / "reputon.toml"
    file.write_text(
        'state_dir = "state"\n[dns]\nresolver = "127.0.0.1:9"\n'
        '[serve.trap]\nlisten = "127.0.0.1:0"\nkind = "trap-recycled"\nxclients = ["127.0.0.1"]\n'
    )
    return file


@pytest.mark.parametrize("end", [signal.SIGTERM, signal.SIGKILL])
def test_a_hit_that_was_acknowledged_is_kept(config, end):
    command = [sys.executable, "-m", "reputon", "serve", "trap", "--config", str(config)]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as server:
        try:
            assert server.stderr
            port = int(server.stderr.readline().rpartition(":")[2])
            with smtplib.SMTP("127.0.0.1", port, timeout=30) as client:
                client.ehlo("spam.example")
                assert client.docmd("XCLIENT", "ADDR=9.9.9.9")[0] == 220
                client.ehlo("spam.example")
                client.sendmail("a@spam.example", ["nobody@trap.example"], MAIL)
                server.send_signal(end)
        finally:
            server.send_signal(end)
            server.wait(30)
    assert told(config) == [{"source": "trap", "kind": "trap-recycled", "pieces": 1, "count": 1}]
    state = b"".join(path.read_bytes() for path in (config.parent / "state").rglob("*") if path.is_file())
    assert b"nobody" not in state


def test_who_tries_it_from_the_same_machine_is_told_once_that_this_is_no_hit(config):
    command = [sys.executable, "-m", "reputon", "serve", "trap", "--config", str(config)]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as server:
        try:
            assert server.stderr
            port = int(server.stderr.readline().rpartition(":")[2])
            assert "never hits" in server.stderr.readline()
            for _ in range(2):
                with smtplib.SMTP("127.0.0.1", port, timeout=30) as client:
                    client.sendmail("a@spam.example", ["nobody@trap.example"], MAIL)
        finally:
            server.send_signal(signal.SIGTERM)
            server.wait(30)
            said = server.stderr.read() if server.stderr else ""
    assert said.count("is never a hit") == 1
    assert told(config) == []
