"""Incidents: what belongs together, and that only mail that was really sent counts."""

import time
from datetime import UTC, datetime

import pytest

from reputon import lists, resolver
from reputon.bounce.report import Message, Report
from reputon.cause import providers
from reputon.cause.examine import examine
from reputon.cause.incidents import Incidents
from reputon.cause.inventory import Sent
from reputon.cause.world import World


def bounce(number, address="40.107.1.1", rhost="mx1.receiver.example", name="SpamCop"):
    report = Report(
        recipient="x@receiver.example", action="failed", subject_kind="ip", list=name, listed_ip=address, rhost=rhost
    )
    return Message(is_bounce=True, kind="bounce", reports=(report,), message_id=f"<{number}@clean.example>")


def matched(*messages, sent):
    ids = frozenset(f"{number}@clean.example" for number in sent)
    incidents = Incidents.of(messages, Sent(ids, is_known=True), providers.load())
    return incidents.matched(messages[0].reports[0])


def test_two_messages_of_one_pool_match():
    assert matched(bounce(1), bounce(2, "40.92.7.7", "mx2.receiver.example"), sent=(1, 2)) == 2


def test_one_message_twice_counts_once():
    assert matched(bounce(1), bounce(1), sent=(1,)) == 1


def test_mail_that_was_not_sent_does_not_count():
    assert matched(bounce(1), bounce(2), sent=(1,)) == 1


def test_another_list_receiver_or_own_address_is_another_incident():
    others = (bounce(2, name="UCEPROTECT 1"), bounce(3, rhost="mx.other.test"), bounce(4, "192.0.2.1"))
    assert matched(bounce(1), *others, sent=(1, 2, 3, 4)) == 1


def test_nothing_counts_where_nobody_kept_what_was_sent():
    assert Incidents.of([bounce(1)], Sent(), providers.load()).messages == {}


@pytest.mark.parametrize("address", ["receiver.example", "40.107.1", "999.1.1.1", "", "fe80::1%eth0", "::1"])
def test_what_is_no_usable_address_ends_no_diagnosis(address):
    message = bounce(1, address)
    around = World(datetime(2026, 11, 24, tzinfo=UTC), resolver.World({}), lists.load(), providers.load())
    _, cause = examine(message, around)
    assert cause is not None
    assert cause.id == "out-of-scope" or cause.missing


def test_many_bounces_are_sorted_in_linear_time():
    many = [bounce(number) for number in range(5000)]
    started = time.process_time()
    assert matched(*many, sent=range(5000)) == 5000
    assert time.process_time() - started < 5
