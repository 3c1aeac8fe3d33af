"""Transfer: whole zones and their changes, for other servers: AXFR, IXFR, NOTIFY, TSIG."""
