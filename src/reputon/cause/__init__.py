"""Cause: whose fault a refusal is, told from facts that each name where they were read."""
