"""reputon explain: one score's arithmetic, step by step, so that a person with a calculator can redo it."""

from typing import TYPE_CHECKING, Annotated

import typer

from reputon.cli import console, rating
from reputon.cli.lookup import SubjectArgument

if TYPE_CHECKING:
    from reputon.config import Config
    from reputon.listing.lookup import Known
    from reputon.score.model import Parameters


def command(
    subject: SubjectArgument,
    every: Annotated[bool, typer.Option("--all", help="Show every day, also where there are many.")] = False,
    now: rating.NowOption = None,
    config_path: console.ConfigOption = None,
    as_json: console.JsonOption = False,
) -> None:
    """Show how a subject's score is made: its days and their weights, caps, sums, the formula, the listing's figures.

    Exit codes: 0 done, 2 bad usage or input, 3 no data.
    """
    from reputon import config

    known, parameters, threshold = _found(config.load(config_path), subject, now)
    if as_json:
        from reputon.cli import working_json

        console.print_json(working_json.of(known, parameters, threshold))
    else:
        from reputon.cli import working

        for line in working.lines(known, parameters, threshold, every=every):
            console.out.print(line, markup=False, soft_wrap=True, style="bold" if line[1:3] == ". " else None)
    console.end(console.Exit.DONE if known.score and known.score.value is not None else console.Exit.UNKNOWN)


def _found(settings: "Config", subject: str, now: str | None) -> "tuple[Known, Parameters, float]":
    from reputon.listing import lookup
    from reputon.subject import parse

    wanted = parse(subject)
    with rating.opened(settings, now) as given:
        found = lookup.look_up(
            given.engine, given.asked, given.folder, given.ledger, wanted, settings=given.settings, whole=False
        )
        return found, given.asked.parameters, given.settings.threshold
