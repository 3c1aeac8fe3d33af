"""Check: what the lists say now of an address or a domain; a list that could not be asked is unknown, never clean."""

from reputon.check.ask import CheckError, ask
from reputon.check.meaning import Checked, Result, State

__all__ = ["CheckError", "Checked", "Result", "State", "ask"]
