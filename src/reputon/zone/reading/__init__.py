"""Reading: what the formats share: lines, prefixes, values, and what was left out."""
