"""Kernel: what answers a packet: integers and flat arrays only, compiled or as plain Python (see `jit`)."""
