"""Providers: the shipped files are whole and on the page, a broken one says what is wrong, lookups are right."""

import json
import re
from dataclasses import replace
from ipaddress import IPv4Address, IPv6Address, ip_network
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reputon.authentication import services
from reputon.cause import providers
from reputon.cause.provider import PREFIXES, Mark, Owners, refreshed

PAGE = Path(__file__).parents[2] / "docs" / "providers.md"
KNOWN = providers.load()
PREFIX = [(each, prefix) for each in KNOWN.values() for prefix in each.every_prefix()]
IDS = {
    "microsoft365", "googleworkspace", "amazonses", "sendgrid", "mailgun", "zoho", "ovh", "postmark", "sparkpost",
    "mailchimp", "brevo", "rackspace", "ionos", "godaddy", "fastmail", "proton",
}  # fmt: skip

MINE = """\
id = "mine"
name = "Mine"
origin = "my contract"
as_of = 2026-11-25
prefixes = ["192.0.2.0/24"]
rotates = false
who_may_delist = "only Mine"

[support]
portal = "Mine: Help"
url = "https://mine.example"
who = "anybody"
needs = ["times in UTC"]
"""


def write(folder, text, name="mine.toml"):
    (folder / name).write_text(text)
    return folder


# --- what is shipped -------------------------------------------------------------------------------------------------


def test_the_ids_are_the_files_and_the_known_ones():
    files = {path.stem for path in Path(providers.__file__).parent.glob("*.toml")}
    assert set(KNOWN) == files == IDS


@pytest.mark.parametrize("provider", KNOWN.values(), ids=KNOWN)
def test_a_provider_is_whole(provider):
    assert provider.support.url.startswith("https://")
    assert re.fullmatch(r"\d{4}-\d\d-\d\d", provider.as_of)
    for text in (provider.name, provider.origin, provider.who_may_delist, provider.reroute, provider.trace,
                 provider.support.portal, provider.support.who):  # fmt: skip
        assert len(text) > 3
    assert provider.prefixes
    assert provider.hosts
    assert provider.seals
    assert provider.ticket_headers
    assert any("UTC" in need for need in provider.support.needs)
    assert provider.spf or provider.id in {"ovh", "godaddy"}  # whose records a walk cannot list


@pytest.mark.parametrize("provider", KNOWN.values(), ids=KNOWN)
def test_its_hosts_and_records_are_host_names(provider):
    for name in (*provider.hosts, *provider.seals, *provider.spf):
        assert re.fullmatch(r"[a-z0-9_-]+(\.[a-z0-9_-]+)+", name), name


def test_no_address_is_two_providers():
    for number, (one, prefix) in enumerate(PREFIX):
        for other, second in PREFIX[number + 1 :]:
            if prefix.version == second.version and prefix.overlaps(second):
                pytest.fail(f"{one.id} {prefix} overlaps {other.id} {second}")


def test_only_public_addresses():
    assert [str(prefix) for _, prefix in PREFIX if not prefix.is_global] == []


def test_no_host_is_two_providers():
    hosts = [host for each in KNOWN.values() for host in each.hosts]
    assert len(hosts) == len(set(hosts))


def test_the_page_has_the_shipped_providers():
    rows = re.findall(r"^\| `(\w+)` \| (.+?) \| (.+?) \| (.+?) \|$", PAGE.read_text(), flags=re.MULTILINE)
    rows = [row for row in rows if row[0] in KNOWN]
    assert rows == [(each.id, each.name, each.who_may_delist, each.as_of) for each in KNOWN.values()]


def test_the_page_has_every_key():
    told = set(re.findall(r"`\[*([a-z_]+)\]*`", PAGE.read_text()))
    assert providers._KEYS[""] <= told


@pytest.mark.parametrize(
    ("address", "owner"),
    [
        ("40.107.130.132", "microsoft365"),
        ("40.95.1.2", "microsoft365"),
        ("2a01:111:f403:2012::1", "microsoft365"),
        ("209.85.220.41", "googleworkspace"),
        ("2a00:1450:4864:20::52f", "googleworkspace"),
        ("54.240.10.168", "amazonses"),
        ("149.72.154.232", "sendgrid"),
        ("69.72.36.213", "mailgun"),
        ("136.143.188.112", "zoho"),
        ("46.105.56.113", "ovh"),
        ("50.31.156.126", "postmark"),
        ("192.174.90.1", "sparkpost"),
        ("198.2.178.1", "mailchimp"),
        ("77.32.148.1", "brevo"),
        ("173.203.187.94", "rackspace"),
        ("212.227.126.130", "ionos"),
        ("50.63.10.84", "godaddy"),
        ("103.168.172.149", "fastmail"),
        ("185.70.40.22", "proton"),
        ("72.167.42.251", None),  # a customer's server at GoDaddy
        ("51.91.1.1", None),  # a customer's server at OVH
        ("52.103.128.1", None),  # not in Microsoft's record
        ("192.0.2.1", None),
        ("2001:db8::1", None),
    ],
)
def test_addresses_met_in_bounces(address, owner):
    found = Owners.of(KNOWN).find(address)
    assert (found[0].id if found else None) == owner


def test_the_pages_example_can_be_used(tmp_path):
    (example,) = re.findall(r"^```toml\n(.*?)^```", PAGE.read_text(), flags=re.MULTILINE | re.DOTALL)
    assert providers.load(write(tmp_path, example))["examplemail"].support.who == "an administrator of the account"


# --- marks -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "word"),
    [
        ("CIP:1.2.3.4;SFV:SPM;CAT:OSPM;DIR:OUT;SFP:1501;", "cat:ospm"),
        ("CIP:1.2.3.4;SFV:SPM;DIR:OUT;SFP:1101;", "sfv:spm"),
        ("CIP:1.2.3.4;SFV:NSPM;DIR:OUT;SFP:1501;", "sfp:1501"),
        ("CIP:1.2.3.4;SFV:SPM;CAT:SPM;DIR:INB;SFP:1101;", None),  # about mail that came in
        ("CIP:1.2.3.4;SFV:SPM;", None),
        ("CIP:1.2.3.4;SFV:NSPM;CAT:NONE;DIR:OUT;SFP:1101;", None),
        ("", None),
    ],
)
def test_microsofts_mark_counts_on_the_way_out_only(value, word):
    (mark,) = KNOWN["microsoft365"].marks
    assert mark.word_in("X-Forefront-Antispam-Report", value) == word
    assert mark.word_in("X-Other", value) is None


def test_a_mark_without_needs_is_any_of_its_words():
    mark = Mark("x-spam", ("yes", "true"), "spam")
    assert mark.word_in("X-Spam", "TRUE") == "true"
    assert mark.word_in("X-Spam", "no") is None


# --- a user's files --------------------------------------------------------------------------------------------------


def test_a_users_file_comes_first_and_ours_stay(tmp_path):
    found = providers.load(write(tmp_path, MINE))
    assert next(iter(found)) == "mine"
    assert set(found) == {"mine", *KNOWN}
    mine = found["mine"]
    assert (mine.spf, mine.refuses, mine.reroute, mine.trace, mine.marks) == ((), (), "", "", ())


def test_a_users_file_replaces_ours(tmp_path):
    found = providers.load(write(tmp_path, MINE.replace('id = "mine"', 'id = "zoho"')))
    assert found["zoho"].name == "Mine"
    assert len(found) == len(KNOWN)


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("rotates = false", "rotates = false\nrotate = true", "rotate: no such key; known: as_of, hosts"),
        ("[support]", '[support]\nphone = "1"', "support.phone: no such key; known: needs, portal, url, who"),
        ("[support]", '[[pool]]\nid = "a"\nname = "b"\n[support]', "pool.name: no such key"),
        ("[support]", '[[mark]]\nheader = "a"\nneed = ["b"]\n[support]', "mark.need: no such key"),
        ("[support]", '[pool]\nid = "a"\n[support]', "pool: expected a table"),
        ('origin = "my contract"', "", "origin is missing"),
        ('portal = "Mine: Help"', "", "portal is missing"),
        ('name = "Mine"', "name = 3", "name: expected a text"),
        ('["192.0.2.0/24"]', '"192.0.2.0/24"', "prefixes: expected a list of texts"),
        ('["192.0.2.0/24"]', '["192.0.2.1/24"]', "192.0.2.1/24 has host bits set"),
        ('["192.0.2.0/24"]', '["0.0.0.0/0"]', "0.0.0.0/0 is wider than /8"),
        ('["192.0.2.0/24"]', '["2000::/3"]', "2000::/3 is wider than /20"),
        ("rotates = false", 'rotates = "false"', "rotates: expected true or false"),
        ("rotates = false", "rotates = false\nticket_headers = 3", "ticket_headers: expected a table"),
        ("as_of = 2026-11-25", 'as_of = "last week"', "as_of 'last week': expected a date"),
        ('id = "mine"', 'id = "My own"', "id 'My own': lower-case letters and digits only"),
        ('id = "mine"', "id = ", "TOMLDecodeError"),
    ],
)
def test_a_broken_file_says_what_is_wrong(tmp_path, old, new, says):
    assert old in MINE
    with pytest.raises(providers.ProviderError) as error:
        providers.load(write(tmp_path, MINE.replace(old, new)))
    assert str(error.value).startswith("provider file mine.toml: ")
    assert says in str(error.value)


def test_two_files_of_one_id_are_refused(tmp_path):
    write(tmp_path, MINE, "other.toml")
    with pytest.raises(providers.ProviderError, match="another file of the folder has 'mine' too"):
        providers.load(write(tmp_path, MINE))


def test_a_file_that_is_too_large_and_a_folder_that_is_not_there(tmp_path):
    with pytest.raises(providers.ProviderError, match="larger than 256 KiB"):
        providers.load(write(tmp_path, MINE + "#" * providers.FILE_SIZE))
    with pytest.raises(providers.ProviderError, match="name a folder of provider files"):
        providers.load(tmp_path / "none")


# --- refreshing ------------------------------------------------------------------------------------------------------


def test_refreshing_replaces_the_ranges_and_keeps_the_pools():
    old = KNOWN["microsoft365"]
    new = refreshed(old, map(ip_network, ["203.0.113.0/24", "203.0.113.0/24", "2001:db8::/48"]), "2026-12-01")
    assert tuple(map(str, new.prefixes)) == ("203.0.113.0/24", "2001:db8::/48")
    assert new == replace(old, prefixes=new.prefixes, as_of="2026-12-01")


@pytest.mark.parametrize(
    ("networks", "says"),
    [
        ([], "its SPF records name none"),
        (["0.0.0.0/0"], "wider than /8"),
        (["::/0"], "wider than /20"),
        ([f"10.{i >> 8}.{i & 255}.0/24" for i in range(PREFIXES + 1)], "more than 4096 prefixes"),
    ],
)
def test_what_a_walk_must_not_teach(networks, says):
    with pytest.raises(ValueError, match=says):
        refreshed(KNOWN["proton"], map(ip_network, networks), "2026-12-01")


def fresh(path, **table):
    path.write_text(json.dumps(table))
    return path


@pytest.mark.parametrize("as_of", ["2026-12-01", KNOWN["proton"].as_of])
def test_what_is_saved_is_loaded(tmp_path, as_of):
    path = tmp_path / "fresh.json"
    new = refreshed(KNOWN["proton"], [ip_network("203.0.113.0/24")], as_of)
    providers.save_fresh(path, {"proton": new})
    assert providers.load(fresh=path) == {**KNOWN, "proton": new}
    assert list(providers.load(fresh=path)) == list(KNOWN)
    assert [each.name for each in tmp_path.iterdir()] == ["fresh.json"]


def test_what_is_older_or_nobodys_changes_nothing(tmp_path):
    old = {"prefixes": ["203.0.113.0/24"], "as_of": "2026-01-01"}
    assert providers.load(fresh=fresh(tmp_path / "f", proton=old, gone=old)) == KNOWN
    assert providers.load(fresh=tmp_path / "none") == KNOWN


def test_a_record_that_includes_anothers_does_not_take_its_addresses(tmp_path):
    table = {"prefixes": ["40.107.0.0/16", "40.92.1.0/24", "203.0.113.0/24", "50.63.8.0/22"], "as_of": "2026-12-01"}
    found = providers.load(fresh=fresh(tmp_path / "f", godaddy=table))
    assert tuple(map(str, found["godaddy"].prefixes)) == ("203.0.113.0/24", "50.63.8.0/22")
    owner = Owners.of(found).find("40.107.1.1")
    assert owner is not None
    assert owner[0].id == "microsoft365"


@pytest.mark.parametrize(
    "content",
    ["", "{", "[]", "3", '{"proton": 3}', '{"proton": {}}', '{"proton": {"as_of": "2026-12-01"}}',
     '{"proton": {"as_of": "2026-12-01", "prefixes": []}}', '{"proton": {"as_of": "2026-12-01", "prefixes": ["x"]}}',
     '{"proton": {"as_of": "soon", "prefixes": ["203.0.113.0/24"]}}', "[" * 100_000,
     '{"proton": {"as_of": "2026-12-01", "prefixes": ["0.0.0.0/0"]}}', " " * (providers.FRESH_SIZE + 1)],
    ids=lambda text: text[:60].strip() or str(len(text)),
)  # fmt: skip
def test_a_broken_cache_says_what_to_do(tmp_path, content):
    path = tmp_path / "fresh.json"
    path.write_text(content)
    with pytest.raises(providers.ProviderError, match=r"fresh\.json: .*: delete the file"):
        providers.load(fresh=path)


# --- the index -------------------------------------------------------------------------------------------------------

near = st.sampled_from([prefix for _, prefix in PREFIX]).flatmap(
    lambda prefix: (
        st.integers(-2, 2).map(lambda step: int(prefix.network_address) + step)
        | st.integers(-2, 2).map(lambda step: int(prefix.broadcast_address) + step)
    )
)
addresses = st.one_of(
    near.filter(lambda number: number < 1 << 32).map(IPv4Address),
    near.filter(lambda number: number >= 1 << 32).map(IPv6Address),
    st.ip_addresses(),
)


@given(addresses.map(str))
def test_the_index_agrees_with_asking_every_provider(address):
    asked = [(each, prefix) for each in KNOWN.values() if (prefix := each.prefix_of(address))]
    found = Owners.of(KNOWN).find(address)
    assert asked == ([found] if found else [])


def test_the_longest_prefix_wins(tmp_path):
    found = providers.load(write(tmp_path, MINE.replace("192.0.2.0/24", "40.107.7.0/24")))
    owners = Owners.of(found)
    assert [owner[0].id for address in ("40.107.7.1", "40.107.8.1") if (owner := owners.find(address))] == [
        "mine",
        "microsoft365",
    ]


def test_the_index_is_made_once_for_the_same_providers():
    assert Owners.of(KNOWN) is Owners.of(dict(KNOWN))
    other = {**KNOWN, "proton": replace(KNOWN["proton"], prefixes=())}
    assert Owners.of(other) is not Owners.of(KNOWN)
    assert Owners.of(other).find("185.70.40.22") is None


def test_what_is_no_address_is_refused():
    with pytest.raises(ValueError, match="does not appear to be an IPv4 or IPv6 address"):
        Owners.of(KNOWN).find("mail.example")


def test_services_and_providers_name_the_same_include():
    shipped = providers.load()
    for service in services.SERVICES:
        of = shipped[service.id]
        assert service.include in of.spf or not of.spf, service.id
