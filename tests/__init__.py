"""The tests; a package so that they share the servers of `tests.servers`."""
