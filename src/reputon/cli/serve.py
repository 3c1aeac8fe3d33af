"""reputon serve: the long-running processes."""

import os
from pathlib import Path
from typing import Annotated

import typer

from reputon.cli import console

command = typer.Typer(no_args_is_help=True, add_completion=False)


@command.callback()
def serve() -> None:
    """Run a server until SIGTERM or Ctrl-C."""


@command.command()
def dns(
    listen: Annotated[
        list[str] | None,
        typer.Option("--listen", metavar="ADDRESS:PORT", help="Where to answer; may be given more than once."),
    ] = None,
    root: Annotated[
        str | None, typer.Option("--root", metavar="ZONE", help="The name below which the zones lie.")
    ] = None,
    table: Annotated[
        list[Path] | None,
        typer.Option(
            "--table",
            metavar="FILE",
            help="A table of zones (`zone import`, `zone publish`), or several; ours if none.",
        ),
    ] = None,
    threads: Annotated[
        int | None, typer.Option("--threads", metavar="N", min=1, max=256, help="Threads at each address.")
    ] = None,
    warm: Annotated[bool, typer.Option("--warm", help="Only compile the fast loop, so that it is there.")] = False,
    path: console.ConfigOption = None,
) -> None:
    """Answer for zones over UDP and TCP: those of a file, or bl., score., dom. and dscore. of the ledger."""
    from reputon import config
    from reputon.serve import dns as process
    from reputon.zone.server.server import Options, parse_address

    if warm:
        process.warm()
        return
    settings = config.load(path)
    addresses = [parse_address(text) for text in listen or settings.serve.dns.listen]
    if not addresses:
        raise typer.BadParameter("nowhere to listen: give an address", param_hint="--listen")
    options = Options(threads or settings.serve.dns.threads or os.cpu_count() or 1)
    process.serve(settings, addresses, table or (), options, root)


@command.command()
def trap(
    listen: Annotated[str | None, typer.Option(metavar="ADDRESS:PORT", help="Where to take mail.")] = None,
    path: console.ConfigOption = None,
) -> None:
    """Be a spam trap over SMTP: whoever sends to it has hit a trap; 250 is said once that is on the disk."""
    from dataclasses import replace

    from reputon import config
    from reputon.serve import trap as process

    settings = config.load(path)
    if listen:
        of = replace(settings.serve.trap, listen=listen)
        settings = replace(settings, serve=replace(settings.serve, trap=of))
    process.serve(settings)


@command.command()
def watch(path: console.ConfigOption = None) -> None:
    """Look again at what is watched and tell what changed, as `reputon watch run` does; metrics at watch.metrics."""
    from reputon import config
    from reputon.serve import watch as process

    process.serve(config.load(path))
