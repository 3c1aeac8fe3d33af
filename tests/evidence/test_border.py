"""The border of a message: the first host outside, whatever stands below it."""

from datetime import UTC, datetime
from ipaddress import ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reputon.evidence import border
from reputon.evidence.files import Line
from reputon.evidence.kinds import Evidence, EvidenceError, Kind
from reputon.evidence.readers import trap

WHEN = "; Tue, 24 Nov 2026 10:30:00 +0100"
EDGE = ("Received", "from x (x [192.0.2.1]) by mx.us.example with ESMTP" + WHEN)
RELAY = ("Received", "from mx.us.example (mx.us.example [198.51.100.25]) by relay.us.example with ESMTP" + WHEN)
FILTER = ("Received", "from localhost (localhost [127.0.0.1]) by mx.us.example with ESMTP" + WHEN)
FORGED = ("Received", "from y (y [203.0.113.9]) by mx.us.example with ESMTP" + WHEN)
RESULTS = ("Authentication-Results", "mx.us.example; spf=pass smtp.mailfrom=shop.example")
OWN = (ip_network("198.51.100.0/24"),)
TRUSTED = frozenset(("mx.us.example",))


@pytest.mark.parametrize(
    ("fields", "options", "address", "results"),
    [
        ([EDGE, FORGED], {}, "192.0.2.1", 0),
        ([FILTER, EDGE, FORGED], {}, "192.0.2.1", 0),
        ([RELAY, EDGE, FORGED], {}, "198.51.100.25", 0),
        ([RELAY, EDGE, FORGED], {"own": OWN}, "192.0.2.1", 0),
        ([RELAY, RESULTS, EDGE], {"own": OWN}, "192.0.2.1", 1),
        ([EDGE, RESULTS], {}, "192.0.2.1", 0),
        ([EDGE, RESULTS, RESULTS], {"trusted": TRUSTED}, "192.0.2.1", 1),
        ([EDGE, RESULTS], {"trusted": frozenset(("mx.them.example",))}, "192.0.2.1", 0),
    ],
)
def test_where_it_came_in(fields, options, address, results):
    found = border.crossed(tuple(fields), **options)
    assert (str(found.address), len(found.results)) == (address, results)
    assert found.time == datetime(2026, 11, 24, 9, 30, tzinfo=UTC)


def test_no_border_shows():
    with pytest.raises(EvidenceError, match="no Received tells"):
        border.crossed((RELAY,) * 100, OWN)


def test_a_reader_of_traps_knows_its_relays_and_its_servers():
    reader = trap.reader(Kind.TRAP_RECYCLED, OWN, TRUSTED)
    text = "".join(f"{name}: {value}\n" for name, value in (RELAY, EDGE, RESULTS)) + "From: a@b.example\n\nBuy.\n"
    (found,) = reader.open(datetime(2026, 11, 25, tzinfo=UTC)).line(Line(text.encode(), "1", True))
    assert isinstance(found, Evidence)
    assert (found.subject, found.tenant, found.kind) == (0xC0000201, "shop.example", Kind.TRAP_RECYCLED)


FIELD = st.sampled_from([EDGE, RELAY, RESULTS, FORGED, ("Received", "by us"), ("From", "a@b.example")])


@given(st.lists(FIELD, max_size=6), st.lists(FIELD, max_size=6))
def test_nothing_below_the_border_changes_it(above, below):
    try:
        found = border.crossed(tuple(above), OWN)
    except EvidenceError:
        return
    assert border.crossed((*above, *below), OWN) == found
