"""A made world to try all of it in: tenants, a shared pool, a small MTA, receivers, measures."""
