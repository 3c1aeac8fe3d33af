"""Dialect rules: each example proves its rule; patterns are linear; the incident's words give every value."""

import re
from pathlib import Path

import pytest

from reputon import bounce, lists
from reputon.bounce import dialects, reply
from reputon.bounce.judge import judge
from reputon.bounce.refusal import Refusal

RULES = dialects.rules()


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_the_example_proves_the_rule(rule):
    smtp, enhanced, words = reply.codes(rule.example)
    found = dialects.match(smtp, enhanced, words)
    assert found is not None
    assert found.rule.id == rule.id, "an earlier rule takes this wording"


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_the_example_is_judged_by_its_rule(rule):
    report = judge(Refusal("someone@example.org", rule.example), lists.load())
    assert (report.rule, report.reason) == (rule.id, rule.reason)
    assert report.smtp == rule.example[:3]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_every_rule_says_where_it_is_known_from(rule):
    assert len(rule.origin) > 5
    assert re.fullmatch(r"20\d\d-\d\d-\d\d", rule.as_of)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_no_pattern_repeats_a_repetition_without_bound(rule):
    # (a+)+, (a*)*, .*.* are what makes a regex exponential or worse than linear: gaps must be written `.{0,40}`.
    source = re.sub(r"\[[^\]]*\]|\\.", "x", rule.pattern.pattern)
    assert not re.search(r"[*+]\)[*+]|\.[*+]", source)
    assert len(re.findall(r"(?<!\()[*+](?!\?)", source)) <= 2


def test_the_table_of_dialects_is_the_folder():
    folder = Path(dialects.__file__).parent
    assert sorted(dialects.DIALECTS) == sorted(path.stem for path in folder.glob("*.toml"))


def test_rules_see_bounded_text():
    words = "x" * dialects.LENGTH + " blocked using bl.example.net"
    found = dialects.match("550", "5.7.1", words)
    assert found is not None
    assert found.rule.id == "codes/e571"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("550 5.7.1 Service unavailable; client [192.0.2.4] blocked using dnsbl.sorbs.net", {"fault": "receiver"}),
        ("550 Rejected due to DNSBL server response (dnsbl.lists.example - 192.0.2.4)",
         {"listed_ip": "192.0.2.4", "zone": "dnsbl.lists.example", "list": None}),
        ("host mx.example.org[198.51.100.9] said: 554 5.7.1 Client host [192.0.2.4] blocked using bl.example.net",
         {"listed_ip": "192.0.2.4", "rhost": "mx.example.org", "zone": "bl.example.net"}),
        ("550 5.7.1 Service unavailable; Client host [2001:db8::25] blocked using zen.spamhaus.org",
         {"listed_ip": "2001:db8::25", "list": "Spamhaus ZEN"}),
        ("554 5.7.1 ACL dns_rbl; Client host [192.0.2.4] blocked using pf-ip4tset.blagr.emailsrvr.com=127.24.0.2",
         {"list": "Spamhaus XBL", "return_code": "127.24.0.2"}),
        ("550-5.7.1 [192.0.2.22 18] Our system has detected 550-5.7.1 very low reputation of the 550 5.7.1 sending IP",
         {"reason": "badreputation", "listed_ip": "192.0.2.22"}),
        ("5.1.0 - Unknown address error 550-'5.2.2 <a@example.org>... Mailbox full'",
         {"smtp": "550", "enhanced": "5.2.2", "wrapper_enhanced": "5.1.0", "reason": "mailboxfull"}),
        ("554 5.7.1 Client host [mail.example.org] blocked using multi.uribl.com; 127.0.0.1 -> Query Refused",
         {"fault": "receiver", "wrapper_text": None, "listed_ip": None}),
    ],
)  # fmt: skip
def test_a_wording_gives_these_values(text, expected):
    report = judge(Refusal("someone@example.org", text), lists.load())
    assert {key: getattr(report, key) for key in expected} == expected


def test_a_list_unknown_to_the_catalogue_keeps_its_zone():
    report = bounce.read(b"550 5.7.1 Rejected: 192.0.2.4 listed at bl.unknown.example\n", lists.Catalogue(())).reports[
        0
    ]
    assert (report.zone, report.list, report.listed_ip) == ("bl.unknown.example", None, "192.0.2.4")
