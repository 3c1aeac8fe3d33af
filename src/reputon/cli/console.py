"""What every verb says and how it ends: exit codes, one-line errors, JSON lines, progress."""

import json
import re
import sys
import time
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from enum import IntEnum, StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn, TypeVar

import typer

if TYPE_CHECKING:
    from rich.console import Console

# Errors that a person can mend: each stage's exception for bad input is a ValueError with a sentence.
INPUT_ERRORS = (ValueError, OSError)

JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON, one object a line.")]
ConfigOption = Annotated[
    Path | None,
    typer.Option("--config", envvar="REPUTON_CONFIG", help="The configuration file.", show_default=False),
]

_UNITS = {"m": "minutes", "h": "hours", "d": "days"}
_SLOW = 1.0  # seconds after which a person wants to see that something happens
# What moves the cursor or turns the direction of writing: others' words must not rearrange what a person reads.
_TURNS = (0x200E, 0x200F, *range(0x2028, 0x202F), *range(0x2066, 0x206A))
_CONTROLS = dict.fromkeys([*range(9), *range(11, 32), *range(127, 160), *_TURNS])
_RAW = re.compile("[\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069]")  # U+009B begins a command somewhere
_T = TypeVar("_T")


class Exit(IntEnum):
    """How a verb ended (documented in docs/cli.md)."""

    DONE = 0
    BAD_NEWS = 1
    BAD_INPUT = 2
    UNKNOWN = 3


def fail(message: str, code: Exit = Exit.BAD_INPUT) -> NoReturn:
    """End with one line on stderr."""
    line = " ".join(message.split()).translate(_CONTROLS)  # names of files are others' words too
    print(f"reputon: {line}", file=sys.stderr)  # noqa: T201 - this is where errors are printed
    sys.exit(code)


def end(code: Exit) -> NoReturn:
    """End with an exit code and nothing more to say."""
    raise typer.Exit(code)


def print_json(value: object) -> None:
    """One JSON object on one line of stdout; times are RFC 3339 in UTC."""
    print_text(json_text(value))


def print_text(line: str) -> None:
    """One line on stdout, as it is."""
    sys.stdout.write(line + "\n")


def json_text(value: object) -> str:
    """One JSON object on one line; control characters are escaped, also those that JSON lets stand."""
    return _RAW.sub(lambda found: f"\\u{ord(found.group()):04x}", _encode(value))


def _plain(value: object) -> object:
    if isinstance(value, datetime):
        return time_text(value)
    if isinstance(value, (Path, StrEnum)):
        return str(value)
    raise TypeError(f"{type(value).__name__} has no JSON form")


_encode = json.JSONEncoder(default=_plain, ensure_ascii=False).encode


def time_text(moment: datetime) -> str:
    """RFC 3339 in UTC, to the second."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def parse_time(text: str) -> datetime:
    """A time as people write it to us: RFC 3339; without a zone it is UTC."""
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError:
        raise ValueError(f"{text!r} is not a time: write it as 2026-11-24T09:30:00Z") from None
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def parse_duration(text: str) -> timedelta:
    """A duration as people write it to us: 90m, 6h, 2d."""
    match = re.fullmatch(r"([0-9]{1,5})([mhd])", text.strip())
    if match is None:
        raise ValueError(f"{text!r} is not a duration: write it as 90m, 6h or 2d")
    return timedelta(**{_UNITS[match[2]]: int(match[1])})


def __getattr__(name: str) -> Any:
    """`out` and `err`: rich consoles on stdout and stderr, made when first used (rich takes 50 ms to import)."""
    if name not in ("out", "err"):
        raise AttributeError(name)
    from rich.console import Console
    from rich.segment import Segment

    class Harmless(Console):
        """A console on which what a mail says moves no cursor and names no window: its control characters go."""

        def render(self, *args: Any, **named: Any) -> Iterator[Segment]:
            for each in super().render(*args, **named):
                yield each if each.control else Segment(each.text.translate(_CONTROLS), each.style)

    # Without emoji: the `:1234:` of an IPv6 address would be one.
    made = Harmless(stderr=name == "err", highlight=False, soft_wrap=False, emoji=False)
    globals()[name] = made
    return made


if TYPE_CHECKING:
    out: Console
    err: Console


def progress(items: Iterable[_T], total: int | None = None, what: str = "") -> Iterator[_T]:
    """The items, with a bar on stderr once it takes longer than a second; no bar where nobody looks."""
    if not sys.stderr.isatty():
        yield from items
        return
    from rich.progress import Progress

    started, bar, task = time.monotonic(), None, None
    try:
        for done, item in enumerate(items):
            if bar is None and time.monotonic() - started > _SLOW:
                bar = Progress(console=sys.modules[__name__].err, transient=True)
                task = bar.add_task(what, total=total)
                bar.start()
            if bar is not None and task is not None:
                bar.update(task, completed=done)
            yield item
    finally:
        if bar is not None:
            bar.stop()
