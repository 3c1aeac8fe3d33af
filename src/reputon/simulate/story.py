"""Story: the incident from the first spam to the last route taken back, played with real DNS and real SMTP."""

import csv
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Literal

from reputon.listing import policy
from reputon.listing.rescore import Rescored
from reputon.remedy.diagnosis import Diagnosis
from reputon.reroute.adapters import table
from reputon.resolver import Question, World
from reputon.resolver.servers import Servers
from reputon.simulate import elsewhere, writing
from reputon.simulate.administrator import Administrator, Switched
from reputon.simulate.clock import Clock
from reputon.simulate.measures import Outcome, Times, Track
from reputon.simulate.provider import Bounce, MakeOutbound, Provider
from reputon.simulate.rater import Rater
from reputon.simulate.receiver import Receiver
from reputon.simulate.relay import Relay
from reputon.simulate.scene import (
    ADMINISTRATED,
    NOISY,
    POOL,
    RECEIVER,
    RELAY_ADDRESS,
    ROOT,
    SPAM_BEGINS,
    START,
    Letter,
    Scene,
)
from reputon.simulate.smtp import Envelope, send
from reputon.zone.server.server import Options, Server

Mode = Literal["address", "tenant"]

REACTION = timedelta(hours=1)  # that the provider's people need to stop a tenant
ALLOWED = ("198.51.100.0/24", "203.0.113.0/24")  # documentation ranges, listed in this world only


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened, to be told.  `shown` is what a person would have on the screen then."""

    at: datetime
    who: str
    said: str
    shown: Diagnosis | str | None = None


def names(scene: Scene) -> World:
    """The made world's other DNS names: everybody's SPF."""
    pool = " ".join(f"ip4:{address}" for address in POOL)
    said = dict.fromkeys(scene.tenants, "v=spf1 include:spf.poolpost.example -all")
    said[ADMINISTRATED] = "v=spf1 include:spf.poolpost.example include:spf.carrier.example -all"
    said["spf.poolpost.example"] = f"v=spf1 {pool} -all"
    said["spf.carrier.example"] = f"v=spf1 ip4:{RELAY_ADDRESS} -all"
    return World({name: {"TXT": [text]} for name, text in said.items()})


class Play:
    """One world being played: `events()` until it ends, then `outcome()`."""

    def __init__(
        self,
        scene: Scene,
        mode: Mode,
        folder: Path,
        provider: MakeOutbound = Provider,
        reaction: timedelta = REACTION,
    ) -> None:
        self._make_provider = provider
        self._reaction = reaction
        self.scene = scene
        self.mode: Mode = mode
        self.folder = folder
        self.clock = Clock(START)
        self._bounces: list[Bounce] = []
        self._untaken: set[str] = set()
        self._times = Times(SPAM_BEGINS)
        self._switched: Switched | None = None
        self._has_spam = False

    def events(self) -> Iterator[Event]:
        """Play it, telling what happens as it happens."""
        with ExitStack() as stack:
            self._open(stack)
            yield self._event("world", f"{len(self.scene.tenants)} tenants send through {len(POOL)} shared addresses")
            before = START
            for tick in self.scene.ticks:
                self.clock.move(tick)
                yield from self._tick(self.scene.due(before, tick))
                before = tick
        self._write_table()

    def _open(self, stack: ExitStack) -> None:
        """Start everybody, each knowing only the addresses of those it talks to."""
        enter = stack.enter_context
        settings = policy.Settings(shared=self.mode, allow_reserved=ALLOWED)
        evidence = self.folder / "receiver"
        self._rater = enter(Rater(self.folder / "state", evidence, settings, self.clock))
        others, publisher = names(self.scene), self._rater.publisher
        options = Options(clock=self._seconds, elsewhere=partial(elsewhere.respond, others))
        dns = enter(Server(publisher.table, [("127.0.0.1", 0)], options))
        publisher.tell(dns.swap)
        self.dns = dns.addresses[0]
        self.resolver = Servers(dns.addresses)
        self._receiver = enter(Receiver(evidence, self.resolver, self.clock, self.scene.letters))
        self._relay = enter(Relay(self._receiver.address))
        self._provider = enter(
            self._make_provider(self.folder / "provider", self._receiver.address, self.clock, self.scene.seed)
        )
        self._administrator = Administrator(self.folder / "administrator", self.resolver, self.clock)

    def _seconds(self) -> float:
        return self.clock.now.timestamp()

    def _event(self, who: str, said: str, shown: Diagnosis | str | None = None) -> Event:
        return Event(self.clock.now, who, said, shown)

    def _tick(self, letters: Sequence[Letter]) -> Iterator[Event]:
        if not self._has_spam and any(each.is_spam for each in letters):
            self._has_spam = True
            yield Event(SPAM_BEGINS, "tenant", f"{NOISY} begins to spam through the same addresses")
        self._submit(letters)
        bounces = self._provider.flush()
        self._bounces += bounces
        # The administrator reads what came back before the rater looks at the evidence of the same ten minutes.
        yield from self._administrate([each for each in bounces if each.tenant == ADMINISTRATED])
        yield from self._rate(self._rater.round())
        yield from self._stop_noisy()
        if self.clock.now.hour % 6 == self.clock.now.minute == 0:
            sent = sum(letter.at <= self.clock.now for letter in self.scene.letters)
            yield self._event("world", f"{sent} letters so far, {len(self._bounces)} of them came back")

    def _submit(self, letters: Sequence[Letter]) -> None:
        """Hand letters to the provider, a connection for all: who they are from is in each envelope."""
        envelopes = [Envelope(each.sender, each.recipient, writing.letter(each)) for each in letters]
        replies = send(self._provider.address, envelopes) if envelopes else []
        refused = (each for each, reply in zip(letters, replies, strict=True) if reply.code // 100 != 2)
        self._untaken.update(each.message_id for each in refused)

    def _rate(self, done: Rescored) -> Iterator[Event]:
        for change in done.changes:
            subject = str(change.listing.subject)
            if change.what == "listed" and self._times.listed is None:
                self._times = replace(self._times, listed=self.clock.now)
                self._noisy = self._named(subject)
                yield self._event("rater", f"{subject} is listed: {change.why}", self._dig(subject))
                yield self._event("rater", f"evidence names the tenant: {self._noisy}")
            elif change.what in ("listed", "expired"):
                yield self._event("rater", f"{subject} is {change.what}: {change.why}")
        if self._times.listed and not self._times.listing_over and not done.listings:
            self._times = replace(self._times, listing_over=self.clock.now)
            yield self._event("rater", "nobody is listed any more")

    def _named(self, subject: str) -> str:
        """The noisy tenant: the one that is listed, or the worst of those that send from the listed address."""
        if subject not in POOL:
            return subject
        worst = self._rater.tenants_of(subject)[0]
        return f"{worst.tenant}: score {worst.value:.0f} at {subject}"

    def _dig(self, subject: str) -> str:
        """What DNS answers about the listed, asked at the server as anybody would."""
        if subject in POOL:
            name = ".".join(reversed(subject.split(".")))
            asked = [(f"{name}.bl.{ROOT}", "A"), (f"{name}.bl.{ROOT}", "TXT"), (f"{name}.score.{ROOT}", "A"),
                     (f"{name}.score.{ROOT}", "TXT")]  # fmt: skip
        else:
            asked = [
                (f"{subject}.dom.{ROOT}", "A"),
                (f"{subject}.dom.{ROOT}", "TXT"),
                (f"{subject}.dscore.{ROOT}", "A"),
            ]
            asked += [(f"{'.'.join(reversed(address.split('.')))}.bl.{ROOT}", "A") for address in POOL]
        lines = [
            f"{answer.question.name} {answer.question.rdtype} {' / '.join(answer.records) or answer.status.upper()}"
            for answer in self.resolver.ask(Question(*each) for each in asked)
        ]
        text = "\n".join(lines)
        with (self.folder / "dns.txt").open("a") as file:
            file.write(f"; {self.clock.now:%Y-%m-%dT%H:%M:%SZ}\n{text}\n")
        return text

    def _administrate(self, bounces: Sequence[Bounce]) -> Iterator[Event]:
        for each in bounces if self._switched is None else ():
            found = self._administrator.diagnose(each.file)
            if found.cause is not None and found.cause.id == "provider-shared":
                yield self._event(ADMINISTRATED, f"a bounce: {each.file.name}", found)
                yield from self._reroute(found, bounces)
                break
        if self._switched is not None and self._times.route_back is None:
            why = self._administrator.look(self._switched)
            if why is not None:
                self._times = replace(self._times, route_back=self.clock.now)
                yield self._event(ADMINISTRATED, f"the route goes back by itself: {why}")

    def _reroute(self, found: Diagnosis, bounces: Sequence[Bounce]) -> Iterator[Event]:
        self._times = replace(self._times, first_bounce=self.clock.now)
        ticket = self._administrator.ticket(found)
        yield self._event(ADMINISTRATED, f"writes the ticket: {ticket.name}", ticket.read_text())
        place = self._provider.place(ADMINISTRATED)
        self._switched = self._administrator.reroute(found, self._relay.address, place)
        if self._switched is None:
            yield self._event(ADMINISTRATED, "may not reroute: the listing is not verified")
            return
        self._times = replace(self._times, rerouted=self.clock.now)
        routes = (place.config_dir / table.FILE).read_text()
        yield self._event(ADMINISTRATED, f"mail to {RECEIVER} goes by the relay", routes)
        again = {each.message_id for each in bounces}
        refused = [each for each in self.scene.letters if each.message_id in again and each.whose == "user"]
        self._submit(refused)
        self._bounces += self._provider.flush()
        yield self._event(ADMINISTRATED, f"sends again what was refused: {len(refused)} letters")

    def _stop_noisy(self) -> Iterator[Event]:
        listed = self._times.listed
        if listed and self._times.noisy_stopped is None and self.clock.now - listed >= self._reaction:
            self._provider.stop(NOISY)
            self._times = replace(self._times, noisy_stopped=self.clock.now)
            yield self._event("provider", f"stops {NOISY}: the evidence named it at {listed:%H:%M}")

    def outcome(self) -> Outcome:
        """What became of everything."""
        arrived = defaultdict(list)
        for seen in self._receiver.delivered:
            arrived[seen.message_id].append(seen.address)
        returned = Counter(each.message_id for each in self._bounces)
        tracks = tuple(
            Track(each, tuple(arrived[each.message_id]), returned[each.message_id],
                  each.message_id not in self._untaken)
            for each in self.scene.letters
        )  # fmt: skip
        return Outcome(self.mode, tracks, self._times, RELAY_ADDRESS)

    def _write_table(self) -> None:
        """Every message and its fate, for whoever wants to count again."""
        with (self.folder / "messages.csv").open("w", newline="") as file:
            rows = csv.writer(file)
            rows.writerow(("time", "message_id", "tenant", "kind", "returned", "delivered_from", "fate"))
            for track in self.outcome().tracks:
                letter = track.letter
                rows.writerow(
                    (f"{letter.at:%Y-%m-%dT%H:%M:%SZ}", letter.message_id, letter.tenant,
                     "spam" if letter.is_spam else "clean", track.returned, " ".join(track.delivered_from),
                     track.fate(RELAY_ADDRESS))
                )  # fmt: skip
