"""The ledger: everything in one step, a revision that grows, readers beside a writer, and the verbs over it."""

import json
import sqlite3
import subprocess
import sys
import threading
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from reputon.listing.ledger import FILE, Ledger, LedgerError
from reputon.listing.policy import Change, Listing, Reason
from reputon.score.model import PublishedScore
from reputon.subject import parse

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
LISTING = Listing(
    parse("192.0.2.7"), "address", (Reason("score", 1.0, 3), Reason("complaints", 0.9, 2)), NOW, NOW,
    NOW + timedelta(hours=24), 1,
)  # fmt: skip
SCORE = PublishedScore(parse("192.0.2.7"), 12.5, 0.8, 300, "complaint:HIGH", False)
LISTED = Change("listed", LISTING, "its score is low")


@pytest.fixture
def ledger(tmp_path):
    with Ledger(tmp_path) as made:
        yield made


def test_what_is_written_is_read(ledger):
    ledger.apply([LISTED], [SCORE], NOW)
    assert ledger.listings(NOW) == [LISTING]
    assert ledger.listing(LISTING.subject, NOW) == LISTING
    assert ledger.listings(LISTING.expires) == []
    assert ledger.past(NOW) == [LISTING]
    assert ledger.over(LISTING.expires) == [LISTING]
    assert ledger.scores() == [SCORE]
    assert ledger.changes() == [(NOW, "listed", "192.0.2.7", "its score is low")]


def test_the_revision_grows_only_with_changes(ledger):
    seen = [ledger.revision()]
    ledger.apply([LISTED], [SCORE], NOW)
    seen.append(ledger.revision())
    ledger.apply([], [SCORE], NOW)
    assert ledger.revision() == seen[-1]
    ledger.apply([], [replace(SCORE, value=13.0)], NOW)
    seen.append(ledger.revision())
    ledger.remove(LISTING.subject, NOW, "mended")
    seen.append(ledger.revision())
    assert seen == sorted(set(seen))


def test_removing_what_is_not_listed_is_an_error(ledger):
    with pytest.raises(LedgerError, match="not listed"):
        ledger.remove(parse("192.0.2.8"), NOW, "x")


def test_all_or_nothing(ledger):
    broken = replace(LISTED, listing=replace(LISTING, subject=parse("192.0.2.8"), scope=None))  # type: ignore[arg-type]
    with pytest.raises(LedgerError, match="nothing was changed"):
        ledger.apply([LISTED, broken], [SCORE], NOW)
    assert ledger.listings(NOW) == []
    assert ledger.scores() == []


def test_a_ledger_that_is_none_is_named(tmp_path):
    (tmp_path / FILE).write_bytes(b"no database" * 100)
    with pytest.raises(LedgerError, match=FILE):
        Ledger(tmp_path)


def test_readers_see_whole_changes_only(ledger, tmp_path):
    """While a writer lists and unlists with a score of the same time, no reader sees one without the other."""
    stop, torn = threading.Event(), []

    def read():
        with Ledger(tmp_path) as other:
            while not stop.is_set():
                with sqlite3.connect(tmp_path / FILE) as db:
                    pair = db.execute("SELECT (SELECT count(*) FROM listing), (SELECT count(*) FROM score)").fetchone()
                db.close()
                if pair[0] != pair[1]:
                    torn.append(pair)
                other.revision()

    reader = threading.Thread(target=read)
    reader.start()
    scores = []
    for number in range(60):
        subject = parse(f"192.0.2.{number}")
        scores.append(replace(SCORE, subject=subject))
        ledger.apply([replace(LISTED, listing=replace(LISTING, subject=subject))], scores, NOW)
    stop.set()
    reader.join()
    assert torn == []


def run(tmp_path, *words):
    (tmp_path / "reputon.toml").write_text('state_dir = "state"\n')
    return subprocess.run(
        [sys.executable, "-m", "reputon.cli", *words], cwd=tmp_path, capture_output=True, text=True, timeout=60
    )


def test_the_verbs_from_evidence_to_the_zone(tmp_path):
    lines = [
        {"time": "2026-11-24T11:00:00Z", "ip": "9.9.9.9", "kind": kind, "count": count, "tenant": "spam.example"}
        for kind, count in (("sent", 100), ("unknown-user", 50))
    ]
    (tmp_path / "log.jsonl").write_text("".join(json.dumps(each) + "\n" for each in lines))
    trap = {**lines[0], "kind": "trap-pristine", "count": 2}
    (tmp_path / "traps.jsonl").write_text(json.dumps(trap) + "\n")
    at = ("--now", "2026-11-24T12:00:00Z")
    assert run(tmp_path, "score", *at).returncode == 3
    assert run(tmp_path, "lookup", "9.9.9.9", *at).returncode == 3
    for name in ("log", "traps"):
        assert run(tmp_path, "ingest", "jsonl", f"{name}.jsonl", "--source", name).returncode == 0
    assert "listed: 9.9.9.9" in run(tmp_path, "score", "--dry-run", *at).stdout
    assert run(tmp_path, "listing", "ls", *at).returncode == 0
    done = run(tmp_path, "score", *at)
    assert (done.returncode, done.stderr) == (1, "")
    shown = run(tmp_path, "lookup", "9.9.9.9", *at)
    assert shown.returncode == 1
    assert "ends by itself" in " ".join(shown.stdout.split())
    told = json.loads(run(tmp_path, "lookup", "9.9.9.9", "--json", *at).stdout)
    assert told["listing"]["expires"] == "2026-11-25T11:00:00Z"
    assert [each["tenant"] for each in told["parts"]] == ["spam.example"]
    assert run(tmp_path, "listing", "rm", "9.9.9.9", "--why", "mended", *at).returncode == 0
    assert run(tmp_path, "lookup", "9.9.9.9", *at).returncode == 0
    assert "removed 9.9.9.9: mended" in run(tmp_path, "listing", "log").stdout
    assert "spam.example" in run(tmp_path, "listing", "ls", *at).stdout
    wrong = run(tmp_path, "lookup", "not a name!")
    assert (wrong.returncode, wrong.stderr.count("\n")) == (2, 1)
