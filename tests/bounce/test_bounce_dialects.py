"""Dialect rules: each example proves its rule; matching is linear; a user's own folder speaks first."""

import re
import time
from pathlib import Path

import pytest

from reputon import bounce, lists
from reputon.bounce import dialects, reply
from reputon.bounce.dialects import DialectError, reading
from reputon.bounce.judge import judge
from reputon.bounce.refusal import Refusal

SHIPPED = dialects.load()
RULES = SHIPPED.rules


def rule_of(dialects, *said):
    found = dialects.match(*said)
    assert found is not None
    return found.rule


def example(rule):
    return Refusal("someone@example.org", rule.example, rhost=rule.said_by, phase=rule.said_in)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_the_example_is_judged_by_its_own_rule(rule):
    report = judge(example(rule), lists.load(), SHIPPED)
    assert report.rule == rule.id, "an earlier rule takes this wording"
    assert report.reason == rule.reason_in(rule.said_in)
    assert report.smtp == rule.example[:3]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_every_rule_says_where_it_is_known_from(rule):
    assert len(rule.origin) > 5
    assert re.fullmatch(r"20\d\d-\d\d-\d\d", rule.as_of)


def adversarial(rule):
    """Texts that nearly fit, over and over: what a backtracking engine takes longest for."""
    words = rule.example[4:]
    yield from (words[: len(words) * 2 // 3] * 40, "a" * dialects.LENGTH, "mailbox user " * 160, "1.1.1.1.1.1." * 170)
    yield from (" " * dialects.LENGTH, (words + "!") * 30)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_no_rule_takes_long_over_hostile_text(rule):
    # RE2 takes milliseconds here; the bound is what one backtracking pattern would break by orders of magnitude.
    alone = dialects.Dialects((rule,))
    alone.match(None, None, "warm")
    begun = time.process_time()
    for text in adversarial(rule):
        alone.match("550", "5.7.1", text, rule.said_in, rule.said_by)
    assert time.process_time() - begun < 1


def test_the_table_of_dialects_is_the_folder():
    folder = Path(dialects.__file__).parent
    assert sorted(dialects.DIALECTS) == sorted(path.stem for path in folder.glob("*.toml"))


def test_rules_see_bounded_text():
    words = "x" * dialects.LENGTH + " blocked using bl.example.net"
    found = SHIPPED.match("550", "5.7.1", words)
    assert found is not None
    assert found.rule.id == "codes/e171"


OWN = """
origin = "our own gateway's manual"
as_of = 2026-11-25

[[rule]]
id = "tea"
phrases = ["out of tea"]
reason = "policyviolation"
fault = "recipient-policy"
example = "550 5.7.1 We are out of tea, user unknown"
"""


def test_a_users_own_folder_is_asked_first(tmp_path):
    (tmp_path / "gateway.toml").write_text(OWN)
    words = "We are out of tea, user unknown"
    assert rule_of(SHIPPED, "550", "5.7.1", words).id == "addresses/unknown-user"
    own = dialects.load(tmp_path)
    assert rule_of(own, "550", "5.7.1", words).id == "own:gateway/tea"
    assert judge(Refusal("someone@example.org", f"550 5.7.1 {words}"), lists.load(), own).reason == "policyviolation"
    assert len(own.rules) == len(RULES) + 1


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("origin = ", "not TOML"),
        ("colour = 1", "there is no key 'colour'"),
        ("rule = 3", r"expected \[\[rule\]\] tables"),
        (OWN.replace("phrases", "words"), "there is no key 'words'"),
        (OWN.replace("policyviolation", "teapot"), "`reason`: 'teapot' is none of"),
        (OWN.replace('phrases = ["out of tea"]', "pattern = '(unclosed'"), "own:gateway/tea"),
        (OWN.replace('phrases = ["out of tea"]', "pattern = '(?=a)b'"), "own:gateway/tea"),
        (OWN.replace('phrases = ["out of tea"]', 'phrases = "out of tea"'), "`phrases` is a list"),
        (OWN.replace('example = ', 'phases = ["later"]\nexample = '), "`phases`: 'later' is none of"),
        (OWN.replace("as_of = 2026-11-25", ""), "`as_of` is missing"),
    ],
)  # fmt: skip
def test_a_mistake_in_a_dialect_names_file_and_rule(tmp_path, text, said):
    (tmp_path / "gateway.toml").write_text(text)
    with pytest.raises(DialectError, match=said):
        dialects.load(tmp_path)


def test_a_folder_without_dialects_is_refused(tmp_path):
    with pytest.raises(DialectError, match="holds no dialects"):
        dialects.load(tmp_path)
    with pytest.raises(DialectError, match="holds no dialects"):
        dialects.load(tmp_path / "nowhere")


def test_the_phase_and_the_host_decide_where_words_do_not():
    said = rule_of(SHIPPED, "550", None, "User unknown")
    assert said.reason_in("rcpt") == "userunknown"
    assert said.reason_in("end-of-data") == "filtered"
    carrier = rule_of(SHIPPED, "550", None, "User unknown", "data", "lsean.ezweb.ne.jp")
    assert carrier.id == "japan/carrier-unknown"


def test_the_words_that_a_rule_read_can_be_shown():
    smtp, enhanced, words = reply.codes("550 5.7.1 mail refused: 192.0.2.4 listed at bl.example.net today")
    found = rule_of(SHIPPED, smtp, enhanced, words)
    assert SHIPPED.words(found, smtp, enhanced, words) == "listed at bl.example.net"


def test_a_space_or_a_dot_of_a_phrase_stands_for_itself():
    (rule,) = reading.parse("own", OWN.replace("out of tea", "out.of (tea)"))
    assert dialects.Dialects((rule,)).match("550", None, "out of tea") is None
    assert dialects.Dialects((rule,)).match("550", None, "OUT.OF (TEA)") is not None


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
    report = judge(Refusal("someone@example.org", text), lists.load(), SHIPPED)
    assert {key: getattr(report, key) for key in expected} == expected


def test_a_list_unknown_to_the_catalogue_keeps_its_zone():
    report = bounce.read(b"550 5.7.1 Rejected: 192.0.2.4 listed at bl.unknown.example\n", lists.Catalogue(())).reports[
        0
    ]
    assert (report.zone, report.list, report.listed_ip) == ("bl.unknown.example", None, "192.0.2.4")
