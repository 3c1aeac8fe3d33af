"""Laws of the catalogue: whose a zone is, what can be asked and how often, and what is never a listing."""

from collections import Counter
from itertools import islice, product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reputon import lists
from reputon.bounce import dialects, naming
from reputon.bounce.dialects import Match
from reputon.lists.keys import STANDINGS

CATALOGUE = lists.load()
ALIVE = [entry for entry in CATALOGUE.lists if entry.can_be_asked]
BLOCKED = Match(next(rule for rule in dialects.load().rules if (rule.reason, rule.subject_kind) == ("blocked", "ip")))

# Pages that are documented without https.
PLAIN_PAGES = {"Backscatterer", "Hostkarma", "JustSpam", "KEMPT", "ROTA DNSBL", "WatchGuard"}


def zones(entry):
    return {zone.lower().rstrip(".") for zone in (entry.zone, *entry.other_zones) if zone}


def codes(patterns):
    """Addresses that the patterns stand for, 4,000 of each at most."""
    for pattern, _ in patterns:
        for octets in islice(product(*map(sorted, pattern.octets)), 4000):
            yield ".".join(map(str, octets))


def test_a_zone_is_of_one_list_only():
    count = Counter(zone for each in (*CATALOGUE.lists, *CATALOGUE.mirrors) for zone in zones(each))
    assert [zone for zone, times in count.items() if times > 1] == []


def test_names_are_of_one_list_only():
    names = [entry.name.casefold() for entry in CATALOGUE.lists]
    assert len(names) == len(set(names))


def test_no_closed_list_is_asked_and_none_is_both():
    closed = [entry for entry in CATALOGUE.lists if entry.is_closed]
    assert not any(entry.can_be_asked for entry in closed)
    assert not set().union(*map(zones, closed)) & set().union(*map(zones, ALIVE))


@pytest.mark.parametrize("entry", ALIVE, ids=lambda entry: entry.name)
def test_what_is_asked_is_known_well_enough(entry):
    assert bool(entry.codes) != bool(entry.mask)
    assert "2024" <= entry.as_of[:4] <= "2026"
    assert not entry.per_day or 1000 <= entry.per_day <= 1_000_000
    assert not entry.per_second or 1 <= entry.per_second <= 100
    assert not entry.per_second or entry.per_second * 86400 >= entry.per_day
    assert entry.needs_key <= bool(entry.keyed)
    assert not entry.needs_key or "key" in entry.registration
    assert entry.keyed is None or entry.keyed.count("{key}") == 1


@pytest.mark.parametrize("entry", CATALOGUE.lists, ids=lambda entry: entry.name)
def test_a_removal_page_is_safe_to_open(entry):
    if entry.removal is not None and entry.name not in PLAIN_PAGES:
        assert entry.removal.startswith(("https://", "mailto:"))


@pytest.mark.parametrize("entry", ALIVE, ids=lambda entry: entry.name)
def test_an_error_is_no_listing_and_a_listing_no_error(entry):
    assert all(entry.meaning(code) is None for code in codes(entry.errors))
    assert all(entry.error(code) is None and entry.meaning(code) for code in codes(entry.codes))


@given(st.sampled_from(ALIVE), st.tuples(*[st.integers(0, 255)] * 3), st.booleans())
def test_any_answer_is_a_documented_code_or_an_error_or_unknown(entry, octets, local):
    code = ".".join(map(str, (127 if local else 10, *octets)))
    meaning = entry.meaning(code)
    assert meaning is None or (entry.error(code) is None and meaning.state in STANDINGS and meaning.meaning)
    assert local or meaning is None


def test_refusals_that_lists_document_are_errors_everywhere():
    for entry in ALIVE:
        for code in ("127.255.255.252", "127.255.255.254", "127.255.255.255"):
            assert entry.meaning(code) is None


def test_praise_and_networks_never_forbid_to_call_a_subject_clean():
    for entry in ALIVE:
        if entry.is_white:
            assert entry.impact == "low"
    policy = {entry.name for entry in ALIVE if {code.state for _, code in entry.codes} == {"listed-by-policy"}}
    assert policy == {
        "Spamhaus PBL", "Spamhaus ZRD", "UCEPROTECT Level 2", "UCEPROTECT Level 3", "0spam NBL", "SEM-NETBLACK",
        "SEM-FRESH30", "fmb.la fresh", "abuse.ro PBL", "dan.me.uk",
    }  # fmt: skip
    assert {entry.name for entry in ALIVE if entry.name in policy and entry.impact != "low"} == {"Spamhaus PBL"}


def test_lists_of_ipv6_addresses_say_so():
    both = {entry.name for entry in ALIVE if "ip6" in entry.subjects}
    assert {"Spamhaus ZEN", "Abusix", "DroneBL", "SpamRATS", "DNSWL", "SEM-IPV6BL", "s5h"} <= both
    assert not {"SpamCop", "Barracuda", "PSBL", "Mailspike", "SpamEatingMonkey", "UCEPROTECT Level 1"} & both
    assert [entry.name for entry in ALIVE if entry.subjects == ("ip6",)] == ["SEM-IPV6BL"]


@pytest.mark.parametrize(
    ("zone", "name", "title", "fault"),
    [
        ("0spam.fusionzero.com", "0spam.fusionzero.com", "0spam", "receiver"),
        ("bl.0spam.org", "0spam", "0spam", None),
        ("nbl.0spam.org", "0spam NBL", "0spam", None),
        ("spamrbl.imp.ch", "spamrbl.imp.ch", "Swinog", "receiver"),
        ("wormrbl.imp.ch", "spamrbl.imp.ch", "Swinog", "receiver"),
        ("spamrbl.swinog.ch", "Swinog", "Swinog", None),
        ("aspews.ext.sorbs.net", "SORBS", "SORBS", "receiver"),
        ("hil.habeas.com", "Habeas", "Habeas", "receiver"),
        ("sa-accredit.habeas.com", "Validity Safe", "Validity Safe", None),
        ("backscatter.spameatingmonkey.net", "SEM-BACKSCATTER", "SpamEatingMonkey", None),
        ("pbl.abuse.ro", "abuse.ro PBL", "abuse.ro", None),
        ("dnsbl.cyberlogic.net", "dnsbl.cyberlogic.net", "dnsbl.cyberlogic.net", "receiver"),
    ],
)
def test_a_zone_within_anothers_name_is_its_own_list(zone, name, title, fault):
    entry = CATALOGUE.by_zone(zone)
    assert entry is not None
    assert (entry.name, entry.title) == (name, title)
    named = naming.read(f"554 5.7.1 Client host [192.0.2.7] blocked using {zone}", BLOCKED, CATALOGUE)
    assert (named.list, named.zone, named.fault) == (name, zone, fault)


@pytest.mark.parametrize(
    ("zone", "code", "state"),
    [
        ("bl.score.senderscore.com", "127.0.0.1", "listed"),  # where the standard has "broken resolver"
        ("hostkarma.junkemailfilter.com", "127.0.0.1", "white"),
        ("rbl.efnetrbl.org", "127.0.0.1", None),  # said to be one too, and nobody can show it
        ("bl.spamcop.net", "127.0.0.1", None),
        ("bl.spamcop.net", "127.0.0.3", None),
        ("all.spamrats.com", "127.0.0.37", "listed-by-policy"),
        ("all.spamrats.com", "127.0.0.38", "listed"),
        ("rep.mailspike.net", "127.0.0.17", "white"),
        ("wl.mailspike.net", "127.0.0.17", "white"),
        ("list.dnswl.org", "127.0.0.255", None),
        ("dwl.dnswl.org", "127.0.5.2", "white"),
        ("sa-trusted.bondedsender.org", "127.255.255.255", None),
        ("fresh.fmb.la", "127.2.0.14", "listed-by-policy"),
        ("fresh.fmb.la", "127.0.0.2", None),
    ],
)
def test_a_lists_own_table_goes_before_the_standard(zone, code, state):
    entry = CATALOGUE.by_zone(zone)
    assert entry is not None
    meaning = entry.meaning(code)
    assert (meaning.state if meaning else None) == state


@pytest.mark.parametrize(
    "zone", ["sa-ip4tset.blagr.emailsrvr.com", "pf-ip4tset.blagr.emailsrvr.com", "x.blagr.emailsrvr.com"]
)
def test_a_receivers_mirrors_lead_to_the_list_behind(zone):
    found = CATALOGUE.behind(zone, "127.22.0.2")
    assert found is not None
    assert found.name == "Sender Score"
    assert CATALOGUE.find(zone) is None
