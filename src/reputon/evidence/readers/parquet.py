"""Evidence as Parquet: columns `time`, `ip` or `subject`, `kind`, and where wanted `count` and `tenant`.

`time` is a timestamp (UTC where it has no zone) or whole seconds since 1970, `ip` text, `subject` the key of an address
(`reputon.subject`).  Rows have no names of their own: ingesting knows each batch by the file's content and its place.
"""

from collections.abc import Iterator
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from reputon.evidence.files import Line
from reputon.evidence.ingest import Found, Reader, unreadable
from reputon.evidence.kinds import Evidence, EvidenceError, Unreadable, checked
from reputon.evidence.masking import masked, reason
from reputon.evidence.readers import fields
from reputon.evidence.tenant import named
from reputon.subject import address_key, address_text

BATCH = 10_000  # rows; never another number, or what was ingested counts again
CHUNK = 256 << 20  # bytes of one column in one row group, unpacked
FOOTER = 16 << 20  # bytes of one text in the file's description, and things in one list of it

_OPTIONAL = ("count", "tenant")


def batches(path: Path, now: datetime) -> Iterator[list[Found]]:
    """The evidence of each batch of rows, the same each time, with Unreadable for a row that cannot be one.

    EvidenceError or OSError where the file is no Parquet, lacks a column, or cannot be read further.
    """
    try:
        with _opened(path) as file:
            columns = _columns(file.schema_arrow)
            _bounded(file.metadata, columns)
            done, name = 0, path.name
            for table in file.iter_batches(BATCH, columns=columns, use_threads=False):
                yield [_found(row, name, n, now) for n, row in enumerate(_rows(table), done + 1)]
                done += table.num_rows
    except (pa.ArrowException, UnicodeError) as error:
        raise EvidenceError(str(error)) from None


class NoLines:
    """What Parquet is where somebody follows it as a log."""

    def line(self, line: Line) -> Iterator[Found]:
        """Nothing that can be read."""
        yield unreadable(line, "Parquet has no lines: ingest the file when it is whole")


def _opened(path: Path) -> pq.ParquetFile:
    return pq.ParquetFile(path, thrift_string_size_limit=FOOTER, thrift_container_size_limit=FOOTER)


def _columns(schema: pa.Schema) -> list[str]:
    """The columns to read; EvidenceError names the first that is missing or of another type."""
    address = "ip" if "ip" in schema.names else "subject"
    wanted = ["time", address, "kind", *(each for each in _OPTIONAL if each in schema.names)]
    for name in wanted:
        if schema.names.count(name) != 1:
            what = "`ip` (nor `subject`)" if name == "subject" else f"`{name}`"
            raise EvidenceError(f"has no column {what}, or two: needed are time, ip or subject, and kind")
        _typed(name, schema.field(name).type)
    return wanted


def _typed(name: str, kind: pa.DataType) -> None:
    bare = kind.value_type if pa.types.is_dictionary(kind) else kind
    if name == "time":
        fits, expected = pa.types.is_timestamp(bare) or pa.types.is_integer(bare), "a timestamp or whole seconds"
    elif name in ("subject", "count"):
        fits, expected = pa.types.is_integer(bare), "a whole number"
    else:
        fits, expected = pa.types.is_string(bare) or pa.types.is_large_string(bare), "text"
    if not fits:
        raise EvidenceError(f"column `{name}` is {str(kind)[:60]}: it must be {expected}")


def _bounded(metadata: pq.FileMetaData, columns: list[str]) -> None:
    for number in range(metadata.num_row_groups):
        group = metadata.row_group(number)
        for each in (group.column(at) for at in range(group.num_columns)):
            if each.path_in_schema in columns and each.total_uncompressed_size > CHUNK:
                raise EvidenceError(
                    f"column `{each.path_in_schema}` has more than {CHUNK >> 20} MiB in one row group: "
                    "write smaller row groups"
                )


def _rows(table: pa.RecordBatch) -> Iterator[dict[str, Any]]:
    columns = {name: _plain(table.column(name)) for name in table.schema.names}
    return (dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True))


def _plain(column: pa.Array) -> list[Any]:
    """The values; times as whole seconds, which every unit of timestamp has."""
    if pa.types.is_timestamp(column.type):
        column = column.cast(pa.timestamp("s", column.type.tz), safe=False).cast(pa.int64())
    values: list[Any] = column.to_pylist()
    return values


def _found(row: dict[str, Any], name: str, number: int, now: datetime) -> Found:
    try:
        return checked(_evidence(row), now)
    except (ValueError, OverflowError, OSError) as error:
        said = masked(" ".join(masked(str(each)[:1000], 200) for each in row.values()))
        return Unreadable(f"{name}:{number}", said, reason(error))


def _evidence(row: dict[str, Any]) -> Evidence:
    if None in row.values() and (missing := [key for key in row if row[key] is None and key not in _OPTIONAL]):
        raise EvidenceError(f"{missing[0]} is null")
    subject = _of_ip(row["ip"][: fields.TEXT]) if "ip" in row else _of_key(row["subject"])
    count = row.get("count")
    return Evidence(datetime.fromtimestamp(row["time"], UTC), subject, named(row.get("tenant"), subject),
                    fields.kind(row["kind"]), 1 if count is None else count)  # fmt: skip


@lru_cache(maxsize=65536)
def _of_ip(text: str) -> int:
    return address_key(text)


@lru_cache(maxsize=65536)
def _of_key(key: int) -> int:
    """A key, if an address that may be scored has it."""
    if not -(1 << 63) <= key < 1 << 63:
        raise EvidenceError(f"subject {key} is no key of 64 bits")
    return address_key(address_text(key).removesuffix("/64"))


READER = Reader(lambda _: NoLines(), batches=batches)
