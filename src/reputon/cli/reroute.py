"""reputon reroute: the way round, until the way is clear."""

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from reputon.cli import console

if TYPE_CHECKING:
    from reputon.config import Config
    from reputon.reroute.diagnosis import Diagnosis
    from reputon.reroute.incident import Incident, Verdict
    from reputon.reroute.store import Store
    from reputon.reroute.switch import Place

command = typer.Typer(no_args_is_help=True, add_completion=False)

_Domain = Annotated[
    list[str] | None, typer.Option("--domain", metavar="DOMAIN", help="A recipient's domain that refuses; repeatable.")
]
_Relay = Annotated[str | None, typer.Option("--relay", metavar="HOST:PORT", help="Who carries the mail meanwhile.")]
_Sasl = Annotated[
    str | None, typer.Option("--sasl-map", metavar="TYPE:PATH", help="Your MTA's table with the relay's password.")
]
_Mode = Annotated[
    str | None, typer.Option("--mode", metavar="soft|hard", help="soft: only what a list refused; hard: all mail.")
]
_For = Annotated[str | None, typer.Option("--for", metavar="TIME", help="How long at most, as in 6h, 90m, 2d.")]
_Until = Annotated[str | None, typer.Option("--until", metavar="TIME", help="Until when at the latest.")]
_Adapter = Annotated[str | None, typer.Option("--adapter", help="The MTA: postfix or table.")]
_ConfigDir = Annotated[Path | None, typer.Option("--config-dir", help="The MTA's configuration directory.")]
_Diagnosis = Annotated[
    str | None, typer.Option("--diagnosis", metavar="FILE", help="What `diagnose --json` printed; - for stdin.")
]
_Cause = Annotated[str | None, typer.Option("--cause", metavar="ID", help="The cause, where you know it yourself.")]
_Verified = Annotated[bool, typer.Option("--verified", help="With --cause: you saw the listing yourself.")]
_Consent = Annotated[bool, typer.Option("--yes-own-address", help="Relay even though the listed address is your own.")]
_At = Annotated[str | None, typer.Option("--at", metavar="TIME", help="The time to take for now.")]
_Name = Annotated[str, typer.Argument(metavar="ID", help="The incident, or the beginning of its id.")]


@command.callback()
def reroute() -> None:
    """Send mail to a receiver that refuses a listed address by another relay, until the address is clean."""


@command.command()
def plan(
    domain: _Domain = None, relay: _Relay = None, sasl_map: _Sasl = None, mode: _Mode = None, for_: _For = None,
    until: _Until = None, adapter: _Adapter = None, config_dir: _ConfigDir = None, diagnosis: _Diagnosis = None,
    cause: _Cause = None, verified: _Verified = False, consent: _Consent = False, at: _At = None,
    path: console.ConfigOption = None, as_json: console.JsonOption = False,
) -> None:  # fmt: skip
    """Show what would be changed, as a diff, and whether the cause allows it; change nothing."""
    from reputon.reroute import switch

    store, place, incident, verdict = _wanted(
        _known(path), domain, relay, sasl_map, mode, for_, until, adapter, config_dir, diagnosis,
        cause, verified, consent, at,
    )  # fmt: skip
    incident, made = switch.plan(store, incident, place)
    if as_json:
        console.print_json({**_fields(incident), "allowed": verdict.allowed, "why": verdict.why, "diff": made.diff})
    else:
        sys.stdout.write(made.diff)
        console.err.print(f"{'allowed' if verdict.allowed else 'not allowed'}: {verdict.why}", markup=False)
    _end(verdict)


@command.command()
def apply(
    domain: _Domain = None, relay: _Relay = None, sasl_map: _Sasl = None, mode: _Mode = None, for_: _For = None,
    until: _Until = None, adapter: _Adapter = None, config_dir: _ConfigDir = None, diagnosis: _Diagnosis = None,
    cause: _Cause = None, verified: _Verified = False, consent: _Consent = False, at: _At = None,
    path: console.ConfigOption = None, as_json: console.JsonOption = False,
) -> None:  # fmt: skip
    """Switch the route, where the cause allows it; again after a crash: it goes on where it was."""
    from reputon.reroute import switch

    store, place, incident, verdict = _wanted(
        _known(path), domain, relay, sasl_map, mode, for_, until, adapter, config_dir, diagnosis,
        cause, verified, consent, at,
    )  # fmt: skip
    if not verdict.allowed:
        console.fail(f"not rerouted: {verdict.why}", _code(verdict))
    incident, made = switch.apply(store, incident, place)
    if as_json:
        console.print_json({**_fields(incident), "changed": list(made.files)})
        return
    _line(incident, "was there already" if not made.files else f"changed {', '.join(made.files)}")


@command.command()
def revert(
    name: Annotated[str | None, typer.Argument(metavar="[ID]", help="The incident.")] = None,
    due: Annotated[bool, typer.Option("--due", help="All whose time is over, or whose list says clean.")] = False,
    at: _At = None,
    path: console.ConfigOption = None,
    as_json: console.JsonOption = False,
) -> None:
    """Take a route back; --due for cron: `* * * * * reputon reroute revert --due`."""
    from reputon.reroute import switch

    if (name is None) != due:
        console.fail("name an incident, or give --due")
    store, now = _store(_known(path)), _now(at)
    wanted = switch.due(store, now) if name is None else [(store.named(name), "reverted by hand")]
    failed = []
    for incident, why in wanted:
        try:
            closed = switch.revert(store, incident, now, why)
        except console.INPUT_ERRORS as error:
            # One that cannot go back must not keep the others from it.
            failed.append(f"{incident.route.id}: {error}")
            continue
        console.print_json(_fields(closed)) if as_json else _line(closed, closed.closed_why or why)
    if failed:
        console.fail("; ".join(failed))


@command.command()
def ls(
    closed: Annotated[bool, typer.Option("--all", help="Also those that are over.")] = False,
    path: console.ConfigOption = None,
    as_json: console.JsonOption = False,
) -> None:
    """List the incidents."""
    from reputon.reroute import switch

    store = _store(_known(path))
    for incident in store.all():
        if closed or incident.state != "closed":
            state = switch.condition(store, incident) if incident.state != "closed" else "closed"
            console.print_json(_fields(incident)) if as_json else _line(incident, state)


@command.command()
def show(name: _Name, path: console.ConfigOption = None, as_json: console.JsonOption = False) -> None:
    """Show one incident, what the MTA's files hold of it, and the diff that takes it back."""
    from reputon.reroute import switch

    store = _store(_known(path))
    incident = store.named(name)
    state = switch.condition(store, incident) if incident.state != "closed" else "closed"
    if as_json:
        console.print_json(
            {**_fields(incident), "condition": state, "inverse": [each.diff for each in incident.inverse]}
        )
        return
    _line(incident, state)
    console.out.print(f"because: {incident.cause}: {incident.why}", markup=False, soft_wrap=True)
    for change in incident.inverse:
        sys.stdout.write(change.diff)


@command.command()
def look(
    name: _Name,
    state: Annotated[str, typer.Argument(metavar="listed|clean|unknown", help="What the list says.")],
    at: _At = None,
    path: console.ConfigOption = None,
) -> None:
    """Note what the list says now; clean twice, ten minutes apart, and `revert --due` takes the route back."""
    from reputon.reroute import switch

    if state not in ("listed", "clean", "unknown"):
        console.fail(f"{state!r}: say listed, clean or unknown")
    switch.look(_store(_known(path)), name, state, _now(at))  # type: ignore[arg-type]


# --- options into values ---------------------------------------------------------------------------------------------


def _known(path: Path | None) -> "Config":
    from reputon import config

    return config.load(path)


def _store(settings: "Config") -> "Store":
    from reputon.reroute.store import Store

    return Store(settings.state_dir)


def _wanted(
    settings: "Config", domains: list[str] | None, relay: str | None, sasl_map: str | None, mode: str | None,
    for_: str | None, until: str | None, adapter: str | None, config_dir: Path | None, diagnosis: str | None,
    cause: str | None, verified: bool, consent: bool, at: str | None,
) -> "tuple[Store, Place, Incident, Verdict]":  # fmt: skip
    """The incident that the options describe, where, and whether it may be."""
    from reputon.reroute import incident as judgement
    from reputon.reroute.switch import Place

    settings_mode = mode or settings.reroute.mode
    if settings_mode not in ("soft", "hard"):
        console.fail(f"--mode {mode!r}: give soft or hard")
    named = relay or settings.reroute.relay or console.fail("no relay: give --relay HOST:PORT, or set reroute.relay")
    via, now = judgement.relay(named, sasl_map), _now(at)
    ground = _ground(diagnosis, cause, verified, domains)
    names = judgement.receivers(domains or ground.receivers, via)
    verdict = judgement.verdict(ground.cause, ground.verified, consent)
    route = judgement.Route("", names, via, settings_mode)  # type: ignore[arg-type]
    incident = judgement.begin(route, ground.cause or "undetermined", verdict.why, now, _end_of(for_, until, now))
    place = Place(adapter or settings.reroute.adapter, config_dir or settings.reroute.config_dir)
    return _store(settings), place, incident, verdict


def _ground(diagnosis: str | None, cause: str | None, verified: bool, domains: list[str] | None) -> "Diagnosis":
    """What a switch stands on: a diagnosis, or what the operator says."""
    from reputon.reroute import diagnosis as reading
    from reputon.reroute.incident import CAUSES

    if diagnosis is not None and (cause is not None or verified):
        console.fail("give --diagnosis, or --cause with --verified, not both")
    if diagnosis is None:
        known = next((each for each in CAUSES if each == cause), None)
        if cause is not None and known is None:
            console.fail(f"there is no cause {cause!r}: give one of {', '.join(CAUSES)}")
        return reading.Diagnosis(known, verified, tuple(domains or ()))
    if diagnosis == "-":
        return reading.together(reading.read(sys.stdin), domains)
    with Path(diagnosis).open(encoding="utf-8", errors="replace") as file:
        return reading.together(reading.read(file), domains)


def _now(at: str | None) -> datetime:
    return console.parse_time(at) if at else datetime.now(UTC)


def _end_of(for_: str | None, until: str | None, now: datetime) -> datetime | None:
    if for_ is not None and until is not None:
        console.fail("give --for or --until, not both")
    if until is not None:
        return console.parse_time(until)
    if for_ is None:
        return None
    return now + console.parse_duration(for_)


def _code(verdict: "Verdict") -> console.Exit:
    return console.Exit.BAD_NEWS if verdict.known else console.Exit.UNKNOWN


def _end(verdict: "Verdict") -> None:
    if not verdict.allowed:
        console.end(_code(verdict))


def _fields(incident: "Incident") -> dict[str, Any]:
    route = incident.route
    return {
        "id": route.id, "state": incident.state, "receivers": route.receivers, "relay": route.relay.nexthop,
        "mode": route.mode, "cause": incident.cause, "because": incident.why, "begun": incident.begun,
        "expires": incident.expires, "closed": incident.closed, "closed_why": incident.closed_why,
        "adapter": incident.adapter, "config_dir": incident.config_dir,
    }  # fmt: skip


def _line(incident: "Incident", what: str) -> None:
    route = incident.route
    until = console.time_text(incident.expires) if incident.state != "closed" else "over"
    text = f"{route.id}  {', '.join(route.receivers)}  by {route.relay.nexthop} ({route.mode})  until {until}  {what}"
    console.out.print(text.replace("until over", "over:"), markup=False, soft_wrap=True)
