"""reputon check: what the lists say now of addresses and domains."""

import sys
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import asdict, replace
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from reputon.cli import console, made

if TYPE_CHECKING:
    from reputon.check import Checked, Result, Run
    from reputon.check.subjects import Expanded, Named
    from reputon.lists import Catalogue
    from reputon.resolver import Resolver

_FILE_SIZE = 16 << 20  # bytes of a file of subjects
_COLOURS = {"listed": "bold red", "listed-by-policy": "red", "unknown": "yellow", "clean": "green", "white": "green"}
_ENDS = {"listed": console.Exit.BAD_NEWS, "listed-by-policy": console.Exit.BAD_NEWS, "unknown": console.Exit.UNKNOWN}


def command(
    subjects: Annotated[
        list[str] | None, typer.Argument(metavar="SUBJECT...", help="Addresses, prefixes, domains, host names.")
    ] = None,
    file: Annotated[
        Path | None, typer.Option(metavar="FILE", help="A file with a subject a line; - for standard input.")
    ] = None,
    resolver: Annotated[str | None, typer.Option(metavar="ADDRESS[:PORT]", help="The resolver to ask.")] = None,
    catalogue: Annotated[Path | None, typer.Option(help="A TOML file merged over the lists that ship.")] = None,
    names: Annotated[
        str | None, typer.Option("--lists", metavar="NAME,...", help="Only these lists, by name or zone.")
    ] = None,
    key: Annotated[
        list[str] | None, typer.Option(metavar="LIST=KEY", help="The key of a list that needs one; never printed.")
    ] = None,
    fresh: Annotated[
        bool, typer.Option("--fresh", help="Test every list anew, also those that failed a while ago.")
    ] = False,
    world: Annotated[Path | None, typer.Option(help="A folder with dns.json and now.txt instead of DNS.")] = None,
    config_path: console.ConfigOption = None,
    as_json: console.JsonOption = False,
) -> None:
    """Ask the lists about addresses, prefixes, domains and hosts.

    A host name is asked about as a domain, and so are its addresses.  Exit codes: 0 clean, 1 listed, 2 bad usage or
    input, 3 could not tell (a list that matters is unknown).
    """
    from reputon import check, config, lists

    wanted = _wanted(subjects or [], file)
    settings = config.load(config_path)
    known = lists.load(catalogue or settings.lists.catalogue)
    asked, now = made.asked(world, resolver or settings.dns.resolver)
    keys = {**settings.lists.keys, **dict(_pair(text) for text in key or ())}
    folder = settings.state_dir if world is None else None
    memory = check.Memory(folder, resolver or settings.dns.resolver, fresh)
    if memory.warning:
        print(f"reputon: {memory.warning}", file=sys.stderr)  # noqa: T201 - a warning, and the check goes on
    run = check.Run(known, asked, _only(names, known), keys, memory)
    ends = set()
    for each, about in _found(run, asked, wanted, now):
        _print_line(each, about) if as_json else _show(each, about, known)
        ends.add(_ENDS.get(each.overall, console.Exit.DONE))
    console.end(next(end for end in (console.Exit.BAD_NEWS, console.Exit.UNKNOWN, console.Exit.DONE) if end in ends))


def _wanted(subjects: Sequence[str], file: Path | None) -> "list[Named]":
    """What is to be asked about, all of it read before anything is asked."""
    from reputon.check.subjects import CheckError, named

    found = [named(text) for text in subjects]
    for number, line in enumerate(_lines(file), 1):
        text = line.partition("#")[0].strip()
        try:
            found += [named(text)] if text else []
        except CheckError as error:
            console.fail(f"{file}, line {number}: {error}")
    return found or console.fail("check: name at least one SUBJECT, or give a --file of them")


def _lines(file: Path | None) -> list[str]:
    if file is None:
        return []
    try:
        with nullcontext(sys.stdin.buffer) if str(file) == "-" else file.open("rb") as lines:
            content = lines.read(_FILE_SIZE + 1)
    except OSError as error:
        console.fail(f"{file}: {error.strerror}: give a file with a subject a line, or - for standard input")
    if len(content) > _FILE_SIZE:
        console.fail(f"{file} is larger than {_FILE_SIZE >> 20} MiB: split it")
    return content.decode(errors="replace").splitlines()


def _found(
    run: "Run", resolver: "Resolver", wanted: "list[Named]", now: datetime | None
) -> "Iterator[tuple[Checked, Expanded]]":
    """What the lists say of each subject, and what is known of the subject, as soon as it is known."""
    from reputon.check import Checked, State
    from reputon.check.subjects import expand

    total = sum(getattr(each.subjects, "num_addresses", 1) for each in wanted)
    is_long = total > run.at_a_time
    each_one = expand(wanted, resolver)
    rest = console.progress(each_one, total, "Asking lists") if is_long else each_one
    while some := list(islice(rest, run.at_a_time)):
        with nullcontext() if is_long else _waiting(f"Asking lists about {len(some)} subjects"):
            found = iter(run.ask([each.subject for each in some if each.why is None], now or datetime.now(UTC)))
        for each in some:
            checked = next(found) if each.why is None else Checked(each.subject, State.UNKNOWN, ())
            why = each.why if each.why or checked.results else run.why_none(each.subject)
            yield checked, replace(each, why=why)


def _print_line(checked: "Checked", about: "Expanded") -> None:
    more = {"host": about.host, "why": about.why, "note": about.note}
    console.print_json(asdict(checked) | {key: value for key, value in more.items() if value})
    sys.stdout.flush()


def _pair(text: str) -> tuple[str, str]:
    name, separator, value = text.partition("=")
    if not separator or not name.strip():
        console.fail("--key: write it as LIST=KEY, as in --key 'Spamhaus ZEN=...'")
    return name.strip(), value.strip()


def _only(names: str | None, catalogue: "Catalogue") -> list[str] | None:
    if names is None:
        return None
    wanted = [name.strip() for name in names.split(",") if name.strip()]
    for name in wanted:
        if catalogue.find(name) is None:
            console.fail(f"--lists: there is no list called {name!r}: give a name from the catalogue, or a zone")
    return wanted or console.fail("--lists: name at least one list")


def _waiting(what: str) -> AbstractContextManager[object]:
    return console.err.status(what) if sys.stderr.isatty() else nullcontext()


def _show(checked: "Checked", about: "Expanded", catalogue: "Catalogue") -> None:
    """One table: the gravest first, each with its reason and the way to removal."""
    from rich.table import Table
    from rich.text import Text

    table = Table("List", "Says", "Meaning", box=None, pad_edge=False, header_style="dim")
    order = ["listed", "listed-by-policy", "unknown", "graded", "white", "clean"]
    for result in sorted(checked.results, key=lambda each: order.index(each.state)):
        style = _COLOURS.get(result.state, "")
        table.add_row(result.list, Text(result.state, style=style), Text(_explained(result, catalogue)))
    console.out.print(
        Text.assemble(
            (checked.subject, "bold"),
            f" ({about.host})" if about.host and about.host != checked.subject else "",
            ": ",
            (f"{checked.overall}: {about.why}" if about.why else _sum(checked), _COLOURS.get(checked.overall, "")),
        )
    )
    if about.note:
        console.out.print(Text(about.note))
    if checked.results:
        console.out.print(table)


def _explained(result: "Result", catalogue: "Catalogue") -> str:
    said = result.meaning or result.why or ""
    if result.state in ("listed", "listed-by-policy"):
        entry = catalogue.by_name(result.list)
        said += f" ({', '.join(result.codes)})"
        said += f"\nthe list says: {result.text}" if result.text else ""
        said += f"\nremoval: {result.removal}" if result.removal else ""
        said += f"\nwho may ask: {entry.who_may_ask}" if entry and entry.who_may_ask else ""
    return said


def _sum(checked: "Checked") -> str:
    states = [result.state for result in checked.results]
    listing = sum(state in ("listed", "listed-by-policy") for state in states)
    unknown = states.count(type(checked.overall)("unknown"))
    silent = f"; {unknown} could not be asked" if unknown else ""
    return f"{checked.overall}: on {listing} of {len(states)} lists{silent}"
