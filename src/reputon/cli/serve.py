"""reputon serve: the long-running processes."""

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
    path: console.ConfigOption = None,
) -> None:
    """Answer bl., score., dom. and dscore. below the root, over UDP and TCP; follows the ledger by itself."""
    from reputon import config
    from reputon import serve as processes
    from reputon.zone.server import parse_address

    settings = config.load(path)
    addresses = [parse_address(text) for text in listen or settings.serve.dns.listen]
    processes.serve_dns(processes.publisher(settings, root), addresses)


@command.command()
def trap(
    listen: Annotated[str | None, typer.Option(metavar="ADDRESS:PORT", help="Where to take mail.")] = None,
    path: console.ConfigOption = None,
) -> None:
    """Be a spam trap over SMTP: whoever sends to it has hit a trap; 250 is said once that is on the disk."""
    from dataclasses import replace

    from reputon import config
    from reputon import serve as processes

    settings = config.load(path)
    if listen:
        of = replace(settings.serve.trap, listen=listen)
        settings = replace(settings, serve=replace(settings.serve, trap=of))
    processes.serve_trap(settings)


@command.command()
def watch(path: console.ConfigOption = None) -> None:
    """Look again at what is watched and tell what changed, as `reputon watch run` does; metrics at watch.metrics."""
    from reputon import config
    from reputon import serve as processes

    processes.serve_watch(config.load(path))
