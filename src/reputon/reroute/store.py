"""Store: incidents on disk, one JSON file each below `state_dir/reroute/`, and the lock of whoever switches routes."""

import fcntl
import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from reputon import durable
from reputon.reroute.incident import Change, Incident, Look, Relay, RerouteError, Route

SIZE = 1 << 20  # bytes of one incident
_PATIENCE = 20.0  # seconds to wait for another `reputon reroute`


class Store:
    """The incidents of one state directory."""

    def __init__(self, state_dir: Path) -> None:
        self.directory = state_dir / "reroute"

    def write(self, incident: Incident) -> None:
        """Record an incident; when this returns it survives a crash."""
        self.directory.mkdir(parents=True, exist_ok=True)
        durable.write(self.directory / f"{incident.route.id}.json", json.dumps(asdict(incident), default=_plain) + "\n")

    def all(self) -> list[Incident]:
        """Every incident, the oldest first."""
        found = [_read(path) for path in self.directory.glob("*.json") if not path.name.startswith(".")]
        return sorted(found, key=lambda each: (each.begun, each.route.id))

    def named(self, name: str) -> Incident:
        """The incident with this id, or the only one that begins so; RerouteError."""
        found = [each for each in self.all() if name and each.route.id.startswith(name)]
        if len(found) != 1:
            what = "no incident" if not found else f"{len(found)} incidents"
            raise RerouteError(f"{what} {name!r}: see `reputon reroute ls --all`")
        return found[0]

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Nobody else switches routes meanwhile; the lock ends with its process, also when that is killed."""
        self.directory.mkdir(parents=True, exist_ok=True)
        with (self.directory / "lock").open("w") as file:
            _take(file.fileno())
            yield


def _take(descriptor: int) -> None:
    end = time.monotonic() + _PATIENCE
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > end:
                raise RerouteError("another `reputon reroute` is at work: try again when it is done") from None
            time.sleep(0.05)
        else:
            return


def _plain(value: object) -> str:
    assert isinstance(value, datetime)
    return value.astimezone(UTC).isoformat()


def _read(path: Path) -> Incident:
    with path.open("rb") as file:
        data = file.read(SIZE)
    try:
        return _incident(json.loads(data))
    except (ValueError, TypeError, KeyError) as error:
        raise RerouteError(f"{path} is no incident of ours ({error}): move it away") from None


def _incident(fields: dict[str, Any]) -> Incident:
    route = fields["route"]
    relay = Relay(**route["relay"])
    usual = tuple((receiver, nexthop) for receiver, nexthop in route["usual"])
    times = {name: datetime.fromisoformat(fields[name]) for name in ("begun", "expires", "closed") if fields[name]}
    made = {
        "route": Route(route["id"], tuple(route["receivers"]), relay, route["mode"], usual),
        "inverse": tuple(Change(**each) for each in fields["inverse"]),
        "looks": tuple(Look(datetime.fromisoformat(each["at"]), each["state"]) for each in fields["looks"]),
    }
    return Incident(**{**fields, **times, **made})
