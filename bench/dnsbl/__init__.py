"""Measure the DNS server beside its peers.  Usage, from the repository's root: `python -m bench.dnsbl WHAT`.

    apt-get install rbldnsd nsd knot gcc
    python -m bench.dnsbl data                      # a million entries and their queries
    python -m bench.dnsbl data --entries 10000000   # for `entries`
    python -m bench.dnsbl queries --protections     # CPU a query: limit, rbldnsd, NSD, Knot, ours, by turns
    python -m bench.dnsbl entries                   # ours with ten million entries beside ours with one million
    python -m bench.dnsbl swap                      # new tables under load: queries lost, stall, time until seen
    python -m bench.dnsbl memory                    # after each of a million queries was asked
    python -m bench.dnsbl latency                   # at 200, 1,000 and 10,000 queries a second
    python -m bench.dnsbl start                     # until the first answer, with and without compiled code kept
    python -m bench.dnsbl transfer                  # a million entries to a real NSD, then 15,000 changes

All servers answer on 127.0.0.1 at once and are loaded in turn: the server has one core, the load the other.  The figure
to trust is the CPU time a query and its ratio to a peer in the same round; queries a second are a lower bound on a
shared machine.  The load and the limit are C programs of `--eval` (`flood.c`, `echo.c`, beside `gen.py`, which makes
a million entries), compiled into `--work`.  Another server takes our place by `--ours` and `--build`, two commands in
which {port}, {table}, {config}, {v4}, {v6} and {zone} are filled in.  Each subcommand leaves its figures as JSON in
`--work`.

The folder is not called `dns`: the other scripts here would take it for the library of that name.
"""
