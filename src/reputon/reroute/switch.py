"""Switch: turning a route on and back, so that a crash between any two steps is mended by doing it again.

What an MTA's files should hold follows from the incidents that are open, so every step writes the same whatever was
done of it before; the incident, with its inverse, is on disk before the first of those files changes.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Literal

from reputon import durable
from reputon.reroute import adapters
from reputon.reroute.incident import (
    Incident,
    Listed,
    Look,
    Plan,
    RerouteError,
    Route,
    digest,
    is_same,
    why_over,
)
from reputon.reroute.store import Store

SIZE = 8 << 20  # bytes of one configuration file

Condition = Literal["applied", "half-applied", "not applied", "edited by hand"]


@dataclass(frozen=True, slots=True)
class Place:
    """An MTA: its adapter's name and its configuration directory."""

    adapter: str
    config_dir: Path

    def of(self, incident: Incident) -> Incident:
        """The incident, here."""
        return replace(incident, adapter=self.adapter, config_dir=str(self.config_dir.resolve()))


def plan(store: Store, incident: Incident, place: Place) -> tuple[Incident, Plan]:
    """The incident as it would be switched here, and what would change; the open one, if it is the same route."""
    incident = place.of(incident)
    others = [each for each in store.all() if each.is_wanted and _is_here(each, incident)]
    same = next((each for each in others if is_same(each, incident)), None)
    if same is not None:
        incident = same
    else:
        prepared = adapters.named(incident.adapter).prepared(Path(incident.config_dir), incident.route)
        incident = replace(incident, route=prepared)
    for other in others:
        taken = sorted(set(other.route.receivers) & set(incident.route.receivers))
        if other.route.id != incident.route.id and taken:
            raise RerouteError(f"{taken[0]} is rerouted already by {other.route.id}: revert that first")
    return incident, _plan(incident, [*others, incident])


def apply(store: Store, incident: Incident, place: Place) -> tuple[Incident, Plan]:
    """Switch the route; the incident as it is now, and what was changed.  Doing it twice changes nothing more."""
    with store.locked():
        incident, made = plan(store, incident, place)
        adapter, directory = adapters.named(incident.adapter), Path(incident.config_dir)
        if incident.state == "applying" and not incident.inverse:
            incident = replace(incident, inverse=made.inverse)
        if incident.state == "applying":
            store.write(incident)
        _write(directory, made, made.files)
        adapter.reload(directory, _routes(store, incident))
        active = replace(incident, state="active")
        if active != incident:
            store.write(active)
        return active, made


def revert(store: Store, incident: Incident, now: datetime, why: str) -> Incident:
    """Take the route back, byte for byte where nobody else has changed the files since; the closed incident."""
    with store.locked():
        incident = store.named(incident.route.id)
        if incident.state == "closed":
            return incident
        going = replace(incident, state="reverting", closed_why=incident.closed_why or why)
        others = [each for each in store.all() if each.is_wanted and _is_here(each, incident)]
        # Planned before it is recorded: what was edited by hand is refused with the incident still as it was.
        others = [each for each in others if each.route.id != incident.route.id]
        made = _plan(going, others)
        if not others:
            _prove(incident, made)
        store.write(going)
        directory = Path(incident.config_dir)
        _write(directory, made, reversed(made.files))
        adapters.named(incident.adapter).reload(directory, _routes(store, incident))
        closed = replace(going, state="closed", closed=now)
        store.write(closed)
        return closed


def due(store: Store, now: datetime) -> list[tuple[Incident, str]]:
    """The incidents whose time is over, and why; also those whose revert was cut short."""
    return [(each, why) for each in store.all() if (why := why_over(each, now)) is not None]


def look(store: Store, name: str, state: Listed, now: datetime) -> Incident:
    """Record what the list said of an incident's address."""
    with store.locked():
        incident = store.named(name)
        looked = replace(incident, looks=(*incident.looks[-99:], Look(now, state)))
        store.write(looked)
        return looked


def condition(store: Store, incident: Incident) -> Condition:
    """What the MTA's files really hold of an incident."""
    others = [each for each in store.all() if each.is_wanted and _is_here(each, incident)]
    without = [each for each in others if each.route.id != incident.route.id]
    try:
        on, off = _plan(incident, [*without, incident]), _plan(incident, without)
    except RerouteError:
        return "edited by hand"
    if not on.files:
        return "applied"
    return "not applied" if not off.files else "half-applied"


def _is_here(one: Incident, other: Incident) -> bool:
    return (one.adapter, one.config_dir) == (other.adapter, other.config_dir)


def _routes(store: Store, incident: Incident) -> list[Route]:
    return [each.route for each in store.all() if each.is_wanted and _is_here(each, incident)]


def _plan(here: Incident, wanted: Iterable[Incident]) -> Plan:
    """The files as they are, and as they should be with these incidents' routes."""
    adapter, directory = adapters.named(here.adapter), Path(here.config_dir)
    if not directory.is_dir():
        raise RerouteError(f"there is no folder {directory}: name the MTA's with --config-dir")
    before = {name: _read(directory / name) for name in adapter.files}
    routes = {each.route.id: each.route for each in wanted}
    after = adapter.changed(before, [routes[name] for name in sorted(routes)])
    return Plan(before, {name: after[name] for name in adapter.files})


def _prove(incident: Incident, made: Plan) -> None:
    """Where a file is still as we left it, taking our lines out must give what was there before."""
    for change in incident.inverse:
        untouched = digest(made.before[change.file]) == change.after
        if untouched and digest(made.after[change.file]) != change.before:
            raise RerouteError(
                f"{change.file} would not come back as it was: see `reputon reroute show`, undo it by hand"
            )


def _write(directory: Path, made: Plan, files: Iterable[str]) -> None:
    for name in files:
        path = directory / name
        if _read(path) != made.before[name]:
            raise RerouteError(f"{path} has just been changed by somebody else: look at it, then run this again")
        text = made.after[name]
        if text is None:
            path.unlink()
            durable.sync_directory(directory)
        else:
            # A link stays a link: the file behind it is replaced.
            durable.write(path.resolve(), text.encode(errors="surrogateescape"))


def _read(path: Path) -> str | None:
    try:
        with path.open("rb") as file:
            data = file.read(SIZE + 1)
    except FileNotFoundError:
        return None
    if len(data) > SIZE:
        raise RerouteError(f"{path} is larger than {SIZE >> 20} MiB: that is no configuration file")
    return data.decode(errors="surrogateescape")
