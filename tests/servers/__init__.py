"""Real servers from Debian packages, private to a test."""
