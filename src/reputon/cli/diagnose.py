"""reputon diagnose: who was refused, by whom, why, whose fault it is, and what to do now."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from reputon.cli import bounces, console

if TYPE_CHECKING:
    from rich.table import Table

    from reputon.cause.decide import Cause
    from reputon.remedy.diagnosis import Diagnosis
    from reputon.remedy.plan import Plan

_WHEN = {
    "now": ("do", "bold green"),
    "ask": ("ask", "bold cyan"),
    "wait": ("wait", "yellow"),
    "never": ("never", "red"),
}
_FAULT = {
    "provider-shared": "your provider's: its shared address is listed because of somebody else's mail",
    "resolved": "nobody's any more: the listing is gone",
    "own-authentication": "yours: the message did not authenticate as your domain",
    "own-address": "yours: the listed address is your own",
    "tenant-behaviour": "yours: your provider took your own mail for spam",
    "tenant-forwarding": "yours: forwarded mail whose sender did not authenticate",
    "mixed": "both: the shared address is listed, and your authentication failed",
    "domain-reputation": "your domain's: the domain itself is listed",
    "content": "the message's: what is in it was taken for spam",
    "recipient-fault": "the receiver's: its filter misreads the list",
    "out-of-scope": "not a matter of reputation",
    "undetermined": "could not tell yet",
}  # fmt: skip


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
    ends = {console.Exit.DONE}
    for print_it, end in bounces.diagnosed(
        paths, settings, then, offline=offline, world=world, kind=kind, dialects=dialects
    ):
        print_it()
        ends.add(end)
    console.end(next(e for e in (console.Exit.UNKNOWN, console.Exit.BAD_NEWS, console.Exit.DONE) if e in ends))


def _line(rules: "_Rules | None", diagnosis: "Diagnosis") -> tuple[Callable[[], object], console.Exit]:
    """How a diagnosis is printed as JSON; the text is made here, where other cores help."""
    from reputon.remedy.diagnosis import as_json

    line = as_json(diagnosis) | ({"explain": rules.explain(diagnosis)} if rules else {})
    return partial(console.print_text, console.json_text(line)), _end(diagnosis)


def _shown(rules: "_Rules | None", diagnosis: "Diagnosis") -> tuple[Callable[[], object], console.Exit]:
    """How a diagnosis is printed for a person."""
    return partial(show, diagnosis, rules.explain(diagnosis) if rules else ()), _end(diagnosis)


def _end(diagnosis: "Diagnosis") -> console.Exit:
    if diagnosis.message.is_bounce is None or (diagnosis.cause and diagnosis.cause.id == "undetermined"):
        return console.Exit.UNKNOWN
    return console.Exit.BAD_NEWS if diagnosis.cause else console.Exit.DONE


class _Rules:
    """What `--explain` shows of the rules that judged."""

    def __init__(self, own: Path | None) -> None:
        from reputon.bounce import dialects

        self._dialects = dialects.load(own)

    def explain(self, diagnosis: "Diagnosis") -> list[dict[str, Any]]:
        """For each report: its rule, the words that it read, and where the rule is known from."""
        from reputon.bounce.explain import explain

        return [asdict(explain(report, self._dialects)) for report in diagnosis.message.reports]


def show(diagnosis: "Diagnosis", explained: Sequence[Mapping[str, Any]] = ()) -> None:
    """Print one diagnosis for a person."""
    message = diagnosis.message
    if diagnosis.cause is None or diagnosis.plan is None:
        said = message.error or f"no refusal ({message.kind})"
        console.out.print(f"{diagnosis.file}: {said}", markup=False)
        return
    from rich.panel import Panel
    from rich.text import Text

    title = Text(diagnosis.file)
    console.out.print(Panel(_summary(diagnosis, diagnosis.cause), title=title, title_align="left"))
    console.out.print(_facts(diagnosis, diagnosis.cause))
    console.out.print(_steps(diagnosis.plan))
    if explained:
        console.out.print(_explained(explained))


def _grid(*widths: int) -> "Table":
    """A table without lines: narrow columns of these widths, and one for text that wraps below itself."""
    from rich.table import Table

    table = Table.grid(padding=(0, 1))
    for width in widths:
        table.add_column(width=width, no_wrap=True)
    table.add_column(overflow="fold")
    return table


def _summary(diagnosis: "Diagnosis", cause: "Cause") -> "Table":
    from rich.text import Text

    report = diagnosis.report
    assert report is not None
    code = " ".join(each for each in (report.smtp, report.enhanced) if each)
    blamed = " on ".join(each for each in (report.listed_ip, report.list or report.zone) if each)
    proof = (", verified" if cause.verified else ", not verified") if report.list or report.zone else ""
    table = _grid(10)
    for label, value in (
        ("who", report.recipient or "a recipient that the text does not name"),
        ("refused by", report.rhost or "a server that the text does not name"),
        ("why", " · ".join(each for each in (code, report.reason, blamed) if each)),
        ("words", report.text or ""),
    ):
        table.add_row(Text(label, style="dim"), Text(value))
    fault = Text.assemble((_FAULT[cause.id], "bold"), f" ({cause.id}, confidence {cause.confidence:.0%}{proof})")
    table.add_row(Text("fault", style="dim"), fault)
    return table


def _facts(diagnosis: "Diagnosis", cause: "Cause") -> "Table":
    from rich.text import Text

    words = (diagnosis.report.text if diagnosis.report else None) or ""
    table = _grid(8)
    for number, fact in enumerate(cause.facts):
        said = fact.fact.removesuffix(f": {words}")  # the panel above quotes it already
        table.add_row("" if number else "because", Text.assemble(said, (f" [{fact.read_in}]", "dim")))
    for number, what in enumerate(cause.missing):
        table.add_row(Text("" if number else "missing", style="yellow"), Text(what))
    return table


def _explained(explained: Sequence[Mapping[str, Any]]) -> "Table":
    from rich.text import Text

    table = _grid(8)
    for number, each in enumerate(explained):
        said = Text(f"{each['rule'] or 'no rule'}: {each['meaning']}")
        if each["words"]:
            said.append(f"\nread: {each['words']}")
        if each["origin"]:
            said.append(f"\nknown from: {each['origin']} ({each['as_of']})", style="dim")
        table.add_row(Text("" if number else "rule", style="dim"), said)
    return table


def _steps(plan: "Plan") -> "Table":
    from rich.text import Text

    table = _grid(2, 6)
    for number, step in enumerate(plan.steps, 1):
        word, style = _WHEN[step.when]
        rest = " · ".join(each for each in (step.takes, step.who) if each)
        said = Text.assemble((step.do, "bold"), (f" · {rest}" if step.when != "never" else "", "dim"))
        said.append(f"\n{step.why}", style="dim")
        if step.where:
            said.append(f"\n→ {step.where}", style="cyan")
        table.add_row(f"{number}.", Text(word, style=style), said)
    return table
