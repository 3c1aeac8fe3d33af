"""How what is watched is shown: tables, the days of an address, and the same as JSON."""

import sys
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from reputon.cli import console

if TYPE_CHECKING:
    from reputon.watch.notice import Notice
    from reputon.watch.planning import Scope
    from reputon.watch.subjects import Watch
    from reputon.watch.summary import Summary

DAYS = 30  # of the strip that `history SUBJECT` shows
_MARKS = {"listed": ("█", "red"), "unknown": ("?", "yellow"), "clear": ("·", "green"), "": (" ", "")}


def fields(watch: "Watch") -> dict[str, Any]:
    """A watch as JSON lines have it; `every` in seconds."""
    return {
        "subject": watch.subject, "kind": watch.kind, "name": watch.name, "every": int(watch.every.total_seconds()),
        "lists": watch.lists, "added": watch.added,
    }  # fmt: skip


def standing(each: "Summary") -> dict[str, Any]:
    """How a watch stands, as JSON lines have it."""
    return {
        "size": each.size, "asked": each.asked, "next": each.next, "warnings": each.warnings,
        "listed": [{"subject": pair.subject, "list": pair.list, "codes": pair.known.standing.codes,
                    "first_seen": pair.known.first_seen, "last_seen": pair.known.last_seen}
                   for pair in each.listed if pair.known.standing],
        "doubtful": [{"subject": pair.subject, "list": pair.list} for pair in each.doubtful],
        "unknown": [{"subject": pair.subject, "list": pair.list, "since": pair.known.unknown_since}
                    for pair in each.unknown],
    }  # fmt: skip


def print_as_json(what: "str | Notice") -> None:
    """What changed as a line on stdout, at once; sentences about the run go to stderr."""
    if isinstance(what, str):
        sys.stderr.write(what + "\n")
        return
    console.print_json(what.fields)
    sys.stdout.flush()


def print_watches(found: "list[Summary]") -> None:
    """One row for each watch: what stands out, else that all is clear."""
    from rich.table import Table
    from rich.text import Text

    if not found:
        console.out.print("nothing is watched: `reputon watch add SUBJECT`", markup=False)
        return
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim")
    for head in ("Watched", "Every", "Looked at", "Next", "Standing"):
        table.add_column(head, overflow="fold", no_wrap=head in ("Every", "Looked at", "Next"))
    for each in found:
        name = Text(each.watch.subject, style="bold")
        name.append(f" ({each.size})" if each.size > 1 else "", style="dim")
        name.append(f"\n{each.watch.name}" if each.watch.name != each.watch.subject else "", style="dim")
        table.add_row(name, duration(each.watch.every), _short(each.asked), _short(each.next), _said(each))
    console.out.print(table)


def _said(each: "Summary") -> Any:
    from rich.text import Text

    lines = [(f"listed: {pair.subject} by {pair.list}", "bold red") for pair in each.listed[:5]]
    lines += [(f"and {len(each.listed) - 5} more listings", "red")] if len(each.listed) > 5 else []
    lines += [(f"{len(each.doubtful)} to be confirmed", "yellow")] if each.doubtful else []
    lines += [(f"{len(each.unknown)} of {each.pairs} unknown", "yellow")] if each.unknown else []
    lines += [("not looked at yet", "dim")] if each.asked is None else []
    lines += [(warning, "yellow") for warning in each.warnings]
    return Text("\n").join(Text(text, style=style) for text, style in lines or [("clear", "green")])


def print_changes(found: "list[tuple[Notice, bool]]") -> None:
    """One row for each change, and whether anybody was to be told."""
    from rich.table import Table
    from rich.text import Text

    if not found:
        console.out.print("nothing has changed", markup=False)
        return
    table = Table("When", "What", "Subject", "List", "Meaning", box=None, padding=(0, 2, 0, 0), header_style="dim")
    for notice, told in found:
        style = "green" if notice.is_good else "bold red" if told else "red"
        kind = Text(str(notice.kind), style=style)
        kind.append("" if told else " (not told)", style="dim")
        table.add_row(_short(notice.at), kind, Text(notice.subject), Text(notice.list), Text(notice.meaning))
    console.out.print(table)


def print_days(subject: str, days: "dict[str, list[str]]") -> None:
    """A character for each list and day: how it stood at worst."""
    from rich.text import Text

    width = max(map(len, days))
    console.out.print(Text.assemble((subject, "bold"), f"  the last {DAYS} days, today on the right"))
    for name, row in days.items():
        console.out.print(Text.assemble(f"{name:<{width}}  ", *(_MARKS[each] for each in row)))
    console.out.print(Text("█ listed  · not listed  ? unknown\n", style="dim"))


def _short(moment: datetime | None) -> str:
    """Month, day, hour and minute in UTC, so that a row fits on a terminal; the year too where it is not this one."""
    if moment is None:
        return ""
    start = 5 if moment.astimezone(UTC).year == datetime.now(UTC).year else 0
    return console.time_text(moment)[start:16].replace("T", " ")


def rounds(scope: "Scope | None") -> str:
    """Of what is sampled, how long it takes until all addresses have had their turn; else nothing."""
    if scope is None or not scope.is_sampled:
        return ""
    days = -(-scope.size // scope.most) * (scope.watch.every.total_seconds() / 86400)
    long = f"{days / 365:,.0f} years" if days > 730 else f"{days:.0f} days" if days >= 2 else f"{days * 24:.0f} hours"
    return f"{scope.most} of {scope.size:,} addresses in each round: all have had their turn after {long} at best"


def duration(length: timedelta) -> str:
    """A duration as people write it to us: 90m, 6h, 2d."""
    seconds = int(length.total_seconds())
    for unit, size in (("d", 86400), ("h", 3600), ("m", 60)):
        if seconds % size == 0:
            return f"{seconds // size}{unit}"
    return f"{seconds}s"
