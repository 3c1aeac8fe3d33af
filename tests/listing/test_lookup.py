"""Looking up: the score and its past, who sends and who spoils it, neighbours beside, and what the public sees."""

import io
import json
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from ipaddress import ip_network

import pytest
from rich.console import Console
from tests.evidence_made import PARAMETERS, asked, keep, resources, scoring

from reputon.cli import console, known, known_json
from reputon.evidence.store import Store
from reputon.listing import lookup
from reputon.listing.ledger import Ledger
from reputon.listing.lookup import look_up
from reputon.listing.policy import LONGEST, Change, Listing, Reason, Settings
from reputon.listing.public import band, public
from reputon.score import as_table, asking, engines, neighbours, run
from reputon.score.as_table import AsTableError
from reputon.subject import parse

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
TODAY = int(NOW.timestamp()) // 86400
ADDRESS = "9.9.9.9"


def sent(tenant, count, days, address=ADDRESS):
    return [(24 * day + 1, "log", address, tenant, "sent", count) for day in days]


def noisy(days, address=ADDRESS):
    """100 a day, of which 30 to nobody, and two traps."""
    return [
        piece
        for day in days
        for piece in (
            (24 * day + 1, "log", address, "noisy.example", "sent", 100),
            (24 * day + 1, "log", address, "noisy.example", "unknown-user", 30),
            (24 * day + 1, "traps", address, "noisy.example", "trap-pristine", 2),
        )
    ]


POOL = [piece for number in range(5) for piece in sent(f"t{number}.example", 50, range(50))] + noisy(range(4))


def found(folder, evidence, subject=ADDRESS, *, scored=False, now=NOW, **options):
    with scoring(folder, evidence, NOW) as (engine, given), Ledger(folder) as ledger:
        if scored:
            run.score(engine, given, folder / "scores")
        again = asking.Asked(given.sealed, given.sources, given.parameters, now, given.names)
        return look_up(engine, again, folder / "scores", ledger, parse(subject), settings=Settings(), **options)


def test_a_shared_address_and_who_spoils_it(tmp_path):
    seen = found(tmp_path, POOL)
    assert seen.score.value < 30
    assert seen.arithmetic.worked.value == pytest.approx(seen.score.value, abs=0.011)
    assert seen.is_shared
    assert seen.parts[0].tenant == "noisy.example"
    assert seen.residual.tenant == "noisy.example"
    assert seen.residual.worked.value == 100.0
    assert seen.residual.volume == pytest.approx(0.2, abs=0.1)
    assert (seen.day.worked.high < 30, seen.residual.day.high) == (True, 100.0)
    assert seen.day.verdict.is_low


def test_its_past_is_a_line_that_falls(tmp_path):
    seen = found(tmp_path, POOL)
    values = [point.value for point in seen.history]
    assert len(values) == 31
    assert values[:27] == [100.0] * 27
    assert values[27] > values[-1] == pytest.approx(seen.score.value, abs=0.011)
    assert known.sparkline(seen.history)[:27] == "█" * 27
    # Evidence is kept of 50 days: only the points of the last 16 have all of theirs.
    assert [point.is_whole for point in seen.history].count(True) == 50 - PARAMETERS.memory_days + 1


def test_one_tenant_alone_has_no_residual_and_an_unknown_has_nothing(tmp_path):
    seen = found(tmp_path, noisy(range(3)))
    assert seen.residual is None
    assert not seen.is_shared
    nothing = found(tmp_path / "other", [], "8.8.8.8")
    assert (nothing.score, nothing.parts, nothing.arithmetic, nothing.day, nothing.history[:1]) == (
        None,
        (),
        None,
        None,
        (),
    )


def test_a_tenant_over_its_addresses(tmp_path):
    evidence = noisy(range(3)) + sent("noisy.example", 40, range(3), "9.9.9.10")
    seen = found(tmp_path, evidence, "noisy.example")
    assert [each.subject.text for each in seen.parts] == [ADDRESS, "9.9.9.10"]
    assert seen.arithmetic.worked.value == pytest.approx(seen.score.value, abs=0.011)
    assert seen.residual is None


def test_more_rows_than_can_be_shown_leave_the_sums(tmp_path, monkeypatch):
    monkeypatch.setattr(lookup, "ROWS", 10)
    seen = found(tmp_path, POOL)
    assert (seen.arithmetic.pairs, seen.history) == ((), ())
    assert seen.arithmetic.worked.value == pytest.approx(seen.score.value, abs=0.011)


def test_looking_changes_no_tally_and_needs_none(tmp_path):
    folder = tmp_path / "scores"
    without = found(tmp_path, POOL)
    assert not folder.exists()
    with Store(tmp_path) as store, engines.opened("duckdb", resources(tmp_path)) as engine, Ledger(tmp_path) as ledger:
        given = asked(store, NOW)
        run.score(engine, given, folder)
        before = {path: path.stat().st_mtime_ns for path in folder.rglob("*.parquet")}
        for now in (NOW, NOW - timedelta(days=20)):
            again = asking.Asked(given.sealed, given.sources, given.parameters, now, given.names)
            seen = look_up(engine, again, folder, ledger, parse(ADDRESS))
            assert {path: path.stat().st_mtime_ns for path in folder.rglob("*.parquet")} == before
            assert seen.score == without.score or now != NOW
        # Late evidence makes a tally untrue: the evidence itself is read.
        keep(store, [(24 * 9, "log", ADDRESS, "late.example", "complaint", 500)], NOW)
        late = look_up(engine, asked(store, NOW), folder, ledger, parse(ADDRESS))
        assert "late.example" in {part.tenant for part in late.parts}


def test_neighbours_are_told_and_are_no_part_of_the_score(tmp_path):
    table = tmp_path / "as.csv"
    table.write_text(
        '9.0.0.0/8,64500,Wide\n9.9.9.0/24,64501,"Example, Inc."\n203.0.113.0/24,AS64501\n2001:db8::/32,64502\n'
    )
    evidence = sent("good.example", 60, range(5)) + noisy(range(3), "9.9.9.8") + noisy(range(3), "9.9.8.8")
    evidence += noisy(range(3), "203.0.113.5")
    alone = found(tmp_path / "alone", sent("good.example", 60, range(5)))
    seen = found(tmp_path / "among", evidence, scored=True, table=table)
    assert seen.score.value == alone.score.value == 100.0
    near, system = seen.around
    assert (near.name, near.addresses, near.scored, near.bad) == ("9.9.9.0/24", 2, 2, 1)
    assert near.value < 30
    assert (system.name, system.addresses, system.bad) == ("AS64501 Example, Inc.", 3, 2)
    assert "for information" in shown(seen)
    assert found(tmp_path / "none", evidence, "2001:db9::1", scored=True, table=table).around == ()


@pytest.mark.parametrize(
    ("network", "expected"),
    [
        ("192.0.2.0/24", (3221225984, 3221226239)),
        ("2001:db8::/48", (0x20010DB800000000, 0x20010DB80000FFFF)),
        ("2001:db8::/126", (0x20010DB800000000, 0x20010DB800000000)),
        ("::/0", None),
    ],
)
def test_the_keys_of_a_network(network, expected):
    assert neighbours.keys(ip_network(network)) == expected


def test_networks_of_an_as_are_merged_and_a_broken_line_is_told(tmp_path):
    table = tmp_path / "as.csv"
    table.write_text("192.0.2.0/25,64501,A\n192.0.2.128/25,64501,A\n192.0.2.64/26,64501,A\n0.0.0.0/0,1,all\n")
    system = as_table.of(table, parse("192.0.2.70"))
    assert system
    assert (system.number, system.ranges) == (64501, ((3221225984, 3221226239),))
    rest = as_table.of(table, parse("8.8.8.8"))
    assert rest
    assert rest.name == "all"
    assert as_table.of(table, parse("2001:db8::1")) is None
    table.write_text("192.0.2.0/25;64501\n192.0.2.0/24,what\n")
    with pytest.raises(AsTableError, match=r"as\.csv:1: write a line as"):
        as_table.of(table, parse("192.0.2.70"))
    with pytest.raises(AsTableError, match=r"score\.as_table"):
        as_table.of(tmp_path / "nowhere.csv", parse("192.0.2.70"))


def shown(seen, show=known.show, width=80):
    made = Console(width=width, record=True, file=io.StringIO())
    before = console.out
    console.out = made
    try:
        show(seen)
    finally:
        console.out = before
    return made.export_text()


@pytest.mark.parametrize("width", [80, 120])
def test_a_screen_has_everything_and_no_broken_row(tmp_path, width):
    text = shown(found(tmp_path, POOL, scored=True), width=width)
    for words in ("a shared address", "30 days", "without noisy.example", "9.9.9.0/24", "not listed", "100.0%"):
        assert words in text, words
    assert max(map(len, text.splitlines())) <= width
    whole = text.splitlines()
    lost = [line.split()[5] for line in whole if line.startswith(("unknown-user ", "trap "))]
    assert sum(round(float(each) * 100) for each in lost) == round(float(next(
        line.split()[1] for line in whole if line.startswith("all "))) * 100)  # fmt: skip


def test_names_that_look_like_markup_are_shown_as_they_are(tmp_path):
    evidence = sent("[bold]evil[/].example", 60, range(3)) + noisy(range(2))
    assert "[bold]evil[/].example" in shown(found(tmp_path, evidence))


def test_the_public_sees_no_name_no_count_and_no_trap_of_today(tmp_path):
    seen = found(tmp_path, POOL, scored=True)
    told = public(seen, PARAMETERS, NOW)
    text = shown(told, known.show_public) + console.json_text(known_json.of_public(told))
    assert "noisy.example" not in text
    assert "t1.example" not in text
    assert told.is_shared
    assert {each.kind: each.seen for each in told.factors}["unknown-user"] == "100 to 999"
    assert "confidence" in text
    assert "trap hits are told up to 2026-11-23T00:00:00Z" in text


@pytest.mark.parametrize(("days", "expected"), [([0, 1], "none"), ([2, 3], "1 to 9")])
def test_traps_are_told_late_and_in_bands(tmp_path, days, expected):
    traps = [(24 * day + 1, "traps", ADDRESS, "a.example", "trap-pristine", 3) for day in days]
    seen = found(tmp_path, sent("a.example", 60, range(9)) + traps)
    trap = next(each for each in public(seen, PARAMETERS, NOW).factors if each.kind == "trap")
    assert trap.seen == expected
    assert (trap.impact is None) == (expected == "none")
    assert next(term for term in seen.arithmetic.worked.terms if term.signal.name == "trap").count > 0


@pytest.mark.parametrize(
    ("days", "age", "is_told"),
    [([0], 0, False), ([1], 1, False), ([2], 2, True), ([0, 9], 0, False), ([0, 2], 2, True), ([30], 0, False)],
)
def test_a_trap_is_a_reason_for_the_public_when_its_hit_is_old_enough(tmp_path, days, age, is_told):
    """Days ago: the hits, and the listing, which comes of those of its own time and not of those long before."""
    traps = [(24 * day + 1, "traps", ADDRESS, "a.example", "trap-pristine", 3) for day in days]
    since = NOW - timedelta(days=age)
    reasons = (Reason("score", 1.0, 9), Reason("pristine-trap", 0.9, 3), Reason("complaints", 0.1, 2))
    listing = Listing(parse(ADDRESS), "address", reasons, since, since, NOW + timedelta(days=1), 1)
    with Ledger(tmp_path) as ledger:
        ledger.apply([Change("listed", listing, "bad")], [], since)
    told = public(found(tmp_path, sent("a.example", 60, range(9)) + traps), PARAMETERS, NOW).listing
    assert told
    assert told.reasons == (("score", "pristine-trap", "complaints") if is_told else ("score", "complaints"))


@pytest.mark.parametrize(("ago", "is_told"), [(1, False), (3, True)])
def test_a_trap_whose_days_are_not_known_is_a_reason_when_all_is_old(tmp_path, monkeypatch, ago, is_told):
    monkeypatch.setattr(lookup, "ROWS", 1)
    since = NOW - timedelta(days=ago)
    listing = Listing(parse(ADDRESS), "address", (Reason("pristine-trap", 0.9, 3),), since, since, NOW + LONGEST, 1)
    with Ledger(tmp_path) as ledger:
        ledger.apply([Change("listed", listing, "bad")], [], since)
    told = public(found(tmp_path, POOL), PARAMETERS, NOW).listing
    assert told
    assert bool(told.reasons) is is_told


def test_bands():
    assert [band(each) for each in (0, 0.2, 1, 9.9, 10, 12345)] == [
        "none", "less than 1", "1 to 9", "1 to 9", "10 to 99", "10,000 to 99,999",
    ]  # fmt: skip


def test_the_verbs(tmp_path):
    with Store(tmp_path / "state") as store:
        keep(store, POOL, NOW)
    (tmp_path / "reputon.toml").write_text('state_dir = "state"\n')

    def reputon(*words):
        command = [sys.executable, "-m", "reputon.cli", *words, "--now", "2026-11-24T12:00:00Z"]
        return subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=60)

    told = json.loads(reputon("lookup", ADDRESS, "--json").stdout)
    assert told["is_shared"] is True
    assert told["without_worst"]["tenant"] == "noisy.example"
    assert sum(each["points"] for each in told["score"]["factors"]) == pytest.approx(100 - told["score"]["value"])
    assert len(told["history"]) == 31
    assert "noisy" not in reputon("lookup", ADDRESS, "--public").stdout
    explained = reputon("explain", ADDRESS)
    assert (explained.returncode, explained.stderr) == (0, "")
    assert f"= {told['score']['value']:.2f}\n" in explained.stdout
    assert json.loads(reputon("explain", ADDRESS, "--json").stdout)["score"] == told["score"]["value"]
    assert reputon("explain", "8.8.8.8").returncode == 3
    assert reputon("explain", "nobody's").returncode == 2
