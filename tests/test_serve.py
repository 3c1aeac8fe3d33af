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


@contextmanager
def started(*command):
    process = subprocess.Popen([sys.executable, *command], stderr=subprocess.PIPE, text=True)
    assert process.stderr is not None
    try:
        # Whoever tests as root is warned first.
        line = next((each for each in process.stderr if not each.startswith("WARNING")), "")
        found = re.fullmatch(r"listening on 127\.0\.0\.1:(\d+)\n", line)
        assert found, line + process.stderr.read()
        yield process, int(found[1])
    finally:
        process.kill()
        process.wait()
        process.stderr.close()


def ask(port, name=NAME, how=dns.query.udp):
    return how(dns.message.make_query(name, "A"), "127.0.0.1", port=port, timeout=5)


@pytest.fixture
def config(tmp_path):
    path = tmp_path / "reputon.toml"
    path.write_text(
        f"state_dir = {json.dumps(str(tmp_path / 'state'))}\n[zone]\nroot = 'rep.test'\n"
        "[listing]\nallow_reserved = ['192.0.2.0/24']\n"
    )
    return path


def run(*words):
    environment = os.environ | {"COLUMNS": "80"}
    command = [sys.executable, "-m", "reputon.cli", *words]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, env=environment)


def serving(config):
    return started("-m", "reputon.cli", "serve", "dns", "--config", str(config), "--listen", "127.0.0.1:0")


def test_it_follows_the_ledger_by_itself(config):
    with serving(config) as (_, port):
        assert ask(port).rcode() == dns.rcode.NXDOMAIN
        added = run("listing", "add", "192.0.2.1", "--why", "test", "--for", "1d", "--config", str(config))
        assert added.returncode == 0, added.stderr
        end = time.monotonic() + WAIT
        while not ask(port).answer:
            assert time.monotonic() < end, "the change was not seen"
            time.sleep(0.1)
        (config.parent / "state" / "listings.sqlite").unlink()  # what cannot be read leaves the zones as they are
        time.sleep(1.5)
        assert ask(port, how=dns.query.tcp).answer


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_stops_cleanly_when_told(config, number):
    with serving(config) as (process, port):
        assert ask(port, "2.0.0.127.bl.rep.test").answer
        process.send_signal(number)
        assert process.wait(WAIT) == 0
        assert process.stderr.read() == "stopped\n"


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
    codes = {(each["zone"], each["subject"]): each["codes"] for each in lines}
    assert codes["score.rep.test", "127.0.0.2"] == ["127.0.4.0"]
    assert all(each["expires"] is None and "test entry" in each["texts"][0] for each in lines)
    assert "bl.rep.test  127.0.0.5  127.0.0.5\n" in run("zone", "ls", "--config", str(config)).stdout
