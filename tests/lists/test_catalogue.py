"""The catalogue that ships: every entry proves itself; names, zones and mirrors lead to the right list."""

import pytest

from reputon import lists
from reputon.check.subjects import target
from reputon.lists import BlockList

CATALOGUE = lists.load()
ENTRIES = pytest.mark.parametrize("entry", CATALOGUE.lists, ids=lambda entry: entry.name)
MIRROR = "sa-ip4tset.blagr.emailsrvr.com"


@ENTRIES
def test_an_entry_says_where_it_is_known_from(entry):
    assert entry.origin
    assert entry.as_of[:2] == "20"
    assert entry.removal is None or entry.removal.startswith(("http", "mailto:"))


@ENTRIES
def test_an_entry_is_found_by_its_own_names(entry: BlockList) -> None:
    found = CATALOGUE.by_name(entry.name.upper())
    assert found == entry
    for zone in (entry.zone, *entry.other_zones):
        assert not zone or CATALOGUE.by_zone(f"2.0.0.127.{zone.upper()}.") is entry
    for word in (*entry.words, *entry.signs):
        assert CATALOGUE.by_words(f"Rejected ({word}), sorry") is entry


@pytest.mark.parametrize("entry", [entry for entry in CATALOGUE.lists if entry.example], ids=lambda entry: entry.name)
def test_the_example_of_an_entry_names_it(entry):
    assert CATALOGUE.by_words(entry.example) is entry or MIRROR in entry.example


@ENTRIES
def test_the_living_explain_their_codes_and_the_dead_are_not_asked(entry):
    if not entry.can_be_asked:
        assert entry.status in ("closed", "wildcard", "private")
        return
    assert entry.codes or entry.mask
    assert all(entry.meaning(pattern.text.replace("[", "").partition("]")[0]) is None for pattern, _ in entry.errors)
    for kind in entry.subjects:
        always, never = entry.test_points(kind)
        assert always != never


@ENTRIES
def test_the_test_points_of_an_entry_can_be_asked(entry):
    for kind in entry.subjects:
        for point in entry.test_points(kind):
            wanted = "domain" if kind == "domain" else ("ip4", "ip6")
            assert point in ("test", "invalid") or target(point).kind in wanted


@ENTRIES
def test_every_list_that_receivers_refuse_by_has_an_example(entry):
    assert entry.example or entry.impact == "low"


@pytest.mark.parametrize(
    ("zone", "code", "name"),
    [
        (MIRROR, "127.22.0.2", "Sender Score"),
        (MIRROR, "127.23.0.2", "Spamhaus SBL"),
        (MIRROR, "127.24.0.2", "Spamhaus XBL"),
        (MIRROR, "127.26.0.2", "Cloudmark CSI"),
        (MIRROR.upper() + ".", "127.5.0.2", "SpamCop"),
        ("pf-ip4tset.blagr.emailsrvr.com", "127.22.0.2", "Sender Score"),
        (MIRROR, "127.99.0.2", None),
        (MIRROR, None, None),
        (MIRROR, "not a code", None),
        ("zen.spamhaus.org", "127.0.0.2", "Spamhaus SBL"),
        ("zen.spamhaus.org", "127.0.0.4", "Spamhaus XBL"),
        ("zen.spamhaus.org", "127.0.0.11", "Spamhaus PBL"),
        ("zen.spamhaus.org", None, "Spamhaus ZEN"),
        ("zen.spamhaus.org", "127.255.255.254", "Spamhaus ZEN"),
        ("abcdefghij.zen.dq.spamhaus.net", "127.0.0.4", "Spamhaus XBL"),
        ("abcdefghij.zen.dq.spamhaus.net", None, "Spamhaus ZEN"),
        ("bl.score.senderscore.com", "127.0.0.22", "Sender Score"),
        ("spam.dnsbl.sorbs.net", "127.0.0.6", "SORBS"),
        ("black.uribl.com", "127.0.0.2", "URIBL"),
        ("bl.nobody.example", "127.0.0.2", None),
        ("org", None, None),
    ],
)
def test_the_list_behind_a_zone_and_a_code(zone, code, name):
    found = CATALOGUE.behind(zone, code)
    assert (found.name if found else None) == name


def test_a_mirror_is_no_list_and_a_list_is_no_mirror():
    assert CATALOGUE.mirror(MIRROR) is CATALOGUE.mirrors[0]
    assert CATALOGUE.mirror("zen.spamhaus.org") is None
    assert CATALOGUE.find(MIRROR) is None


@pytest.mark.parametrize(
    ("text", "name"),
    [
        (f"Client host [192.0.2.7] blocked using {MIRROR}=127.22.0.2 Senderscore.", "Sender Score"),
        (
            f"blocked using {MIRROR}=127.24.0.2 Spamhaus XBL. Please visit http://www.spamhaus.org/lookup/",
            "Spamhaus XBL",
        ),
        ("550-IP 192.0.2.7 is blacklisted (xbl.spamhaus.org). Help at www.mfaq.info", "Spamhaus XBL"),
        ("550 Email blocked by SPAMHAUS", "Spamhaus ZEN"),
        ("550 5.7.0 Your server IP address is in the SpamHaus SBL-XBL database, bye", "Spamhaus ZEN"),
        ("blocked using sbl-xbl.spamhaus.org; https://www.spamhaus.org/query/ip/192.0.2.7", "Spamhaus ZEN"),
        ("blocked using bl.spamcop.net; see also zen.spamhaus.org.example", "SpamCop"),
        ("is in an RBL: http://www.barracudanetworks.com/reputation/?pr=1&ip=192.0.2.7", "Barracuda"),
        ("listed (SBL123456)", None),  # short words are not found inside others
        ("the possibles and the feasible", None),
        ("sbl", None),  # short words count as they are written
        ("unsorbsed", None),
        ("mailbox full", None),
        ("", None),
        ("SORBS " * 50_000, "SORBS"),  # bounded
    ],
)
def test_words_of_refusals(text, name):
    found = CATALOGUE.by_words(text)
    assert (found.name if found else None) == name


@pytest.mark.parametrize(
    ("zone", "code", "meaning"),
    [
        ("bl.score.senderscore.com", "127.0.0.1", "botnet"),
        ("bl.score.senderscore.com", "127.0.0.22", "not authenticated + pristine spam trap + score too low"),
        ("bl.score.senderscore.com", "127.0.0.34", None),  # 32 is nobody's bit
        ("bl.score.senderscore.com", "127.0.0.0", None),
        ("bl.score.senderscore.com", "127.0.1.2", None),
        ("bl.score.senderscore.com", "127.255.255.255", None),
        ("multi.surbl.org", "127.0.0.72", "phishing + abuse"),
        ("multi.surbl.org", "127.0.0.1", None),
        ("list.dnswl.org", "127.0.5.2", "medium trust"),
        ("list.dnswl.org", "127.0.10.2", None),
        ("zen.spamhaus.org", "127.0.0.12", None),
        ("zen.spamhaus.org", "127.0.0.256", None),
        ("zen.spamhaus.org", "::1", None),
    ],
)
def test_codes_bits_and_errors(zone, code, meaning):
    entry = CATALOGUE.by_zone(zone)
    assert entry is not None
    found = entry.meaning(code)
    assert (found.meaning if found else None) == meaning


def test_a_zone_of_no_catalogue_is_taken_as_the_standard_says():
    entry = CATALOGUE.find("bl.example.org.")
    assert isinstance(entry, BlockList)
    assert entry.zone == "bl.example.org"
    assert entry.meaning("127.0.0.2") is not None
    assert entry.meaning("127.0.0.1") is None
    for text in ("no list", "list", "", "a@b.example", "x.example/y", "a..b", "."):
        assert CATALOGUE.find(text) is None


def test_the_closed_are_known_as_closed():
    closed = {entry.name for entry in CATALOGUE.lists if entry.is_closed}
    assert {"SORBS", "NJABL", "NiX Spam", "AHBL", "DSBL", "ORDB"} <= closed
    assert not {"Spamhaus XBL", "countries.nerd.dk"} & closed


def test_every_entry_has_an_example_or_is_only_asked():
    silent = {entry.name for entry in CATALOGUE.lists if not entry.example}
    assert silent == {"Sender Score (score)", "Mailspike reputation"}


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("553 5.7.1 Refused by SPAMHAUS-XBL", "Spamhaus XBL"),
        ("550 blocked, LPN007_510", "La Poste"),
        ("550 <user@mx.spamhaus.org> refused", None),  # an address of somebody there
        ("220 mx1.barracuda.example says no", None),  # a part of a host's name
        ("554 see http://www.spamhaus.org.", "Spamhaus ZEN"),
        ("cbl.abuseat.org", "Spamhaus XBL"),
        ("554 5.7.1 BL000001", "Spamhaus ZEN"),
        ("554 5.7.1 BL000100", "Sender Score"),
        ("Access denied, banned sending IP, and also on bl.spamcop.net", "SpamCop"),
        ("spam, says Spam Eating Monkey", "SpamEatingMonkey"),  # its first word stands elsewhere too
        ("spam of no spam eating monkeys", None),
        ("spam from xspam eating monkey", None),
        ("IP reputation: refused by KPN", "KPN"),  # the short names of receivers, whatever their case
        ("ip reputation: refused by kpn", "KPN"),
        ("\u0130\u0130 listed at zen.spamhaus.org\u0130", None),
        ("\u0130\u0130 listed at zen.spamhaus.org", "Spamhaus ZEN"),
    ],
)
def test_words_hosts_and_codes(text, name):
    found = CATALOGUE.by_words(text)
    assert (found.name if found else None) == name


@pytest.mark.parametrize(
    ("title", "text", "name"),
    [
        ("Microsoft", "550 5.7.1 on our block list (S3150)", "Outlook.com block list"),
        ("Microsoft", "550 5.7.606 Access denied, banned sending IP [192.0.2.7]", "Microsoft EOP block list"),
        ("Spamhaus", "listed on the PBL", "Spamhaus PBL"),
        ("Spamhaus", "", "Spamhaus ZEN"),
        ("spamhaus xbl", "spamhaus", "Spamhaus XBL"),
        ("Nobody", "spamhaus", None),
    ],
)
def test_a_name_of_several_is_the_one_that_the_text_names(title, text, name):
    found = CATALOGUE.known(title, text)
    assert (found.name if found else None) == name
