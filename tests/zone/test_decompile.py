"""A compiled zone that is taken apart and compiled again says the same."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.zone import making

from reputon.zone import formats
from reputon.zone.content import Content, Record, Soa, Value
from reputon.zone.decompile import content_of
from reputon.zone.dumping import entries, meanings
from reputon.zone.layout import SOA, SOA_LENGTH, STALE
from reputon.zone.table import compile_zones


@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.randoms(use_true_random=False))
def test_it_says_the_same(drawn):
    table = compile_zones(making.contents(drawn))
    again = compile_zones([content_of(table, row) for row in range(len(table.zones))])
    for row in range(len(table.zones)):
        assert said(table, row) == said(again, row)
    for one, other in zip(table.arrays.zones, again.arrays.zones, strict=True):
        assert blob(table, one) == blob(again, other)


def said(table, row):
    """What each prefix and name says; of a name itself and of what is below it apart."""
    meant, found = meanings(table, row), {}
    for subject, value in entries(table, row):
        for each in (subject[1:], f"*{subject}") if subject.startswith(".") else (subject,):
            found[each] = meant[value]
    return found


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
