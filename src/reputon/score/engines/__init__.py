"""Engines: what runs the portable SQL over Parquet, on a laptop or on a cluster; the table of all there are.

Every engine gives the same integers, and hands them to the same formula in batches: see `Engine`.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any, Protocol

import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.parquet as pq
from pyarrow.fs import FileSystem

Formula = Callable[[pa.RecordBatch], pa.RecordBatch]


class EngineError(ValueError):
    """An engine that cannot be used, or a query that it could not finish; the message says what to do."""


class MemoryNeededError(EngineError):
    """A query that needs more memory than it may take."""


@dataclass(frozen=True, slots=True)
class Resources:
    """What an engine may take: bytes of memory, threads, a folder to spill to, the cluster (Spark) to run on."""

    memory: int
    threads: int
    spill: Path
    master: str = "local[*]"


class Engine(Protocol):
    """Named relations, and queries over them.  A name that is given again is replaced."""

    def files(self, name: str, paths: Sequence[str], schema: pa.Schema) -> None:
        """A relation of Parquet files; with none of them it is empty."""

    def table(self, name: str, rows: pa.Table) -> None:
        """A relation of a few rows."""

    def view(self, name: str, sql: str, *, keep: bool = False) -> None:
        """A relation by a query; `keep`: run it once, it is used several times."""

    def read(self, sql: str) -> Iterator[pa.RecordBatch]:
        """The rows of a query."""

    def write(self, sql: str, folder: Path, formula: Formula | None = None, schema: pa.Schema | None = None) -> None:
        """The rows of a query as Parquet files in a new folder, each batch through a formula that gives `schema`."""


# By name: the module beside this one whose `opened(Resources)` gives an engine for a `with` statement.
ENGINES = {
    "duckdb": "embedded, spills to disk: what one machine needs",
    "spark": "Apache Spark, `--master`: a cluster",
    "clickhouse": "ClickHouse, embedded through chdb",
}


def opened(name: str, resources: Resources) -> AbstractContextManager[Engine]:
    """An engine by its name; EngineError where its package is not installed."""
    if name not in ENGINES:
        raise EngineError(f"there is no engine {name!r}: use one of {', '.join(ENGINES)}")
    try:
        module: Any = import_module(f"reputon.score.engines.{name}")
    except ModuleNotFoundError as error:
        raise EngineError(f"engine {name}: {error.name} is missing: pip install 'reputon[{name}]'") from None
    made: AbstractContextManager[Engine] = module.opened(resources)
    return made


def empty(schema: pa.Schema) -> pa.Table:
    """No rows of a schema."""
    return pa.Table.from_batches([], schema=schema)


def mapped(batches: Iterable[pa.RecordBatch], target: Path, formula: Formula, schema: pa.Schema | None) -> None:
    """Each batch through a formula into one Parquet file, so that no more than a batch is in memory."""
    with pq.ParquetWriter(target, schema, compression="zstd", compression_level=1) as writer:
        for batch in batches:
            writer.write_batch(formula(batch))


def dataset(urls: Sequence[str], schema: pa.Schema) -> ds.Dataset:
    """Parquet files of an object store, as Arrow reads them."""
    places = [FileSystem.from_uri(url) for url in urls]
    return ds.dataset([path for _, path in places], schema=schema, filesystem=places[0][0], format="parquet")
