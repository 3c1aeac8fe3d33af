"""The DNS server as a process: it says where it listens, follows the ledger, and stops when told."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from contextlib import contextmanager

import dns.message
import dns.query
import dns.rcode
import pytest

WAIT = 20.0
NAME = "1.2.0.192.bl.rep.test"

# The server over a ledger that is a file: one address a line.
PROCESS = """
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from reputon import serve, subject
from reputon.zone.publish import Publisher
from reputon.zone.table import Settings

class Ledger:
    def revision(self):
        return len(Path(sys.argv[1]).read_text())
    def scores(self):
        return ()
    def listings(self, now):
        end = now + timedelta(days=1)
        return [
            SimpleNamespace(subject=subject.parse(line), scope="address", reasons=(), expires=end)
            for line in Path(sys.argv[1]).read_text().split()
        ]

serve.serve_dns(Publisher(Ledger(), Settings("rep.test", "https://rep.test/")), [("127.0.0.1", 0)])
"""


@contextmanager
def started(*command):
    process = subprocess.Popen([sys.executable, *command], stderr=subprocess.PIPE, text=True)
    assert process.stderr is not None
    try:
        line = process.stderr.readline()
        found = re.fullmatch(r"listening on 127\.0\.0\.1:(\d+)\n", line)
        assert found, line + process.stderr.read()
        yield process, int(found[1])
    finally:
        process.kill()
        process.wait()
        process.stderr.close()


@pytest.fixture
def ledger(tmp_path):
    path = tmp_path / "ledger"
    path.write_text("")
    return path


def ask(port, name=NAME, how=dns.query.udp):
    return how(dns.message.make_query(name, "A"), "127.0.0.1", port=port, timeout=5)


def test_it_follows_the_ledger_by_itself(ledger):
    with started("-c", PROCESS, str(ledger)) as (_, port):
        assert ask(port).rcode() == dns.rcode.NXDOMAIN
        ledger.write_text("192.0.2.1")
        end = time.monotonic() + WAIT
        while not ask(port).answer:
            assert time.monotonic() < end, "the change was not seen"
            time.sleep(0.1)
        ledger.unlink()  # a ledger that cannot be read leaves the zones as they are
        time.sleep(1.5)
        assert ask(port, how=dns.query.tcp).answer


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_stops_cleanly_when_told(ledger, number):
    with started("-c", PROCESS, str(ledger)) as (process, port):
        assert ask(port, "2.0.0.127.bl.rep.test").answer
        process.send_signal(number)
        assert process.wait(WAIT) == 0
        assert process.stderr.read() == "stopped\n"


@pytest.fixture
def config(tmp_path):
    path = tmp_path / "reputon.toml"
    path.write_text(f"state_dir = {json.dumps(str(tmp_path / 'state'))}\n[zone]\nroot = 'rep.test'\n")
    return path


def run(*words):
    environment = os.environ | {"COLUMNS": "80"}
    command = [sys.executable, "-m", "reputon.cli", *words]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, env=environment)


def test_the_verb_serves_an_empty_ledger_with_its_test_entries(config):
    words = ("serve", "dns", "--config", str(config), "--listen", "127.0.0.1:0")
    with started("-m", "reputon.cli", *words) as (process, port):
        assert ask(port, "2.0.0.127.bl.rep.test").answer
        assert ask(port, "1.0.0.127.bl.rep.test").rcode() == dns.rcode.NXDOMAIN
        process.send_signal(signal.SIGTERM)
        assert process.wait(WAIT) == 0


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--listen", "localhost"), "is no address to listen at"),
        (("--root", "-"), "is not a domain name"),
        (("--listen", "192.0.2.1:5353"), "cannot listen at 192.0.2.1:5353"),
    ],
)
def test_the_verb_tells_what_is_wrong_in_one_line(config, words, said):
    result = run("serve", "dns", "--config", str(config), *words)
    assert result.returncode == 2
    assert result.stderr.startswith("reputon: ")
    assert said in result.stderr
    assert result.stderr.count("\n") == 1


def test_zone_ask_says_what_would_be_answered(config):
    result = run("zone", "ask", "127.0.0.2", "--config", str(config), "--json")
    lines = [json.loads(line) for line in result.stdout.splitlines()]
    assert result.returncode == 0, result.stderr
    assert [(each["name"], each["type"], each["rcode"]) for each in lines] == [
        ("2.0.0.127.bl.rep.test", "A", "NOERROR"),
        ("2.0.0.127.bl.rep.test", "TXT", "NOERROR"),
        ("2.0.0.127.score.rep.test", "A", "NOERROR"),
        ("2.0.0.127.score.rep.test", "TXT", "NOERROR"),
    ]
    assert lines[0]["records"] == [{"type": "A", "ttl": 300, "data": "127.0.0.2"}]
    said = run("zone", "ask", "1.0.0.127.bl.rep.test", "a", "--config", str(config)).stdout
    assert said == "1.0.0.127.bl.rep.test A: not there (NXDOMAIN)\n"


def test_zone_ls_lists_every_entry(config):
    result = run("zone", "ls", "--config", str(config), "--json")
    lines = [json.loads(line) for line in result.stdout.splitlines()]
    assert {each["name"]: each["codes"] for each in lines}["2.0.0.127.score.rep.test"] == ["127.0.4.0"]
    assert all(each["test"] and each["expires"] is None for each in lines)
    assert "5.0.0.127.bl.rep.test  127.0.0.5\n" in run("zone", "ls", "--config", str(config)).stdout
