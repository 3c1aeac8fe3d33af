"""The ledger: everything in one step, a revision that grows, readers beside a writer, and the verbs over it."""

import json
import sqlite3
import subprocess
import sys
import threading
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
import sqlalchemy as sa
from hypothesis import given, settings
from hypothesis import strategies as st

from reputon.listing import tables
from reputon.listing.audit import Logged
from reputon.listing.entry import Entry
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


def of(address, listing=LISTING):
    return replace(LISTED, listing=replace(listing, subject=parse(address)))


def test_what_is_written_is_read(ledger):
    ledger.apply([LISTED], [SCORE], NOW)
    assert ledger.listings(NOW) == [LISTING]
    assert ledger.listing(LISTING.subject, NOW) == LISTING
    assert ledger.listings(LISTING.expires) == []
    assert ledger.past(NOW) == [LISTING]
    assert ledger.over(LISTING.expires) == [LISTING]
    assert list(ledger.scores()) == [SCORE]
    assert ledger.changes() == [Logged(NOW, "listed", "192.0.2.7", "rule", "its score is low", LISTING.expires)]
    assert ledger.changes(subject="192.0.2.8") == []


def test_the_revision_grows_only_with_changes(ledger):
    seen = [ledger.revision()]
    ledger.apply([LISTED], [SCORE], NOW)
    seen.append(ledger.revision())
    ledger.apply([], [SCORE], NOW)
    ledger.apply([], [], NOW, gone=[parse("192.0.2.9")])
    ledger.replace_scores([SCORE])
    assert ledger.revision() == seen[-1]
    ledger.apply([], [replace(SCORE, value=13.0)], NOW)
    seen.append(ledger.revision())
    ledger.remove(LISTING.subject, NOW, "mended")
    seen.append(ledger.revision())
    ledger.apply([], [], NOW, gone=[SCORE.subject])
    seen.append(ledger.revision())
    assert seen == sorted(set(seen))


def test_scores_given_are_put_and_the_others_stay(ledger):
    many = [replace(SCORE, subject=parse(f"192.0.2.{number}")) for number in range(9)]
    ledger.apply([], many, NOW)
    ledger.apply([], [replace(many[3], shared=True)], NOW, gone=[many[5].subject, parse("198.51.100.1")])
    found = {each.subject.text: each.shared for each in ledger.scores()}
    assert len(found) == 8
    assert [text for text, shared in found.items() if shared] == ["192.0.2.3"]
    ledger.replace_scores(iter(many[:2]))
    assert list(ledger.scores()) == many[:2]
    ledger.replace_scores([])
    assert list(ledger.scores()) == []


def test_more_scores_than_a_batch(ledger, monkeypatch):
    monkeypatch.setattr("reputon.listing.published.BATCH", 7)
    many = [replace(SCORE, subject=parse(f"2001:db8:0:{number:x}::/64"), sample=number) for number in range(30)]
    ledger.apply([], many, NOW)
    assert sorted(ledger.scores(), key=lambda each: each.sample) == many
    ledger.apply([], [], NOW, gone=(each.subject for each in many[:20]))
    assert len(list(ledger.scores())) == 10


SCORES = st.dictionaries(st.integers(0, 9), st.integers(0, 100), max_size=8)
STEPS = st.lists(st.tuples(SCORES, st.none() | st.sets(st.integers(0, 9), max_size=4)), max_size=6)


@settings(max_examples=25, deadline=None)
@given(STEPS)
def test_scores_are_what_a_dict_would_hold(steps):
    """Steps with a set put scores and take those of the set away; steps without replace all of them."""
    with TemporaryDirectory() as folder, Ledger(Path(folder)) as ledger:
        model: dict[int, int] = {}
        for given_, gone in steps:
            before, revision = dict(model), ledger.revision()
            scores = [replace(SCORE, subject=parse(f"192.0.2.{last}"), value=value) for last, value in given_.items()]
            if gone is None:
                ledger.replace_scores(scores)
                model = dict(given_)
            else:
                ledger.apply([], scores, NOW, gone=[parse(f"192.0.2.{last}") for last in gone])
                model = {last: value for last, value in (model | given_).items() if last not in gone}
            held = {int(each.subject.text.rpartition(".")[2]): each.value for each in ledger.scores()}
            assert held == model
            assert ledger.revision() > revision or model == before


def test_removing_what_is_not_listed_is_an_error(ledger):
    with pytest.raises(LedgerError, match="not listed"):
        ledger.remove(parse("192.0.2.8"), NOW, "x")


def test_a_change_that_no_longer_fits_is_left_out(ledger):
    """A run judged by what was there when it began; what somebody did meanwhile stays."""
    ledger.apply([LISTED], [], NOW)
    longer = replace(LISTED, what="extended", listing=replace(LISTING, expires=NOW + timedelta(days=9)))
    ledger.apply([LISTED], [], NOW)  # another run that has come to the same
    ledger.remove(LISTING.subject, NOW, "mended", "anna")
    ledger.apply([longer, replace(longer, what="expired")], [], NOW)
    assert ledger.listings(NOW) == []
    assert [(each.what, each.who) for each in ledger.changes()] == [("removed", "anna"), ("listed", "rule")]


def test_an_extension_never_makes_a_listing_shorter(ledger):
    """An operator has said a week while a run judged that a day is enough."""
    ledger.apply([LISTED], [], NOW)
    week = replace(LISTING, expires=NOW + timedelta(days=7))
    ledger.apply([Change("extended", week, "by eye", "anna")], [], NOW)
    day = replace(LISTING, expires=NOW + timedelta(days=2))
    ledger.apply([Change("extended", day, "more was seen")], [], NOW)
    assert ledger.listings(NOW) == [week]
    assert ledger.changes()[0].who == "anna"


def test_an_extension_wins_over_an_end_that_was_judged_before(ledger):
    ledger.apply([LISTED], [], NOW)
    longer = replace(LISTING, expires=LISTING.expires + timedelta(hours=5))
    ledger.apply([Change("extended", longer, "more")], [], LISTING.expires)
    ledger.apply([Change("expired", LISTING, "quiet")], [], LISTING.expires)
    assert ledger.listings(LISTING.expires) == [longer]
    ledger.apply([Change("expired", longer, "quiet")], [], longer.expires)
    assert ledger.over(longer.expires) == []


def test_all_or_nothing(ledger):
    broken = replace(LISTED, listing=replace(LISTING, subject=parse("192.0.2.8"), scope=None))  # type: ignore[arg-type]
    with pytest.raises(LedgerError, match="nothing was changed"):
        ledger.apply([LISTED, broken], [SCORE], NOW)
    assert ledger.listings(NOW) == []
    assert list(ledger.scores()) == []

    def failing():
        yield SCORE
        raise KeyError("the engine broke")

    with pytest.raises(KeyError):
        ledger.apply([LISTED], failing(), NOW)
    assert (ledger.listings(NOW), list(ledger.scores()), ledger.changes()) == ([], [], [])


def test_the_audit_trail_is_only_added_to(ledger):
    ledger.apply([LISTED], [], NOW)
    for touched in (tables.change.update().values(why="x"), tables.change.delete()):
        with pytest.raises(LedgerError, match="only added to"), ledger._database.writing() as db:
            db.execute(touched)
    assert ledger.changes()[0].why == "its score is low"


def test_a_ledger_that_is_none_is_named(tmp_path):
    (tmp_path / FILE).write_bytes(b"no database" * 100)
    with pytest.raises(LedgerError, match=FILE):
        Ledger(tmp_path)


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ("postgres", "no URL"),
        ("mysql://u:secret@localhost/x", "no ledger of ours"),
        ("postgresql+psycopg://u:secret@127.0.0.1:notaport/x", "no URL"),
        ("nothing+psycopg://u:secret@127.0.0.1/x", "ledger"),
    ],
)
def test_a_wrong_url_says_how_without_its_password(tmp_path, wrong, says):
    with pytest.raises(LedgerError, match=says) as told:
        Ledger(tmp_path, wrong)
    assert "secret" not in str(told.value)


@pytest.mark.server
def test_a_server_that_refuses_is_named_without_the_password(tmp_path, postgres):
    for url in (
        postgres.named("postgres", "wrong-secret"),
        postgres.named("nowhere"),
        f"postgresql://reputon@127.0.0.1:{postgres.port}/postgres?password=wrong-secret",
        "postgresql+psycopg://reputon:wrong-secret@127.0.0.1:1/x",
    ):
        with pytest.raises(LedgerError, match=r"127\.0\.0\.1.*cannot be read") as told:
            Ledger(tmp_path, url)
        assert "secret" not in str(told.value)


def test_a_writer_waits_for_another_but_not_for_ever(tmp_path, url, monkeypatch):
    monkeypatch.setattr("reputon.listing.database.BUSY", 1)
    with Ledger(tmp_path, url) as one, Ledger(tmp_path, url) as other, one._database.writing():
        with pytest.raises(LedgerError, match=r"cannot be written .*nothing was changed"):
            other.apply([LISTED], [], NOW)
        assert other.listings(NOW) == []  # readers wait for nobody
    with Ledger(tmp_path, url) as ledger:
        ledger.apply([LISTED], [], NOW)


@pytest.mark.server
def test_a_lost_connection_is_made_again(tmp_path, postgres):
    url = postgres.url()
    with Ledger(tmp_path, url) as ledger, Ledger(tmp_path, url) as other:
        with other._database.writing() as db:
            db.exec_driver_sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()")
        ledger.apply([LISTED], [SCORE], NOW)
        assert ledger.listings(NOW) == [LISTING]


OLD = """
CREATE TABLE listing (id INTEGER NOT NULL PRIMARY KEY, kind TEXT NOT NULL, subject TEXT NOT NULL, scope TEXT NOT NULL,
  reasons TEXT NOT NULL, since BIGINT NOT NULL, last_seen BIGINT NOT NULL, expires BIGINT NOT NULL,
  times INTEGER NOT NULL, removed BOOLEAN NOT NULL, is_over BOOLEAN NOT NULL);
CREATE TABLE score (kind TEXT NOT NULL, subject TEXT NOT NULL, value FLOAT NOT NULL, confidence FLOAT NOT NULL,
  sample BIGINT NOT NULL, top TEXT NOT NULL, shared BOOLEAN NOT NULL, PRIMARY KEY (kind, subject));
CREATE TABLE change (id INTEGER NOT NULL PRIMARY KEY, at BIGINT NOT NULL, what TEXT NOT NULL, subject TEXT NOT NULL,
  why TEXT NOT NULL);
CREATE TABLE state (revision BIGINT NOT NULL);
INSERT INTO state VALUES (41);
INSERT INTO change VALUES (1, 1764000000, 'listed', '192.0.2.7', 'its score is low');
INSERT INTO score VALUES ('ip', '192.0.2.7', 12.5, 0.8, 300, 'complaint:HIGH', false);
INSERT INTO listing VALUES (1, 'ip', '192.0.2.7', 'address', '[{"kind": "score", "share": 1.0, "count": 3}]',
  1795521600, 1795521600, 1795608000, 1, false, false)
"""


def test_a_ledger_of_the_first_schema_is_brought_up(tmp_path):
    """That one was on SQLite only."""
    with closing(sqlite3.connect(tmp_path / FILE)) as db:
        db.executescript(OLD)
    with Ledger(tmp_path) as ledger:
        assert list(ledger.scores()) == [SCORE]
        assert [each.subject for each in ledger.listings(NOW)] == [LISTING.subject]
        assert [(each.who, each.why, each.until) for each in ledger.changes()] == [("rule", "its score is low", None)]
        assert ledger.revision() == 41
        ledger.remove(LISTING.subject, NOW, "mended")
    with Ledger(tmp_path) as ledger:
        assert ledger.revision() == 42
        assert len(ledger.changes()) == 2


def test_a_ledger_of_tomorrow_is_left_alone(tmp_path, url):
    with Ledger(tmp_path, url) as ledger, ledger._database.writing() as db:
        db.execute(tables.state.update().values(version=tables.VERSION + 1))
    with pytest.raises(LedgerError, match="newer reputon"):
        Ledger(tmp_path, url)


def test_many_writers_lose_nothing(tmp_path, url):
    """Four at a time make the tables, list and change scores; every change is there, and a revision for each."""

    def work(number):
        try:
            start.wait()
            with Ledger(tmp_path, url) as mine:
                for turn in range(8):
                    address = f"192.0.2.{number * 8 + turn}"
                    mine.apply([of(address)], [replace(SCORE, subject=parse(address))], NOW)
        except BaseException as error:
            failed.append(error)

    start = threading.Barrier(4)
    failed: list[BaseException] = []
    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert failed == []
    with Ledger(tmp_path, url) as ledger:
        assert len(ledger.listings(NOW)) == len(list(ledger.scores())) == len(ledger.changes()) == 32
        assert ledger.revision() == 33


def test_readers_see_whole_changes_only(tmp_path, url):
    """While a writer lists and unlists with a score of the same time, no reader sees one without the other."""
    stop, torn = threading.Event(), []

    def read():
        with Ledger(tmp_path, url) as other:
            while not stop.is_set():
                with other._database.reading() as db:
                    pair = db.execute(sa.select(
                        sa.select(sa.func.count()).select_from(tables.listing).scalar_subquery(),
                        sa.select(sa.func.count()).select_from(tables.score).scalar_subquery(),
                    )).one()  # fmt: skip
                if pair[0] != pair[1]:
                    torn.append(pair)

    with Ledger(tmp_path, url) as ledger:
        reader = threading.Thread(target=read)
        reader.start()
        for number in range(60):
            ledger.apply([of(f"192.0.2.{number}")], [replace(SCORE, subject=parse(f"192.0.2.{number}"))], NOW)
        stop.set()
        reader.join()
    assert torn == []


KILLED = """
import os, signal, sys
from pathlib import Path
from reputon.listing.ledger import Ledger
from tests.listing.test_ledger import NOW, SCORE, of, parse, replace

def scores():
    for number in range(20_000):
        if number == int(sys.argv[3]):
            os.kill(os.getpid(), signal.SIGKILL)
        yield replace(SCORE, subject=parse(f"203.0.{number >> 8}.{number & 255}"), value=float(sys.argv[4]))

with Ledger(Path(sys.argv[1]), sys.argv[2]) as ledger:
    ledger.apply([of(f"192.0.2.{sys.argv[4]}")], scores(), NOW, gone=[SCORE.subject])
"""


@pytest.mark.heavy
@pytest.mark.parametrize("at", [0, 5000, 12_345, 19_999])
def test_a_kill_during_apply_leaves_all_or_nothing(tmp_path, url, at):
    def run_until(killed_at, value):
        words = [sys.executable, "-c", KILLED, tmp_path, url, str(killed_at), value]
        return subprocess.run(words, timeout=120).returncode

    with Ledger(tmp_path, url) as ledger:
        ledger.apply([LISTED], [SCORE], NOW)
        before = ledger.revision()
    assert run_until(at, "50") == -9
    with Ledger(tmp_path, url) as ledger:
        assert (ledger.listings(NOW), list(ledger.scores()), ledger.revision()) == ([LISTING], [SCORE], before)
    assert run_until(-1, "60") == 0
    with Ledger(tmp_path, url) as ledger:
        assert len(ledger.listings(NOW)) == 2
        assert {each.value for each in ledger.scores()} == {60.0}
        assert ledger.revision() == before + 1


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
    assert run(tmp_path, "listing", "remove", "9.9.9.9", "--who", "operator", "--why", "mended", *at).returncode == 0
    assert run(tmp_path, "lookup", "9.9.9.9", *at).returncode == 0
    assert "removed 9.9.9.9 by operator: mended" in run(tmp_path, "listing", "log").stdout
    assert "spam.example" in run(tmp_path, "listing", "ls", *at).stdout
    wrong = run(tmp_path, "lookup", "not a name!")
    assert (wrong.returncode, wrong.stderr.count("\n")) == (2, 1)


def test_a_listing_that_a_run_of_tomorrow_has_ended_can_be_ended(ledger):
    """A mistyped `--as-of` writes an end down early: until its own clock has run out, it is listed as any other."""
    ledger.apply([LISTED], [], NOW)
    ledger.apply([replace(LISTED, what="expired")], [], NOW + timedelta(days=365))
    assert ledger.listing(LISTING.subject, NOW) == LISTING
    longer = replace(LISTING, expires=LISTING.expires + timedelta(hours=1))
    ledger.apply([replace(LISTED, what="extended", listing=longer)], [], NOW)
    assert ledger.listings(NOW) == ledger.over(longer.expires) == [longer]
    ledger.apply([replace(LISTED, what="expired", listing=longer)], [], NOW + timedelta(days=365))
    assert ledger.remove(LISTING.subject, NOW, "mended").removed
    assert ledger.listings(NOW) == []
    with pytest.raises(LedgerError, match="is not listed"):
        ledger.remove(LISTING.subject, NOW, "again")


@pytest.mark.parametrize("how", ["removed", "exempt", "accepted"])
def test_all_listings_of_a_subject_end_together(ledger, how):
    """A run as of a later time lists again what it thinks ended; a word ends both, or the subject stays listed."""
    later = replace(LISTING, since=LISTING.expires, expires=LISTING.expires + timedelta(hours=48), times=2)
    ledger.apply([LISTED], [], NOW)
    ledger.apply([replace(LISTED, what="expired"), replace(LISTED, listing=later)], [], LISTING.expires)
    if how == "removed":
        ledger.remove(LISTING.subject, NOW, "mended")
    elif how == "exempt":
        until = NOW + timedelta(days=1)
        ledger.entries.add(Entry("exempt", LISTING.subject.text, NOW, until, "me", "ours"), NOW)
    else:
        number = ledger.disputes.open(LISTING.subject, NOW, "them", "not us").id
        ledger.disputes.answer(number, True, NOW, "me", "right")
    assert ledger.listings(NOW) == []


def test_what_a_person_asked_for_is_done_or_said_not_to_be(ledger):
    """Somebody exempts it between the check and the manual listing: it is not listed, and nobody is told it was."""
    until = NOW + timedelta(days=1)
    ledger.entries.add(Entry("exempt", LISTING.subject.text, NOW, until, "one", "ours"), NOW)
    before = ledger.changes()
    with pytest.raises(LedgerError, match="nothing was done"):
        ledger.entries.add(Entry("manual", LISTING.subject.text, NOW, until, "two", "theirs"), NOW)
    assert (ledger.listings(NOW), ledger.changes()) == ([], before)
