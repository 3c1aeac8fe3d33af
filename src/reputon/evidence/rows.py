"""Rows: pieces of evidence as columns of integers, which every engine adds up alike; names become keys."""

import hashlib
from collections.abc import Sequence
from functools import lru_cache

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from reputon.evidence.kinds import Evidence, EvidenceError, Kind

HOUR = 3600  # seconds
HOURS = 24  # of a day
UNAUTHENTICATED = 0  # the tenant's key of mail that nobody authenticated: it belongs to its address

# Kinds as they are stored: a number is never given to another kind.
KIND_CODES: dict[Kind, int] = {
    Kind.SENT: 1,
    Kind.DELIVERED: 2,
    Kind.REJECTED: 3,
    Kind.UNKNOWN_USER: 4,
    Kind.COMPLAINT: 5,
    Kind.TRAP_PRISTINE: 6,
    Kind.TRAP_RECYCLED: 7,
    Kind.FILTERED: 8,
    Kind.MALWARE: 9,
    Kind.AUTHENTICATION_FAILURE: 10,
}
KINDS = {code: kind for kind, code in KIND_CODES.items()}

# `day` and `hour`: whole ones since 1970 (UTC); `time`: seconds since then; `source` and `tenant`: see `key`.
ROWS = pa.schema(
    [pa.field(name, kind, nullable=False) for name, kind in (
        ("day", pa.int32()), ("hour", pa.int32()), ("time", pa.int64()), ("source", pa.int64()),
        ("subject", pa.int64()), ("tenant", pa.int64()), ("kind", pa.int8()), ("count", pa.int64()),
    )]
)  # fmt: skip
ORDER = ("subject", "tenant", "source", "kind", "time")  # in which a sealed file has its rows

_UNPROVED = "unauth@"
_PACKED = pa.ipc.IpcWriteOptions(compression="lz4")


@lru_cache(1 << 17)
def key(name: str) -> int:
    """The 63-bit key of a source's or tenant's name, above 0; `unauth@...` has UNAUTHENTICATED."""
    if name.startswith(_UNPROVED):
        return UNAUTHENTICATED
    digest = hashlib.blake2b(name.encode("utf-8", "surrogatepass"), digest_size=8, person=b"reputon.name").digest()
    return int.from_bytes(digest) >> 1 or 1


def batch(source: str, pieces: Sequence[Evidence]) -> pa.RecordBatch:
    """The pieces that a source reports, as ROWS, in their order."""
    time = np.array([int(each.time.timestamp()) for each in pieces], np.int64)
    hour = (time // HOUR).astype(np.int32)
    columns = [
        hour // HOURS, hour, time, np.full(len(pieces), key(source), np.int64),
        [each.subject for each in pieces], [key(each.tenant) for each in pieces],
        [KIND_CODES[each.kind] for each in pieces], [each.count for each in pieces],
    ]  # fmt: skip
    return pa.record_batch([pa.array(c, f.type) for c, f in zip(columns, ROWS, strict=True)], schema=ROWS)


def checked(source: str, record: pa.RecordBatch) -> pa.RecordBatch:
    """A batch of ROWS that others made, if it can be what this source reports; EvidenceError says why not."""
    if record.schema.names != ROWS.names or record.schema.types != ROWS.types:
        raise EvidenceError(f"a batch has the columns {', '.join(ROWS.names)}, not {', '.join(record.schema.names)}")
    if any(column.null_count for column in record.columns):
        raise EvidenceError("a batch has no empty fields")
    columns = dict(zip(ROWS.names, (each.to_numpy() for each in record.columns), strict=True))
    time, hour = columns["time"], columns["hour"]
    if (columns["source"] != key(source)).any():
        raise EvidenceError(f"a batch of {source} has rows of another source")
    if (time // HOUR != hour).any() or (hour // HOURS != columns["day"]).any():
        raise EvidenceError("a batch has a day or an hour that is not its time's")
    if not np.isin(columns["kind"], list(KINDS)).all() or (columns["count"] < 1).any():
        raise EvidenceError("a batch has a kind that is none, or a count below 1")
    return pa.RecordBatch.from_arrays(record.columns, schema=ROWS)


def packed(record: pa.RecordBatch) -> tuple[int, int, int, int, bytes]:
    """A batch of one source for keeping: the source's key, rows, first and last time, and the bytes of all of it."""
    bounds = pc.min_max(record.column("time")).as_py()
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, ROWS, options=_PACKED) as stream:
        stream.write_batch(record)
    return (
        record.column("source")[0].as_py(),
        record.num_rows,
        bounds["min"],
        bounds["max"],
        sink.getvalue().to_pybytes(),
    )


def unpacked(data: bytes) -> pa.Table:
    """The rows of a packed batch; pa.ArrowException where it is broken."""
    with pa.ipc.open_stream(data) as stream:
        return stream.read_all()
