"""Dump: what a compiled zone says, read back: entries, records, differences, the content again."""
