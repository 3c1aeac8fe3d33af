"""The verb: options in, diffs and exit codes out."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

Run = Callable[..., tuple[int, str, str]]

NOW = "2026-11-24T09:30:00Z"
NEXT_DAY = "2026-11-25T09:30:00Z"


@pytest.fixture
def run(tmp_path: Path) -> Run:
    (tmp_path / "etc").mkdir()
    (tmp_path / "reputon.toml").write_text(
        f'state_dir = "{tmp_path}/state"\n[reroute]\nadapter = "table"\nconfig_dir = "{tmp_path}/etc"\n'
        'relay = "relay.test:25"\n'
    )

    def run(*arguments: str, stdin: str = "") -> tuple[int, str, str]:
        done = subprocess.run(
            [sys.executable, "-m", "reputon.cli", "reroute", *arguments],
            input=stdin, capture_output=True, text=True, timeout=60, cwd=tmp_path,
        )  # fmt: skip
        return done.returncode, done.stdout, done.stderr

    return run


def diagnosis(cause: str = "provider-shared", verified: bool = True, **report: str) -> str:
    reports = [{"recipient": "bob@blocked.test", "subject_kind": "ip", "action": "failed", **report}]
    return json.dumps({"file": "a.eml", "reports": reports, "cause": {"id": cause, "verified": verified}}) + "\n"


def test_the_whole_way(run, tmp_path):
    table = tmp_path / "etc" / "reputon_transport"
    asked = ("--diagnosis", "-", "--at", NOW, "--for", "6h")
    code, diff, why = run("plan", *asked, stdin=diagnosis())
    assert (code, table.exists(), "allowed" in why) == (0, False, True)
    assert "+blocked.test soft:[relay.test]:25\n" in diff
    code, out, _ = run("apply", *asked, "--json", stdin=diagnosis())
    made = json.loads(out)
    assert (code, made["state"], made["expires"]) == (0, "active", "2026-11-24T15:30:00Z")
    assert "blocked.test soft:[relay.test]:25\n" in table.read_text()
    assert run("plan", *asked, stdin=diagnosis())[:2] == (0, "")
    assert json.loads(run("show", made["id"], "--json")[1])["condition"] == "applied"
    assert run("revert", "--due", "--at", NOW)[:2] == (0, "")
    assert made["id"] in run("revert", "--due", "--at", NEXT_DAY)[1]
    assert not table.exists()
    assert run("ls")[:2] == (0, "")
    assert json.loads(run("ls", "--all", "--json")[1])["closed_why"] == "expired"


@pytest.mark.parametrize(
    ("given", "stdin", "code"),
    [
        (["--diagnosis", "-"], diagnosis("content"), 1),
        (["--diagnosis", "-"], diagnosis(verified=False), 3),
        (["--diagnosis", "-"], diagnosis("undetermined"), 3),
        (["--diagnosis", "-"], diagnosis("own-address"), 1),
        (["--diagnosis", "-"], diagnosis(subject_kind="content"), 2),
        (["--diagnosis", "-", "--domain", "another.test"], diagnosis(), 2),
        (["--diagnosis", "-"], diagnosis() + diagnosis("content"), 2),
        (["--diagnosis", "-"], "", 2),
        (["--diagnosis", "-"], "[1]\n", 2),
        (["--diagnosis", "-"], '{"cause": {"id": "nonsense"}}\n', 2),
        (["--diagnosis", "-"], '{"cause": "x", "reports": 3}\n', 2),
        (["--diagnosis", "nowhere.json"], "", 2),
        (["--domain", "a.test"], "", 3),
        (["--domain", "a.test", "--cause", "provider-shared"], "", 3),
        (["--domain", "a.test", "--cause", "domain-reputation", "--verified"], "", 1),
        (["--domain", "a.test", "--cause", "nonsense", "--verified"], "", 2),
        (["--domain", "a.test", "--cause", "provider-shared", "--verified", "--for", "1y"], "", 2),
        (["--domain", "a.test", "--cause", "provider-shared", "--verified", "--for", "99999d"], "", 2),
        (["--domain", "a.test", "--cause", "provider-shared", "--verified", "--mode", "odd"], "", 2),
        (["--domain", "a.test", "--cause", "provider-shared", "--verified", "--adapter", "exim"], "", 2),
        (["--domain", "a.test", "--cause", "provider-shared", "--verified", "--relay", "x"], "", 2),
        (["--cause", "provider-shared", "--verified"], "", 2),
    ],
)
def test_what_is_not_switched(run, tmp_path, given, stdin, code):
    ended, out, error = run("apply", *given, stdin=stdin)
    assert (ended, out) == (code, "")
    assert error.startswith("reputon: ")
    assert error.count("\n") == 1
    assert not list((tmp_path / "etc").iterdir())


def test_the_own_address_needs_consent(run):
    code, out, _ = run("apply", "--diagnosis", "-", "--yes-own-address", stdin=diagnosis("own-address"))
    assert (code, "blocked.test" in out) == (0, True)


def test_going_back_needs_a_name(run):
    for arguments in ([], ["abc", "--due"], ["abc"]):
        code, _, error = run("revert", *arguments)
        assert (code, error.count("\n")) == (2, 1)
