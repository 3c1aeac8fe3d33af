"""When a route may be switched, for whom, by whom and until when: tables, and the clock as a law."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reputon.reroute import incident
from reputon.reroute.incident import CAUSES, Incident, Look, Relay, RerouteError, Route

NOW = datetime(2026, 11, 24, 9, 30, tzinfo=UTC)
VIA = incident.relay("relay.test:25")
MINUTES = timedelta(minutes=1)


def begun(expires: datetime | None = None, **fields: Any) -> Incident:
    made = incident.begin(Route("", ("a.test",), VIA, "soft"), "provider-shared", "why", NOW, expires)
    return replace(made, **fields)


@pytest.mark.parametrize(
    ("cause", "verified", "consent", "allowed", "known"),
    [
        ("provider-shared", True, False, True, True),
        ("provider-shared", False, False, False, False),
        ("provider-shared", False, True, False, False),
        ("own-address", True, True, True, True),
        ("own-address", True, False, False, True),
        ("own-address", False, True, False, False),
        ("undetermined", True, True, False, False),
        (None, True, True, False, False),
    ],
)
def test_who_may_be_gone_round(cause, verified, consent, allowed, known):
    verdict = incident.verdict(cause, verified, consent)
    assert (verdict.allowed, verdict.known) == (allowed, known)
    assert verdict.why


@pytest.mark.parametrize("cause", sorted(set(CAUSES) - {"provider-shared", "own-address", "undetermined"}))
def test_no_other_cause_ever_switches_a_route(cause):
    verdict = incident.verdict(cause, verified=True, consent=True)
    assert not verdict.allowed
    assert verdict.known


@pytest.mark.parametrize(
    ("text", "relay"),
    [
        ("relay.Example.org:587", Relay("relay.example.org", 587)),
        ("[relay.example.org]:25", Relay("relay.example.org", 25)),
        ("192.0.2.7:2525", Relay("192.0.2.7", 2525)),
        ("[2001:db8::1]:25", Relay("2001:db8::1", 25)),
    ],
)
def test_relays(text, relay):
    assert incident.relay(text) == relay


@pytest.mark.parametrize(
    "text",
    ["", "relay.test", "relay.test:", "relay.test:0", "relay.test:65536", "relay.test:25\n", ":25", "a b.test:25",
     "x.test\ny.test:25", "relay.test:٢٥", "user:secret@relay.test:25"],
)  # fmt: skip
def test_what_is_no_relay(text):
    if text == "relay.test:25\n":
        assert incident.relay(text) == VIA
        return
    with pytest.raises(RerouteError):
        incident.relay(text)


@pytest.mark.parametrize("table", ["", "secret", "hash:relative", "hash:/a b", "hash:/a\n-o x=y", "static:user:pass"])
def test_credentials_are_only_ever_the_name_of_a_table(table):
    with pytest.raises(RerouteError, match="sasl_passwd"):
        incident.relay("relay.test:25", table)


@pytest.mark.parametrize(
    "names", [[], ["a.test b"], ["a.test\nsmtp:x"], ["192.0.2.1"], ["mx:"], [f"a{n}.test" for n in range(201)]]
)
def test_what_is_no_receiver(names):
    with pytest.raises(RerouteError):
        incident.receivers(names, VIA)


def test_receivers_are_canonical_and_once():
    assert incident.receivers(["B.test.", "a.test", "b.test", "MX:Mx.A.test"], VIA) == (
        "a.test",
        "b.test",
        "mx:mx.a.test",
    )


@pytest.mark.parametrize("receiver", ["relay.test", "test.example", "mx:relay.test"])
def test_a_relay_is_not_the_receiver_s_own(receiver):
    relays = {"test.example": "mail.test.example:25"}
    with pytest.raises(RerouteError, match="another relay"):
        incident.receivers([receiver], incident.relay(relays.get(receiver, "relay.test:25")))


@pytest.mark.parametrize(("minutes", "good"), [(-1, False), (14, False), (15, True), (43_200, True), (43_201, False)])
def test_how_long(minutes, good):
    if good:
        assert begun(NOW + minutes * MINUTES).expires == NOW + minutes * MINUTES
        return
    with pytest.raises(RerouteError, match="15 minutes"):
        begun(NOW + minutes * MINUTES)


@pytest.mark.parametrize(
    ("looks", "after", "why"),
    [
        ([], 60, None),
        ([], 24 * 60, "expired"),
        ([(20, "clean")], 60, None),
        ([(20, "clean"), (25, "clean")], 60, None),
        ([(20, "clean"), (30, "clean")], 60, "the list says clean"),
        ([(20, "clean"), (25, "unknown"), (30, "clean")], 60, "the list says clean"),
        ([(20, "clean"), (25, "listed"), (30, "clean")], 60, None),
        ([(20, "clean"), (30, "clean"), (40, "listed")], 60, None),
        ([(20, "unknown"), (30, "unknown")], 60, None),
        ([(1, "clean"), (12, "clean")], 13, None),
        ([(70, "clean"), (80, "clean")], 60, None),
    ],
)
def test_when_a_route_goes_back(looks, after, why):
    seen = tuple(Look(NOW + at * MINUTES, state) for at, state in looks)
    assert incident.why_over(begun(looks=seen), NOW + after * MINUTES) == why


@pytest.mark.parametrize(("state", "why"), [("closed", None), ("reverting", "the revert was begun")])
def test_what_is_over_already(state, why):
    assert incident.why_over(begun(state=state), NOW) == why


@given(st.integers(15, 43_200), st.integers(0, 100_000), st.lists(st.integers(0, 100_000)))
def test_unknown_changes_nothing_and_the_clock_always_ends_it(length, after, unknowns):
    looks = tuple(Look(NOW + at * MINUTES, "unknown") for at in unknowns)
    over = incident.why_over(begun(NOW + length * MINUTES, looks=looks), NOW + after * MINUTES)
    assert over == ("expired" if after >= length else None)
