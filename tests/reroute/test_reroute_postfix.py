"""A real Postfix, a receiver that refuses as the incident's did, and a relay that takes the mail."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from tests.servers.postfix import Postfix
from tests.servers.receiver import REFUSAL, Receiver

from reputon.reroute import incident, switch
from reputon.reroute.adapters import postfix
from reputon.reroute.incident import Incident, Mode, RerouteError, Route
from reputon.reroute.store import Store

pytestmark = pytest.mark.server

Scene = tuple[Postfix, Receiver, Receiver, Receiver, Store]

NOW = datetime.now(UTC).replace(microsecond=0)
INCIDENT = (
    "554 5.7.1 ACL dns_rbl; Client host [40.107.130.132] blocked using"
    " sa-ip4tset.blagr.emailsrvr.com=127.22.0.2 Senderscore."
)


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    """A receiver that refuses, another that does not, a relay; and Postfix that sends to both."""
    with Receiver(lambda _: REFUSAL) as refusing, Receiver() as other, Receiver() as relay:
        maps = f"a.test smtp:[127.0.0.1]:{refusing.port}\nother.test smtp:[127.0.0.1]:{other.port}\n"
        files = {"transport": maps}
        with Postfix(files=files, transport_maps="texthash:$config_directory/transport") as mta:
            yield mta, refusing, other, relay, Store(tmp_path)


def wanted(relay: Receiver, mode: Mode, receivers: Sequence[str] = ("a.test",)) -> Incident:
    via = incident.relay(f"127.0.0.1:{relay.port}")
    route = Route("", incident.receivers(receivers, via), via, mode)
    return incident.begin(route, "provider-shared", "a test", NOW, NOW + timedelta(hours=6))


def files_of(mta: Postfix) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(mta.config_dir.iterdir())}


def delivered(mta: Postfix, recipient: str) -> list[str]:
    before = len(mta.statuses(recipient))
    mta.send(recipient)
    mta.until(lambda: len(mta.statuses(recipient)) > before, f"mail to {recipient} to be done with")
    return mta.statuses(recipient)[before:]


@pytest.mark.parametrize("mode", ["soft", "hard"])
def test_mail_goes_round_and_back(scene, mode):
    mta, refusing, other, relay, store = scene
    before = files_of(mta)
    assert delivered(mta, "bob@a.test") == ["bounced"]

    now_on, made = switch.apply(store, wanted(relay, mode), switch.Place("postfix", mta.config_dir))
    assert now_on.state == "active"
    assert switch.condition(store, now_on) == "applied"
    assert made.files == postfix.ADAPTER.files
    asked = len(refusing.asked)
    assert delivered(mta, "carol@a.test") == ["sent"]
    assert relay.got("carol@a.test") == 1
    assert len(refusing.asked) == asked + (1 if mode == "soft" else 0)
    assert delivered(mta, "dora@other.test") == ["sent"]
    assert (other.got("dora@other.test"), len(relay.taken)) == (1, 1)

    [(due, why)] = switch.due(store, NOW + timedelta(hours=6))
    assert switch.revert(store, due, NOW, why).state == "closed"
    assert files_of(mta) == before
    assert delivered(mta, "emil@a.test") == ["bounced"]
    assert len(relay.taken) == 1
    mta.until(lambda: not mta.queue(), "an empty queue")


ANSWERS = [
    ("RCPT", INCIDENT, "sent"),
    ("DATA", REFUSAL, "sent"),
    ("RCPT", "554-5.7.1 Mail refused\r\n554 5.7.1 Client host [192.0.2.7] blocked using bl.reputon.test", "sent"),
    ("RCPT", "550 5.7.1 Sorry, your address is on our blacklist", "sent"),
    ("RCPT", "550 RBL: 192.0.2.7 is listed", "sent"),
    ("RCPT", "550 5.1.1 No such user", "bounced"),
    ("RCPT", "554 5.7.1 Sender address [anna@sender.test] blocked using dbl.reputon.test", "bounced"),
    ("DATA", "554 5.7.1 The message content was found on a blocklist", "bounced"),
    ("RCPT", "550 5.7.26 DMARC failed; blocklist says so", "bounced"),
    # Postfix goes by the last line, and filters each alone: a limit, not a wish.
    ("RCPT", "554-5.7.1 Client host [192.0.2.7] blocked using bl.reputon.test\r\n554 5.7.1 Bye", "bounced"),
]


def test_soft_goes_round_refusals_of_the_address_and_no_others(scene):
    mta, refusing, _, relay, store = scene
    switch.apply(store, wanted(relay, "soft"), switch.Place("postfix", mta.config_dir))
    became = []
    for number, (at, answer, _) in enumerate(ANSWERS):
        refusing.at, refusing.refuse = at, lambda _, answer=answer: answer
        became += [(at, answer, status) for status in delivered(mta, f"bob{number}@a.test")]
    assert became == ANSWERS
    assert len(relay.taken) == sum(status == "sent" for _, _, status in ANSWERS)


def test_soft_needs_nothing_when_the_receiver_takes_mail_again(scene):
    mta, refusing, _, relay, store = scene
    switch.apply(store, wanted(relay, "soft"), switch.Place("postfix", mta.config_dir))
    refusing.refuse = lambda _: None
    assert delivered(mta, "bob@a.test") == ["sent"]
    assert (refusing.got("bob@a.test"), relay.taken) == (1, [])


def test_domains_of_this_postfix_are_refused(tmp_path):
    mta = Postfix(mydestination="own.test", transport_maps="inline:{ {here.test = local:}, {odd.test = out1:} }")
    place = switch.Place("postfix", mta.config_dir)
    with Receiver() as relay:
        for domain in ("own.test", "here.test"):
            with pytest.raises(RerouteError, match=domain):
                switch.plan(Store(tmp_path), wanted(relay, "hard", [domain]), place)
        with pytest.raises(RerouteError, match="--mode hard"):
            switch.plan(Store(tmp_path), wanted(relay, "soft", ["odd.test"]), place)
        assert switch.plan(Store(tmp_path), wanted(relay, "hard", ["odd.test"]), place)[1].diff
    mta.close()
