"""Aggregate: several lists made one zone."""
