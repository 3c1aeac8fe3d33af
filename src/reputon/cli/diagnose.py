"""reputon diagnose: who was refused, by whom, why, whose fault it is, and what to do now."""

from collections import Counter
from collections.abc import Callable
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from reputon.cli import bounces, console, diagnosis

if TYPE_CHECKING:
    from reputon.remedy.diagnosis import Diagnosis


def command(
    paths: bounces.PathsArgument,
    offline: bounces.OfflineOption = False,
    world: bounces.WorldOption = None,
    kind: bounces.KindOption = None,
    dialects: bounces.DialectsOption = None,
    explain: Annotated[bool, typer.Option("--explain", help="Show which rule spoke, and which words it read.")] = False,
    config_path: console.ConfigOption = None,
    as_json: console.JsonOption = False,
) -> None:
    """Diagnose bounces: mails (.eml, .msg, mbox, Maildir), logs, webhooks, pasted text; or - for standard input.

    Exit codes: 0 nothing was refused, 1 a refusal was diagnosed, 2 bad usage or input, 3 could not tell
    (a cause is undetermined, or a file could not be read).
    """
    from reputon import config

    settings = config.load(config_path)
    rules = _Rules(dialects or settings.bounce.dialects) if explain else None
    then = partial(_line if as_json else _shown, rules)
    ends, causes = {console.Exit.DONE}, Counter[str]()
    for print_it, end, cause in bounces.diagnosed(
        paths, settings, then, offline=offline, world=world, kind=kind, dialects=dialects
    ):
        print_it()
        ends.add(end)
        causes[cause] += 1
    if not as_json and causes.total() > 1:
        diagnosis.show_causes(causes)
    console.end(next(e for e in (console.Exit.UNKNOWN, console.Exit.BAD_NEWS, console.Exit.DONE) if e in ends))


_Told = tuple[Callable[[], object], console.Exit, str]  # how it is printed, how the verb ends, the cause


def _line(rules: "_Rules | None", found: "Diagnosis") -> _Told:
    """How a diagnosis is printed as JSON; the text is made here, where other cores help."""
    from reputon.remedy.diagnosis import as_json

    line = as_json(found) | ({"explain": rules.explain(found)} if rules else {})
    return partial(console.print_text, console.json_text(line)), _end(found), _cause(found)


def _shown(rules: "_Rules | None", found: "Diagnosis") -> _Told:
    """How a diagnosis is printed for a person."""
    return partial(diagnosis.show, found, rules.explain(found) if rules else ()), _end(found), _cause(found)


def _end(found: "Diagnosis") -> console.Exit:
    if found.message.is_bounce is None or (found.cause and found.cause.id == "undetermined"):
        return console.Exit.UNKNOWN
    return console.Exit.BAD_NEWS if found.cause else console.Exit.DONE


def _cause(found: "Diagnosis") -> str:
    if found.message.is_bounce is None:
        return "unreadable"
    return found.cause.id if found.cause else "no refusal"


class _Rules:
    """What `--explain` shows of the rules that judged."""

    def __init__(self, own: Path | None) -> None:
        from reputon.bounce import dialects

        self._dialects = dialects.load(own)

    def explain(self, found: "Diagnosis") -> list[dict[str, Any]]:
        """For each report: its rule, the words that it read, and where the rule is known from."""
        from reputon.bounce.explain import explain

        return [asdict(explain(report, self._dialects)) for report in found.message.reports]
