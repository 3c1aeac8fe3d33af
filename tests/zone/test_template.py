"""IPv6 addresses in texts, and in what is transferred: one form, that of RFC 5952, on every system and version."""

from ipaddress import IPv6Address

import dns.message
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.servers.namespace import Namespace
from tests.servers.zones import ask, rbldnsd, records
from tests.zone.asking import Kernels
from tests.zone.clients.lists import HEAD
from tests.zone.oracle import address6, text_data

from reputon.zone.content import Content, Soa, Value
from reputon.zone.dump import spelling

APEX = "bl.example"
ADDRESSES = {
    "2001:db8:66::7": "2001:db8:66::7",
    "::": "::",
    "::1": "::1",
    "1::": "1::",
    "1:0:0:2::": "1:0:0:2::",  # the longest run
    "1:0:0:2:0:0:3:4": "1::2:0:0:3:4",  # the first of equals
    "0:0:1:2:3:4:0:0": "::1:2:3:4:0:0",
    "1:2:3:4:5:6:0:0": "1:2:3:4:5:6::",
    "1:2:3:0:5:6:7:8": "1:2:3:0:5:6:7:8",  # one group alone
    "0:2:3:4:5:6:7:8": "0:2:3:4:5:6:7:8",
    "2001:DB8::00AF": "2001:db8::af",
    "::ffff:127.0.0.2": "::ffff:7f00:2",
    "::ffff:0.0.0.0": "::ffff:0:0",
    "::127.0.0.2": "::7f00:2",
    "::127.0.0.0": "::7f00:0",
}  # fmt: skip
NUMBERS = st.lists(st.sampled_from((0, 0, 0, 1, 0xA0, 0xFFFF)) | st.integers(0, 0xFFFF), min_size=8, max_size=8).map(
    lambda groups: int("".join(f"{each:04x}" for each in groups), 16)
)


@pytest.fixture(scope="module")
def kernels():
    made = Content(APEX, Soa("ns.example", "hostmaster@example"))
    made.dataset().add6(0, 0, made.value_of(Value(("127.0.0.2",), ("$",))))
    return Kernels([made])


def said(kernels, number):
    """The text about an address, of both kernels."""
    packet = dns.message.make_query(f"{'.'.join(f'{number:032x}'[::-1])}.{APEX}", "TXT").to_wire()
    (record,) = dns.message.from_wire(kernels.ask(packet)).answer
    return record[0].to_wire()


@pytest.mark.parametrize(("address", "text"), ADDRESSES.items())
def test_an_address_is_written_as_rfc_5952_recommends(kernels, address, text):
    number = int(IPv6Address(address))
    assert said(kernels, number) == text_data("$", text)
    assert spelling.address6(number) == address6(number) == text


@settings(deadline=None)
@given(NUMBERS)
def test_answers_and_transfers_are_as_ipaddress_writes_it(kernels, number):
    assert said(kernels, number) == text_data("$", address6(number))
    assert spelling.address6(number) == address6(number)


@pytest.mark.server
def test_rbldnsd_writes_them_so_too():
    with Namespace() as place, rbldnsd(place, 5300, APEX, {"ip6trie": f"{HEAD}\n::/1 :2:$\n"}):
        for number in map(int, map(IPv6Address, ADDRESSES)):
            asked = ask(place, f"{'.'.join(f'{number:032x}'[::-1])}.{APEX}", "TXT", 5300)
            assert records(asked) == [address6(number)]
