"""Received fields: the address that the server saw, never the one that the client says of itself."""

from ipaddress import ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reputon.mail import received

SEEN = "192.0.2.1"


@pytest.mark.parametrize(
    "field",
    [
        "from mail.example.org (mail.example.org [192.0.2.1]) by mx.us.example (Postfix) with ESMTP id 4X; Tue, 24 Nov",
        "from [203.0.113.9] (unknown [192.0.2.1]) by mx.us.example (Postfix) with ESMTP id 4X",
        "from by (unknown [192.0.2.1]) by mx.us.example with ESMTP",
        "from a;b (unknown [192.0.2.1]) by mx.us.example with ESMTP; Tue, 24 Nov 2026 10:00:00 +0000",
        "from x([203.0.113.9]) (unknown [192.0.2.1]) by mx.us.example with ESMTP",
        "from x (ident@rdns.example [192.0.2.1] (may be forged)) by mx.us.example (8.17/8.17) with ESMTP",
        "from [192.0.2.1] (helo=[203.0.113.9]) by mx.us.example with esmtp (Exim 4.98)",
        "from [192.0.2.1] (port=4711 helo=x ident=[203.0.113.9]) by mx.us.example with esmtp (Exim 4.98)",
        "from rdns.example ([192.0.2.1]:4711 helo=[203.0.113.9]) by mx.us.example with esmtp (Exim 4.98)",
        "from unknown (HELO 203.0.113.9) (192.0.2.1) by mx.us.example with SMTP",
        "from unknown (HELO 203.0.113.9) (203.0.113.9@192.0.2.1) by mx.us.example with SMTP",
        "from mail.example.org (192.0.2.1) by mx.us.example (10.0.0.1) with Microsoft SMTP Server id 15.2",
        "from mail.example.org (mail.example.org. [::ffff:192.0.2.1]) by mx.us.example with ESMTPS",
    ],
)
def test_who_connected(field):
    hop = received.parse(field)
    assert (str(hop.address), hop.by, hop.is_taken) == (SEEN, "mx.us.example", True)


def test_ipv6():
    hop = received.parse("from m.example.org (m.example.org [IPv6:2001:db8::1]) by mx.us.example with ESMTP")
    assert hop.address == ip_address("2001:db8::1")


@pytest.mark.parametrize(
    "field",
    [
        "from [203.0.113.9] (unknown [unknown]) by mx.us.example with ESMTP",
        "from mail.example.org by mx.us.example with ESMTP",
    ],
)
def test_an_address_that_nobody_saw_is_none(field):
    hop = received.parse(field)
    assert (hop.address, hop.is_taken) == (None, True)


@pytest.mark.parametrize(
    "field",
    [
        "by mx.us.example (Postfix, from userid 1000) id 4X; Tue, 24 Nov 2026 10:00:00 +0000",
        "from mx.us.example by imap.us.example with LMTP id AbC (envelope-from <a@b.example>)",
        "from mx.us.example ([unix socket]) by imap.us.example (Cyrus) with LMTPA",
        "from root by mx.us.example with local (Exim 4.98)",
        "",
    ],
)
def test_what_did_not_come_by_network(field):
    assert not received.parse(field).is_taken


@pytest.mark.parametrize("inner", ["127.0.0.1", "10.1.2.3", "192.168.1.1", "::1", "fd00::1", "100.64.0.1"])
def test_inner_addresses(inner):
    assert received.is_inner(ip_address(inner))
    assert not received.is_inner(ip_address(SEEN))


@given(st.text(alphabet="from by with([]):;=@.192x\t ", max_size=200) | st.text(max_size=300))
def test_no_text_breaks_it(text):
    hop = received.parse(text)
    assert hop.address is None or hop.is_taken or text.split()[0].lower() == "from"
