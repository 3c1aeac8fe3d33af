"""The incident, played: what each world must show, with the small MTA and with a real Postfix as the provider."""

import csv
import json
from collections import Counter
from contextlib import ExitStack
from datetime import timedelta
from email import message_from_bytes

import dns.message
import dns.query
import pytest
from tests.servers.postfix import Postfix

from reputon.reroute.switch import Place
from reputon.simulate import scene
from reputon.simulate.measures import Fate, comparison
from reputon.simulate.provider import Bounce
from reputon.simulate.relay import Relay
from reputon.simulate.smtp import PROVIDER_PEER, Listener
from reputon.simulate.story import Play

pytestmark = pytest.mark.heavy


def played(folder, mode, **options):
    folder.mkdir()
    hours = options.pop("hours", scene.HOURS)
    play = Play(scene.make(options.pop("seed", 5), hours), mode, folder, **options)
    events, answers = [], dict[tuple[str, str], set[str]]()
    for event in play.events():
        events.append(event)
        if " is listed: " in event.said:
            answers |= asked(play.dns, event.said.partition(" ")[0])
    return play, events, answers


def asked(server, subject):
    """What the listed subject and the test entry answer, over UDP and TCP, while the world runs."""
    name = f"{'.'.join(reversed(subject.split('.')))}.bl" if subject[0].isdigit() else f"{subject}.dom"
    found = {}
    for owner in (name, "2.0.0.127.bl", "1.0.0.127.bl"):
        for how in (dns.query.udp, dns.query.tcp):
            query = dns.message.make_query(f"{owner}.{scene.ROOT}", "A")
            reply = how(query, server[0], port=server[1], timeout=5)
            found[subject if owner == name else owner, how.__name__] = {
                str(record) for rrset in reply.answer for record in rrset
            }
    return found


@pytest.fixture(scope="module")
def by_address(tmp_path_factory):
    return played(tmp_path_factory.mktemp("world") / "address", "address")


@pytest.fixture(scope="module")
def by_tenant(tmp_path_factory):
    return played(tmp_path_factory.mktemp("world") / "tenant", "tenant")


def test_nothing_is_lost_or_doubled(by_address, by_tenant):
    for play, _, _ in (by_address, by_tenant):
        outcome = play.outcome()
        assert outcome.is_whole
        with (play.folder / "messages.csv").open() as file:
            rows = list(csv.DictReader(file))
        assert len(rows) == len(play.scene.letters)
        told = Counter(row["fate"] for row in rows)
        assert told == Counter({str(fate): sum(pair) for fate, pair in outcome.table().items() if sum(pair)})


def test_the_address_is_listed_and_the_clean_pay(by_address):
    play, _, answers = by_address
    table = play.outcome().table()
    assert table[Fate.RETURNED][0] > 50
    listed = {subject for subject, _ in answers if subject in scene.POOL}
    assert listed
    for subject in listed:
        assert "127.0.0.2" in answers[subject, "udp"]
        assert answers[subject, "udp"] == answers[subject, "tcp"]
    assert "127.0.0.2" in answers["2.0.0.127.bl", "udp"]
    assert answers["1.0.0.127.bl", "tcp"] == set()


def test_the_administrator_is_told_the_cause_and_goes_round(by_address):
    play, events, _ = by_address
    folder = play.folder / "administrator"
    told = [json.loads(path.read_text()) for path in sorted(folder.glob("*.diagnosis.json"))]
    cause = next(each for each in told if each["cause"]["id"] == "provider-shared")
    assert cause["cause"]["verified"] is True
    address = cause["reports"][0]["listed_ip"]
    assert address in scene.POOL
    assert address in (folder / "ticket.txt").read_text()
    outcome = play.outcome()
    assert outcome.table()[Fate.ROUND][0] > 0
    times = outcome.times
    assert times.listed <= times.first_bounce <= times.rerouted < times.listing_over <= times.route_back
    # Byte for byte: there was no table before.
    assert not (play._provider.place(scene.ADMINISTRATED).config_dir / "reputon_transport").exists()
    own = [t for t in outcome.tracks if t.letter.tenant == scene.ADMINISTRATED and t.letter.whose == "user"]
    assert {t.fate(outcome.relay) for t in own} == {Fate.DELIVERED, Fate.ROUND}
    assert any(scene.NOISY in event.said and "evidence" in event.said for event in events)


def test_the_tenant_is_listed_and_nobody_else_pays(by_tenant):
    play, _, answers = by_tenant
    table = play.outcome().table()
    assert table[Fate.RETURNED][0] == 0
    assert table[Fate.RETURNED][1] > 0
    assert {subject for subject, _ in answers} == {scene.NOISY, "2.0.0.127.bl", "1.0.0.127.bl"}
    assert "127.0.0.2" in answers[scene.NOISY, "udp"]
    assert answers[scene.NOISY, "udp"] == answers[scene.NOISY, "tcp"]


def test_the_worlds_compare(by_address, by_tenant):
    rows = dict(comparison([by_address[0].outcome(), by_tenant[0].outcome()]))
    refused = [int(value.split()[0]) for value in rows["clean letters refused by the list"]]
    assert refused[0] > 50
    assert refused[1] == 0
    assert rows["letters lost or doubled"] == ["0", "0"]


def test_a_seed_is_a_story(tmp_path):
    one, other = (played(tmp_path / name, "address", hours=4)[0].outcome() for name in ("one", "other"))
    assert one == other


class PostfixProvider:
    """A real Postfix as the provider: a random way out for each message, one small relay an address."""

    def __init__(self, folder, receiver, clock, seed):
        self._folder = folder
        self._receiver = receiver
        self._mail = []
        folder.mkdir()

    def __enter__(self):
        with ExitStack() as stack:
            mailbox = Listener(self, "mailbox.test")
            mailbox.start()
            stack.callback(mailbox.stop)
            ways = [
                stack.enter_context(Relay(self._receiver, PROVIDER_PEER, address)).address for address in scene.POOL
            ]
            pool = ", ".join(f"smtp:[{host}]:{port}" for host, port in ways)
            tenants = "".join(f"{each} smtp:[127.0.0.1]:{mailbox.port}\n" for each in scene.make().tenants)
            self._postfix = stack.enter_context(
                Postfix(
                    files={"tenants": tenants, "stopped": ""},
                    transport_maps="texthash:$config_directory/tenants",
                    # Not in transport_maps: randmap has an answer for any address, before a domain is looked up.
                    sender_dependent_default_transport_maps=f"randmap:{{{pool}}}",
                    smtpd_sender_restrictions="check_sender_access texthash:$config_directory/stopped",
                    smtpd_hard_error_limit="10000",
                    smtpd_soft_error_limit="10000",
                )
            )
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *reason):
        self._stack.close()

    async def handle_DATA(self, server, session, envelope):  # noqa: N802 - aiosmtpd calls it so
        self._mail.append((envelope.rcpt_tos[0], envelope.content))
        return "250 OK"

    @property
    def address(self):
        return "127.0.0.1", self._postfix.port

    def flush(self):
        self._postfix.until(lambda: not self._postfix.queue(), "an empty queue", 60)
        found, self._mail = self._mail, []
        return [self._bounce(number, *each) for number, each in enumerate(found)]

    def _bounce(self, number, recipient, content):
        tenant = recipient.rpartition("@")[2]
        own = message_from_bytes(content)["Message-ID"].strip("<>")
        file = self._folder / f"{tenant}.{own.partition('@')[0]}.eml"
        file.write_bytes(content)
        returned = content.rpartition(b"Message-ID: <")[2].partition(b">")[0].decode()
        return Bounce(tenant, returned, file)

    def stop(self, tenant):
        (self._postfix.config_dir / "stopped").write_text(f"{tenant} REJECT stopped because of spam\n")
        self._postfix.run("postfix", "reload")

    def place(self, tenant):
        return Place("postfix", self._postfix.config_dir)


@pytest.mark.server
@pytest.mark.timeout(900)
def test_the_scene_with_a_real_postfix(tmp_path):
    # The route is the whole provider's here, so the noisy tenant is stopped before it would go round too.
    play, _, answers = played(tmp_path / "postfix", "address", provider=PostfixProvider, reaction=timedelta(0), seed=1)
    outcome = play.outcome()
    assert outcome.is_whole
    assert {subject for subject, _ in answers} & set(scene.POOL)
    table = outcome.table()
    assert table[Fate.RETURNED][0] > 0
    assert table[Fate.ROUND][0] > 0
    assert table[Fate.STOPPED][1] > 0
    assert outcome.times.route_back is not None
    told = [json.loads(path.read_text()) for path in (play.folder / "administrator").glob("*.diagnosis.json")]
    cause = next(each for each in told if each["cause"]["id"] == "provider-shared")
    assert cause["cause"]["verified"] is True
