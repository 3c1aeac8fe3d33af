"""Naming: the list, zone, code, address and removal page of refusals, whatever rule knows them."""

import pytest

from reputon import lists
from reputon.bounce import addresses, dialects, naming, removal
from reputon.bounce.dialects import Match
from reputon.lists.names import Words

CATALOGUE = lists.load()
RULES = {(rule.reason, rule.subject_kind, rule.fault): rule for rule in dialects.load().rules}
BLOCKED = Match(RULES["blocked", "ip", "sender"])
MIRROR = "sa-ip4tset.blagr.emailsrvr.com"


def read(text, match=BLOCKED):
    return naming.read(text, match, CATALOGUE)


@pytest.mark.parametrize(
    ("text", "name", "zone", "ip", "code"),
    [
        (
            "Client host [192.0.2.7] blocked using zen.spamhaus.org",
            "Spamhaus ZEN",
            "zen.spamhaus.org",
            "192.0.2.7",
            None,
        ),
        (
            "blocked using zen.spamhaus.org (127.0.0.4) 192.0.2.7",
            "Spamhaus XBL",
            "zen.spamhaus.org",
            "192.0.2.7",
            "127.0.0.4",
        ),
        (f"[192.0.2.7] blocked using {MIRROR}=127.26.0.2 CSI", "Cloudmark CSI", MIRROR, "192.0.2.7", "127.26.0.2"),
        ("7.2.0.192.zen.spamhaus.org found", "Spamhaus ZEN", "zen.spamhaus.org", "192.0.2.7", None),
        ("refused: abcdef.zen.dq.spamhaus.net lists you", "Spamhaus ZEN", "zen.dq.spamhaus.net", None, None),
        (
            "Blocked: on Spamhaus PBL, see https://www.spamhaus.org/query/ip/192.0.2.7",
            "Spamhaus",
            None,
            "192.0.2.7",
            None,
        ),
        ("rejected, client blocked using bl.nobody.example; 192.0.2.7", None, "bl.nobody.example", "192.0.2.7", None),
        ("blocked using mail.nobody.example", None, "mail.nobody.example", None, None),
        ("blocked by mail.nobody.example", None, None, None, None),
        ("listed in dnsbl.nobody.example, 192.0.2.7", None, "dnsbl.nobody.example", "192.0.2.7", None),
        ("2001:db8::25 is listed at zen.spamhaus.org", "Spamhaus ZEN", "zen.spamhaus.org", "2001:db8::25", None),
        ("[IPv6:2001:db8::25] blocked, Spamhaus", "Spamhaus", None, "2001:db8::25", None),
        ("DNSBL:RBL 521< 192.0.2.7 >_is_blocked, write abuse_rbl@abuse-att.net", "AT&T", None, "192.0.2.7", None),
        (
            "521-192.0.2.7 blocked by sbc:blacklist.mailrelay.att.net",
            "AT&T RBL",
            "blacklist.mailrelay.att.net",
            "192.0.2.7",
            None,
        ),
        ("[192.0.2.7 18] very low reputation of the sending IP address", "Gmail", None, "192.0.2.7", None),
        ("[192.0.2.7]:4711 is in an RBL: see http://www.spamcop.net/", "SpamCop", None, "192.0.2.7", None),
        ("see http://psbl.org/listing?ip=192.0.2.7&x=1", "PSBL", None, "192.0.2.7", None),
        ("Access denied, banned sending IP [192.0.2.7]", "Microsoft", None, "192.0.2.7", None),
        ("192.0.2.7 is on our local blacklist", "local", None, "192.0.2.7", None),
        ("host mx.spamcop.net[198.51.100.7] said: 192.0.2.7 is blocked", None, None, "192.0.2.7", None),
        ("blocked [Your DNS IP: 198.51.100.7]", None, None, None, None),
        ("Server: (198.51.100.7) Client: (192.0.2.7) blocked", None, None, "192.0.2.7", None),
        ("mail from 192.0.2.7 to 198.51.100.7 is blocked", None, None, "192.0.2.7", None),
        ("Messages from 0.0.0.0 deferred - 192.0.2.7; [TSS04]", "Yahoo", None, "192.0.2.7", None),
        ("blocked", None, None, None, None),
    ],
)
def test_what_a_refusal_names(text, name, zone, ip, code):
    named = read(text)
    assert (named.list, named.zone, named.listed_ip, named.return_code) == (name, zone, ip, code)


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("192.0.2.7 is listed at dnsbl.sorbs.net", "receiver"),
        ("192.0.2.7 blocked using list.dsbl.org", "receiver"),
        ("[192.0.2.7] blocked using zen.spamhaus.org; 127.255.255.254", "receiver"),
        ("[192.0.2.7] blocked using zen.spamhaus.org; Error: open resolver", "receiver"),
        ("a.example blocked using multi.uribl.com; 127.0.0.1", "receiver"),
        ("192.0.2.7 blocked using cbl.abuseat.org", None),
        ("192.0.2.7 blocked using ru.countries.nerd.dk", None),
        ("[192.0.2.7] blocked using zen.spamhaus.org", None),
    ],
)
def test_who_asks_in_vain_is_at_fault(text, fault):
    assert read(text).fault == fault


def test_the_resolver_that_a_list_refused_is_never_the_address():
    assert read("blocked using zen.spamhaus.org; Error: open resolver; /returnc/pub/198.51.100.7").listed_ip is None
    refused = read("[192.0.2.7] blocked using zen.spamhaus.org; 127.255.255.254 /returnc/pub/198.51.100.7")
    assert (refused.listed_ip, refused.fault) == ("192.0.2.7", "receiver")


@pytest.mark.parametrize(
    ("reason", "kind", "fault"), [("userunknown", "other", "sender"), ("authfailure", "auth", "sender")]
)
def test_other_refusals_name_no_list(reason, kind, fault):
    named = read("550 no such user at mx.spamhaus.org, zen.spamhaus.org", Match(RULES[reason, kind, fault]))
    assert (named.list, named.zone) == (None, None)
    assert naming.read("zen.spamhaus.org", None, CATALOGUE) == naming.Naming()


def test_a_sign_counts_only_for_a_bad_reputation():
    text = "rejected, see https://community.mimecast.com/docs"
    assert read(text).list == "Mimecast"
    policy = Match(RULES["policyviolation", "other", "recipient-policy"])
    assert read(text, policy).list is None


@pytest.mark.parametrize(
    ("text", "page"),
    [
        ("see http://www.spamhaus.org/query/bl?ip=192.0.2.7.", "http://www.spamhaus.org/query/bl?ip=192.0.2.7"),
        ("details (http://psbl.example/remove).", "http://psbl.example/remove"),
        (
            "more at http://www.list.example for removal see http://list.example/delist?ip=192.0.2.7",
            "http://list.example/delist?ip=192.0.2.7",
        ),
        ("home https://www.isp.example/ look-up https://www.isp.example/lookup", "https://www.isp.example/lookup"),
        (
            "in an RBL on csi.cloudmark.com/reset-request/?ip=192.0.2.7 , see",
            "csi.cloudmark.com/reset-request/?ip=192.0.2.7",
        ),
        ("remove at https: //www.spamhaus.org/lookup/ ;id=1", "https://www.spamhaus.org/lookup/"),
        ("For assistance forward this email to abuse_rbl@abuse-att.net", "abuse_rbl@abuse-att.net"),
        ("Ask your postmaster to contact tosa@rx.t-online.de.", "tosa@rx.t-online.de"),
        ("<user@example.org> refused, 192.0.2.7", None),
        ("blocked", None),
    ],
)
def test_the_page_that_a_refusal_names(text, page):
    assert removal.find(text) == page


@pytest.mark.parametrize(
    ("host", "zone", "ip"),
    [
        ("7.2.0.192.bl.example", "bl.example", "192.0.2.7"),
        ("999.2.0.192.bl.example", "999.2.0.192.bl.example", None),
        ("zen.spamhaus.org", "zen.spamhaus.org", None),
        (".".join("52000000000000000000000000000000"[:24] + "8bd01002") + ".bl.example", "bl.example", "2001:db8::25"),
    ],
)
def test_a_reversed_address_is_turned_round(host, zone, ip):
    assert addresses.unreversed(host) == (zone, ip)


@pytest.mark.parametrize(
    "text", ["", ".", "1.2.3", "1.2.3.4.5", "256.1.1.1", "01.2.3.4", "0.0.0.0", "1.2.3.\u00b2", "a.b.c.d"]
)
def test_what_is_no_address(text):
    assert not addresses.is_ip4(text)


@pytest.mark.parametrize("piece", ["1.", "a.b.", "::", "zen.spamhaus.org ", "http://", "x@", "[host ", "-_."])
def test_hostile_text_is_read_in_time(piece):
    text = piece * 2000
    read(text)
    assert addresses.find(Words(text[:2048])) is not None
