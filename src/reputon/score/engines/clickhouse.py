"""ClickHouse, embedded through chdb: one process, spilling to disk."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from chdb.session import Session

from reputon.score.engines import EngineError, Formula, Resources, dataset, empty, mapped

BATCH = 50_000  # rows that the formula is given at a time
_MIB = 1 << 20
_BESIDE, _LEAST = 600 * _MIB, 256 * _MIB  # what Arrow, the formula and the interpreter take; less than this is no use
_session: Any = Session  # chdb is not typed
_TYPES = {pa.int8(): "Int8", pa.int32(): "Int32", pa.int64(): "Int64", pa.float64(): "Float64", pa.string(): "String"}


class ClickHouse:
    """One session in a folder of its own; its relations live as long as it."""

    def __init__(self, session: Any, folder: Path) -> None:
        self._session = session
        self._folder = folder

    def files(self, name: str, paths: Sequence[str], schema: pa.Schema) -> None:
        """A view over the files: nothing is read yet."""
        if not paths:
            return self.table(name, empty(schema))
        if "://" in paths[0]:
            return self._rows(name, dataset(paths, schema).to_batches(), schema)
        self._drop(name)
        self._run(f"CREATE VIEW {name} AS SELECT * FROM {_file(paths, schema)}")
        return None

    def table(self, name: str, rows: pa.Table) -> None:
        """By way of a file in the session's folder, since chdb finds Arrow only in a caller's variables."""
        self._rows(name, rows.to_batches(), rows.schema)

    def _rows(self, name: str, rows: Iterable[pa.RecordBatch], schema: pa.Schema) -> None:
        file = self._folder / f"{name}.parquet"
        with pq.ParquetWriter(file, schema) as writer:
            for batch in rows:
                writer.write_batch(batch)
        self._keep(name, f"SELECT * FROM {_file([str(file)], schema)}")
        file.unlink()

    def view(self, name: str, sql: str, *, keep: bool = False) -> None:
        """A view, or a table in the session's folder."""
        if keep:
            self._keep(name, sql)
        else:
            self._drop(name)
            self._run(f"CREATE VIEW {name} AS {sql}")

    def read(self, sql: str) -> Iterator[pa.RecordBatch]:
        """Batches as they come."""
        try:
            with self._session.send_query(sql, "Arrow") as found:
                yield from found.record_batch(BATCH)
        except RuntimeError as error:
            raise _told(error) from None

    def write(self, sql: str, folder: Path, formula: Formula | None = None, schema: pa.Schema | None = None) -> None:
        """One file."""
        folder.mkdir(parents=True)
        target = folder / "part-0.parquet"
        if formula is None:
            self._run(f"INSERT INTO FUNCTION file({_quoted(str(target.absolute()))}, Parquet) {sql}")
            return
        mapped(self.read(sql), target, formula, schema)

    def _keep(self, name: str, sql: str) -> None:
        self._drop(name)
        self._run(f"CREATE TABLE {name} ENGINE = MergeTree ORDER BY tuple() AS {sql}")

    def _drop(self, name: str) -> None:
        self._run(f"DROP TABLE IF EXISTS {name} SYNC")  # a view too

    def _run(self, sql: str) -> None:
        try:
            self._session.query(sql)
        except RuntimeError as error:
            raise _told(error) from None


def _file(paths: Sequence[str], schema: pa.Schema) -> str:
    """The table function for files: a pattern, which would leave out in silence what is not there."""
    columns = ", ".join(f"`{each.name}` {_type(each)}" for each in schema)
    found = [str(Path(path).absolute()) for path in paths]
    if odd := next((path for path in found if set(path) & set("{}*?,")), None):
        raise EngineError(f"clickhouse: {odd!r}: move the state directory to a path without {{ }} * ? and commas")
    if gone := next((path for path in found if not Path(path).exists()), None):
        raise EngineError(f"clickhouse: {gone} is gone: run again")
    pattern = found[0] if len(found) == 1 else "/{" + ",".join(path.removeprefix("/") for path in found) + "}"
    return f"file({_quoted(pattern)}, Parquet, {_quoted(columns)})"


def _type(field: pa.Field) -> str:
    name = _TYPES[field.type]
    return f"Nullable({name})" if field.nullable else name


def _quoted(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


def _told(error: Exception) -> EngineError:
    said = " ".join(str(error).split())
    if "MEMORY_LIMIT_EXCEEDED" in said:
        return EngineError("the scores need more memory: raise `score.memory_mb`")
    return EngineError(f"clickhouse: {said[:400]}")


@contextmanager
def opened(resources: Resources) -> Iterator[ClickHouse]:
    """An engine of this process alone."""
    resources.spill.mkdir(parents=True, exist_ok=True)
    # Of its own: `lookup` must not take away what a run is working with.
    with TemporaryDirectory(prefix="clickhouse-", dir=resources.spill, ignore_cleanup_errors=True) as name:
        session = _session(name)
        try:
            for setting, value in _settings(resources).items():
                session.query(f"SET {setting} = {value}")
            yield ClickHouse(session, Path(name))
        finally:
            session.close()


def _settings(resources: Resources) -> dict[str, int | str]:
    memory = max(resources.memory - _BESIDE, _LEAST)
    return {
        # The meaning that the portable SQL takes for granted.
        "join_use_nulls": 1,
        "prefer_column_name_to_alias": 1,
        "cast_keep_nullable": 1,
        "use_hive_partitioning": 0,  # the hour of a row is not that in its path, which is of the day
        "union_default_mode": "'DISTINCT'",
        "max_query_size": 1 << 24,  # a month of files is named in a query
        "max_ast_elements": 1 << 20,
        # Bounds: what does not fit is sorted, grouped and joined on disk.
        "max_threads": resources.threads,
        "max_memory_usage": memory,
        "max_bytes_before_external_group_by": memory // 3,
        "max_bytes_before_external_sort": memory // 3,
        "join_algorithm": "'grace_hash,hash'",
        "max_bytes_in_join": memory // 4,
    }
