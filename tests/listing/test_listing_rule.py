"""The rule: each condition just met and just missed; one lying source lists nobody; shared addresses are spared."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from tests.evidence_made import scoring

from reputon.listing import policy
from reputon.listing.entry import ListingError
from reputon.listing.ledger import Ledger
from reputon.listing.lookup import look_up
from reputon.listing.policy import Settings
from reputon.listing.rescore import propose, rescore
from reputon.subject import parse

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
ADDRESS = "9.9.9.9"  # public: reserved ones are never listed


@pytest.fixture
def ledger(tmp_path):
    with Ledger(tmp_path) as made:
        yield made


@contextmanager
def rated(evidence: Any, now: datetime = NOW) -> Iterator[tuple[Any, Any, Path]]:
    """(hours ago, source, address, tenant, kind, count), each time in a store of its own."""
    with TemporaryDirectory() as folder, scoring(Path(folder), evidence, now) as (engine, asked):
        yield engine, asked, Path(folder) / "scores"


def rescored(ledger, evidence=(), now=NOW, act=rescore, **settings):
    with rated(evidence, now) as given:
        return act(*given, ledger, Settings(**settings))


def bad(address=ADDRESS, tenant="spam.example", sent=100, ago=1.0):
    return [
        (ago, "log", address, tenant, "sent", sent),
        (ago, "log", address, tenant, "unknown-user", sent // 2),
        (ago, "traps", address, tenant, "trap-pristine", 3),
    ]


def clean(address=ADDRESS, count=29, sent=5, ago=1.0):
    return [(ago, "log", address, f"t{number}.example", "sent", sent) for number in range(count)]


def listed(ledger, evidence, now=NOW, **settings):
    done = rescored(ledger, evidence, now, **settings)
    return {each.subject.text: each for each in done.listings}


def test_a_spammer_is_listed_with_its_reasons(ledger):
    found = listed(ledger, bad())
    assert set(found) == {ADDRESS, "spam.example"}
    listing = found[ADDRESS]
    assert (listing.scope, found["spam.example"].scope) == ("address", "tenant")
    assert [reason.kind for reason in listing.reasons] == ["score", "pristine-trap", "invalid-recipients"]
    assert sum(reason.share for reason in listing.reasons[1:]) == pytest.approx(1, abs=0.001)
    assert listing.expires == NOW - timedelta(hours=1) + timedelta(hours=24)
    assert listing.times == 1


@pytest.mark.parametrize(
    ("evidence", "settings"),
    [
        ([], {}),
        (clean(), {}),
        (bad(sent=9), {}),  # too few messages
        (bad()[:2], {}),  # one source
        ([bad()[0], (1, "traps", ADDRESS, "spam.example", "trap-pristine", 50)], {}),  # one piece, though of fifty
        (bad(ago=24.5), {}),  # yesterday's
        (bad(), {"threshold": 0.0}),
        (bad(address="192.0.2.7"), {"shared": "address"}),  # a reserved address
    ],
)
def test_nobody_is_listed(ledger, evidence, settings):
    assert listed(ledger, evidence, **settings) == {}


@pytest.mark.parametrize(
    ("evidence", "settings"),
    [
        (bad(sent=10), {}),
        (bad()[:2], {"min_sources": 1, "min_evidence": 1}),
        (bad(ago=23.9), {}),
        (bad(address="192.0.2.7"), {"shared": "address", "allow_reserved": ("192.0.2.0/24",)}),
    ],
)
def test_somebody_is(ledger, evidence, settings):
    assert listed(ledger, evidence, **settings)


@pytest.mark.parametrize("count", [1, 1000, 10**6])
def test_one_lying_source_lists_nobody(ledger, count):
    lies = [(n / 10, "liar", ADDRESS, "good.example", "complaint", count) for n in range(10)]
    assert listed(ledger, [(1, "log", ADDRESS, "good.example", "sent", 10_000), *lies]) == {}


def test_a_noisy_tenant_of_forty_percent(ledger, tmp_path):
    evidence = [*clean(sent=6), *bad(sent=116)]  # 29 * 6 clean, 116 of 290 noisy
    spared = listed(ledger, evidence)
    assert set(spared) == {"spam.example"}
    done = rescored(ledger, evidence, act=propose)
    assert "effective tenants" in done.spared[parse(ADDRESS)]
    with Ledger(tmp_path / "other") as other:
        assert set(listed(other, evidence, shared="address")) == {ADDRESS}
    shared = {each.subject.text: each.shared for each in ledger.scores()}
    assert shared[ADDRESS] is True


def test_a_majority_of_spam_is_what_the_address_is(ledger):
    found = listed(
        ledger, [*clean(count=10, sent=8), *bad(tenant="a.example", sent=50), *bad(tenant="b.example", sent=50)]
    )
    assert ADDRESS in found


def test_a_bad_rest_lists_the_address(ledger):
    dirt = [
        each for number in range(20) for each in (
            (1, "log", ADDRESS, f"t{number}.example", "sent", 6),
            (1, "log", ADDRESS, f"t{number}.example", "unknown-user", 2),
        )
    ]  # fmt: skip
    traps = [(1, "traps", ADDRESS, f"t{number}.example", "trap-pristine", 1) for number in range(3)]
    assert ADDRESS in listed(ledger, [*dirt, *traps])


def test_unauthenticated_mail_is_its_address(ledger):
    assert set(listed(ledger, bad(tenant=f"unauth@{ADDRESS}"))) == {ADDRESS}


def test_a_listing_is_extended_and_ends_by_itself(ledger):
    first = listed(ledger, bad(ago=0.0))[ADDRESS]
    later = NOW + timedelta(hours=10)
    again = listed(ledger, [*bad(ago=10.0), *bad(ago=0.0)], now=later)[ADDRESS]
    assert again.since == first.since
    assert again.expires == later + timedelta(hours=24)
    over = again.expires
    done = rescored(ledger, now=over)
    assert {change.what for change in done.changes} == {"expired"}
    assert done.listings == ()
    assert rescored(ledger, now=over).changes == ()


def test_old_evidence_does_not_list_again(ledger):
    listed(ledger, bad(ago=0.0), quiet_hours=1)
    later = NOW + timedelta(hours=2)
    assert listed(ledger, bad(ago=2.0), now=later, quiet_hours=1) == {}


def test_relisting_doubles_the_quiet_time_up_to_a_week(ledger):
    now, quiet = NOW, []
    for _ in range(6):
        listing = listed(ledger, bad(ago=0.0), now=now)[ADDRESS]
        quiet.append((listing.expires - now) / timedelta(days=1))
        now = listing.expires + timedelta(minutes=1)
    assert quiet == [1, 2, 4, 7, 7, 7]
    assert policy.quiet(1000, Settings()) == policy.LONGEST


def test_removal_settles_what_was_seen(ledger):
    listed(ledger, bad(ago=0.0))
    gone = ledger.remove(parse(ADDRESS), NOW, "mended")
    assert gone.removed
    later = NOW + timedelta(hours=1)
    assert ADDRESS not in listed(ledger, bad(ago=1.0), now=later)
    assert ADDRESS in listed(ledger, [*bad(ago=1.0), *bad(ago=0.0)], now=later + timedelta(minutes=1))


def test_dry_run_writes_nothing(ledger):
    before = ledger.revision()
    done = rescored(ledger, bad(), act=propose)
    assert done.listings
    assert ledger.revision() == before
    assert ledger.listings(NOW) == []
    assert list(ledger.scores()) == []


def test_lookup_tells_who_is_to_blame(ledger):
    with rated([*clean(sent=6), *bad(sent=116)]) as given:
        rescore(*given, ledger, Settings())
        known, tenant, nobody = (look_up(*given, ledger, parse(each)) for each in (ADDRESS, "spam.example", "8.8.8.8"))
    assert known.listing is None
    assert known.parts[0].tenant == "spam.example"
    assert len(known.parts) == 30
    assert tenant.listing is not None
    assert tenant.score is not None
    assert (nobody.score, nobody.listing, nobody.parts) == (None, None, ())


def test_settings_say_what_is_wrong():
    with pytest.raises(ListingError, match="allow_reserved"):
        Settings(allow_reserved=("192.0.2.0/99",))
