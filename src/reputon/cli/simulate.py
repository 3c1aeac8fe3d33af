"""reputon simulate: a made population of senders, in which the formula and its peers show who tells bad from good."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from reputon.cli import console

if TYPE_CHECKING:
    from reputon.simulate.population.rendering import Study
    from reputon.simulate.population.study import Job


def command(
    world: Annotated[
        list[str] | None, typer.Option(help="shared, drawn or correlated; more than one may be given. Default: all.")
    ] = None,
    seeds: Annotated[int, typer.Option(min=1, max=100, help="How many populations of each world.")] = 4,
    senders: Annotated[int, typer.Option(min=200, max=200_000, help="How many senders each has.")] = 6000,
    out: Annotated[
        Path | None, typer.Option(metavar="FOLDER", help="Write simulation.md, and simulation/ with tables and plots.")
    ] = None,
    evidence: Annotated[
        Path | None, typer.Option(metavar="FOLDER", help="Write the evidence of one population for `reputon ingest`.")
    ] = None,
    as_json: console.JsonOption = False,
) -> None:
    """Rank the formula and other methods in a made population of senders whose truth is known (docs/simulation.md).

    Exit codes: 0 done, whatever was found; 2 bad usage or input.
    """
    from reputon.simulate.population import study
    from reputon.simulate.population.worlds import WORLDS

    worlds = tuple(dict.fromkeys(world or WORLDS))
    if unknown := [each for each in worlds if each not in WORLDS]:
        console.fail(f"{unknown[0][:40]!r} is no world: {', '.join(WORLDS)}")
    if evidence is not None:
        _evidence(worlds[0], senders, evidence)
        return
    if out is not None:
        (out / "simulation").mkdir(parents=True, exist_ok=True)  # before minutes are spent on what cannot be written
    found = _studied(study.jobs(worlds, seeds, senders))
    _json(found) if as_json else _show(found)
    if out is not None:
        named = "".join(f" --world {each}" for each in world or ())
        _write(found, out, f"reputon simulate{named} --seeds {seeds} --senders {senders} --out {out}")


def _studied(jobs: "list[Job]") -> "Study":
    from reputon.simulate.population.rendering import Study

    return Study([row for job in console.progress(jobs, len(jobs), "simulating") for row in job.rows()])


def _json(found: "Study") -> None:
    for row in found.rows:
        values = {key: _known(value) for key, value in row.values.items()}
        console.print_json({"table": row.table, "world": row.world, "seed": row.seed, "of": row.of, "values": values})


def _known(value: float) -> float | None:
    """JSON has no NaN."""
    return None if value != value else float(f"{value:.6g}")


def _evidence(world: str, senders: int, folder: Path) -> None:
    from reputon.simulate.population import export, study

    lines = export.write(study.begun(world, 1, "evidence"), senders, folder)
    end = console.time_text(export.END)
    console.err.print(f"{lines} lines in {folder}: ingest each file with `--now {end}`, and set listing.allow_reserved "
                      f"to [\"{export.PREFIX}\"]", markup=False, soft_wrap=True)  # fmt: skip


def _show(found: "Study") -> None:
    from rich.table import Table

    from reputon.simulate.population.rendering import SHOWN, cell

    for world in found.worlds:
        table = Table(f"world {world}", *SHOWN, box=None, padding=(0, 1))
        table.columns[0].no_wrap = True
        for name, row in found.table("methods", world).rows.items():
            table.add_row(name, *(cell(column, row[column]) for column in SHOWN))
        console.out.print(table)
        console.out.print()
    for bar in found.bars():
        kept = "kept  " if bar.is_kept else "missed"
        console.out.print(f"{kept} {bar.world}: {bar.what}: {bar.figure}", markup=False, soft_wrap=True)


def _write(found: "Study", out: Path, command_line: str) -> None:
    """The page and, beside it, `simulation/` with a CSV of each table and the plots."""
    from reputon import durable
    from reputon.simulate.population import plots, rendering

    folder = out / "simulation"
    files = rendering.sheets(found.rows)
    try:
        files |= plots.svgs(found)
    except plots.PlotsError as error:
        console.err.print(f"no plots: {error}", markup=False)
    for name, text in files.items():
        durable.write(folder / name, text)
    durable.write(out / "simulation.md", rendering.markdown(found, command_line))
    console.err.print(f"{out / 'simulation.md'}, and {len(files)} files in {folder}", markup=False, soft_wrap=True)
