"""Records: SPF walks, DMARC by the tree walk, DKIM keys and signatures, over made DNS; and hostile ones."""

import base64
import random
from ipaddress import ip_network

import dkim as dkimpy
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reputon.authentication import dkim, dmarc, gather, services, spf_walk
from reputon.authentication.judgement import judge
from reputon.authentication.survey import survey
from reputon.resolver import World


def walked(records, domain="a.example", **more):
    return spf_walk.walk(domain, World({name: {"TXT": texts} for name, texts in records.items()} | more))


def ids(found):
    return {fault.id for fault in found.faults}


FAULTS = [
    ({}, {"no-spf"}),
    ({"a.example": ["v=spf1 -all"]}, set()),
    ({"a.example": ["v=spf1 -all", "v=spf1 ~all"]}, {"two-records"}),
    ({"a.example": ["v=spf10 -all"]}, {"no-spf"}),
    ({"a.example": ["v=spf1 +all"]}, {"plus-all"}),
    ({"a.example": ["v=spf1 all"]}, {"plus-all"}),
    ({"a.example": ["v=spf1 ip4:192.0.2.1"]}, {"no-end"}),
    ({"a.example": ["v=spf1 ptr -all"]}, {"ptr"}),
    ({"a.example": ["v=spf1 ipv4:192.0.2.1 -all"]}, {"syntax"}),
    ({"a.example": ["v=spf1 ip4:2001:db8::1 -all"]}, {"syntax"}),
    ({"a.example": ["v=spf1 a/33 -all"]}, {"syntax"}),
    ({"a.example": ["v=spf1 include: -all"]}, {"syntax"}),
    ({"a.example": ["v=spf1 include:b.example -all"]}, {"include-without-record"}),
    ({"a.example": ["v=spf1 include:b.example -all"], "b.example": ["v=spf1 include:a.example -all"]}, {"loop"}),
    ({"a.example": ["v=spf1 redirect=a.example"]}, {"loop"}),
    ({"a.example": ["v=spf1 a:x.example a:y.example a:z.example -all"]}, {"too-many-voids"}),
    ({"a.example": ["v=spf1 " + "ip4:192.0.2.1 " * 40 + "-all"]}, {"too-long"}),
]  # fmt: skip


@pytest.mark.parametrize(("records", "expected"), FAULTS)
def test_faults_of_spf(records, expected):
    assert ids(walked(records)) == expected


def test_a_walk_names_networks_lookups_and_includes():
    found = walked(
        {"a.example": ["v=spf1 ip4:192.0.2.0/25 include:b.example -ip4:203.0.113.9 mx/24 redirect=c.example"],
         "b.example": ["v=spf1 ip6:2001:db8::/32 a:host.b.example ~all"],
         "c.example": ["v=spf1 ip4:198.18.0.0/15 -all"]},
        **{"host.b.example": {"A": ["198.51.100.7"]}, "mx.a.example": {"A": ["203.0.113.77"]}},
    )  # fmt: skip
    assert ids(found) == set()
    assert found.networks == tuple(
        map(ip_network, ("192.0.2.0/25", "2001:db8::/32", "198.51.100.7", "198.18.0.0/15"))
    )  # a.example has no MX here
    assert (found.lookups, found.voids, found.includes) == (4, 1, ("b.example", "c.example"))


def chain(count):
    return {f"{at}.example": [f"v=spf1 include:{at + 1}.example -all"] for at in range(count)} | {
        f"{count}.example": ["v=spf1 -all"]
    }


def wide(count):
    return {"0.example": ["v=spf1 " + "".join(f"a:h{at}.example " for at in range(count)) + "-all"]}


@pytest.mark.parametrize(("count", "is_too_many"), [(10, False), (11, True), (29, True), (10_000, True)])
def test_lookups_are_counted_on_to_a_bound(count, is_too_many):
    hosts = {f"h{at}.example": {"A": ["192.0.2.1"]} for at in range(count)}
    found = walked(wide(min(count, 400)), "0.example", **hosts)
    assert found.lookups == min(count, spf_walk.COUNTED)
    assert ("too-many-lookups" in ids(found)) is is_too_many


def test_depth_is_bounded_and_said():
    found = walked(chain(25), "0.example")
    assert found.lookups <= spf_walk.COUNTED
    assert any("within each other" in each for each in found.unknown)


class Counting:
    """A world that counts what it is asked, and in which everything includes ten thousand names."""

    def __init__(self):
        self.asked = 0
        self.world = World({"*.evil.example": {"TXT": [self.text], "MX": ["10 x.evil.example"] * 5000}})

    text = "v=spf1 " + " ".join(f"include:n{at}.evil.example mx:m{at}.evil.example" for at in range(10_000)) + " -all"

    def ask(self, questions):
        questions = list(questions)
        self.asked += len(questions)
        return self.world.ask(questions)


def test_ten_thousand_includes_ask_little():
    resolver = Counting()
    found = spf_walk.walk("a.evil.example", resolver)
    assert {"too-many-lookups", "too-many-terms"} <= ids(found)
    assert resolver.asked < 1000


def test_dns_that_fails_is_unknown_and_no_fault():
    found = spf_walk.walk("a.example", World({"a.example": {"rcode": "SERVFAIL"}}))
    assert (ids(found), found.record) == (set(), None)
    assert found.unknown == ("TXT a.example: the server said SERVFAIL",)


@given(st.text())
def test_no_text_breaks_the_terms(text):
    spf_walk.terms("v=spf1 " + text)
    walked({"a.example": ["v=spf1 " + text]})


@given(st.lists(st.sampled_from(["a:h.example", "include:b.example", "ip4:192.0.2.1", "ptr", "x:y", "+all", "mx"])),
       st.lists(st.sampled_from(["a:h.example", "mx", "exists:h.example"])))  # fmt: skip
def test_more_lookups_turn_no_fault_off(words, more):
    records = {"b.example": ["v=spf1 ?all"]}
    before = walked({"a.example": [" ".join(["v=spf1", *words])]} | records)
    after = walked({"a.example": [" ".join(["v=spf1", *words, *more])]} | records)
    assert after.lookups >= before.lookups
    assert ids(before) <= ids(after)


def test_a_missing_include_is_named_where_mail_left_through_the_service():
    service = services.by_id("microsoft365")
    assert service is not None
    fault = services.missing_include(walked({"a.example": ["v=spf1 ip4:192.0.2.1 -all"]}), service, does_send=True)
    assert fault is not None
    assert (fault.id, fault.weight, fault.remedy) == (
        "missing-include", "fault", "add include:spf.protection.outlook.com")  # fmt: skip
    has = {"a.example": ["v=spf1 include:spf.protection.outlook.com -all"], service.include: ["v=spf1 -all"]}
    assert services.missing_include(walked(has), service, does_send=True) is None


# --- DMARC ---------------------------------------------------------------------------------------------------------


def found(records, author):
    return dmarc.find(author, World({name: {"TXT": [text]} for name, text in records.items()}))


WALKS = [
    ({"_dmarc.a.example": "v=DMARC1; p=reject; sp=none"}, "a.example", "a.example", "reject", "a.example"),
    ({"_dmarc.a.example": "v=DMARC1; p=reject; sp=none"}, "x.a.example", "a.example", "none", "a.example"),
    ({"_dmarc.b.a.example": "v=DMARC1; p=reject"}, "x.b.a.example", "b.a.example", "reject", "a.example"),
    ({"_dmarc.b.a.example": "v=DMARC1; p=none; psd=n", "_dmarc.a.example": "v=DMARC1; p=reject"}, "x.b.a.example",
     "b.a.example", "none", "b.a.example"),
    ({"_dmarc.com": "v=DMARC1; p=reject; psd=y"}, "mail.shop.com", "com", "reject", "shop.com"),
    ({"_dmarc.i.example": "v=DMARC1; p=reject"}, "a.b.c.d.e.f.g.h.i.example", "i.example", "reject", "i.example"),
    ({"_dmarc.a.example": "v=spf1 -all"}, "a.example", None, None, "a.example"),
]  # fmt: skip


@pytest.mark.parametrize(("records", "author", "at", "policy", "owner"), WALKS)
def test_the_tree_walk(records, author, at, policy, owner):
    judged = found(records, author)
    assert (judged.record and judged.record.domain, judged.policy, judged.organizational) == (at, policy, owner)


def test_a_tree_walk_asks_eight_names_at_most():
    assert dmarc.targets("a.b.c.d.e.f.g.h.i.j.mail.example.com") == (
        "a.b.c.d.e.f.g.h.i.j.mail.example.com", "g.h.i.j.mail.example.com", "h.i.j.mail.example.com",
        "i.j.mail.example.com", "j.mail.example.com", "mail.example.com", "example.com", "com",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("v=DMARC1; p=reject; rua=mailto:d@a.example", set()),
        ("v=DMARC1; p=none", {"dmarc-none"}),
        ("v=DMARC1; p=rejct", {"dmarc-tag", "dmarc-no-policy", "dmarc-none"}),
        ("v=DMARC1; p=reject; p=none", {"dmarc-tag"}),
        ("v=DMARC1; p=reject; rua=d@a.example", {"dmarc-rua"}),
        ("v=DMARC1; p=reject; zz=1", {"dmarc-tag"}),
        ("v=DMARC1; p=reject" + "; fo=1" * 2000, {"dmarc-tag", "dmarc-too-long"}),
    ],
)
def test_faults_of_dmarc(text, expected):
    assert ids(found({"_dmarc.a.example": text}, "a.example")) == expected


def test_two_dmarc_records_are_none():
    both = World({"_dmarc.a.example": {"TXT": ["v=DMARC1; p=none", "v=DMARC1; p=reject"]}})
    judged = dmarc.find("a.example", both)
    assert (judged.record, ids(judged)) == (None, {"two-dmarc-records"})


def test_dmarc_that_cannot_be_asked_is_unknown():
    judged = dmarc.find("a.example", World({"_dmarc.a.example": {"timeout": True}}))
    assert (judged.record, judged.faults) == (None, ())
    assert judged.why


@given(st.text())
def test_no_text_breaks_dmarc_or_a_key(text):
    dmarc.parse("a.example", "v=DMARC1;" + text)
    dkim.parse_key("a.example", "s", text)
    dkim.of_headers([("DKIM-Signature", text)], World({}))


@given(st.binary(max_size=300))
def test_no_bytes_break_a_key(data):
    dkim.parse_key("a.example", "s", f"v=DKIM1; p={base64.b64encode(data).decode()}")


OUTCOMES = [
    (("pass", "a.example"), [], "r", "pass"),
    (("pass", "mail.a.example"), [], "r", "pass"),
    (("pass", "mail.a.example"), [], "s", "fail"),
    (("pass", "bulk.example"), [], "r", "fail"),
    (("fail", "a.example"), [("pass", "a.example")], "r", "pass"),
    (("fail", "a.example"), [("pass", "bulk.example")], "r", "fail"),
    (("fail", "a.example"), [("unverifiable", "a.example")], "r", "unknown"),
    (("fail", "a.example"), [("unverifiable", "bulk.example")], "r", "fail"),
    (("fail", "a.example"), [("permerror", "a.example")], "r", "fail"),
    (("temperror", "a.example"), [], "r", "unknown"),
    (None, [], "r", "unknown"),
    (("fail", "a.example"), None, "r", "unknown"),
]  # fmt: skip


@pytest.mark.parametrize(("spf", "signed", "mode", "state"), OUTCOMES)
def test_dmarc_outcomes(spf, signed, mode, state):
    judged = found({"_dmarc.a.example": f"v=DMARC1; p=reject; aspf={mode}; adkim={mode}"}, "a.example")
    assert dmarc.evaluate(judged, spf, signed).state == state


@pytest.mark.parametrize(
    ("spf", "signed", "said"),
    [
        (None, [], "no DKIM signature"),
        (None, None, "not asked"),
        (("fail", "a.example"), None, "SPF fail for a.example"),
        (("temperror", "a.example"), [], "SPF temperror for a.example; no DKIM signature"),
        (None, [("fail", "a.example")], "DKIM fail for a.example"),
    ],
)
def test_an_unknown_outcome_lists_what_was_seen(spf, signed, said):
    outcome = dmarc.evaluate(found({}, "a.example"), spf, signed)
    assert outcome.fact == f"it cannot be told whether it passes for a.example: {said}"


# --- DKIM ----------------------------------------------------------------------------------------------------------


def prime(bits, dice):
    """A probable prime with its two highest bits set (Fermat's test is enough for a test's key)."""
    while True:
        candidate = dice.getrandbits(bits) | 3 << bits - 2 | 1
        if candidate % 65537 != 1 and all(pow(base, candidate - 1, candidate) == 1 for base in (2, 3, 5, 7)):
            return candidate


def der(tag, content):
    size = len(content).to_bytes(2, "big").lstrip(b"\0")
    return bytes([tag, *((0x80 + len(size), *size) if len(content) > 127 else (len(content),))]) + content


def sequence(*numbers):
    """A DER sequence of integers, as RFC 8017 writes keys."""
    return der(0x30, b"".join(der(0x02, n.to_bytes(n.bit_length() // 8 + 1, "big")) for n in numbers))


def pair(bits):
    """A private key as PEM and its key record, always the same."""
    dice = random.Random(bits)
    p, q = prime(bits // 2, dice), prime(bits // 2, dice)
    d = pow(65537, -1, (p - 1) * (q - 1))
    private = sequence(0, p * q, 65537, d, p, q, d % (p - 1), d % (q - 1), pow(q, -1, p))
    public = sequence(p * q, 65537)
    pem = f"-----BEGIN RSA PRIVATE KEY-----\n{base64.encodebytes(private).decode()}-----END RSA PRIVATE KEY-----\n"
    return pem.encode(), f"v=DKIM1; k=rsa; p={base64.b64encode(public).decode()}"


PRIVATE, PUBLIC = pair(1024)
MAIL = b"From: joe@a.example\r\nTo: ann@b.example\r\nSubject: hello\r\n\r\nThe body.\r\n"
SIGNED = dkimpy.sign(MAIL, b"s1", b"a.example", PRIVATE, include_headers=[b"from", b"subject"]) + MAIL
KEYED = World({"s1._domainkey.a.example": {"TXT": [PUBLIC]}})


@pytest.mark.parametrize(
    ("message", "resolver", "result"),
    [
        (SIGNED, KEYED, "pass"),
        (SIGNED.replace(b"\r\n", b"\n"), KEYED, "pass"),
        (SIGNED.replace(b"The body", b"A body"), KEYED, "fail"),
        (SIGNED.replace(b"Subject: hello", b"Subject: other"), KEYED, "fail"),
        (SIGNED, World({}), "permerror"),
        (SIGNED, World({"s1._domainkey.a.example": {"TXT": ["v=DKIM1; p="]}}), "permerror"),
        (SIGNED, World({"s1._domainkey.a.example": {"timeout": True}}), "temperror"),
        (SIGNED.replace(b"d=a.example", b"d=a..example"), KEYED, "permerror"),
    ],
)
def test_signatures_of_a_whole_message(message, resolver, result):
    (signature,) = dkim.verify(message, resolver)
    assert signature.result == result
    assert signature.why


def fields(message):
    from reputon.mail.mime import Part

    return Part(message.replace(b"\r\n", b"\n")).fields


def test_a_header_alone_is_unverifiable_and_its_key_is_looked_at():
    (signature,) = dkim.of_headers(fields(SIGNED), KEYED)
    assert (signature.result, signature.domain, signature.selector) == ("unverifiable", "a.example", "s1")
    assert signature.key is not None
    assert (signature.key.state, signature.key.bits) == ("present", 1024)


def test_signatures_are_bounded():
    many = [("DKIM-Signature", f"v=1; d=a.example; s=s{at}; b=x") for at in range(1000)]
    assert len(dkim.of_headers(many, KEYED)) == dkim.SIGNATURES
    (large,) = dkim.of_headers([("DKIM-Signature", "d=a.example; s=s1; " + "x" * 100_000)], KEYED)
    assert large.result == "permerror"


@pytest.mark.parametrize(
    ("record", "state", "expected"),
    [
        (PUBLIC, "present", set()),
        (PUBLIC + "; t=y", "present", {"dkim-testing"}),
        (pair(512)[1], "present", {"dkim-short"}),
        ("v=DKIM1; p=", "revoked", {"dkim-revoked"}),
        ("v=DKIM1; p=AAAA", "invalid", {"dkim-invalid"}),
        ("v=DKIM2; p=AAAA", "invalid", {"dkim-invalid"}),
        ("v=DKIM1; k=ed25519; p=" + "A" * 43 + "=", "present", set()),
        ("hello", "invalid", {"dkim-invalid"}),
    ],
)
def test_keys(record, state, expected):
    key = dkim.parse_key("a.example", "s", record)
    assert (key.state, ids(key)) == (state, expected)


# --- all of it -----------------------------------------------------------------------------------------------------


def judged(spf, address="192.0.2.1", key=PUBLIC, headers=None):
    names = {"a.example": {"TXT": [spf]}, "s1._domainkey.a.example": {"TXT": [key]}}
    now = gather.now(fields(SIGNED) if headers is None else headers, address, "a.example", None, "microsoft365",
                     World(names))  # fmt: skip
    return judge((), (), (), now, "a.example")


def test_spf_that_fails_beside_an_unverifiable_signature_is_unknown():
    assert judged("v=spf1 -all").state == "unknown"


def test_spf_that_fails_beside_a_revoked_key_is_failed_with_the_faults_named():
    answer = judged("v=spf1 -all", key="v=DKIM1; p=")
    assert (answer.state, answer.read_in) == ("fail", "DNS: TXT a.example")
    assert ids(answer) == {"dkim-revoked", "missing-include", "no-dmarc", "no-mx-no-a"}
    assert len(answer.now) == 3


def test_spf_that_passes_is_a_pass():
    assert judged("v=spf1 ip4:192.0.2.1 -all").state == "pass"


def test_a_survey_tells_named_selectors_from_guessed_ones():
    world = World({
        "a.example": {"TXT": ["v=spf1 -all"], "MX": ["10 a.mail.protection.outlook.com."]},
        "_dmarc.a.example": {"TXT": ["v=DMARC1; p=reject"]},
        "selector1._domainkey.a.example": {"TXT": [PUBLIC]},
        "selector2._domainkey.a.example": {"TXT": ["v=DKIM1; p="]},
    })  # fmt: skip
    quiet, named = survey("a.example", world), survey("a.example", world, selectors=["selector2", "mine"])
    assert {(key.selector, key.state) for key in quiet.keys} == {("selector1", "present"), ("selector2", "revoked")}
    assert {(fault.id, fault.weight) for fault in quiet.faults} == {("missing-include", "note")}
    assert {"dkim-revoked", "dkim-missing"} <= ids(named)
    assert quiet.service == "Microsoft 365"
