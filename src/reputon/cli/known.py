"""Known: how a subject is shown to a person: its score, past and factors, who sends, who reports, its listing."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from reputon.cli import console, rating
from reputon.cli.numbers import ONE, OWN, day_text, points, source_text

if TYPE_CHECKING:
    from rich.table import Table

    from reputon.listing.lookup import Known, Residual
    from reputon.listing.policy import Listing
    from reputon.listing.public import Public
    from reputon.score.arithmetic import Side
    from reputon.score.history import Point
    from reputon.score.model import Score

_PARTS = 12  # tenants or addresses that are shown; --json has them all
_LEVELS = "▁▂▃▄▅▆▇█"
_IMPACTS = {"HIGH": "red", "MEDIUM": "yellow", "LOW": ""}


def show(known: "Known") -> None:
    """Print what is known, to the operator."""
    if known.score is None or known.score.value is None:
        few = f": {known.score.sample:.0f} messages are too few" if known.score else ""
        console.out.print(f"[bold]{known.subject}[/]  no data{few}; that is neither good nor bad")
    else:
        _headline(known.subject.text, known.score.value)
        _sample(known, known.score)
    _history(known.history, known.since)
    if known.score is not None and known.score.value is not None:
        _factors(known)
    _parts(known)
    _sources(known)
    _around(known)
    _listing(known)


def show_public(seen: "Public") -> None:
    """Print what anybody may see."""
    if seen.value is None:
        console.out.print(f"[bold]{seen.subject}[/]  no data; that is neither good nor bad")
    else:
        _headline(seen.subject, seen.value)
        shared = ", a shared address" if seen.is_shared else ""
        console.out.print(f"confidence {seen.confidence:.0%}, {seen.messages} messages (faded){shared}")
    _history(seen.history, None)
    if seen.factors:
        table = _table("factor", "seen", "impact")
        for each in seen.factors:
            table.add_row(each.kind, each.seen, each.impact or "", style=_IMPACTS.get(each.impact or "", "") or None)
        console.out.print(table)
        console.out.print(f"  trap hits are told up to {console.time_text(seen.traps_before)}", style="dim")
    if seen.listing is None:
        console.out.print("\nnot listed", style="green")
        return
    console.out.print(
        f"\n[bold red]listed[/] since {console.time_text(seen.listing.since)}: {', '.join(seen.listing.reasons)}; "
        f"it ends by itself at [bold]{console.time_text(seen.listing.expires)}[/]"
    )


def sparkline(history: "Sequence[Point]") -> str:
    """The scores of past days as bars of 0 to 100; a dot where there was no data."""
    top = len(_LEVELS) - 1
    return "".join("·" if each.value is None else _LEVELS[round(each.value / 100 * top)] for each in history)


def _headline(subject: str, value: float) -> None:
    console.out.print(f"[bold]{subject}[/]  [{rating.style(value)}]{value:.2f} {rating.bar(value)}[/] of 100")


def _sample(known: "Known", score: "Score") -> None:
    console.out.print(
        f"between {score.low:.2f} and {score.high:.2f}, confidence {score.confidence:.1%}; "
        f"{score.sample:,.0f} messages (faded)"
    )
    if known.tenants is not None:
        kind = "a shared address" if known.is_shared else "not a shared address"
        console.out.print(f"{kind}: {known.tenants:.1f} tenants in effect")


def _history(history: "Sequence[Point]", since: int | None) -> None:
    known = [each for each in history if each.value is not None]
    if not known:
        return
    worst = min(known, key=lambda each: each.value if each.value is not None else 0.0)
    low = f"lowest {worst.value:.2f} on {day_text(worst.day)}" if worst.value != known[-1].value else ""
    console.out.print(f"{history[-1].day - history[0].day} days   {sparkline(history)}  {low}")
    if since is not None and not all(each.is_whole for each in known):
        whole = next((day_text(each.day) for each in history if each.is_whole), "later")
        console.out.print(
            f"          evidence since {day_text(since)}: before {whole} some days may be missing",
            style="dim",
        )


def _factors(known: "Known") -> None:
    if known.arithmetic is None:
        return
    table = _table("factor", "seen", "rate", "loss from", "to", "lost", "share", "impact")
    for term in known.arithmetic.worked.terms:
        lost = (points(term.points), f"{term.share:.1%}", term.impact) if term.share else ("", "", "")
        limits = (f"{each:.3%}" for each in (term.rate, term.signal.low, term.signal.high))
        style = (_IMPACTS[term.impact] or None) if term.share else "dim"
        table.add_row(term.signal.name, f"{term.count:,.1f}", *limits, *lost, style=style)
    if known.arithmetic.worked.loss:
        table.add_row("all", "", "", "", "", points(known.arithmetic.worked.loss), "100.0%", "", style="bold")
    console.out.print(table)


def _parts(known: "Known") -> None:
    from rich.markup import escape

    if not known.parts:
        return
    is_address = known.subject.kind == "ip"
    table = _table("tenant here" if is_address else "sends from", "messages", "volume", "score")
    total = sum(each.sample for each in known.parts)
    for each in known.parts[:_PARTS]:
        name = each.tenant or "" if is_address else each.subject.text
        value = "no data" if each.value is None else f"[{rating.style(each.value)}]{each.value:.2f}[/]"
        table.add_row(escape(name), f"{each.sample:,.0f}", f"{each.sample / total:.1%}" if total else "", value)
    console.out.print(table)
    if rest := known.parts[_PARTS:]:
        share = sum(each.sample for each in rest) / total if total else 0.0
        console.out.print(f"  and {len(rest)} more, {share:.1%} of the volume", style="dim")
    if known.residual is not None:
        _residual(known.residual)


def _residual(residual: "Residual") -> None:
    from rich.markup import escape

    value = residual.worked.value
    told = "would have no data" if value is None else f"would score [{rating.style(value)}]{value:.2f}[/]"
    console.out.print(f"  without {escape(residual.tenant)} ({residual.volume:.1%} of the volume) it {told}")


def _sources(known: "Known") -> None:
    from rich.markup import escape

    sides = known.arithmetic.sides if known.arithmetic else ()
    if not sides or (len(sides) == 1 and not sides[0].source):
        return
    table = _table("source", "sent", "counts", "bad", "counts")
    for side in sides:
        name = f"{OWN} (together)" if not side.source else source_text(known, side.source)
        table.add_row(escape(name), *_amounts(side))
    console.out.print(table)


def _amounts(side: "Side") -> tuple[str, ...]:
    from reputon.score import arithmetic

    said, counts = side.said, side.counts
    figures = (said.get("sent", 0), counts.get("sent", 0), arithmetic.bad(said), arithmetic.bad(counts))
    return tuple(f"{each / ONE:,.1f}" for each in figures)


def _around(known: "Known") -> None:
    from rich.markup import escape

    if not known.around or known.around_as_of is None:
        return
    table = _table("around it", "addresses", "scored", "below 30", "score")
    for each in known.around:
        value = "no data" if each.value is None else f"{each.value:.2f}"
        table.add_row(escape(each.name), f"{each.addresses:,}", f"{each.scored:,}", f"{each.bad:,}", value)
    console.out.print(table)
    console.out.print(
        f"  for information: no part of the score; as of {console.time_text(known.around_as_of)}", style="dim"
    )


def _listing(known: "Known") -> None:
    console.out.print()
    _listed(known.listing)
    if known.day is not None:
        console.out.print(known.day.verdict.why, style="dim", markup=False)
        if known.is_shared and known.residual is not None and known.residual.day is not None:
            console.out.print(f"as it is shared, that counts without its offending tenants: without "
                              f"{known.residual.tenant} it is {known.residual.day.high:.2f}",
                              style="dim", markup=False)  # fmt: skip
    for each in known.past:
        console.out.print(
            f"was listed from {console.time_text(each.since)} to {console.time_text(each.expires)}", style="dim"
        )


def _listed(listing: "Listing | None") -> None:
    if listing is None:
        console.out.print("not listed", style="green")
        return
    reasons = ", ".join(f"{each.kind} ({each.share:.0%} of the loss, {each.count} seen)" for each in listing.reasons)
    console.out.print(f"[bold red]listed[/] since {console.time_text(listing.since)} as {listing.scope}: {reasons}")
    console.out.print(
        f"last bad evidence {console.time_text(listing.last_seen)}; if nothing more comes, it ends by itself at "
        f"[bold]{console.time_text(listing.expires)}[/] (listing {listing.times} of 30 days)"
    )


def _table(first: str, *others: str) -> "Table":
    from rich.table import Table

    console.out.print()
    table = Table(box=None, padding=(0, 2, 0, 0))
    table.add_column(first, overflow="fold")
    for name in others:
        table.add_column(name, justify="left" if name == "impact" else "right", no_wrap=True)
    return table
