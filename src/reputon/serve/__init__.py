"""The long-running processes, wired together: a module each, with what it needs from the configuration."""
