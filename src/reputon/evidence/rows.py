"""Rows: evidence in columns of integers, as files and engines have it; names become keys."""

import hashlib

import pyarrow as pa

from reputon.evidence.kinds import Kind

UNAUTHENTICATED = 0  # the tenant key of mail that nobody signed for; its address says whose it is
KIND_CODES: dict[Kind, int] = {kind: code for code, kind in enumerate(Kind, 1)}  # never to be numbered anew

ROWS = pa.schema(
    [
        pa.field("day", pa.int32(), nullable=False),  # days since 1970 in UTC
        pa.field("hour", pa.int32(), nullable=False),  # hours since 1970
        pa.field("time", pa.int64(), nullable=False),  # seconds
        pa.field("source", pa.int64(), nullable=False),
        pa.field("subject", pa.int64(), nullable=False),
        pa.field("tenant", pa.int64(), nullable=False),
        pa.field("kind", pa.int8(), nullable=False),
        pa.field("count", pa.int64(), nullable=False),
    ]
)


def key(name: str) -> int:
    """The positive 63-bit key of a source's or a tenant's name; 0 for `unauth@...`."""
    if name.startswith("unauth@"):
        return UNAUTHENTICATED
    return int.from_bytes(hashlib.blake2b(name.encode(), digest_size=8).digest()) >> 1 or 1
