"""reputon lookup: what is known of one address or tenant: the score and its factors, the listing and its clock."""

from typing import TYPE_CHECKING, Annotated

import typer

from reputon.cli import console, rating

if TYPE_CHECKING:
    from reputon.config import Config
    from reputon.listing.lookup import Known
    from reputon.listing.public import Public

SubjectArgument = Annotated[str, typer.Argument(help="An IPv4 address, an IPv6 address or /64, or a tenant's domain.")]


def command(
    subject: SubjectArgument,
    public: Annotated[
        bool, typer.Option("--public", help="Show only what anybody may see: bands of counts, no names.")
    ] = False,
    now: rating.NowOption = None,
    config_path: console.ConfigOption = None,
    as_json: console.JsonOption = False,
) -> None:
    """Show a subject's score with every factor, its past, who sends from it, and its listing.

    Exit codes: 0 not listed, 1 listed, 2 bad usage or input, 3 no data.
    """
    from reputon import config

    known, seen = _found(config.load(config_path), subject, now, public=public)
    if as_json:
        from reputon.cli import known_json

        console.print_json(known_json.of_public(seen) if seen else known_json.of(known))
    else:
        from reputon.cli import known as shown

        shown.show_public(seen) if seen else shown.show(known)
    if known.listing is not None:
        console.end(console.Exit.BAD_NEWS)
    console.end(console.Exit.DONE if known.score and known.score.value is not None else console.Exit.UNKNOWN)


def _found(settings: "Config", subject: str, now: str | None, *, public: bool) -> "tuple[Known, Public | None]":
    from reputon.listing import lookup
    from reputon.listing.public import public as seen_by_all
    from reputon.subject import parse

    wanted = parse(subject)
    with rating.opened(settings, now) as given:
        found = lookup.look_up(
            given.engine, given.asked, given.folder, given.ledger, wanted,
            settings=given.settings, table=settings.score.as_table,
        )  # fmt: skip
        return found, seen_by_all(found, given.asked.parameters, given.asked.now) if public else None
