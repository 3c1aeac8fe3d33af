"""The table in force follows the ledger, and outlives its failures."""

import pytest

from reputon.zone.content import ContentError
from reputon.zone.own import Settings
from reputon.zone.publish import Publisher
from reputon.zone.server import asking

NAME = "1.2.0.192.bl.reputon.test"


def rcode(publisher):
    return asking.said(asking.ask(publisher.table, NAME, "A", lambda: 0))[0]


def test_a_reload_takes_over_a_new_revision_only(publisher, ledger):
    first = publisher.table
    assert not publisher.reload()
    assert publisher.table is first
    ledger.list("192.0.2.1")
    assert rcode(publisher) == "NXDOMAIN"
    assert publisher.reload()
    assert rcode(publisher) == "NOERROR"
    assert publisher.table.zones[0].serial > first.zones[0].serial


def test_a_change_while_the_rows_are_read_is_seen_by_the_next_reload(publisher, ledger):
    ledger.list("192.0.2.9")
    read = ledger.scores

    def change_and_read():
        ledger.scores = read
        ledger.list("192.0.2.1")
        return read()

    ledger.scores = change_and_read
    assert publisher.reload()
    assert rcode(publisher) == "NXDOMAIN"
    assert publisher.reload()
    assert rcode(publisher) == "NOERROR"


def test_a_broken_ledger_leaves_the_table_as_it_is(publisher, ledger, caplog):
    ledger.list("192.0.2.1")
    publisher.reload()
    ledger.broken = True
    assert not publisher.try_reload()
    assert "database is locked" in caplog.text
    assert rcode(publisher) == "NOERROR"


def test_a_wrong_root_is_told_before_anything_is_served(ledger):
    with pytest.raises(ContentError):
        Publisher(ledger, Settings("-- no --", "https://x.test"))


def test_the_end_of_a_listing_makes_the_next_table(publisher, ledger, clock):
    ledger.list("192.0.2.1", hours=1)
    publisher.reload()
    clock.pass_(minutes=59)
    assert not publisher.reload()
    clock.pass_(minutes=1)
    before = publisher.table.zones[0]
    assert publisher.reload()
    after = publisher.table.zones[0]
    assert (after.entries, after.serial > before.serial) == (before.entries - 1, True)
    assert not publisher.reload()
