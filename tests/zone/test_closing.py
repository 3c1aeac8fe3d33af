"""A zone that closes: it tells so, ends on its day, and never lists the world."""

from dataclasses import replace

import dns.rcode
import pytest

from reputon.zone import closing
from reputon.zone.content import FOREVER, Content, ContentError, Record, Soa, Value
from reputon.zone.publish import Publisher
from reputon.zone.server.asking import ask, said
from reputon.zone.table import compile_zones

DAY = closing.parse("2027-03-31")
BEFORE = DAY - 40 * 86400


def zone(now, closes=DAY):
    of = Content("bl.rep.test", Soa("ns.rep.test", "hostmaster.rep.test"), ("ns.rep.test",))
    dataset = of.dataset()
    dataset.add4(0x7F000002, 32, of.value_of(Value(("127.0.0.2",), ("listed",))))
    dataset.add4(0xC0000201, 32, of.value_of(Value(("127.0.0.3",), expires=DAY - 86400)))
    of.records.append(Record("www", "A", 60, "192.0.2.80"))
    closing.close([of], closes, now)
    return compile_zones([of])


def answered(table, name, rdtype="A", now=BEFORE):
    rcode, records = said(ask(table, name, rdtype, clock=lambda: now))
    return [each.text for each in records] or rcode


def test_it_goes_on_until_its_day_and_tells():
    table = zone(BEFORE)
    assert answered(table, "2.0.0.127.bl.rep.test") == ["127.0.0.2"]
    assert answered(table, "1.2.0.192.bl.rep.test") == ["127.0.0.3"]
    [told] = answered(table, "bl.rep.test", "TXT")
    assert told == "bl.rep.test closes on 2027-03-31 and lists nobody from then on: stop asking it"


@pytest.mark.parametrize("made", [BEFORE, DAY, DAY + 1])
def test_from_its_day_on_it_lists_nobody_even_where_nobody_renewed_it(made):
    table = zone(made)
    for name in ("2.0.0.127", "1.0.0.127", "1.2.0.192", "9.9.9.9", "2.0.0.0.0.0.f.7.f.f.f.f" + ".0" * 20):
        assert answered(table, f"{name}.bl.rep.test", now=DAY) == "NXDOMAIN"
    assert answered(table, "bl.rep.test", "NS", now=DAY) == ["ns.rep.test."]


def test_when_it_is_over_there_is_only_the_apex():
    table = zone(DAY)
    assert answered(table, "www.bl.rep.test") == "NXDOMAIN"
    assert "was closed on 2027-03-31" in answered(table, "bl.rep.test", "TXT")[0]
    assert table.zones[0].entries == 0


def test_no_answer_is_kept_beyond_the_day():
    response = ask(zone(BEFORE), "2.0.0.127.bl.rep.test", "A", clock=lambda: DAY - 7)
    assert response.answer[0].ttl == 7
    assert response.rcode() == dns.rcode.NOERROR


def test_a_zone_that_does_not_close_is_as_it_was():
    assert answered(zone(BEFORE, FOREVER), "bl.rep.test", "TXT") == "NOERROR"


def test_our_own_zones_close_on_their_day(ledger, settings, clock, caplog):
    day = int(clock.now.timestamp()) + 3600
    ledger.list("192.0.2.1")
    ours = Publisher(ledger, replace(settings, closes=day), clock)
    assert "bl.reputon.test closes on" in answered(ours.table, "bl.reputon.test", "TXT", day - 3600)[0]
    assert answered(ours.table, "1.2.0.192.bl.reputon.test", now=day - 1) == ["127.0.0.2"]
    assert "a month or more before" in caplog.text
    clock.pass_(hours=1)
    assert ours.reload()
    assert not ours.reload()
    for name in ("1.2.0.192.bl", "2.0.0.127.bl", "2.0.0.127.score", "test.dom"):
        assert answered(ours.table, f"{name}.reputon.test", now=day) == "NXDOMAIN"


def test_a_month_of_notice():
    assert closing.is_short_notice(DAY, DAY - 29 * 86400)
    assert not closing.is_short_notice(DAY, DAY - 31 * 86400)
    assert not closing.is_short_notice(DAY, DAY)
    assert not closing.is_short_notice(FOREVER, BEFORE)


@pytest.mark.parametrize("text", ["soon", "2027-13-01", "31.3.2027"])
def test_what_is_no_date_is_told(text):
    with pytest.raises(ContentError, match="2027-03-31"):
        closing.parse(text)


def test_a_time_may_have_a_zone():
    assert closing.parse("2027-03-31T02:00:00+02:00") == DAY
    assert closing.parse("") == FOREVER
