"""DuckDB: embedded, bounded in memory, spilling to disk."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb
import pyarrow as pa

from reputon.score.engines import EngineError, Formula, MemoryNeededError, Resources, dataset, empty, mapped

BATCH = 50_000  # rows that the formula is given at a time: what its memory is bounded by
_MIB = 1 << 20
# DuckDB counts its buffers; what Arrow, the formula and the interpreter take beside them is left free.
_BESIDE = 600 * _MIB
_LEAST = 256 * _MIB


class DuckDB:
    """One connection; its relations live as long as it."""

    def __init__(self, db: "duckdb.DuckDBPyConnection") -> None:
        self._db = db
        self._kinds: dict[str, str] = {}

    def files(self, name: str, paths: Sequence[str], schema: pa.Schema) -> None:
        """A view over the files: nothing is read yet."""
        if not paths:
            return self.table(name, empty(schema))
        if "://" in paths[0]:
            return self._replace(name, "ARROW", dataset(paths, schema))
        listed = ", ".join(f"'{_quoted(path)}'" for path in paths)
        return self.view(name, f"SELECT * FROM read_parquet([{listed}], hive_partitioning = false)")

    def table(self, name: str, rows: pa.Table) -> None:
        """Arrow's rows, not copied."""
        self._replace(name, "ARROW", rows)

    def view(self, name: str, sql: str, *, keep: bool = False) -> None:
        """A view, or a temporary table that may be spilled."""
        kind = "TABLE" if keep else "VIEW"
        self._replace(name, kind)
        self._run(f"CREATE TEMP {kind} {name} AS {sql}")

    def _replace(self, name: str, kind: str, rows: object = None) -> None:
        """Make way for a relation of a kind; Arrow's rows take their place at once."""
        old = self._kinds.pop(name, None)
        if old == "ARROW":
            self._db.unregister(name)
        elif old:
            self._run(f"DROP {old} IF EXISTS temp.{name}")
        if kind == "ARROW":
            self._db.register(name, rows)
        self._kinds[name] = kind

    def read(self, sql: str) -> Iterator[pa.RecordBatch]:
        """Batches as they come."""
        try:
            yield from self._db.sql(sql).to_arrow_reader(BATCH)
        except duckdb.Error as error:
            raise _told(error) from None

    def write(self, sql: str, folder: Path, formula: Formula | None = None, schema: pa.Schema | None = None) -> None:
        """One file."""
        folder.mkdir(parents=True)
        target = folder / "part-0.parquet"
        if formula is None:
            self._run(f"COPY ({sql}) TO '{_quoted(str(target))}' (FORMAT parquet, COMPRESSION zstd)")
            return
        mapped(self.read(sql), target, formula, schema)

    def _run(self, sql: str) -> None:
        try:
            self._db.execute(sql)
        except duckdb.Error as error:
            raise _told(error) from None


def _quoted(path: str) -> str:
    return path.replace("'", "''")


def _told(error: Exception) -> EngineError:
    if isinstance(error, duckdb.OutOfMemoryException):
        return MemoryNeededError(
            "the scores need more memory: raise `score.memory_mb`, or free space in the state directory"
        )
    return EngineError(f"duckdb: {' '.join(str(error).split())[:300]}")


@contextmanager
def opened(resources: Resources) -> Iterator[DuckDB]:
    """An engine of this process alone."""
    resources.spill.mkdir(parents=True, exist_ok=True)
    # Of its own: two engines would spill into files of the same names.
    with TemporaryDirectory(dir=resources.spill) as spill, duckdb.connect() as db:
        db.execute(f"SET memory_limit = '{max(resources.memory - _BESIDE, _LEAST) // _MIB}MiB'")
        db.execute(f"SET threads = {resources.threads}")
        db.execute(f"SET temp_directory = '{_quoted(spill)}'")
        # Rows may come in any order: keeping theirs costs memory, and every query that needs one says so.
        db.execute("SET preserve_insertion_order = false")
        yield DuckDB(db)
