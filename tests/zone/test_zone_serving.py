"""`serve dns` as a process: metrics, samples, who writes the zones killed, a file that is replaced."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

import pytest
from tests.zone.seen_made import ask, content, table, until

from reputon.zone import stored
from reputon.zone.statistics.metrics import MetricsError, read

pytestmark = pytest.mark.heavy


@contextmanager
def serving(folder, text, *words):
    """The process, the address where it answers, and a file of what it says."""
    config = folder / "reputon.toml"
    config.write_text(f"state_dir = {json.dumps(str(folder / 'state'))}\n[zone]\nroot = 'rep.test'\n{text}")
    command = [sys.executable, "-m", "reputon.cli", "serve", "dns", "--config", str(config), "--threads", "1"]
    said = folder / "said"
    with said.open("w") as err:
        process = subprocess.Popen([*command, "--listen", "127.0.0.1:0", *words], stderr=err)
    try:
        until(lambda: re.search(r"listening on 127\.0\.0\.1:(\d+)\n", said.read_text()) or process.poll() is not None)
        found = re.search(r"listening on 127\.0\.0\.1:(\d+)\n", said.read_text())
        assert found, said.read_text()
        yield process, ("127.0.0.1", int(found[1])), said
    finally:
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0


def children(pid):
    """Those of all threads."""
    return [int(each) for task in Path(f"/proc/{pid}/task").glob("*/children") for each in task.read_text().split()]


def writers(pid):
    lines = ((each, Path(f"/proc/{each}/cmdline").read_bytes()) for each in children(pid))
    return [each for each, line in lines if b"spawn_main" in line]


def test_who_writes_the_zones_is_started_again(tmp_path):
    with serving(tmp_path, "") as (process, address, said):
        (writer,) = writers(process.pid)
        os.kill(writer, signal.SIGKILL)
        until(lambda: "starting it again in 1 s" in said.read_text())
        assert ask(address, "2.0.0.127.bl.rep.test").answer
        until(lambda: any(each != writer for each in writers(process.pid)))


def test_metrics_samples_and_two_tables(tmp_path, unused_tcp_port):
    one, two, log = (tmp_path / name for name in ("one", "two", "samples.jsonl"))
    stored.write(table(content("a.test")), one)
    stored.write(table(content("b.test")), two)
    url = f"http://127.0.0.1:{unused_tcp_port}/metrics"
    text = f"[serve.dns]\nmetrics = '127.0.0.1:{unused_tcp_port}'\nlog_sample = 1\nlog = {json.dumps(str(log))}\n"
    with serving(tmp_path, text, "--table", str(one), "--table", str(two)) as (process, address, said):
        assert ask(address, "1.2.0.192.a.test").answer
        assert ask(address, "1.2.0.192.b.test").answer
        until(lambda: log.exists() and len(log.read_text().splitlines()) == 2)
        log.rename(tmp_path / "old")
        process.send_signal(signal.SIGHUP)
        stored.write(table(content("c.test", serial=8)), two)
        until(lambda: "c.test serial 8" in said.read_text())
        assert ask(address, "1.2.0.192.c.test").answer
        until(log.exists)
        found = read(url)
        assert {apex: each.get("listed") for apex, each in found.zones.items() if apex} == {
            "a.test": 1, "b.test": 1, "c.test": 1,
        }  # fmt: skip
        assert found.server["swaps"] == 1
    with pytest.raises(MetricsError):
        read(url)


@pytest.fixture
def unused_tcp_port():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]
