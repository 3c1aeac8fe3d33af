"""Reroute: the way round, until the way is clear: incidents, the routes they switch, and adapters for MTAs."""
