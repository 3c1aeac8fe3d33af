"""The answer matrix: a real server, one behaviour a zone, asked by the real command (research/remedy.md 2.2)."""

import json
import subprocess
import sys

import pytest
from tests.servers.dns import Dns, Said

from reputon import lists

SUBJECT, LABELS = "192.0.2.7", "7.2.0.192"

# zone: what it says of everything (broken), or of our subject only; the state, and a piece of the reason or meaning
BROKEN: dict[str, tuple[Said, str]] = {
    "open": (["127.255.255.254"], "by which lists refuse a question"),
    "parked": (["203.0.113.5"], "outside 127.0.0.0/8"),
    "loopback": (["127.0.0.1"], "127.0.0.1, which this list does not document"),
    "servfail": ("SERVFAIL", "SERVFAIL"),
    "refused": ("REFUSED", "REFUSED"),
    "timeout": (None, "no answer in"),
}
LIVING: dict[str, tuple[Said, str, str]] = {
    "code": (["127.0.0.2"], "listed", "bad"),
    "nxdomain": ("NXDOMAIN", "clean", "not in it"),
    "several": (["127.0.0.4", "127.0.0.2"], "listed", "bad; worse"),
    "bits": (["127.0.0.72"], "listed", "eight + sixty-four"),
    "graded": (["127.0.0.18"], "white", "good"),
    "white": (["127.0.10.3"], "white", "trusted"),
}
CODES = {
    "bits": 'mask = { "8" = "eight", "64" = "sixty-four" }',
    "graded": 'codes = { "127.0.0.[10..14]" = { meaning = "poor", state = "graded" },'
    ' "127.0.0.[17..20]" = { meaning = "good", state = "white" } }',
    "white": 'state = "white"\ncodes = { "127.0.[0..20].[0..3]" = "trusted" }',
}
PLAIN = 'codes = { "127.0.0.2" = "bad", "127.0.0.4" = "worse" }'
ZONES = [*BROKEN, *LIVING]


def answer(name: str, rdtype: str) -> Said:
    """What the server says: lists that live keep RFC 5782's test entries, the others say one thing of everything."""
    labels, _, zone = name.removesuffix(".test").rpartition(".")
    if zone in BROKEN:
        return BROKEN[zone][0]
    if zone not in LIVING:
        return "NXDOMAIN"
    if rdtype == "TXT":
        return ['"see https://bl.example/why"']
    return {LABELS: LIVING[zone][0], "2.0.0.127": ["127.0.0.2"]}.get(labels, "NXDOMAIN")


@pytest.fixture
def check(tmp_path):
    entries = [
        f'[[list]]\nname = "{zone}"\nzone = "{zone}.test"\nsubjects = ["ip4"]\nimpact = "high"\n'
        f"{CODES.get(zone, PLAIN)}\n"
        for zone in ZONES
    ]
    (tmp_path / "catalogue.toml").write_text("\n".join(entries))
    (tmp_path / "reputon.toml").write_text('state_dir = "state"\n')

    def call(server, *arguments, catalogue="catalogue.toml"):
        command = [sys.executable, "-m", "reputon.cli", "check", "--json", "--config", "reputon.toml"]
        command += ["--resolver", f"127.0.0.1:{server.port}", "--catalogue", catalogue, *arguments]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, cwd=tmp_path)
        assert done.stderr == ""
        return [json.loads(line) for line in done.stdout.splitlines()], done.returncode

    return call


def test_twelve_of_twelve(check):
    with Dns(answer) as server:
        (line,), code = check(server, SUBJECT, "--lists", ",".join(ZONES))
    found = {result["list"]: result for result in line["results"]}
    right = {zone: ("unknown", words) for zone, (_, words) in BROKEN.items()}
    right |= {zone: (state, words) for zone, (_, state, words) in LIVING.items()}
    assert {zone: result["state"] for zone, result in found.items()} == {
        zone: state for zone, (state, _) in right.items()
    }
    for zone, (_, words) in right.items():
        assert words in (found[zone]["why"] or found[zone]["meaning"])
    assert found["several"]["codes"] == ["127.0.0.2", "127.0.0.4"]
    assert found["code"]["text"] == "see https://bl.example/why"
    assert (line["subject"], line["overall"], code) == (SUBJECT, "listed", 1)


@pytest.mark.parametrize("zone", BROKEN)
def test_a_broken_list_alone_is_never_clean(check, zone):
    with Dns(answer) as server:
        (line,), code = check(server, SUBJECT, "--lists", f"{zone},nxdomain")
    assert (line["overall"], code) == ("unknown", 3)


def test_a_list_that_failed_is_not_asked_by_the_next_run_until_it_is_told_to(check):
    names = ",".join(ZONES)
    with Dns(answer) as server:
        check(server, SUBJECT, "--lists", names)
        server.questions.clear()
        (line,), _ = check(server, SUBJECT, "--lists", names)
        again = {name.split(".")[-2] for name, _ in server.questions if name.endswith(".test")}
        server.questions.clear()
        check(server, SUBJECT, "--lists", names, "--fresh")
        fresh = {name.split(".")[-2] for name, _ in server.questions if name.endswith(".test")}
    assert again == set(LIVING)
    assert fresh == set(ZONES)
    assert all("tested again at 2" in each["why"] for each in line["results"] if each["list"] in BROKEN)
    assert {each["list"] for each in line["results"] if each["state"] != "unknown"} == set(LIVING)


def test_no_closed_list_is_asked(check):
    closed = [entry for entry in lists.load().lists if not entry.can_be_asked and entry.zone]
    assert len(closed) > 5
    living = {entry.zone for entry in lists.load().lists if entry.can_be_asked}
    with Dns(lambda name, _: "NXDOMAIN") as server:
        check(server, SUBJECT, "example.org", "2001:db8::7", "--lists", ",".join(entry.name for entry in closed))
        assert server.questions == []
        check(server, SUBJECT, "example.org", "2001:db8::7")
    asked = {name for name, _ in server.questions}
    assert len(asked) > 20
    for entry in closed:
        under = {name for name in asked if name.endswith("." + entry.zone)}
        assert all(any(name.endswith("." + zone) for zone in living if zone.endswith(entry.zone)) for name in under)


def test_a_prefix_a_host_and_a_file(check, tmp_path):
    def world(name: str, rdtype: str) -> Said:
        if name == "mail.example.org":
            return ["192.0.2.7"] if rdtype == "A" else []
        return answer(name, rdtype)

    (tmp_path / "subjects.txt").write_text("# ours\nmail.example.org  # a host\n\n192.0.2.7\n")
    with Dns(world) as server:
        found, code = check(server, "192.0.2.4/30", "--file", "subjects.txt", "--lists", "code")
    assert [(line["subject"], line.get("host"), line["overall"]) for line in found] == [
        ("192.0.2.4", None, "clean"),
        ("192.0.2.5", None, "clean"),
        ("192.0.2.6", None, "clean"),
        ("192.0.2.7", None, "listed"),
        ("mail.example.org", None, "unknown"),
        ("192.0.2.7", "mail.example.org", "listed"),
        ("192.0.2.7", None, "listed"),
    ]
    assert code == 1
    assert len([name for name, _ in server.questions if name == "2.0.0.127.code.test"]) == 1
