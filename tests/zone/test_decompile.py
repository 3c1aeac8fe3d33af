"""A compiled zone that is taken apart and compiled again says the same."""

import dns.message
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.zone import making
from tests.zone.asking import Kernels

from reputon.zone import formats
from reputon.zone.content import Content, Record, Soa, Value
from reputon.zone.kernel.layout import SOA, SOA_LENGTH, STALE
from reputon.zone.kernel.question import HEADER
from reputon.zone.reading.decompile import content_of
from reputon.zone.table import compile_zones


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.randoms(use_true_random=False))
def test_it_says_the_same(drawn):
    zones = making.contents(drawn)
    table = compile_zones(zones)
    again = [content_of(table, row) for row in range(len(table.zones))]
    one, other = Kernels(zones), Kernels(again)
    for _ in range(20):
        packet = making.packet(drawn, zones)
        assert parsed(one.ask(packet, making.NOW)) == parsed(other.ask(packet, making.NOW))
    for zone, made in zip(table.arrays.zones, other.table.arrays.zones, strict=True):
        assert blob(table, zone) == blob(other.table, made)


def parsed(said):
    """A message, whose records have no order; or what is no message."""
    return dns.message.from_wire(said) if isinstance(said, bytes) and len(said) > HEADER else said


def blob(table, zone):
    """The start of authority, and when it goes stale."""
    return bytes(table.arrays.blob[zone[SOA] : zone[SOA] + zone[SOA_LENGTH]]), int(zone[STALE])


@pytest.mark.parametrize("name", formats.WRITERS)
def test_every_format_takes_it(name, tmp_path):
    records = [Record("www", "A", 60, "192.0.2.1")]
    zone = Content("bl.test", Soa("ns.bl.test", "x.bl.test"), ("ns.bl.test",), records=records)
    zone.dataset().add4(0xC0000200, 24, zone.value_of(Value(("127.0.0.2",), ("listed: $",))))
    with (tmp_path / "out").open("w") as out:
        formats.writer(name)(content_of(compile_zones([zone]), 0), out)
    assert "192" in (tmp_path / "out").read_text() or "2.0.192" in (tmp_path / "out").read_text()
