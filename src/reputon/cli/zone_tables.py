"""reputon zone check, dump, diff and stats: what a table holds, how two differ, and what a running server has done."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from reputon.cli import console

if TYPE_CHECKING:
    from reputon.zone.dump.comparing import Compared
    from reputon.zone.dump.entries import Meaning
    from reputon.zone.dump.examining import Examined
    from reputon.zone.statistics.metrics import Reading
    from reputon.zone.table import Table

_File = Annotated[Path, typer.Argument(metavar="FILE", help="A table of zones.")]


def check(file: _File, as_json: console.JsonOption = False) -> None:
    """Say whether a table can be served, and what is odd in it; exit code 1 if it cannot."""
    from time import time

    from reputon.zone import stored
    from reputon.zone.dump import examining

    try:
        table = stored.read(file)
    except stored.StoredError as error:
        if as_json:
            console.print_json({"file": file, "faults": [str(error)]})
        else:
            console.out.print(f"fault: {error}", markup=False, soft_wrap=True)
        console.end(console.Exit.BAD_NEWS)
    now, size = time(), file.stat().st_size
    found = list(examining.examine(table, now))
    for each in found:
        _show_examined(each, table, int(now - table.made), size, as_json)
    if any(each.faults for each in found):
        console.end(console.Exit.BAD_NEWS)


def _show_examined(zone: "Examined", table: "Table", age: int, size: int, as_json: bool) -> None:
    stale = _moment(zone.stale)
    if as_json:
        console.print_json({
            "zone": zone.apex, "serial": zone.serial, "entries": zone.entries, "ipv4_ranges": zone.ranges4,
            "ipv6_ranges": zone.ranges6, "names": zone.names, "made": _moment(table.made),
            "age_seconds": age if table.made else None, "stale": stale, "bytes": size,
            "faults": zone.faults, "warnings": zone.warnings,
        })  # fmt: skip
        return
    until = f", stale from {console.time_text(stale)}" if stale else ""
    console.out.print(
        f"{zone.apex}: serial {zone.serial}, {zone.entries:,} entries "
        f"({zone.ranges4:,} IPv4 ranges, {zone.ranges6:,} IPv6 ranges, {zone.names:,} names), "
        f"{f'made {age:,} s ago' if table.made else 'nobody knows when made'}{until}, {size:,} bytes",
        markup=False, soft_wrap=True,
    )  # fmt: skip
    for word, told in (("fault", zone.faults), ("warning", zone.warnings)):
        for each in told:
            console.out.print(f"  {word}: {each}", markup=False, soft_wrap=True)


def dump(
    file: _File,
    zone: Annotated[str | None, typer.Option("--zone", metavar="APEX", help="Only this one.")] = None,
    as_json: console.JsonOption = False,
) -> None:
    """Print every prefix and name that a table lists, as it will be answered."""
    from reputon.zone import stored
    from reputon.zone.dump import entries as dumping

    table = stored.read(file)
    for row in _rows(table, zone):
        apex = table.zones[row].apex
        said = [_words(apex, each, as_json) for each in dumping.meanings(table, row)]
        entries = dumping.entries(table, row)
        for subject, value in console.progress(entries, table.zones[row].entries, apex):
            before, after = said[value]
            console.print_text(f"{before}{subject}{after}")


def _rows(table: "Table", zone: str | None) -> list[int]:
    apexes = [each.apex for each in table.zones]
    if zone is None:
        return list(range(len(apexes)))
    wanted = zone.rstrip(".").lower()
    if wanted not in apexes:
        raise ValueError(f"there is no zone {zone!r} in this table: it has {', '.join(apexes) or 'none'}")
    return [apexes.index(wanted)]


def _words(apex: str, said: "Meaning", as_json: bool) -> tuple[str, str]:
    """What stands before a subject and after it: the same for millions."""
    if as_json:
        head, told = console.json_text({"zone": apex, "subject": ""}), console.json_text(_told(said))
        return head[:-2], f'", {told[1:]}'
    until = f" until {console.time_text(end)}" if (end := _moment(said.expires)) else ""
    texts = "".join(f"  {console.json_text(each)}" for each in said.texts)
    return f"{apex}  ", f"  {', '.join(said.codes)}{until}{texts}"


def _told(said: "Meaning") -> dict[str, Any]:
    return {"codes": said.codes, "texts": said.texts, "ttl": said.ttl, "expires": _moment(said.expires)}


def _moment(seconds: int) -> datetime | None:
    return datetime.fromtimestamp(seconds, UTC) if seconds else None


def diff(
    old: Annotated[Path, typer.Argument(metavar="OLD", help="A table of zones.")],
    new: Annotated[Path, typer.Argument(metavar="NEW", help="A later one.")],
    as_json: console.JsonOption = False,
) -> None:
    """Say what came, went and changed between two tables: numbers first, then each prefix and name."""
    from reputon.zone import stored
    from reputon.zone.dump import comparing

    found = [each for each in comparing.compare(stored.read(old), stored.read(new)) if len(each)]
    for each in found:
        _show_numbers(each, as_json)
    for each in found:
        for line in console.progress(_lines(each, as_json), what=each.apex):
            console.print_text(line)
    if not found and not as_json:
        console.out.print("no difference")


def _show_numbers(found: "Compared", as_json: bool) -> None:
    if as_json:
        numbers = {"ranges": found.ranges, "addresses": found.addresses, "names": found.names}
        console.print_json({"zone": found.apex} | numbers)
        return
    told = ", ".join(
        f"{found.ranges[kind]:,} ranges ({found.addresses[kind]:,} addresses) and {found.names[kind]:,} names {kind}"
        for kind in found.ranges
    )
    console.out.print(f"{found.apex}: {told}", markup=False, soft_wrap=True)


def _lines(found: "Compared", as_json: bool) -> Iterator[str]:
    marks = {"added": "+", "removed": "-", "changed": "~"}
    for each in found.differences():
        sides = {"before": each.before, "after": each.after}
        if as_json:
            told = {name: said and _told(said) for name, said in sides.items()}
            yield console.json_text({"zone": found.apex, "change": each.kind, "subject": each.subject} | told)
            continue
        codes = " -> ".join(", ".join(said.codes) for said in sides.values() if said)
        same = (
            "  (its text, TTL or end)" if each.before and each.after and each.before.codes == each.after.codes else ""
        )
        yield f"{marks[each.kind]} {found.apex}  {each.subject}  {codes}{same}"


def stats(
    where: Annotated[
        str | None, typer.Option("--metrics", metavar="ADDRESS:PORT", help="Where the server has its metrics.")
    ] = None,
    path: console.ConfigOption = None,
    as_json: console.JsonOption = False,
) -> None:
    """Show what a running `serve dns` has done since its start, zone by zone; it must have `serve.dns.metrics`."""
    from reputon import config
    from reputon.zone.server.server import parse_address
    from reputon.zone.statistics import metrics

    text = where or config.load(path).serve.dns.metrics
    if not text:
        raise ValueError(
            "there is nothing to ask: set serve.dns.metrics for the server, or give --metrics ADDRESS:PORT"
        )
    host, port = parse_address(text)
    read = metrics.read(f"http://{f'[{host}]' if ':' in host else host}:{port}/metrics")
    if as_json:
        console.print_json({"server": read.server, "zones": read.zones, "keys": read.keys})
    else:
        _show_stats(read)


def top(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A log of samples (serve.dns.log).")],
    most: Annotated[int, typer.Option("--most", metavar="N", min=1, help="How many of each.")] = 10,
    as_json: console.JsonOption = False,
) -> None:
    """Say who and what is most often in a log of samples: zones, outcomes, types, clients, names."""
    from reputon.zone.statistics.top import Top

    found = Top()
    with file.open(encoding="utf-8", errors="replace") as lines:
        found.add(console.progress(lines, what="samples"))
    if as_json:
        counts = {name: dict(each.most_common(most)) for name, each in found.counts.items()}
        numbers = {"samples": found.samples, "unread": found.unread, "first": found.first, "last": found.last}
        console.print_json(numbers | counts)
        return
    odd = f", {found.unread} lines are no samples" if found.unread else ""
    console.out.print(
        f"{found.samples:,} samples from {found.first} to {found.last}{odd}", markup=False, soft_wrap=True
    )
    for name, each in found.counts.items():
        for subject, count in each.most_common(most):
            console.out.print(f"{name:>8}  {count:>9,}  {subject}", markup=False, soft_wrap=True)


def _show_stats(read: "Reading") -> None:
    from rich.table import Table as Shown

    names = sorted({name for of in read.zones.values() for name, value in of.items() if value})
    names.sort(key=lambda name: name not in ("serial", "entries"))
    shown = Shown("zone", box=None, header_style="bold")
    for name in names:
        shown.add_column(name.replace("_", " "), justify="right")
    for apex, of in read.zones.items():
        cells = (of.get(name) for name in names)
        shown.add_row(apex or "(none of ours)", *(_number(name, cell) for name, cell in zip(names, cells, strict=True)))
    console.out.print(shown)
    told = ", ".join(f"{name.replace('_', ' ')} {_number(name, value)}" for name, value in read.server.items())
    console.out.print(told, markup=False, soft_wrap=True)


def _number(name: str, value: float | None) -> str:
    if value is None:
        return ""
    return str(int(value)) if name == "serial" or value < 10_000 else f"{int(value):,}"
