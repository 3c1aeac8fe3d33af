"""Parquet: rows and names as the bytes of files, sorted, an hour in each."""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from reputon.evidence.kinds import EvidenceError
from reputon.evidence.rows import ORDER

_NAME = pa.schema([pa.field("key", pa.int64(), nullable=False), pa.field("text", pa.string(), nullable=False)])


def by_hour(table: pa.Table) -> Iterator[pa.Table]:
    """The rows of each hour, in ORDER."""
    table = table.sort_by([(name, "ascending") for name in ("hour", *ORDER)])
    hours = table["hour"].to_numpy()
    starts = np.flatnonzero(np.diff(hours, prepend=hours[0] - 1))
    for start, end in zip(starts, [*starts[1:], len(hours)], strict=True):
        yield table.slice(start, end - start)


def of_names(names: Sequence[tuple[Any, ...]]) -> bytes:
    """Keys and what they stand for."""
    keys, texts = zip(*sorted(names), strict=True)
    return packed(pa.table([pa.array(keys, pa.int64()), pa.array(texts, pa.string())], schema=_NAME))


def packed(table: pa.Table) -> bytes:
    """A table as a file."""
    sink = pa.BufferOutputStream()
    pq.write_table(table, sink, compression="zstd")
    return bytes(sink.getvalue())


def unpacked(where: str, data: pa.Buffer, columns: list[str] | None = None) -> pa.Table:
    """The table of a file; EvidenceError if it is broken."""
    try:
        return pq.read_table(pa.BufferReader(data), columns=columns)
    except (pa.ArrowException, OSError) as error:
        raise EvidenceError(f"{where} is broken ({error!s:.80}): see `reputon state check`") from None
