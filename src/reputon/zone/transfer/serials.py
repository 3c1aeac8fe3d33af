"""Serials: which of two is newer, where numbers of 32 bits begin anew (RFC 1982)."""

_HALF = 1 << 31
_MASK = (1 << 32) - 1


def is_newer(serial: int, other: int) -> bool:
    """Whether `serial` comes after `other`; of two that are half of all numbers apart neither does."""
    return 0 < ((serial - other) & _MASK) < _HALF
