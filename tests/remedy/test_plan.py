"""Plans: what each cause is told to do, and what no plan may say."""

import shlex
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reputon import lists
from reputon.bounce.report import Message, Report, Returned
from reputon.cause import providers
from reputon.cause.case import Cause, CauseId, Detail, Fact
from reputon.remedy import plan
from reputon.remedy.situation import Situation

CATALOGUE = lists.load()
PROVIDERS = providers.load()
SHARED = Report(
    recipient="x@receiver.example", list="Spamhaus ZEN", zone="zen.spamhaus.org", listed_ip="40.107.0.1",
    subject_kind="ip", text="554 5.7.1 blocked using zen.spamhaus.org", rhost="mx.receiver.example", action="failed",
)  # fmt: skip
RETURNED = Returned((("From", "Ann <ann@tenant.example>"),))
MESSAGE = Message(True, "bounce", (SHARED,), RETURNED, message_id="<a.1@tenant.example>")
KINDS: list[tuple[CauseId, Detail | None]] = [
    *((cause, None) for cause in get_args(CauseId)), *(("own-address", detail) for detail in get_args(Detail)),
]  # fmt: skip
HARMFUL = ("own-authentication", "tenant-behaviour", "tenant-forwarding", "mixed", "domain-reputation", "content",
           "recipient-fault")  # fmt: skip
WAY_ROUND = "an outbound connector to a relay and a transport rule for these recipients (Microsoft 365)"
OF_PROVIDER = ("provider-shared", "mixed", "tenant-behaviour", "tenant-forwarding")


def steps(cause, detail=None, *, provider="microsoft365", report=SHARED, verified=True, facts=(), message=MESSAGE,
          sent_by_us=None):  # fmt: skip
    situation = Situation(
        Cause(cause, 0.9, facts, verified=verified, detail=detail, provider=provider), report,
        PROVIDERS[provider] if provider else None,
        CATALOGUE.known(report.list, "") if report.list else None, message, sent_by_us,
    )  # fmt: skip
    return {step.id: step for step in plan.make(situation).steps}


def test_every_cause_and_kind_has_a_plan():
    assert set(plan.PLANS) == set(get_args(CauseId))
    assert set(plan.OWN_ADDRESS) == set(get_args(Detail))


@pytest.mark.parametrize(("cause", "detail"), KINDS)
@pytest.mark.parametrize("provider", [None, *PROVIDERS])
@pytest.mark.parametrize("report", [SHARED, Report()], ids=["full", "empty"])
@pytest.mark.parametrize("message", [MESSAGE, None], ids=["message", "none"])
def test_laws_of_every_plan(cause, detail, provider, report, message):
    found = steps(cause, detail, provider=provider, report=report, message=message)
    assert found
    assert all(step.do and step.why and step.who for step in found.values())
    if cause in HARMFUL:
        assert "relay" not in found
        assert found["no-relay"].when == "never"
    if cause in OF_PROVIDER or cause in ("recipient-fault", "undetermined", "out-of-scope", "content"):
        assert "delisting-by-owner" not in found
    if "relay" in found:
        assert cause in ("provider-shared", "own-address")
    if "provider-ticket" in found:
        assert provider is not None
    if "delisting-by-owner" in found:  # asked of the list only after what mends the cause
        assert list(found).index("delisting-by-owner") > 0


def test_a_rotating_pool_is_tried_again_first():
    first = next(iter(steps("provider-shared").values()))
    assert (first.id, first.when, first.takes) == ("resend", "now", "in 5 to 10 minutes")


@pytest.mark.parametrize("name", ["SpamCop", "UCEPROTECT Level 3", "Backscatterer"])
def test_a_list_that_hears_nobody_is_not_asked(name):
    found = steps("own-address", "spam", provider=None, report=Report(list=name, listed_ip="192.0.2.1"))
    assert "delisting-by-owner" not in found
    assert "nobody" not in found["wait-for-list"].why


@pytest.mark.parametrize(
    ("detail", "wanted"),
    [
        ("policy", ["set-reverse-name", "send-by-smarthost", "delisting-by-owner", "relay", "wait-for-list"]),
        ("compromise", ["find-machine", "delisting-by-owner", "relay", "wait-for-list"]),
        ("spam", ["find-sending", "delisting-by-owner", "relay", "wait-for-list"]),
        ("neighbour", ["ask-hoster", "relay", "wait-for-list"]),
        (None, ["mend-address", "delisting-by-owner", "relay", "wait-for-list"]),
    ],
)
def test_an_own_address_by_its_kind_of_trouble(detail, wanted):
    found = steps("own-address", detail, provider=None)
    assert list(found) == wanted
    assert found["relay"].where is not None
    assert found["relay"].where.endswith("--yes-own-address")


def test_an_unverified_listing_is_not_acted_on_without_a_word():
    assert "only after the listing is verified" in steps("provider-shared", verified=False)["relay"].why
    assert "only after the listing is verified" not in steps("provider-shared")["relay"].why


def test_what_failed_is_named():
    fact = Fact("SPF of tenant.example says fail for this address now", "DNS: TXT tenant.example")
    report = Report(subject_kind="auth", enhanced="5.7.23", listed_ip="192.0.2.7", text="SPF fail")
    step = steps("own-authentication", report=report, facts=(fact,))["mend-authentication"]
    assert step.do == "Correct SPF of tenant.example"
    assert step.why.startswith(fact.fact)
    assert step.where == "reputon auth tenant.example --ip 192.0.2.7"


def test_a_missing_reverse_name_is_no_matter_of_spf():
    found = steps("own-authentication", report=Report(reason="requireptr", listed_ip="192.0.2.7"))
    assert "mend-authentication" not in found
    assert found["set-reverse-name"].where == "dig +short -x 192.0.2.7"


def test_the_provider_is_asked_for_release_only_after_its_own_block():
    assert "release" in steps("tenant-behaviour", report=Report(enhanced="5.7.705"))
    assert "release" not in steps("tenant-behaviour")


def test_the_providers_own_way_round_and_what_it_refuses_are_told():
    found = steps("provider-shared")
    assert found["relay"].where == "reputon reroute plan --domain receiver.example --relay HOST:PORT"
    assert found["relay"].why == WAY_ROUND
    assert "they refuse: an outbound address of one's own" in found["provider-ticket"].why
    assert "they refuse" not in steps("provider-shared", provider="ionos")["provider-ticket"].why
    assert "--domain DOMAIN" in steps("provider-shared", report=Report())["relay"].where
    assert "the route goes back" in steps("own-address")["relay"].why  # a machine of one's own


def test_a_forged_bounce_is_not_acted_on():
    found = steps("undetermined", sent_by_us=False)
    assert list(found) == ["ignore-forged", "protect-domain"]
    assert found["protect-domain"].where == "dig +short TXT _dmarc.tenant.example"


def test_what_is_missing_can_be_got():
    message = Message(True, "bounce", (SHARED,), None, message_id="<a.1@tenant.example>")
    found = steps("undetermined", message=message)
    assert found["trace"].where.startswith("Get-MessageTraceV2 -MessageId '<a.1@tenant.example>' -StartDate ...")
    assert "Email Log Search" in steps("undetermined", message=message, provider="googleworkspace")["trace"].where
    asked = steps("undetermined", message=message, provider="fastmail")["trace"]
    assert (asked.when, asked.where) == ("ask", PROVIDERS["fastmail"].support.url)
    assert asked.why == PROVIDERS["fastmail"].trace
    own = steps("undetermined", message=message, provider=None)
    assert own["trace"].where == "grep -F -- '<a.1@tenant.example>' /var/log/mail.log"
    assert "trace" not in steps("undetermined")


def test_a_misread_answer_is_quoted():
    url = "https://check.spamhaus.org/returnc/pub/203.0.113.90/"
    report = Report(list="Spamhaus ZEN", text=f"blocked; Error: open resolver; {url}", recipient="a@receiver.example")
    step = steps("recipient-fault", report=report)["tell-receiver-it-is-broken"]
    assert url in step.why
    assert step.where == "postmaster@receiver.example"


# --- strangers' words ----------------------------------------------------------------------------------------------

HOSTILE = st.text(max_size=60) | st.sampled_from(
    ["a@x.example;reboot", "a@$(reboot).example", "fe80::1%;reboot", "<a`reboot`@x>", "<'; reboot; '@x>", "-rf.example",
     "https://x.example/`reboot`", "a@b.example\nreboot", "mx.example && reboot", "\u202egnp.exe", "a|b", "http://x/ y"]
)  # fmt: skip


@given(st.sampled_from(KINDS), HOSTILE, HOSTILE, HOSTILE, st.sampled_from([None, *PROVIDERS]), st.booleans())
def test_no_bounce_writes_a_command(kind, one, two, three, provider, sent):
    report = Report(recipient=one, list=two, zone=three, listed_ip=two, rhost=three, removal=one, text=two, reason=None)
    returned = Returned((("From", three),)) if sent else None
    message = Message(True, "bounce", (report,), returned, message_id=two)
    found = steps(*kind, provider=provider, report=report, message=message, sent_by_us=not sent)
    for step in found.values():
        for text in (step.do, step.why, step.who, step.where or ""):
            assert text.isprintable()
            assert len(text) < 1000
        where = step.where or ""
        assert "reboot" not in where or where.startswith(("https://", "http://", "postmaster@"))
        if where.startswith(("reputon", "dig", "whois", "grep", "Get-")):
            assert not set(where.replace(" | ", " ")) & set(';&|`$\\"\n')
            assert shlex.split(where)
