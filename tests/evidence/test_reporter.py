"""Who reports: proved by the report message itself, whatever it claims."""

import dkim as dkimpy
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.authentication.test_records import PRIVATE, PUBLIC
from tests.evidence.test_evidence_arf import NOW, report

from reputon.evidence import reporter
from reputon.evidence.files import Line
from reputon.evidence.kinds import Unreadable
from reputon.evidence.readers import READERS, proved
from reputon.evidence.reporter import check, verify
from reputon.resolver import Nobody, World

RESOLVER = World({"s1._domainkey.receiver.example": {"TXT": [PUBLIC]}, "s1._domainkey.slow.example": {"timeout": True}})
WANTED = frozenset(("receiver.example",))
TRUSTED = frozenset(("mx.us.example",))
BARE = report().replace(b"\n", b"\r\n")


def signed(domain=b"receiver.example", **options):
    return dkimpy.sign(BARE, b"s1", domain, PRIVATE, include_headers=[b"from", b"subject"], **options) + BARE


def seen(results, server="mx.us.example"):
    return f"Authentication-Results: {server}; {results}\r\n".encode() + BARE


def test_a_signed_report_is_its_signers():
    assert verify(signed(), RESOLVER) == reporter.Reporter(("receiver.example",))
    assert check(signed(), WANTED, RESOLVER) is None
    assert check(signed(), frozenset(("feedback.receiver.example", "other.example")), RESOLVER) is None


@pytest.mark.parametrize(
    ("raw", "why"),
    [
        (BARE, "no signature"),
        (signed().replace(b"192.0.2.7", b"192.0.2.8"), "body hash"),
        (signed(length=True), "part of the body"),
        (signed(length=True) + b"more\r\n", "part of the body"),
        (signed(b"slow.example"), "no answer in time"),
        (signed(b"unsigned.example"), "there is no DKIM key"),
        (b"", "no header"),
        (b"\xff" * 90, ""),
        (seen("dkim=pass header.d=receiver.example", "mx.evil.example"), "no signature"),
        (seen("dkim=fail header.d=receiver.example"), "no signature"),
        (seen("dkim=pass header.d=evil.example"), "comes from evil.example"),
    ],
)
def test_a_report_that_nobody_proved_does_not_count(raw, why):
    found = check(raw, WANTED, RESOLVER, TRUSTED)
    assert found is not None
    assert "receiver.example" in found
    assert why in found


@pytest.mark.parametrize(
    "results",
    ["dkim=pass header.d=receiver.example", "spf=pass smtp.mailfrom=fbl@mail.receiver.example",
     "dkim=fail header.d=x.example; dmarc=pass header.from=receiver.example"],
)  # fmt: skip
def test_what_our_own_server_saw_counts(results):
    assert check(seen(results), WANTED, Nobody(), TRUSTED) is None
    assert check(seen(results), WANTED, Nobody()) is not None
    below = seen(results).replace(
        b"Authentication", b"Authentication-Results: mx.us.example; dkim=none\r\nAuthentication", 1
    )
    assert check(below, WANTED, Nobody(), TRUSTED) is not None  # only the first field of that name is ours for sure


def test_a_silent_dns_is_told_apart():
    assert verify(signed(b"slow.example"), RESOLVER).is_temporary
    assert not verify(signed(b"unsigned.example"), RESOLVER).is_temporary


def test_a_reader_that_demands_a_reporter():
    def read(raw, reader):
        (found,) = reader.open(NOW).line(Line(raw, "1.eml", True))
        return found

    demanding = proved.demanding(READERS["arf"], WANTED, RESOLVER)
    assert read(signed(), demanding) == read(signed(), READERS["arf"])
    bad = read(BARE, demanding)
    assert isinstance(bad, Unreadable)
    assert "no signature" in bad.why
    assert "secret.person" not in bad.excerpt + bad.why
    assert proved.demanding(READERS["arf"], frozenset(), RESOLVER) is READERS["arf"]
    assert proved.demanding(READERS["postfix"], WANTED, RESOLVER) is READERS["postfix"]  # a log comes by no mail


def test_a_source_that_names_no_domain_takes_any():
    assert check(BARE, frozenset(), RESOLVER) is None


@given(st.binary(max_size=300), st.integers(0, 900))
def test_no_bytes_break_the_check(data, at):
    for raw in (data, signed()[:at] + data, b"DKIM-Signature: " + data + b"\r\n" + BARE):
        assert check(raw, WANTED, RESOLVER, TRUSTED) is not None
