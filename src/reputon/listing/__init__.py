"""Listing: who is listed, why, and until when."""
