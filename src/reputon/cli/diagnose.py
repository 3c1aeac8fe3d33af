"""reputon diagnose: who was refused, by whom, why, whose fault it is, and what to do now."""

from typing import TYPE_CHECKING

from reputon.cli import bounces, console

if TYPE_CHECKING:
    from rich.text import Text

    from reputon.cause.decide import Cause
    from reputon.remedy.diagnosis import Diagnosis
    from reputon.remedy.plan import Plan

_WHEN = {
    "now": ("do", "bold green"),
    "ask": ("ask", "bold cyan"),
    "wait": ("wait", "yellow"),
    "never": ("do not", "red"),
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
    config_path: console.ConfigOption = None,
    as_json: console.JsonOption = False,
) -> None:
    """Diagnose bounces: .eml files, folders of them, pasted text, or - for standard input.

    Exit codes: 0 nothing was refused, 1 a refusal was diagnosed, 2 bad usage or input, 3 could not tell
    (a cause is undetermined, or a file could not be read).
    """
    from reputon import config
    from reputon.remedy.diagnosis import as_json as json_of

    ends = {console.Exit.DONE}
    for each in bounces.diagnosed(paths, config.load(config_path), offline=offline, world=world):
        console.print_json(json_of(each)) if as_json else _show(each)
        ends.add(_end(each))
    console.end(next(e for e in (console.Exit.UNKNOWN, console.Exit.BAD_NEWS, console.Exit.DONE) if e in ends))


def _end(diagnosis: "Diagnosis") -> console.Exit:
    if diagnosis.message.is_bounce is None or (diagnosis.cause and diagnosis.cause.id == "undetermined"):
        return console.Exit.UNKNOWN
    return console.Exit.BAD_NEWS if diagnosis.cause else console.Exit.DONE


def _show(diagnosis: "Diagnosis") -> None:
    message = diagnosis.message
    if diagnosis.cause is None or diagnosis.plan is None:
        said = message.error or f"no refusal ({message.kind})"
        console.out.print(f"{diagnosis.file}: {said}", markup=False)
        return
    from rich.padding import Padding
    from rich.panel import Panel

    console.out.print(Panel(_summary(diagnosis, diagnosis.cause), title=_plain(diagnosis.file), title_align="left"))
    console.out.print(Padding(_facts(diagnosis.cause), (0, 2)))
    console.out.print(_steps(diagnosis.plan))


def _plain(text: str) -> "Text":
    from rich.text import Text

    return Text(text)


def _summary(diagnosis: "Diagnosis", cause: "Cause") -> "Text":
    from rich.text import Text

    report = diagnosis.report
    assert report is not None
    code = " ".join(each for each in (report.smtp, report.enhanced) if each)
    blamed = " on ".join(each for each in (report.listed_ip, report.list or report.zone) if each)
    proof = "verified" if cause.verified else "not verified"
    rows = [
        ("who", report.recipient or "a recipient that the text does not name"),
        ("refused by", report.rhost or "a server that the text does not name"),
        ("why", " · ".join(each for each in (code, report.reason, blamed) if each)),
        ("words", report.text or ""),
        ("fault", f"{_FAULT[cause.id]} ({cause.id}, confidence {cause.confidence:.0%}, {proof})"),
    ]
    return Text("\n").join(Text.assemble((f"{label:<11}", "dim"), value) for label, value in rows)


def _facts(cause: "Cause") -> "Text":
    from rich.text import Text

    lines = [Text.assemble("• ", fact.fact, (f"  [{fact.read_in}]", "dim")) for fact in cause.facts]
    lines += [Text.assemble(("missing: ", "yellow"), what) for what in cause.missing]
    return Text("\n").join(lines)


def _steps(plan: "Plan") -> object:
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, show_header=False, padding=(0, 1))
    for number, step in enumerate(plan.steps, 1):
        word, style = _WHEN[step.when]
        where = f"\n{step.where}" if step.where else ""
        takes = f" ({step.takes})" if step.takes else ""
        said = Text.assemble((step.do, "bold"), takes, (f"\n{step.why}; who: {step.who}{where}", "dim"))
        table.add_row(f"{number}.", Text(word, style=style), said)
    return table
