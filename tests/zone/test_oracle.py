"""The kernel says what the oracle says: compiled, plain, and told from the content by dnspython."""

import dns.message
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.zone import making
from tests.zone.asking import Kernels, check
from tests.zone.oracle import Oracle
from tests.zone.worlds import LATER, SIZES, world

from reputon.zone.content import Content, Covers, Soa, Value

LAW = settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))


@LAW
@given(st.randoms(use_true_random=False))
def test_compiled_is_plain_is_oracle(drawn):
    zones = making.contents(drawn)
    kernels, oracle = Kernels(zones), Oracle(zones)
    kernels.allow(making.allowed(drawn, zones))
    for _ in range(drawn.randint(1, 8)):
        packet, now = making.packet(drawn, zones, kernels.allowed), making.NOW + drawn.choice(LATER)
        check(kernels, oracle, packet, now, drawn.choice(SIZES))


@pytest.mark.parametrize("seed", range(10))
def test_worlds_of_many_questions(seed):
    found = world(1_000_000 + seed, 200)
    assert found.total() == 200


@pytest.mark.heavy
def test_fifty_thousand_questions():
    """`bench/dns_oracle.py` asks a million."""
    total = sum(world(seed).total() for seed in range(25))
    assert total == 50_000


def zone():
    made = Content("bl.example", Soa("ns.example", "hostmaster@example"), ("ns.example",))
    listed = made.value_of(Value(("127.0.0.2",), ("Listed: $",)))
    made.dataset().add4(0x01020304, 32, listed)
    made.dataset().add6((0x20010DB8 << 96) | 7, 128, listed)
    made.dataset().add_name("deep.er.name", Covers.ITSELF, listed)
    return made


@pytest.mark.parametrize(
    "relative",
    [
        *(".".join(["4", "3", "2", "1"][at:]) for at in range(4)),
        *(f"{'.'.join(f'{(0x20010DB8 << 96) | 7:032x}'[::-1][at:])}" for at in range(32)),
        "deep.er.name",
        "er.name",
        "name",
        "",
    ],
)
def test_whatever_is_above_a_listed_name_exists(relative):
    content = zone()
    kernels, oracle = Kernels([content]), Oracle([content])
    for rdtype in ("A", "NS", "TXT"):
        packet = dns.message.make_query(f"{relative}.bl.example".lstrip("."), rdtype).to_wire()
        assert check(kernels, oracle, packet).rcode == 0


@pytest.mark.parametrize(
    "relative", ["5.3.2.1", "3.3.2.1", "3.1", "9", "x.4.3.2.1", "04.3.2.1", "4.3.2.1.0", "er", "x.deep.er.name"]
)
def test_whatever_is_not_above_one_does_not(relative):
    content = zone()
    packet = dns.message.make_query(f"{relative}.bl.example", "A").to_wire()
    assert check(Kernels([content]), Oracle([content]), packet).rcode == 3
