"""Layout: where what lies in a compiled table; the constants of the kernel, and of whoever compiles or reads one."""

from typing import Any, NamedTuple

# Columns of `zones`.
NAME, NAME_LENGTH = 0, 1  # the apex in `blob`: wire format, lower case, with the root
INDEX4, INDEX6 = 2, 3  # where in `index4` and `index6` its index begins; NOWHERE: it has no such addresses
NODE, SLOTS, SLOT_MASK = 4, 5, 6  # its apex in `nodes`; where in `slots` its names begin, and their number less one
SEED = 7  # of its names' hashes
TTL, NEGATIVE_TTL = 8, 9  # seconds
SOA, SOA_LENGTH = 10, 11  # its record for negative answers in `blob`, from the type on
STALE = 12  # Unix seconds from which it lists nobody; 0: never
HAS_NAMES = 13  # whether it has names besides its apex
ZONE_COLUMNS = 14
NOWHERE = -1

# Columns of `nodes`: names that an entry or a generic record has, and those above them.
HASH, OWNER, OWNER_LENGTH = 0, 1, 2  # the owner in `blob`: relative, wire format, lower case, without the root
SELF, BELOW = 3, 4  # values: what it says itself, and for the names below it that are no nodes
RECORDS, RECORD_COUNT = 5, 6  # its generic records in `blob`, each from the type on, a type's together
EXISTS = 7  # whether anything is there or below (RFC 8020)
NODE_COLUMNS = 8

# Columns of `values`.
CODES, CODE_COUNT = 0, 1  # in `blob`, four bytes each
TEXTS, TEXT_COUNT = 2, 3  # in `blob`: two bytes of length, then the template, in which SUBJECT stands for who is asked
VALUE_TTL = 4  # seconds; 0: the zone's
EXPIRES = 5  # Unix seconds; 0: never
VALUE_COLUMNS = 6

SUBJECT = 0  # in a template

INDEX_SIZE = (1 << 16) + 1  # of an index over the upper 16 bits of an address


class Arrays(NamedTuple):
    """The arrays of a table, read only.

    `first4` holds the lower 16 bits of the first address of each interval, whose `value4` is an index into `values`;
    `index4[upper]` is where those with these upper 16 bits begin, and the first of them is always 0.  `first6` holds
    the four words of 32 bits of a first address; `index6[upper]` is the last interval that begins at or before the
    addresses with these upper 16 bits.
    """

    zones: Any  # int64 (zones, ZONE_COLUMNS)
    zone_slots: Any  # int32, a power of two: a zone's row, or NOWHERE, by the hash of its name
    index4: Any  # uint32
    first4: Any  # uint16
    value4: Any  # uint32
    index6: Any  # uint32
    first6: Any  # uint32 (intervals, 4)
    value6: Any  # uint32
    nodes: Any  # uint32 (names, NODE_COLUMNS)
    slots: Any  # uint32: a node and 1, or 0, by the hash of its owner
    values: Any  # uint32 (values, VALUE_COLUMNS)
    blob: Any  # uint8

    def plain(self) -> "Arrays":
        """The same for plain Python, which is slow where NumPy's numbers are."""
        return Arrays(*(memoryview(each) for each in self))
