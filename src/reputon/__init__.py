"""Reputon: open sender reputation for e-mail, from the evidence to the way round a refusal."""

__version__ = "0.1.0"
