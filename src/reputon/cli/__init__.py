"""The `reputon` command: a table of verbs, each in the module of its name, loaded when it is called."""

import atexit
import gc
import os
import sys
from importlib import import_module
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

# The order in which the story happens: the sender's road, the rater's road, what lies around them.
VERBS = (
    "diagnose", "check", "auth", "provider", "ticket", "reroute", "watch",
    "ingest", "source", "evidence", "score", "lookup", "explain", "listing", "simulate", "zone",
    "serve", "state", "demo", "config",
)  # fmt: skip


class _Verbs(TyperGroup):
    """The verbs by name; a verb's module is imported only when that verb (or the help) is wanted."""

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ARG002 - the framework's signature
        return list(VERBS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:  # noqa: ARG002 - the framework's signature
        if cmd_name not in VERBS:
            return None
        command = import_module(f"reputon.cli.{cmd_name}").command
        if not isinstance(command, typer.Typer):
            single = typer.Typer(add_completion=False)
            single.command(name=cmd_name, no_args_is_help=False)(command)
            command = single
        loaded = typer.main.get_command(command)
        loaded.name = cmd_name
        return loaded


_UsageError: Any = typer.BadParameter.__base__  # what every mistake in options and arguments is

app = typer.Typer(cls=_Verbs, no_args_is_help=True, pretty_exceptions_enable=False)


def _show_version(wanted: bool) -> None:
    if wanted:
        from reputon import __version__

        typer.echo(f"reputon {__version__}")
        raise typer.Exit


@app.callback()
def reputon(
    version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    """Open sender reputation for e-mail: score, list, refuse, diagnose, verify, reroute.

    Exit codes: 0 done, 1 the answer is bad news, 2 bad usage or input, 3 could not tell.
    """


def run() -> None:
    """Run the command as a program, and leave at once: Python's own tidying up takes a tenth of a short run."""
    try:
        main()
    except SystemExit as ended:
        threading = sys.modules.get("threading")
        if not isinstance(ended.code, int) or (threading and threading.active_count() > 1):
            raise
        atexit._run_exitfuncs()
        sys.stdout.flush()
        os._exit(ended.code)


def main() -> None:
    """Run the command; a person's mistake ends in one line and a code, never in a traceback."""
    from reputon.cli import console

    gc.set_threshold(50_000)  # what starting makes stays: collecting among it takes a tenth of a short run
    try:
        code = app(standalone_mode=False)
        sys.stdout.flush()  # here, where a reader that has gone is still an exception that we see
        sys.exit(code)
    except _UsageError as error:
        where = f" (see `{error.ctx.command_path} --help`)" if error.ctx else ""
        console.fail(error.format_message() + where)
    except (KeyboardInterrupt, typer.Abort):
        sys.exit(130)
    except BrokenPipeError:
        # The reader of our output (`| head`) has gone; there is nobody left to tell.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(console.Exit.DONE)
    except console.INPUT_ERRORS as error:
        console.fail(str(error))
