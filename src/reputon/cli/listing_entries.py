"""What an operator says: list it, take it back, spare it until then, never list it."""

from dataclasses import asdict
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from reputon.cli import console, listing_appeals, rating

if TYPE_CHECKING:
    from reputon.listing.entry import Entry, Kind

WhyOption = Annotated[str, typer.Option(help="Why; it is kept with the change.")]
WhoOption = Annotated[str | None, typer.Option(help="Who says so; your login name if it is not said.")]
_Until = Annotated[str | None, typer.Option("--until", metavar="TIME", help="When it ends (RFC 3339).")]
_For = Annotated[str | None, typer.Option("--for", metavar="DURATION", help="How long it lasts, as in 12h or 30d.")]
_SubjectOrPrefix = Annotated[str, typer.Argument(help="An address, a prefix such as 192.0.2.0/24, or a domain.")]


def who_is(named: str | None) -> str:
    """The operator: as said, else by the name of this login."""
    from getpass import getuser

    from reputon.listing.entry import worded

    try:
        return worded(named if named is not None else getuser(), "who")
    except (OSError, KeyError):
        console.fail("nobody is logged in by name: say who it is by --who")


def line(each: dict[str, Any]) -> str:
    """An entry for people."""
    until = f"until {console.time_text(each['until'])}" if each["until"] else "without an end"
    since = console.time_text(each["since"])
    return f"{each['id']}  {each['kind']} {each['subject']} since {since}, {until}, by {each['who']}: {each['why']}"


def add(
    subject: Annotated[str, typer.Argument(help="An address, an IPv6 /64 or a tenant's domain.")],
    why: WhyOption,
    until: _Until = None,
    lasting: _For = None,
    who: WhoOption = None,
    now: rating.NowOption = None,
    config_path: console.ConfigOption = None,
    as_json: console.JsonOption = False,
) -> None:
    """List somebody by hand, until an end.  Never reserved space, own networks, exempt or protected ones."""
    _enter("manual", subject, why, until, lasting, who, now, config_path, as_json)


def exempt(
    subject: _SubjectOrPrefix,
    why: WhyOption,
    until: _Until = None,
    lasting: _For = None,
    who: WhoOption = None,
    now: rating.NowOption = None,
    config_path: console.ConfigOption = None,
    as_json: console.JsonOption = False,
) -> None:
    """Spare somebody until an end, a year at most.  Listings that it covers end at once."""
    _enter("exempt", subject, why, until, lasting, who, now, config_path, as_json)


def protect(
    subject: _SubjectOrPrefix,
    why: WhyOption,
    who: WhoOption = None,
    now: rating.NowOption = None,
    config_path: console.ConfigOption = None,
    as_json: console.JsonOption = False,
) -> None:
    """Put somebody on the safety list: never listed, until it is withdrawn.  Listings that it covers end at once."""
    _enter("safety", subject, why, None, None, who, now, config_path, as_json)


def _enter(
    kind: "Kind", text: str, why: str, until: str | None, lasting: str | None, who: str | None, now: str | None,
    config_path: Any, as_json: bool,
) -> None:  # fmt: skip
    from reputon import config
    from reputon.listing.entry import entered

    given, at = config.load(config_path), rating.time_of(now)
    with rating.ledger_of(given) as ledger:
        protection = rating.rule_of(given).protection(ledger.entries.in_force(at))
        new = entered(kind, text, at, _end(until, lasting, at), who_is(who), why, protection)
        made = ledger.entries.add(new, at)
    if as_json:
        console.print_json({"entry": asdict(new), "changes": [
            {"change": each.what, "subject": each.listing.subject.text, "expires": each.listing.expires}
            for each in made
        ]})  # fmt: skip
        return
    console.out.print(_said(new), markup=False)
    for each in made if kind != "manual" else ():
        console.out.print(f"{each.listing.subject} is no longer listed", markup=False)


def _said(new: "Entry") -> str:
    until = f" until {console.time_text(new.until)}" if new.until else ""
    words = {"manual": "is listed", "exempt": "is not listed", "safety": "is never listed"}
    return f"{new.subject} {words[new.kind]}{until}"


def _end(until: str | None, lasting: str | None, now: datetime) -> datetime | None:
    if until and lasting:
        console.fail("--until and --for are two ways to say one thing: give one")
    if lasting:
        return now + console.parse_duration(lasting)
    return console.parse_time(until) if until else None


def entries(
    now: rating.NowOption = None, config_path: console.ConfigOption = None, as_json: console.JsonOption = False
) -> None:
    """List what operators have said that is in force: manual listings, exemptions, the safety list."""
    from reputon import config

    with rating.ledger_of(config.load(config_path)) as ledger:
        found = ledger.entries.in_force(rating.time_of(now))
    for each in map(asdict, found):
        console.print_json(each) if as_json else console.out.print(line(each), markup=False, soft_wrap=True)
    if not found and not as_json:
        console.out.print("nothing is listed by hand, exempt or protected")


def withdraw(
    number: Annotated[int, typer.Argument(metavar="ID", help="The number that `listing entries` shows.")],
    why: WhyOption,
    who: WhoOption = None,
    now: rating.NowOption = None,
    config_path: console.ConfigOption = None,
    as_json: console.JsonOption = False,
) -> None:
    """End an exemption, or take somebody off the safety list."""
    from reputon import config
    from reputon.listing.entry import worded

    with rating.ledger_of(config.load(config_path)) as ledger:
        gone = ledger.entries.withdraw(number, rating.time_of(now), who_is(who), worded(why, "why"))
    if as_json:
        console.print_json(asdict(gone))
    else:
        console.out.print(f"{gone.subject} is judged as everybody is", markup=False)


def remove(
    subject: Annotated[str, typer.Argument(help="The listed address or tenant.")],
    why: WhyOption,
    as_owner: Annotated[
        bool, typer.Option("--as-owner", help="For its owner, who has published what `listing prove` says.")
    ] = False,
    who: WhoOption = None,
    resolver: listing_appeals.ResolverOption = None,
    world: listing_appeals.WorldOption = None,
    now: rating.NowOption = None,
    config_path: console.ConfigOption = None,
    as_json: console.JsonOption = False,
) -> None:
    """Take a listing back.  What was seen until now lists nobody again; new evidence does.

    Exit codes: 0 done (or it ends in a day); 1 the owner may not, or has proved nothing; 3 DNS could not tell.
    """
    from reputon import config
    from reputon.cli import listing
    from reputon.listing.entry import worded
    from reputon.subject import parse

    given, words = config.load(config_path), worded(why, "why")
    if as_owner:
        listing_appeals.as_owner(subject, words, given, resolver, world, now, as_json)
        return
    _asked_by_operator(resolver, world)
    with rating.ledger_of(given) as ledger:
        gone = ledger.remove(parse(subject), rating.time_of(now), words, who_is(who))
    if as_json:
        console.print_json(listing.as_json(gone))
    else:
        console.out.print(f"{gone.subject} is no longer listed", markup=False)


def _asked_by_operator(*dns: object) -> None:
    if any(dns):
        console.fail("--resolver and --world go with --as-owner: an operator's word asks nobody")
