"""A made population of senders, whose truth is known, to rank ways of telling bad from good (docs/simulation.md)."""
