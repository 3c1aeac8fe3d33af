"""Plans: laws over every cause."""

from typing import get_args

import pytest

from reputon.bounce.report import Report
from reputon.cause import providers
from reputon.cause.decide import Cause, CauseId
from reputon.remedy import plan

REPORT = Report(recipient="x@receiver.example", list="SpamCop", zone="bl.spamcop.net", listed_ip="40.107.0.1")
HARMFUL = ("own-authentication", "tenant-behaviour", "tenant-forwarding", "mixed", "domain-reputation", "content",
           "recipient-fault")  # fmt: skip


def steps(cause, provider=True, report=REPORT, verified=True):
    known = providers.load()["microsoft365"] if provider else None
    situation = plan.Situation(Cause(cause, 0.9, (), verified=verified), report, known, None)
    return {step.id: step for step in plan.make(situation).steps}


def test_every_cause_has_a_plan():
    assert set(plan.PLANS) == set(get_args(CauseId))


@pytest.mark.parametrize("cause", HARMFUL)
def test_no_relay_where_the_trouble_travels_with_the_mail(cause):
    found = steps(cause)
    assert "relay" not in found
    assert found["no-relay"].when == "never"


@pytest.mark.parametrize("cause", sorted(plan.PLANS))
@pytest.mark.parametrize("report", [REPORT, Report()], ids=["full", "empty"])
def test_a_plan_has_a_step_whatever_is_missing(cause, report):
    found = steps(cause, provider=False, report=report)
    assert found
    assert all(step.do and step.why and step.who for step in found.values())


def test_an_unverified_listing_is_not_acted_on_without_a_word():
    assert "only after the listing is verified" in steps("provider-shared", verified=False)["relay"].why
    assert "only after the listing is verified" not in steps("provider-shared")["relay"].why


def test_a_ticket_only_where_there_is_a_provider():
    assert "provider-ticket" in steps("provider-shared")
    assert "provider-ticket" not in steps("provider-shared", provider=False)
