"""Check: what the lists say now of an address or a domain; a list that could not be asked is unknown, never clean."""

from reputon.check.ask import Run, ask
from reputon.check.meaning import Checked, Result, State
from reputon.check.memory import Memory
from reputon.check.subjects import CheckError

__all__ = ["CheckError", "Checked", "Memory", "Result", "Run", "State", "ask"]
