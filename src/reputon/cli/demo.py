"""reputon demo: the incident, played twice on this machine: as lists work today, and blaming the tenant instead."""

import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from reputon.cli import console

if TYPE_CHECKING:
    from reputon.simulate.measures import Outcome
    from reputon.simulate.story import Event, Mode

_TITLES = {
    "address": "World 1: the shared address is listed, as lists work today",
    "tenant": "World 2: the noisy tenant is listed instead",
}


def command(
    seed: Annotated[int, typer.Option(help="The same seed plays the same story.")] = 1,
    out: Annotated[
        Path | None, typer.Option(metavar="FOLDER", help="Where to keep what was written; a new or empty folder.")
    ] = None,
    as_json: console.JsonOption = False,
) -> None:
    """Play the incident with real SMTP and real DNS on loopback: once by address, once by tenant; then compare.

    Exit codes: 0 played, 1 a message was lost or doubled, 2 bad usage or input.
    """
    from reputon.simulate import scene

    folder = _folder(out)
    made = scene.make(seed)
    outcomes = [_played(made, mode, folder / mode, as_json) for mode in ("address", "tenant")]
    _compare(outcomes, folder, as_json)
    console.end(console.Exit.DONE if all(each.is_whole for each in outcomes) else console.Exit.BAD_NEWS)


def _folder(out: Path | None) -> Path:
    if out is None:
        return Path(tempfile.mkdtemp(prefix="reputon-demo-"))
    if out.exists() and any(out.iterdir()):
        console.fail(f"{out} is not empty: name a new folder with --out")
    out.mkdir(parents=True, exist_ok=True)
    return out


def _played(scene: object, mode: "Mode", folder: Path, as_json: bool) -> "Outcome":
    from reputon.simulate.scene import Scene
    from reputon.simulate.story import Play

    assert isinstance(scene, Scene)
    folder.mkdir()
    play = Play(scene, mode, folder)
    if not as_json:
        console.out.rule(_TITLES[mode], style="bold")
    for event in play.events():
        _json(mode, event) if as_json else _tell(event)
    outcome = play.outcome()
    if not as_json:
        _fates(outcome, folder)
    return outcome


def _json(mode: str, event: "Event") -> None:
    shown = event.shown if isinstance(event.shown, str) else None
    console.print_json({"mode": mode, "time": event.at, "who": event.who, "said": event.said, "shown": shown})


def _tell(event: "Event") -> None:
    from rich.padding import Padding
    from rich.table import Table
    from rich.text import Text

    from reputon.cli import diagnosis

    line = Table.grid(padding=(0, 1))
    for width in (8, 15):
        line.add_column(width=width)
    line.add_column()
    line.add_row(Text(f"{event.at:%d %H:%M}", style="dim"), Text(event.who, style="bold"), Text(event.said))
    console.out.print(line)
    if isinstance(event.shown, str):
        console.out.print(Padding(Text(event.shown.rstrip("\n"), style="cyan"), (0, 0, 1, 4)))
    elif event.shown is not None:
        diagnosis.show(event.shown)


def _fates(outcome: "Outcome", folder: Path) -> None:
    from rich.table import Table

    table = Table("what became of every letter", box=None, padding=(0, 2), title_justify="left")
    for name in ("clean", "spam"):
        table.add_column(name, justify="right")
    for fate, (clean, spam) in outcome.table().items():
        table.add_row(str(fate), str(clean), str(spam))
    console.out.print(table)
    console.out.print(f"every one of them: {folder / 'messages.csv'}\n", markup=False, soft_wrap=True)


def _compare(outcomes: "list[Outcome]", folder: Path, as_json: bool) -> None:
    from reputon.simulate.measures import comparison

    rows = comparison(outcomes)
    if as_json:
        compared = {name: dict(zip((o.mode for o in outcomes), values, strict=True)) for name, values in rows}
        console.print_json({"comparison": compared, "times": {o.mode: asdict(o.times) for o in outcomes},
                            "folder": folder})  # fmt: skip
        return
    from rich.table import Table

    console.out.rule("The same mail, two ways to list", style="bold")
    table = Table("", *(f"by {outcome.mode}" for outcome in outcomes), box=None, padding=(0, 2))
    for column in table.columns[1:]:
        column.justify = "right"
    for name, values in rows:
        table.add_row(name, *values)
    console.out.print(table)
    console.out.print(f"\nlog lines, DNS answers, bounces, ticket, routes: {folder}", markup=False, soft_wrap=True)
