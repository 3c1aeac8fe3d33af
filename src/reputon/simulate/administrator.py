"""Administrator: of a clean tenant whose mail bounces: diagnoses, writes the ticket, switches the route, waits."""

import json
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from reputon import bounce, check, lists
from reputon.cause import providers
from reputon.cause.world import World, read_inventory
from reputon.check.meaning import State
from reputon.remedy import ticket
from reputon.remedy.diagnosis import Diagnosis, as_json, diagnose
from reputon.reroute import incident, switch
from reputon.reroute.incident import Incident, Listed, Plan, Route
from reputon.reroute.store import Store
from reputon.reroute.switch import Place
from reputon.resolver import Resolver
from reputon.simulate.clock import Clock
from reputon.simulate.scene import ADMINISTRATED, POOL, POOL_PREFIX, ROOT
from reputon.simulate.writing import PROVIDER_HOST

LISTED_LONG = timedelta(days=3)  # the route's expiry: the listing's own clock ends it earlier

# For whoever wants to type the verbs over the same bounces afterwards, in this folder.
CONFIG = """\
state_dir = "state"
[lists]
catalogue = "lists.toml"
[cause]
inventory = "inventory.toml"
providers = "providers"
[reroute]
adapter = "table"
"""

INVENTORY = f"""\
[sender]
domains = ["{ADMINISTRATED}"]
providers = ["poolpost"]
"""

CATALOGUE = f"""\
[[list]]
name = "Reputon"
zone = "bl.{ROOT}"
subjects = ["ip4", "ip6"]
impact = "high"
words = ["bl.{ROOT}"]
removal = "https://{ROOT}/"
who_may_ask = "the owner of the address; it expires by itself"
origin = "the demo's own list"
as_of = "2026-11"
example = "554 5.7.1 Service unavailable; Client host [192.0.2.7] blocked using bl.{ROOT}"
[list.codes]
"127.0.0.2" = "its score fell below the threshold"
"127.0.0.3" = "mail to spam traps that never were anybody's address"
"127.0.0.4" = "malware"
"127.0.0.5" = "mail to many addresses that do not exist"
"127.0.0.6" = "complaints"
"""

PROVIDER = f"""\
id = "poolpost"
name = "Poolpost"
origin = "the demo's own provider"
as_of = 2026-11-24
prefixes = ["{POOL_PREFIX}"]
hosts = ["{PROVIDER_HOST}"]
seals = ["{PROVIDER_HOST}"]
tenant_codes = []
rotates = true
who_may_delist = "only Poolpost: the addresses are its own"

[ticket_headers]
"Received" = "Received"

[support]
portal = "Poolpost: Support > New ticket"
url = "https://poolpost.example/support"
who = "an administrator of the tenant"
needs = ["times in UTC", "the full bounce", "the listed address and the list"]

[[pool]]
id = "shared"
words = ["shared pool"]
prefixes = ["{POOL_PREFIX}"]
means = "the pool that every tenant's mail leaves from"
"""


@dataclass(frozen=True, slots=True)
class Switched:
    """A route that was switched, and what that changed."""

    incident: Incident
    plan: Plan


class Administrator:
    """What the verbs do, in the order in which a person would type them; the files lie in `folder`."""

    def __init__(self, folder: Path, resolver: Resolver, clock: Clock) -> None:
        self.folder = folder
        self._resolver = resolver
        self._clock = clock
        (folder / "providers").mkdir(parents=True)
        (folder / "reputon.toml").write_text(CONFIG)
        (folder / "inventory.toml").write_text(INVENTORY)
        (folder / "lists.toml").write_text(CATALOGUE)
        (folder / "providers" / "poolpost.toml").write_text(PROVIDER)
        self._catalogue = lists.load(folder / "lists.toml")
        self._providers = providers.load(folder / "providers")
        self._incidents = Store(folder / "state")

    def diagnose(self, file: Path) -> Diagnosis:
        """`reputon diagnose`: read the bounce, ask the list, name the cause, plan."""
        around = World(
            self._clock.now, self._resolver, self._catalogue, self._providers,
            read_inventory(self.folder / "inventory.toml"),
        )  # fmt: skip
        found = diagnose(file.name, bounce.read(file.read_bytes(), self._catalogue), around)
        text = json.dumps(as_json(found), indent=1, default=str, ensure_ascii=False)
        (self.folder / f"{file.stem}.diagnosis.json").write_text(text + "\n")
        return found

    def ticket(self, found: Diagnosis) -> Path:
        """`reputon ticket`: what to tell the provider."""
        path = self.folder / "ticket.txt"
        path.write_text(ticket.write([found], self._providers["poolpost"]).text)
        return path

    def reroute(self, found: Diagnosis, relay: tuple[str, int], place: Place) -> Switched | None:
        """`reputon reroute apply`: the way round for that receiver; None where the cause forbids it."""
        assert found.cause is not None
        assert found.report is not None
        said = incident.verdict(found.cause.id, found.cause.verified)
        if not said.allowed:
            return None
        via = incident.relay(f"{relay[0]}:{relay[1]}")
        receiver = str(found.report.recipient).rpartition("@")[2]
        route = Route("", incident.receivers([receiver], via), via, "hard")
        begun = incident.begin(route, found.cause.id, said.why, self._clock.now, self._clock.now + LISTED_LONG)
        active, plan = switch.apply(self._incidents, begun, place)
        (self.folder / "reroute.diff").write_text(plan.diff)
        return Switched(active, plan)

    def look(self, switched: Switched) -> str | None:
        """`reputon reroute look` and `revert --due`: ask about every address of the pool; why the route went back."""
        switch.look(self._incidents, switched.incident.route.id, self._pool_state(), self._clock.now)
        for each, why in switch.due(self._incidents, self._clock.now):
            switch.revert(self._incidents, each, self._clock.now, why)
            return why
        return None

    def _pool_state(self) -> Listed:
        """The provider's addresses together: any of them may carry the next message."""
        checked = check.ask(POOL, self._catalogue, self._resolver, self._clock.now, only=["Reputon"])
        states = {result.state for each in checked for result in each.results}
        if State.LISTED in states:
            return "listed"
        return "clean" if states == {State.CLEAN} else "unknown"
