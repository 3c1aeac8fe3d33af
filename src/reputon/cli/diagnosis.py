"""Diagnosis: how one is shown to a person, on one screen: whose fault, what was said, what shows it, what to do."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from reputon.cli import console

if TYPE_CHECKING:
    from rich.table import Table
    from rich.text import Text

    from reputon.bounce.report import Report
    from reputon.cause.decide import Cause
    from reputon.remedy.diagnosis import Diagnosis
    from reputon.remedy.plan import Plan
    from reputon.remedy.step import Step

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
_FORGED = "not yours: the message that came back is none that you sent"
_KINDS = {
    "policy": "it is not meant to send mail, or has no reverse name",
    "compromise": "a machine or a password is in other hands",
    "spam": "its mail was taken for spam",
    "neighbour": "the network around it is listed",
}
_LISTS = 3  # lists that have a row each
_STEP = 9  # columns before the words of a step
_WORDS = 400  # characters of the receiver's words that are shown; --json has them all


def show(found: "Diagnosis", explained: Sequence[Mapping[str, Any]] = ()) -> None:
    """Print one diagnosis."""
    from rich.panel import Panel
    from rich.text import Text

    message = found.message
    if found.cause is None or found.plan is None or found.report is None:
        console.out.print(Text(f"{found.file}: {message.error or f'no refusal ({message.kind})'}"))
        return
    panel = _labelled(_summary(found, found.report, found.cause))
    console.out.print(Panel(panel, title=Text(found.file), title_align="left"))
    console.out.print(_labelled(_evidence(found, found.report, found.cause)))
    console.out.print(_steps(found.plan))
    if explained:
        console.out.print(_labelled(_explained(explained)))


def show_causes(causes: Mapping[str, int]) -> None:
    """Print how often each cause was found, the most frequent first."""
    from rich.text import Text

    counted = sorted(causes.items(), key=lambda each: (-each[1], each[0]))
    said = ", ".join(f"{count} {cause}" for cause, count in counted)
    console.out.print(Text(f"{sum(causes.values())} messages: {said}", "bold"))


def _grid(*widths: int) -> "Table":
    """A table without lines: narrow columns of these widths, and one for text that wraps below itself."""
    from rich.table import Table

    table = Table.grid(padding=(0, 1))
    for width in widths:
        table.add_column(width=width, no_wrap=True)
    table.add_column(overflow="fold")
    return table


_Row = tuple[str, "Text"]


def _labelled(rows: Iterator[_Row]) -> "Table":
    """Rows with their labels, each label once."""
    from rich.text import Text

    table, last = _grid(8), ""
    for label, said in rows:
        table.add_row(Text("" if label == last else label, style="yellow" if label in _GAPS else "dim"), said)
        last = label
    return table


_GAPS = ("missing", "unasked")


def _summary(found: "Diagnosis", report: "Report", cause: "Cause") -> Iterator[_Row]:
    from rich.text import Text

    kind = f" ({_KINDS[cause.detail]})" if cause.detail else ""
    proof = (" · verified" if cause.verified else " · not verified") if report.list or report.zone else ""
    sure = f"\n{cause.id} · confidence {cause.confidence:.0%}{proof}"
    is_forged = any(step.id == "ignore-forged" for step in found.plan.steps) if found.plan else False
    fault = _FORGED if is_forged else f"{_FAULT[cause.id]}{kind}"
    yield "fault", Text.assemble((fault, "bold"), (sure, "dim"))
    others = sum(each.action in ("failed", "delayed") for each in found.message.reports) - 1
    who = (report.recipient or "a recipient that the text does not name") + (f" and {others} more" if others else "")
    by = report.rhost or "a server that the text does not name"
    yield "refused", Text(f"{who} · by {by}" + (f" · {report.reason}" if report.reason else ""))
    words = report.text or ""
    yield "words", Text(words if len(words) <= _WORDS else f"{words[:_WORDS]}…")
    yield from _listed(found, report)


def _listed(found: "Diagnosis", report: "Report") -> Iterator[_Row]:
    """What is listed where, and what the lists say now: each that lists it, the others together where they are many."""
    from rich.text import Text

    blamed = " on ".join(each for each in (report.listed_ip, report.list or report.zone) if each)
    results = [result for checked in found.checks for result in checked.results]
    if not results and blamed:
        yield "listed", Text(blamed)
    alone = [each for each in results if len(results) <= _LISTS or each.state.startswith("listed")]
    for result in alone[:_LISTS]:
        codes = f" ({', '.join(result.codes)})" if result.codes else ""
        words = f": {result.meaning or result.why}" if result.meaning or result.why else ""
        said = f"{found.checks[0].subject} on {result.list} · now {result.state}{codes}{words}"
        yield "listed", Text(said, style="bold" if result.state.startswith("listed") else "")
    states = Counter(str(each.state) for each in results if each not in alone[:_LISTS])
    if states:
        counted = ", ".join(f"{state} on {count}" for state, count in states.items())
        yield "lists", Text(f"{found.checks[0].subject} now {counted} (reputon check {found.checks[0].subject})")


def _evidence(found: "Diagnosis", report: "Report", cause: "Cause") -> Iterator[_Row]:
    """The facts that do not stand in the panel already, what is missing, and what nobody was asked."""
    from rich.text import Text

    words = f": {report.text or report.reason}"
    for fact in cause.facts:
        is_shown = fact.fact.endswith(words) or (found.checks and fact.read_in.startswith("DNS now"))
        if not is_shown:
            yield "because", Text.assemble(fact.fact, (f" [{fact.read_in}]", "dim"))
    is_step = any(step.id == "get-missing" for step in found.plan.steps) if found.plan else False
    told = tuple(filter(None, (found.unasked, *(r.why for checked in found.checks for r in checked.results))))
    for what in cause.missing:
        if not is_step and not what.endswith(told):  # the panel has it, or the row below
            yield "missing", Text(what)
    if found.unasked and (what := _unasked(found, report, cause)):
        again = ": run without --offline to ask" if found.unasked.endswith("offline") else f" ({found.unasked})"
        yield "unasked", Text(what + again)


def _unasked(found: "Diagnosis", report: "Report", cause: "Cause") -> str:
    """What DNS would have told of this refusal, where nobody was asked."""
    results = [result for checked in found.checks for result in checked.results if result.why == found.unasked]
    lists = list(dict.fromkeys(result.list for result in results))
    names = ", ".join(lists) if len(lists) <= _LISTS else f"{len(lists)} lists"
    is_told = cause.id in ("recipient-fault", "out-of-scope") or report.subject_kind not in ("ip", "auth")
    said = (f"what {names} says now" if lists else "", "" if is_told else "SPF, DKIM and DMARC as DNS has them now")
    return "; ".join(each for each in said if each)


def _steps(plan: "Plan") -> "Table":
    from rich.text import Text

    table = _grid(2, 5)
    for number, step in enumerate(plan.steps, 1):
        word, style = _WHEN[step.when]
        table.add_row(f"{number}.", Text(word, style=style), _said(step, console.out.width - _STEP))
    return table


def _said(step: "Step", width: int) -> "Text":
    """A step on two lines if they are enough: what, when and who; why and where."""
    from rich.text import Text

    takes = f" · {step.takes}" if step.takes and step.when != "never" else ""
    who = f" · {step.who}" if step.who != "you" and step.when != "never" else ""
    is_short = len(step.do + takes + who) <= width
    why = step.why if is_short or not who else f"{step.why}{who}"
    said = Text.assemble((step.do, "bold"), (takes + (who if is_short else ""), "dim"), (f"\n{why}", "dim"))
    if step.where:  # on a line of its own where it would be broken in two, and could not be copied
        fits = len(why) + len(step.where) + 3 <= width
        said.append(f"{' ' if fits else chr(10)}→ {step.where}", style="cyan")
    return said


def _explained(explained: Sequence[Mapping[str, Any]]) -> Iterator[_Row]:
    from rich.text import Text

    for each in explained:
        said = Text(f"{each['rule'] or 'no rule'}: {each['meaning']}")
        if each["words"]:
            said.append(f"\nread: {each['words']}")
        if each["origin"]:
            said.append(f"\nknown from: {each['origin']} ({each['as_of']})", style="dim")
        yield "rule", said
