"""`python -m reputon`: the same command where no script is installed."""

from reputon.cli import run

run()
