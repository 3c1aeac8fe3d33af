"""Authentication: results as servers write them, SPF over a made resolver, alignment, and who is believed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reputon.authentication import dmarc, domains, results, spf
from reputon.authentication.judgement import Now, judge
from reputon.resolver import World

RESULTS = [
    ("mx.example; spf=pass smtp.mailfrom=a.example; dkim=fail header.d=a.example", "mx.example",
     [("spf", "pass", "a.example"), ("dkim", "fail", "a.example")]),
    ("spf=pass (sender IP is 192.0.2.1) smtp.mailfrom=a.example; dkim=none (message not signed) header.d=none;"
     "dmarc=bestguesspass action=none header.from=a.example;compauth=pass reason=109", "",
     [("spf", "pass", "a.example"), ("dkim", "none", None), ("dmarc", "bestguesspass", "a.example")]),
    ("mx.example 1; dmarc=pass (p=NONE sp=NONE dis=NONE) header.from=a.example", "mx.example",
     [("dmarc", "pass", "a.example")]),
    ("mx.example; spf=softfail smtp.mailfrom=joe@mail.a.example", "mx.example",
     [("spf", "softfail", "mail.a.example")]),
]  # fmt: skip


@pytest.mark.parametrize(("value", "speaker", "verdicts"), RESULTS)
def test_results_are_read(value, speaker, verdicts):
    (found,) = results.read([("Authentication-Results", value)])
    assert found.authserv_id == speaker
    assert [(each.method, each.result, each.domain) for each in found.verdicts] == verdicts


def test_a_seal_is_told_from_results():
    (found,) = results.read([("ARC-Authentication-Results", "i=1; mx.example 1; spf=pass smtp.mailfrom=a.example")])
    assert (found.kind, found.authserv_id) == ("seal", "mx.example")


@pytest.mark.parametrize("value", ["", ";", "mx.example; none", "x" * 9000, "mx.example; spf", "\0; =;=", "a;" * 3000])
def test_what_is_no_result_is_left_out(value):
    assert results.read([("Authentication-Results", value)]) == ()


DNS = World({
    "a.example": {"TXT": ["v=spf1 ip4:192.0.2.0/25 include:b.example mx -all"], "MX": ["10 mx.a.example"]},
    "mx.a.example": {"A": ["198.51.100.25"]},
    "b.example": {"TXT": ["v=spf1 ip6:2001:db8::/32 ~all"]},
    "soft.example": {"TXT": ["v=spf1 ~all"]},
    "loop.example": {"TXT": ["v=spf1 include:loop.example -all"]},
    "broken.example": {"TXT": ["v=spf1 ip4:nonsense -all"]},
    "slow.example": {"timeout": True},
})  # fmt: skip


@pytest.mark.parametrize(
    ("address", "domain", "expected"),
    [
        ("192.0.2.1", "a.example", "pass"),
        ("192.0.2.200", "a.example", "fail"),
        ("198.51.100.25", "a.example", "pass"),
        ("2001:db8::1", "a.example", "pass"),
        ("192.0.2.1", "soft.example", "softfail"),
        ("192.0.2.1", "nothing.example", "none"),
        ("192.0.2.1", "loop.example", "permerror"),
        ("192.0.2.1", "broken.example", "permerror"),
        ("192.0.2.1", "slow.example", "temperror"),
    ],
)
def test_spf_now(address, domain, expected):
    found = spf.evaluate(address, f"joe@{domain}", "helo.example", DNS)
    assert (found.result, found.domain) == (expected, domain)


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ("a.example", "mail.a.example", True),
        ("x.co.uk", "y.co.uk", False),
        ("mail.x.co.uk", "x.co.uk", True),
        ("A.example", "a.EXAMPLE.", True),
        ("mail.a.internal", "a.internal", True),
        ("com", "example.com", False),
        ("a.example", "b.example", False),
        ("a.example", "not a name", False),
    ],
)
def test_alignment(one, other, expected):
    assert domains.aligned(one, other) is expected


def said(host, words):
    return results.read([("Authentication-Results", f"{host}; {words}")])


PASS, FAIL = "spf=pass smtp.mailfrom=a.example", "spf=fail smtp.mailfrom=a.example"


def dns(result, signatures=(), author="a.example"):
    """What DNS says now, with this result of SPF."""
    found = dmarc.find(author, World({}))
    outcome = dmarc.evaluate(found, (result, "a.example"), [(each.result, each.domain) for each in signatures])
    return Now(spf.Spf(result, "a.example", ""), tuple(signatures), found, outcome)


def verdict(found, now=None, author="a.example"):
    return judge(found, receivers=["receiver.example"], provider=["provider.example"], now=now, author=author)


def test_the_receiver_is_believed_before_dns_and_the_provider():
    found = said("mx.receiver.example", FAIL) + said("out.provider.example", PASS)
    judged = verdict(found, dns("pass"))
    assert (judged.state, judged.read_in) == ("fail", "the receiver's Authentication-Results")


def test_dns_is_believed_before_the_provider():
    judged = verdict(said("out.provider.example", PASS), dns("fail"))
    assert (judged.state, judged.read_in) == ("fail", "DNS: TXT a.example")


@pytest.mark.parametrize("result", ["none", "neutral", "temperror"])
def test_no_word_from_dns_leaves_it_to_the_provider(result):
    judged = verdict(said("out.provider.example", PASS), dns(result))
    assert judged.state == "pass"


def test_a_stranger_is_not_believed():
    assert verdict(said("mx.evilreceiver.example", PASS)).state == "unknown"


def test_a_pass_for_somebody_else_is_none():
    assert verdict(said("mx.receiver.example", "dkim=pass header.d=bulk.example")).state == "unknown"


@pytest.mark.parametrize(
    ("words", "state"),
    [
        ("dmarc=pass header.from=a.example; spf=fail smtp.mailfrom=bulk.example", "pass"),
        ("dmarc=fail header.from=a.example; spf=pass smtp.mailfrom=bulk.example", "fail"),
        ("spf=temperror smtp.mailfrom=a.example", "unknown"),
        ("spf=fail smtp.mailfrom=a.example; dkim=temperror header.d=a.example", "unknown"),
        ("dmarc=temperror header.from=a.example", "unknown"),
        ("spf=fail smtp.mailfrom=a.example; dkim=pass header.d=mail.a.example", "pass"),
    ],
)
def test_what_the_receiver_said(words, state):
    assert verdict(said("mx.receiver.example", words)).state == state


def test_an_unaligned_pass_is_told_to_be_none():
    answer = verdict(said("mx.receiver.example", "dkim=pass header.d=bulk.example"))
    assert (answer.state, answer.fact) == (
        "unknown", "dkim=pass is for bulk.example, which is not aligned with a.example: no pass")  # fmt: skip


def test_both_words_are_kept_where_they_differ():
    answer = verdict(said("mx.receiver.example", FAIL), dns("pass"))
    assert answer.state == "fail"
    assert "failed then, passes now" in answer.fact
    assert answer.now[0].startswith("SPF pass for a.example")
    other = verdict(said("mx.receiver.example", PASS), dns("fail"))
    assert other.state == "pass"
    assert "passed then, fails now" in other.fact


@given(st.text())
def test_no_record_breaks_spf(text):
    world = World({"a.example": {"TXT": ["v=spf1 " + text], "MX": ["10 a.example"], "A": ["192.0.2.9"]}})
    spf.evaluate("192.0.2.1", "joe@a.example", "helo.example", world)


WORDS = ["a", "mx", "ptr", "all", "include:a.example", "redirect=%{d}", "exists:%{i}.%{q}", "ip4:1", "ip6:::", "exp=a",
         "a/99", "mx:%{h}/1//2", "-", "%", "a:é.example", "exp=a.example", "?all", "~ptr:%{p}"]  # fmt: skip


@given(st.lists(st.sampled_from(WORDS), max_size=6))
def test_no_terms_break_spf(words):
    world = World({
        "a.example": {"TXT": ["v=spf1 " + " ".join(words)], "MX": ["10 a.example", "x"], "A": ["192.0.2.9", "?"]},
        "*.in-addr.arpa": {"PTR": ["a.example"]},
    })  # fmt: skip
    assert spf.evaluate("192.0.2.1", "joe@a.example", "helo.example", world).result in (
        "pass", "fail", "softfail", "neutral", "none", "permerror", "temperror")  # fmt: skip
