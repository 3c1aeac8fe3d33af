"""Zone: what DNS answers: a table of entries, the wire, a server, and the shell that keeps the table current."""
