"""`reputon check`: what it prints and how it ends, in made worlds."""

import json
import subprocess
import sys

import pytest

LIVE = {"2.0.0.127.bl.spamcop.net": {"A": ["127.0.0.2"]}, "2.0.0.127.bl.own.example": {"A": ["127.0.0.2"]}}
KEY = "abcdefghijklmnopqrstuvwxyz"


@pytest.fixture
def run(tmp_path):
    (tmp_path / "world").mkdir()

    def call(*arguments, names=LIVE, config=""):
        (tmp_path / "world" / "dns.json").write_text(json.dumps(names))
        (tmp_path / "world" / "now.txt").write_text("2026-11-24T09:30:00Z\n")
        (tmp_path / "reputon.toml").write_text(config)
        command = [sys.executable, "-m", "reputon.cli", "check", "--world", str(tmp_path / "world"), *arguments]
        return subprocess.run(command, capture_output=True, text=True, timeout=60, cwd=tmp_path)

    return call


def test_clean_is_0(run):
    done = run("192.0.2.8", "--lists", "SpamCop", "--json")
    assert (done.returncode, done.stderr) == (0, "")
    (line,) = map(json.loads, done.stdout.splitlines())
    assert line["subject"] == "192.0.2.8"
    assert line["overall"] == "clean"
    assert line["results"][0]["asked_at"] == "2026-11-24T09:30:00Z"


def test_listed_is_1_with_the_reason_and_the_way_out(run):
    names = {**LIVE, "7.2.0.192.bl.spamcop.net": {"A": ["127.0.0.2"], "TXT": ["Blocked - see [bold]this[/bold]"]}}
    done = run("192.0.2.8", "192.0.2.7", "--lists", "spamcop,bl.own.example", names=names)
    assert done.returncode == 1
    assert "192.0.2.7: listed: on 1 of 2 lists" in done.stdout
    assert "Blocked - see [bold]this[/bold]" in done.stdout
    assert "https://www.spamcop.net/bl.shtml" in done.stdout


def test_unknown_is_3_with_the_reason(run):
    done = run("192.0.2.7", "--lists", "SpamCop", names={"*.bl.spamcop.net": {"timeout": True}})
    assert done.returncode == 3
    assert "no answer in time" in done.stdout


@pytest.mark.parametrize(
    ("broken", "why"), [({"rcode": "SERVFAIL"}, "the server said SERVFAIL"), ({"timeout": True}, "no answer in time")]
)
def test_a_host_whose_addresses_cannot_be_looked_up_is_3_with_the_reason(run, broken, why):
    names = {"test.bl.own.example": {"A": ["127.0.0.2"]}, "mail.example.org": broken}
    done = run("mail.example.org", "--lists", "bl.own.example", names=names)
    assert done.returncode == 3
    assert "mail.example.org: clean" in done.stdout
    assert "mail.example.org: unknown: its addresses could not be looked up" in done.stdout
    assert why in " ".join(done.stdout.split())
    done = run("mail.example.org", "--lists", "bl.own.example", "--json", names=names)
    domain, host = map(json.loads, done.stdout.splitlines())
    assert (domain["overall"], host["overall"], host["results"]) == ("clean", "unknown", [])
    assert why in host["why"]


def test_a_host_that_has_no_addresses_is_said(run):
    names = {"test.bl.own.example": {"A": ["127.0.0.2"]}}
    done = run("mail.example.org", "--lists", "bl.own.example", names=names)
    assert done.returncode == 0
    assert "the name does not exist, so no address is asked about" in done.stdout


@pytest.mark.parametrize(
    ("subject", "names", "said"),
    [
        ("example.org", "SpamCop", "example.org: unknown: SpamCop takes no domains"),
        ("192.0.2.7", "Spamhaus DBL", "192.0.2.7: unknown: Spamhaus DBL takes no IPv4 addresses"),
    ],
)
def test_a_list_that_does_not_take_the_subject_is_said(run, subject, names, said):
    done = run(subject, "--lists", names)
    assert (done.returncode, done.stdout.strip()) == (3, said)
    (line,) = map(json.loads, run(subject, "--lists", names, "--json").stdout.splitlines())
    assert said.endswith(line["why"])


def test_every_list_is_asked_by_default(run):
    done = run("192.0.2.7", "--json")
    assert done.returncode == 3
    assert len(json.loads(done.stdout)["results"]) > 10


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["foo"], "neither an IP address nor a domain"),
        (["192.0.0.0/16"], "more than 4096 addresses: give prefixes from /20 on"),
        (["2001:db8::/64"], "IPv6 prefixes from /120 on"),
        (["192.0.2.0/x"], "is no prefix"),
        (["--file", "missing.txt"], "reputon: missing.txt: No such file or directory: give a file"),
        (["--file", "world"], "reputon: world: Is a directory: give a file"),
        (["192.0.2.7", "--lists", "no such list"], "no list called 'no such list'"),
        (["192.0.2.7", "--lists", ","], "at least one"),
        (["192.0.2.7", "--catalogue", "missing.toml"], "missing.toml"),
        (["192.0.2.7", "--key", KEY], "LIST=KEY"),
        (["192.0.2.7", "--key", f"{KEY}=Abusix"], "no list with keys"),
        (["192.0.2.7", "--world", "nowhere"], "not a folder"),
        ([], "SUBJECT"),
    ],
)
def test_a_mistake_is_2_and_one_line(run, arguments, said):
    done = run(*arguments)
    assert done.returncode == 2
    assert done.stdout == ""
    (line,) = done.stderr.splitlines()
    assert line.startswith("reputon: ")
    assert said in line
    assert KEY not in line


def test_keys_and_a_catalogue_of_ones_own_come_from_the_configuration(run, tmp_path):
    (tmp_path / "own.toml").write_text(
        '[[list]]\nname = "Ours"\nzone = "bl.own.example"\nkeyed = "{key}.bl.own.example"\nneeds_key = true\n'
        'subjects = ["ip4"]\ncodes = { "127.0.0.2" = "bad" }\n'
    )
    names = {f"2.0.0.127.{KEY}.bl.own.example": {"A": ["127.0.0.2"]}}
    config = f'[lists]\ncatalogue = "own.toml"\nkeys = {{ Ours = "{KEY}" }}\n'
    done = run("192.0.2.7", "--lists", "Ours", "--json", names=names, config=config)
    assert (done.returncode, done.stderr) == (0, "")
    assert KEY not in done.stdout
