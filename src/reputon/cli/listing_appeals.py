"""What others say against a listing: disputes with their clock, and owners who prove themselves."""

from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from reputon.cli import console, made, rating

if TYPE_CHECKING:
    from reputon.config import Config
    from reputon.listing.dispute import Dispute
    from reputon.listing.ledger import Ledger
    from reputon.listing.proof import Proof
    from reputon.listing.removal import Ruling
    from reputon.subject import Subject

_Listed = Annotated[str, typer.Argument(help="The listed address or tenant.")]
ResolverOption = Annotated[str | None, typer.Option(metavar="ADDRESS[:PORT]", help="The resolver to ask.")]
WorldOption = Annotated[Path | None, typer.Option(help="A folder with dns.json instead of DNS.")]


def as_json(each: "Dispute", state: str) -> dict[str, Any]:
    """A dispute as JSON has it, with its clock."""
    clock = {"state": state, "should_by": each.should_by, "must_by": each.must_by}
    return asdict(each) | {"subject": each.subject.text} | clock


def line(each: dict[str, Any]) -> str:
    """A dispute for people."""
    if each["answered"]:
        clock = f"{each['state']} {console.time_text(each['answered'])} by {each['answerer']}: {each['answer']}"
    else:
        should, must = console.time_text(each["should_by"]), console.time_text(each["must_by"])
        clock = f"{each['state']}: should be answered by {should}, must be by {must}"
    opened = console.time_text(each["opened"])
    return f"{each['id']}  dispute of {each['subject']}, {opened}, by {each['who']}: {each['why']}; {clock}"


def dispute(
    subject: _Listed,
    who: Annotated[str, typer.Option(help="Who disputes it, and how to answer: an address, a name.")],
    why: Annotated[str, typer.Option(help="What speaks against the listing.")],
    now: rating.NowOption = None,
    config_path: console.ConfigOption = None,
    as_json_: console.JsonOption = False,
) -> None:
    """Open a dispute, which anybody may.  It should be answered in 2 days and must be in 7 (RFC 6471)."""
    from reputon import config
    from reputon.listing.dispute import state
    from reputon.listing.entry import worded
    from reputon.subject import parse

    at = rating.time_of(now)
    with rating.ledger_of(config.load(config_path)) as ledger:
        opened = ledger.disputes.open(parse(subject), at, worded(who, "who"), worded(why, "why"))
    _print(as_json(opened, state(opened, at)), as_json_)


def disputes(
    now: rating.NowOption = None, config_path: console.ConfigOption = None, as_json_: console.JsonOption = False
) -> None:
    """List the disputes that wait for an answer, with their clocks.  Exit codes: 0 in time, 1 one is late."""
    from reputon import config
    from reputon.listing.dispute import state

    at = rating.time_of(now)
    with rating.ledger_of(config.load(config_path)) as ledger:
        found = [as_json(each, state(each, at)) for each in ledger.disputes.waiting()]
    for each in found:
        _print(each, as_json_)
    if not found and not as_json_:
        console.out.print("no dispute waits for an answer")
    console.end(console.Exit.BAD_NEWS if any(each["state"] != "open" for each in found) else console.Exit.DONE)


def answer(
    number: Annotated[int, typer.Argument(metavar="ID", help="The number that `listing disputes` shows.")],
    why: Annotated[str, typer.Option(help="What the answer is; it is kept.")],
    accept: Annotated[bool, typer.Option("--accept/--reject", help="Accept: the listing ends.  Reject: it stays.")],
    who: Annotated[str | None, typer.Option(help="Who answers; your login name if it is not said.")] = None,
    now: rating.NowOption = None,
    config_path: console.ConfigOption = None,
    as_json_: console.JsonOption = False,
) -> None:
    """Answer a dispute."""
    from reputon import config
    from reputon.cli.listing_entries import who_is
    from reputon.listing.dispute import state
    from reputon.listing.entry import worded

    at = rating.time_of(now)
    with rating.ledger_of(config.load(config_path)) as ledger:
        done = ledger.disputes.answer(number, accept, at, who_is(who), worded(why, "why"))
    _print(as_json(done, state(done, at)), as_json_)


def _print(each: dict[str, Any], as_json_: bool) -> None:
    console.print_json(each) if as_json_ else console.out.print(line(each), markup=False, soft_wrap=True)


def prove(
    subject: _Listed,
    resolver: ResolverOption = None,
    world: WorldOption = None,
    now: rating.NowOption = None,
    config_path: console.ConfigOption = None,
    as_json_: console.JsonOption = False,
) -> None:
    """Say which TXT record proves that somebody owns an address or a domain, for `listing remove --as-owner`."""
    from reputon import config
    from reputon.listing import proof
    from reputon.listing.removals import VALID
    from reputon.subject import parse

    given, wanted = config.load(config_path), parse(subject)
    asked, made_time = made.asked(world, resolver or given.dns.resolver)
    at = rating.time_of(now, made_time)
    places, unknown = proof.places(wanted, asked, _address(subject))
    with rating.ledger_of(given) as ledger:
        record = proof.KEY + ledger.removals.token(wanted, at)
    names, until = [each.name for each in places], at + VALID
    if as_json_:
        console.print_json({"subject": wanted.text, "names": names, "txt": record, "until": until, "unknown": unknown})
        return
    say = console.out.print
    say(f"Publish this at one of these names until {console.time_text(until)}, then ask for the removal:", markup=False)
    for name in names:
        say(f'{name}. IN TXT "{record}"', markup=False, soft_wrap=True)
    for each in unknown:
        console.err.print(f"could not tell: {each}", markup=False)


def as_owner(
    text: str, why: str, given: "Config", resolver: str | None, world: Path | None, now: str | None, as_json_: bool
) -> None:
    """Take a listing back for its owner, within the limits."""
    from reputon.listing import proof
    from reputon.subject import parse

    subject = parse(text)
    asked, made_time = made.asked(world, resolver or given.dns.resolver)
    at = rating.time_of(now, made_time)
    with rating.ledger_of(given) as ledger:
        hashes = ledger.removals.hashes(subject, at)
        proved = proof.prove(subject, hashes.__contains__, asked, _address(text))
        if not proved.owner:
            _unproved(subject, proved)
        ruling = ledger.removals.claim(subject, proved, at, why)
        number = _reviewed(ledger, subject, proved, why, at) if ruling.outcome == "review" else None
    _ruled(subject, ruling, number, as_json_)


def _unproved(subject: "Subject", proved: "Proof") -> None:
    if proved.unknown:
        console.fail(f"{subject}: DNS could not tell who owns it: {'; '.join(proved.unknown)}", console.Exit.UNKNOWN)
    console.fail(
        f"{subject}: no valid token at {', '.join(proved.looked)}: `reputon listing prove {subject}` says what to "
        f"publish; anybody may `reputon listing dispute {subject}`", console.Exit.BAD_NEWS,
    )  # fmt: skip


def _reviewed(ledger: "Ledger", subject: "Subject", proved: "Proof", why: str, at: datetime) -> int:
    """The number of the dispute by which the operator sees the owner's wish."""
    who = f"owner {proved.owner}"
    waiting = [each for each in ledger.disputes.of(subject) if each.answered is None and each.who == who]
    return (waiting[0] if waiting else ledger.disputes.open(subject, at, who, why)).id


def _ruled(subject: "Subject", ruling: "Ruling", number: int | None, as_json_: bool) -> None:
    if as_json_:
        console.print_json({"subject": subject.text, **asdict(ruling), "dispute": number})
    else:
        ends = {"at-once": "is no longer listed", "review": f"stays listed; dispute {number} is open",
                "later": f"ends at {console.time_text(ruling.until) if ruling.until else ''}"}  # fmt: skip
        text = f"{subject} {ends.get(ruling.outcome, 'stays listed')}: {ruling.why}"
        console.out.print(text, markup=False, soft_wrap=True)
    console.end(console.Exit.DONE if ruling.until else console.Exit.BAD_NEWS)


def _address(text: str) -> str | None:
    """The one address of an IPv6 /64 that was typed, whose reverse name can be asked for."""
    bare = text.strip().strip("[]")
    return bare if "/" not in bare and ":" in bare and not bare.lower().startswith("::ffff:") else None
