"""The table in force follows the ledger, and outlives its failures; a made world is answered beside it."""

import pytest

from reputon.resolver import World
from reputon.zone.publish import Publisher
from reputon.zone.table import Settings, ZoneError

NAME = "1.2.0.192.bl.reputon.test"


def test_a_reload_takes_over_a_new_revision_only(publisher, ledger):
    first = publisher.table
    assert not publisher.reload()
    assert publisher.table is first
    ledger.list("192.0.2.1")
    assert publisher.ask(NAME, "A").rcode == "NXDOMAIN"
    assert publisher.reload()
    assert publisher.ask(NAME, "A").rcode == "NOERROR"
    assert publisher.table.serial == ledger.number


def test_a_change_while_the_rows_are_read_is_seen_by_the_next_reload(publisher, ledger):
    ledger.list("192.0.2.9")
    read = ledger.scores

    def change_and_read():
        ledger.scores = read
        ledger.list("192.0.2.1")
        return read()

    ledger.scores = change_and_read
    assert publisher.reload()
    assert publisher.ask(NAME, "A").rcode == "NXDOMAIN"
    assert publisher.reload()
    assert publisher.ask(NAME, "A").rcode == "NOERROR"


def test_a_broken_ledger_leaves_the_table_as_it_is(publisher, ledger, caplog):
    ledger.list("192.0.2.1")
    publisher.reload()
    ledger.broken = True
    assert not publisher.try_reload()
    assert "database is locked" in caplog.text
    assert publisher.ask(NAME, "A").rcode == "NOERROR"


def test_a_wrong_root_is_told_before_anything_is_served(ledger):
    with pytest.raises(ZoneError):
        Publisher(ledger, Settings("-- no --", "https://x.test"))


def test_a_made_world_is_answered_beside_the_zones(ledger, settings, clock):
    world = World(
        {
            "tenant.example": {"TXT": ["v=spf1 ip4:192.0.2.0/24 -all"], "MX": ["10 mx.tenant.example"]},
            "7.2.0.192.in-addr.arpa": {"PTR": ["out7.pool.example"]},
            "broken.example": {"rcode": "SERVFAIL"},
            "slow.example": {"timeout": True},
            "closed.example": {"rcode": "REFUSED"},
        }
    )
    publisher = Publisher(ledger, settings, clock, world)
    for name, rdtype, rcode, texts in [
        ("2.0.0.127.bl.reputon.test", "A", "NOERROR", ["127.0.0.2"]),
        ("nobody.bl.reputon.test", "A", "NXDOMAIN", []),
        ("tenant.example", "TXT", "NOERROR", ["v=spf1 ip4:192.0.2.0/24 -all"]),
        ("tenant.example", "MX", "NOERROR", ["10 mx.tenant.example"]),
        ("tenant.example", "A", "NOERROR", []),
        ("7.2.0.192.in-addr.arpa", "PTR", "NOERROR", ["out7.pool.example"]),
        ("nobody.example", "TXT", "NXDOMAIN", []),
        ("broken.example", "TXT", "SERVFAIL", []),
        ("closed.example", "TXT", "REFUSED", []),
    ]:
        reply = publisher.ask(name, rdtype)
        assert reply is not None
        assert (reply.rcode, [each.text for each in reply.answer]) == (rcode, texts)
    assert publisher.ask("slow.example", "TXT") is None
