"""reputon state: the state directory as a whole: back it up, restore it, check it."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from reputon.cli import console

command = typer.Typer(no_args_is_help=True, add_completion=False)


@command.callback()
def state() -> None:
    """The state directory as a whole."""


@command.command()
def backup(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The backup to write, as in state.tar.gz.")],
    path: console.ConfigOption = None,
    as_json: console.JsonOption = False,
) -> None:
    """Write a backup of one moment, while everything goes on."""
    from reputon import config
    from reputon import state as whole

    settings = config.load(path)
    count = whole.backup(settings.state_dir, file)
    if settings.evidence.url:
        console.err.print(f"What is sealed lies at {settings.evidence.url} and is not in it.", markup=False)
    if as_json:
        console.print_json({"file": file, "files": count, "bytes": file.stat().st_size})
    else:
        console.out.print(f"{file}: {count} files, {file.stat().st_size:,} bytes.", markup=False)


@command.command()
def restore(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A backup.")],
    path: console.ConfigOption = None,
    as_json: console.JsonOption = False,
) -> None:
    """Unpack a backup into the state directory, which must be empty: all of it, or nothing."""
    from reputon import config
    from reputon import state as whole

    folder = config.load(path).state_dir
    count = whole.restore(file, folder)
    if as_json:
        console.print_json({"state_dir": folder, "files": count})
    else:
        console.out.print(f"{folder}: {count} files restored.", markup=False)


@command.command()
def check(
    leave_out: Annotated[bool, typer.Option("--leave-out", help="Let no broken sealed file count any more.")] = False,
    path: console.ConfigOption = None,
    as_json: console.JsonOption = False,
) -> None:
    """Say what is broken or missing, and what to do.

    Exit codes: 0 all is well, 1 something is lost or cannot be read.
    """
    from reputon import config
    from reputon import state as whole

    settings = config.load(path)
    faults = whole.check(settings.state_dir, settings.evidence.url)
    for fault in faults:
        if as_json:
            console.print_json(asdict(fault))
        else:
            console.out.print(f"{fault.where}: {fault.what}", markup=False, soft_wrap=True)
            console.out.print(f"    {fault.advice}", markup=False, style="dim", soft_wrap=True)
    if leave_out and faults:
        _leave_out(settings.state_dir, settings.evidence.url, [fault.where for fault in faults if fault.is_harm])
    if not faults and not as_json:
        console.out.print("Everything is as it should be.")
    console.end(console.Exit.BAD_NEWS if any(fault.is_harm for fault in faults) else console.Exit.DONE)


def _leave_out(state_dir: Path, url: str, paths: list[str]) -> None:
    from reputon.evidence.store import Store

    with Store(state_dir, url) as store:
        count = store.leave_out(paths)
    console.err.print(f"{count} files count no more; what was in them is lost.", markup=False)
