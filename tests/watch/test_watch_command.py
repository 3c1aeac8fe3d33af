"""The verb as its users start it: what it prints, how it ends, that it runs, stops and is read by monitoring."""

import json
import os
import re
import signal
import subprocess
import sys
import time
import urllib.request
from contextlib import contextmanager
from pathlib import Path

import pytest
from tests.servers.postfix import free_port
from tests.watch.test_channels import web

LISTED = {"2.0.0.127.bl.a.test": {"A": ["127.0.0.2"]}, "7.2.0.192.bl.a.test": {"A": ["127.0.0.2"], "TXT": ["seen"]}}
CLEAN = {"2.0.0.127.bl.a.test": {"A": ["127.0.0.2"]}}
REAL_PASS = Path(__file__).with_name("real_pass.py")
MONITOR = re.compile(r'^reputon_watch_listed\{list="bl\.a\.test",subject="192\.0\.2\.7"\} 1\.0$', re.MULTILINE)


class Place:
    """A folder with a configuration and a made world."""

    def __init__(self, folder, url="", more=""):
        self.folder, self.world = folder, folder / "world"
        self.world.mkdir()
        alerts = f'[watch.alerts.ops]\nkind = "webhook"\nurl = "{url}"\n' if url else ""
        (folder / "reputon.toml").write_text(f'state_dir = "state"\n[watch]\n{more}\n{alerts}')

    def at(self, time, names):
        (self.world / "now.txt").write_text(f"2026-11-25T{time}:00Z")
        (self.world / "dns.json").write_text(json.dumps(names))

    def __call__(self, *words):
        command = [sys.executable, "-m", "reputon.cli", "watch", *words]
        environment = os.environ | {"COLUMNS": "80", "REPUTON_CONFIG": ""}
        return subprocess.run(command, cwd=self.folder, capture_output=True, text=True, timeout=60, env=environment)

    def look(self, time, names):
        self.at(time, names)
        done = self.real_pass()
        assert done.returncode == 0, done.stderr
        return done.stderr

    def real_pass(self, *words):
        environment = os.environ | {"REPUTON_CONFIG": ""}
        command = [sys.executable, str(REAL_PASS), "world", *words]
        return subprocess.run(command, cwd=self.folder, capture_output=True, text=True, timeout=60, env=environment)

    def lines(self, *words):
        return [json.loads(line) for line in self(*words, "--json").stdout.splitlines()]


@pytest.fixture
def place(tmp_path):
    return Place(tmp_path)


def test_from_a_first_look_to_the_all_clear(tmp_path):
    with web() as (url, posted):
        place = Place(tmp_path, f"{url}/200/token")
        added = place("add", "192.0.2.7", "--lists", "bl.a.test", "--name", "mx1", "--every", "30m")
        assert added.stdout == "watching 192.0.2.7 every 30m\n"
        assert place.look("10:00", LISTED) == ""
        assert place("ls").returncode == 0
        assert place.look("10:10", LISTED) == "2026-11-25T10:10:00Z 192.0.2.7 is listed by bl.a.test\n"
        shown = place("ls")
        assert shown.returncode == 1
        assert "listed: 192.0.2.7 by bl.a.test" in " ".join(shown.stdout.split())
        assert max(map(len, shown.stdout.splitlines())) <= 80
        place.look("10:50", CLEAN)
        place.at("10:55", CLEAN)
        assert place.real_pass("--json").stdout == ""
        assert "no longer listed" in place.look("11:20", CLEAN)
        assert place.look("11:21", CLEAN) == ""
        place.look("14:00", LISTED)
        place.at("15:00", LISTED)
        assert json.loads(place.real_pass("--json").stdout)["kind"] == "listed"
    assert [(each["kind"], each["subject"], each["watch"]) for each in posted] == [
        ("listed", "192.0.2.7", "mx1"), ("delisted", "192.0.2.7", "mx1"), ("listed", "192.0.2.7", "mx1"),
    ]  # fmt: skip
    assert [each["kind"] for each in place.lines("history")] == ["listed", "delisted", "listed"]
    assert [each["told"] for each in place.lines("history", "192.0.2.7")] == [True] * 3
    assert "was never watched" in place("history", "192.0.2.8").stderr
    (row,) = place.lines("ls")
    assert (row["subject"], row["size"], row["every"]) == ("192.0.2.7", 1, 1800)
    assert [(each["list"], each["first_seen"]) for each in row["listed"]] == [("bl.a.test", "2026-11-25T14:00:00Z")]
    assert place("rm", "mx1").stdout == "no longer watching 192.0.2.7\n"
    assert place("ls").stdout.startswith("nothing is watched")
    assert len(place.lines("history")) == 3


def test_a_rehearsal_shows_what_would_change_keeps_nothing_and_tells_nobody(tmp_path):
    with web() as (url, posted):
        place = Place(tmp_path, f"{url}/200/token")
        place("add", "192.0.2.7", "--lists", "bl.a.test")
        place.look("10:00", LISTED)
        (place.world / "now.txt").write_text("2099-01-01T00:00:00Z")
        before = place.lines("ls")
        for _ in range(2):
            done = place("run", "--once", "--world", "world")
            assert done.returncode == 0
            assert "no alerts are sent" in done.stderr
            assert "192.0.2.7 is listed by bl.a.test" in done.stderr
        assert place.lines("ls") == before
        assert place.lines("history") == []
        assert posted == []
        assert "is listed" in place.look("10:10", LISTED)
    assert len(posted) == 1


def test_how_long_a_full_turn_takes_is_said(place):
    said = place("add", "10.0.0.0/16", "--every", "1d", "--lists", "bl.a.test").stdout
    assert " ".join(said.split()).endswith("all have had their turn after 6 years at best")


def test_what_could_not_be_told_is_named(tmp_path):
    with web() as (url, _):
        place = Place(tmp_path, f"{url}/hang-up/s3cr3t")
        place("add", "192.0.2.7", "--lists", "bl.a.test")
        place.look("10:00", LISTED)
        said = place.look("10:10", LISTED)
    assert "alert 1 by ops: unclear: no answer after it was sent" in said
    shown = place("ls")
    assert "unclear: 192.0.2.7 is listed by bl.a.test by ops" in " ".join(shown.stderr.split())
    config = [sys.executable, "-m", "reputon.cli", "config"]
    printed = subprocess.run(config, cwd=tmp_path, capture_output=True, text=True, timeout=60).stdout
    assert "ops" in printed
    assert "s3cr3t" not in said + shown.stdout + shown.stderr + printed


def test_a_look_at_one_address_shows_its_days(place):
    place("add", "192.0.2.7", "--lists", "bl.a.test,bl.b.test")
    place.look("10:00", LISTED)
    shown = place("history", "192.0.2.7").stdout
    assert shown.startswith("192.0.2.7  the last 30 days, today on the right\n")
    assert re.search(r"^bl\.a\.test +[█ ]+$", shown, flags=re.MULTILINE)
    assert re.search(r"^bl\.b\.test +[? ]+$", shown, flags=re.MULTILINE)  # its test entry is not there


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("add", "nonsense"), "give an address, a prefix, a domain"),
        (("add", "192.0.2.7", "--every", "often"), "write it as 90m, 6h or 2d"),
        (("add", "192.0.2.7", "--every", "1m"), "--every: from 10m to 30d"),
        (("add", "192.0.2.7", "--lists", "nobody"), "no list called"),
        (("add", "pool:nobody"), "there is no such pool"),
        (("rm", "192.0.2.7"), "is not watched"),
        (("run", "--once", "--world", "nowhere"), "is not a folder"),
        (("run", "--world", "world"), "give --once too"),
        (("history", "x"), "give an address"),
        (("history", "192.0.2.7"), "was never watched"),
        (("add", "192.0.2.7", "--lists", ""), "--lists names no list"),
        (("add", "host:mail.example.org"), "a host is watched by its addresses"),
        (("add", "example.org", "--lists", "SpamCop"), "so example.org cannot"),
    ],
)
def test_mistakes_are_one_line(place, words, said):
    done = place(*words)
    assert done.returncode == 2
    assert done.stderr.startswith("reputon: ")
    assert said in done.stderr
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ("every = 5", "`watch.every`"),
        ("metrics = 'here'", "`watch.metrics`"),
        ("[watch.alerts.x]\nkind = 'pigeon'", "`watch.alerts.x.kind`"),
        ("[watch.alerts.x]\nkind = 'slack'\nurl = 'http://a.test/s3cr3t'", "https:// is needed"),
        ("[watch.alerts.x]\nkind = 'slack'\nurl = 's3cr3t'\ncolour = 1", "there is no key `watch.alerts.x.colour`"),
    ],
)
def test_a_wrong_configuration_is_one_line_without_secrets(tmp_path, more, said):
    done = Place(tmp_path, more=more)("run", "--once")
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert said in done.stderr
    assert "s3cr3t" not in done.stderr


@contextmanager
def running(place, *words):
    command = [sys.executable, "-m", "reputon.cli", *words]
    process = subprocess.Popen(command, cwd=place.folder, stderr=subprocess.PIPE, text=True)
    assert process.stderr is not None
    try:
        line = process.stderr.readline()
        assert line == "watching 1 subjects\n", line + process.stderr.read()
        yield process
    finally:
        process.kill()
        process.wait()
        process.stderr.close()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_runs_until_it_is_told_and_only_once(place, number):
    (place.folder / "reputon.toml").write_text(f'state_dir = "state"\n[dns]\nresolver = "127.0.0.1:{free_port()}"')
    place("add", "192.0.2.7", "--lists", "bl.a.test")
    with running(place, "watch", "run") as process:
        other = place("run", "--once")
        assert other.returncode == 2
        assert "a watch is running already" in other.stderr
        process.send_signal(number)
        assert process.wait(20) == 0
        assert process.stderr.read() == "stopped\n"


def test_serve_shows_monitoring_what_is_listed(tmp_path):
    port = free_port()
    # A resolver that nobody is: what was confirmed before stays so.
    place = Place(tmp_path, more=f'metrics = "127.0.0.1:{port}"\n[dns]\nresolver = "127.0.0.1:{free_port()}"')
    place("add", "192.0.2.7", "--lists", "bl.a.test")
    for when in ("10:00", "10:10"):
        place.look(when, LISTED)
    with running(place, "serve", "watch") as process:
        end, text = time.monotonic() + 20, ""
        while 'reputon_watch_unknown{list="bl.a.test"} 1.0' not in text:
            assert time.monotonic() < end, text
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=5) as answer:
                text = answer.read().decode()
            time.sleep(0.1)
        assert MONITOR.search(text)
        assert 'reputon_watch_alerts_total{status="failed"} 0.0' in text
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0
