"""A verb as it is typed, within this process: starting one takes a second."""

import sys
from subprocess import CompletedProcess

from reputon.cli import main


def typed(monkeypatch, capsys, *arguments):
    """What the verb says, and how it ends."""
    monkeypatch.setattr(sys, "argv", ["reputon", *map(str, arguments)])
    capsys.readouterr()
    try:
        main()
    except SystemExit as ended:
        code = ended.code or 0
    said = capsys.readouterr()
    return CompletedProcess(arguments, int(code), said.out, said.err)
