"""Incident: a receiver that refuses an address, and the route round it: whether it may be switched, and until when.

A route is switched only where another address helps and the listing is verified; unknown never changes a route.
"""

import difflib
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from typing import Literal, get_args

from reputon.cause.case import CauseId
from reputon.subject import SubjectError, domain

Mode = Literal["soft", "hard"]  # soft: first the usual way, the relay for what is refused there; hard: the relay
State = Literal["applying", "active", "reverting", "closed"]
Listed = Literal["listed", "clean", "unknown"]
Texts = Mapping[str, str | None]  # a file's name and its text, None where there is no such file

CAUSES: tuple[CauseId, ...] = get_args(CauseId)

USUALLY = timedelta(hours=24)
SHORTEST = timedelta(minutes=15)  # shorter than that, a route flaps
LONGEST = timedelta(days=30)  # longer than that, it is no incident but how mail leaves
CLEAN_LOOKS = 2
BETWEEN_LOOKS = timedelta(minutes=10)  # above the TTL of most lists, so that the second look is not the first's cache
RECEIVERS = 200


class RerouteError(ValueError):
    """A route that cannot be switched as asked; the message says what to do."""


@dataclass(frozen=True, slots=True)
class Relay:
    """Who carries the mail meanwhile.  `sasl_map` names the administrator's own table of credentials (`hash:/...`)."""

    host: str
    port: int
    sasl_map: str | None = None

    @property
    def nexthop(self) -> str:
        """The relay as MTAs write it, without an MX lookup: `[relay.example]:587`."""
        return f"[{self.host}]:{self.port}"


@dataclass(frozen=True, slots=True)
class Route:
    """The way round for some receivers: a recipient domain each, or `mx:HOST` where the MTA can route by MX host.

    `usual`: (receiver, next hop) where the administrator had a way of its own, which `soft` tries first.
    """

    id: str
    receivers: tuple[str, ...]
    relay: Relay
    mode: Mode
    usual: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Look:
    """What the list said at a time."""

    at: datetime
    state: Listed


@dataclass(frozen=True, slots=True)
class Incident:
    """Why a route was switched, since when, and until when at the latest.

    `inverse` has a unified diff for each changed file that undoes the change, made before the change.
    """

    route: Route
    cause: CauseId
    why: str
    begun: datetime
    expires: datetime
    adapter: str
    config_dir: str
    state: State = "applying"
    inverse: tuple["Change", ...] = ()
    looks: tuple[Look, ...] = ()
    closed: datetime | None = None
    closed_why: str | None = None

    @property
    def is_wanted(self) -> bool:
        """Whether its route belongs into the MTA's files."""
        return self.state in ("applying", "active")


@dataclass(frozen=True, slots=True)
class Change:
    """One file's change as it is recorded: digests (None: no such file) and the diff; no text that is not ours."""

    file: str
    before: str | None
    after: str | None
    diff: str


@dataclass(frozen=True, slots=True)
class Plan:
    """What would be changed: each file's text before and after."""

    before: Texts
    after: Texts

    @property
    def files(self) -> tuple[str, ...]:
        """The files that change, in the order to write them."""
        return tuple(name for name, text in self.after.items() if text != self.before[name])

    @property
    def diff(self) -> str:
        """A unified diff of everything."""
        return "".join(unified(name, self.before[name], self.after[name]) for name in self.files)

    @property
    def inverse(self) -> tuple[Change, ...]:
        """What takes it back."""
        return tuple(_back(name, self.before[name], self.after[name]) for name in self.files)


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a route may be switched, and why; `known` is False where nobody could tell."""

    allowed: bool
    why: str
    known: bool = True


_NEVER: dict[CauseId, str] = {
    "resolved": "the address is clean again: send the message again",
    "own-authentication": "the mail's authentication fails, and fails by a relay as well: mend SPF, DKIM or DMARC",
    "tenant-behaviour": "your own mail was taken for spam: a relay would be spoilt too",
    "tenant-forwarding": "forwarded mail was refused: a relay would be spoilt too",
    "mixed": "authentication fails as well: mend that first",
    "domain-reputation": "your domain is listed, and travels with the mail by any route",
    "content": "what is in the message was refused, by whatever route it comes",
    "recipient-fault": "the receiver refuses everybody: only the receiver can mend that",
    "out-of-scope": "the refusal is not about the address",
}


def verdict(cause: CauseId | None, verified: bool, consent: bool = False) -> Verdict:
    """Whether the cause allows a switch.  `consent`: the operator takes the trouble of an own address to the relay."""
    if cause is None or cause == "undetermined":
        return Verdict(False, "nobody knows the cause, and unknown never changes a route", known=False)
    if cause in _NEVER:
        return Verdict(False, _NEVER[cause])
    if not verified:
        return Verdict(False, "the listing is not verified: ask the list (reputon check), or wait for a second bounce",
                       known=False)  # fmt: skip
    if cause == "own-address" and not consent:
        why = "the address is your own: mend it first, or consent to relay the same mail (--yes-own-address)"
        return Verdict(False, why)
    whose = "your own address is listed, and you consented" if cause == "own-address" else "the provider's is listed"
    return Verdict(True, f"{whose}; the listing is verified, and another address helps")


def relay(text: str, sasl_map: str | None = None) -> Relay:
    """The relay that a person named as HOST:PORT; RerouteError."""
    host, _, port = text.strip().rpartition(":")
    if not (port.isascii() and port.isdigit() and len(port) < 6 and 0 < int(port) < 1 << 16):
        raise RerouteError(f"{text!r} is no relay: write it as HOST:PORT, as in relay.example.org:587")
    kind, _, path = (sasl_map or "").partition(":")
    if sasl_map is not None and not (kind.isalpha() and path.startswith("/") and _is_plain(path)):
        raise RerouteError(f"{sasl_map!r} is no table: write it as hash:/etc/postfix/sasl_passwd")
    return Relay(_host(host.removeprefix("[").removesuffix("]"), text), int(port), sasl_map)


def _host(name: str, text: str) -> str:
    try:
        return str(ip_address(name))
    except ValueError:
        pass
    try:
        return domain(name)
    except SubjectError:
        raise RerouteError(f"{text!r} names no host: write it as HOST:PORT, as in relay.example.org:587") from None


def _is_plain(path: str) -> bool:
    return all(letter.isalnum() or letter in "/._-" for letter in path)


def receivers(names: Sequence[str], via: Relay) -> tuple[str, ...]:
    """The receivers in canonical form, each once, in order; RerouteError for what is none, or is the relay's."""
    found = tuple(sorted({_receiver(name) for name in names}))
    if not found:
        raise RerouteError("no receiver: name the domain that refuses, as in --domain example.org")
    if len(found) > RECEIVERS:
        raise RerouteError(f"{len(found)} receivers: at most {RECEIVERS} in one incident")
    for name in found:
        bare = name.removeprefix("mx:")
        if via.host == bare or via.host.endswith(f".{bare}"):
            raise RerouteError(f"the relay {via.host} belongs to {bare} itself: name another relay")
    return found


def _receiver(name: str) -> str:
    kind = "mx:" if name.lower().startswith("mx:") else ""
    try:
        return kind + domain(name[len(kind) :])
    except SubjectError:
        raise RerouteError(f"{name!r} is no receiver: name a recipient's domain, as in example.org") from None


def begin(route: Route, cause: CauseId, why: str, now: datetime, expires: datetime | None) -> Incident:
    """The incident that switches a route; `adapter` and `config_dir` are filled in by who switches it."""
    end = expires if expires is not None else now + USUALLY
    if not SHORTEST <= end - now <= LONGEST:
        until = f"{end:%Y-%m-%d %H:%M}"
        raise RerouteError(f"a route is switched for 15 minutes to 30 days, not until {until}: give another end")
    name = "\n".join((*route.receivers, route.relay.nexthop, route.mode, now.astimezone(UTC).isoformat()))
    named = replace(route, id=hashlib.sha256(name.encode()).hexdigest()[:8])
    return Incident(named, cause, why, now, end, "", "")


def is_same(one: Incident, other: Incident) -> bool:
    """Whether two incidents switch the same route in the same place."""
    routes = (replace(each.route, id="", usual=()) for each in (one, other))
    return len(set(routes)) == 1 and (one.adapter, one.config_dir) == (other.adapter, other.config_dir)


def why_over(incident: Incident, now: datetime) -> str | None:
    """Why the route goes back now, or None: the clock ran out, or the list said `clean` twice and long enough apart."""
    if incident.state not in ("applying", "active"):
        return "the revert was begun" if incident.state == "reverting" else None
    if now >= incident.expires:
        return "expired"
    is_clean = now >= incident.begun + SHORTEST and _is_clean(incident.looks, now)
    return "the list says clean" if is_clean else None


def _is_clean(looks: Sequence[Look], now: datetime) -> bool:
    """Whether the last looks say clean, and for long enough; one that could not tell neither counts nor breaks that."""
    told = [look for look in sorted(looks, key=lambda look: look.at) if look.state != "unknown" and look.at <= now]
    run: list[Look] = []
    for look in reversed(told):
        if look.state == "listed":
            break
        run.append(look)
    return len(run) >= CLEAN_LOOKS and run[0].at - run[-1].at >= BETWEEN_LOOKS


def digest(text: str | None) -> str | None:
    """A short name of a text."""
    return None if text is None else hashlib.sha256(text.encode(errors="surrogateescape")).hexdigest()


def unified(name: str, before: str | None, after: str | None) -> str:
    """The unified diff of one file, without context: lines around ours are not ours to show."""
    old, new = lines(before or ""), lines(after or "")
    source, target = (
        f"a/{name}" if before is not None else "/dev/null",
        f"b/{name}" if after is not None else "/dev/null",
    )
    made = difflib.unified_diff(old, new, source, target, n=0)
    return "".join(line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in made)


def lines(text: str) -> list[str]:
    """The lines of a text with their ends; only a line feed ends a line."""
    found = text.split("\n")
    return [f"{line}\n" for line in found[:-1]] + ([found[-1]] if found[-1] else [])


def _back(name: str, before: str | None, after: str | None) -> Change:
    return Change(name, digest(before), digest(after), unified(name, after, before))
