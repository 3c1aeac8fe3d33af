"""Remedy: what to do about a refusal, and who can do it."""
