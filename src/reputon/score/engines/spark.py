"""Apache Spark: a cluster's, or one of this process alone (`--master local[2]`).

The workers read evidence and write results where the driver does, so the state directory lies on a file system or an
object store that all of them share.  They are sent this package as it is here, and need Python (PYSPARK_PYTHON) with
NumPy, SciPy and pyarrow; everything else of a cluster is said in Spark's own spark-defaults.conf (SPARK_CONF_DIR).
"""

import os
import shutil
import socket
import sys
import time
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from ipaddress import ip_address
from pathlib import Path
from subprocess import TimeoutExpired
from typing import Any

import pyarrow as pa
from py4j.protocol import Py4JError  # type: ignore[import-untyped]  # ships no types
from pyspark import SparkConf, SparkContext
from pyspark.errors import PySparkException
from pyspark.java_gateway import launch_gateway
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql.pandas.types import from_arrow_schema

import reputon
from reputon.score.engines import EngineError, Formula, Resources

BATCH = 50_000  # rows that the formula is given at a time
CONNECT = 5.0  # seconds in which a master answers
JOIN = 60.0  # seconds in which a worker joins
END = 30.0  # seconds in which Java ends
_MIB = 1 << 20
# A JVM of S bytes of heap takes more than S; the formula's Python beside it takes this.
_HEAP, _PYTHON, _LEAST = 0.8, 400 * _MIB, 512 * _MIB
_launch: Any = launch_gateway  # it is not typed
_SCHEME = "spark://"
_PARTITIONS, _LEAST_PARTITIONS = "spark.sql.shuffle.partitions", 8


class Spark:
    """One application; its relations live as long as it."""

    def __init__(self, session: SparkSession) -> None:
        self._session = session
        self._kept: dict[str, DataFrame] = {}

    def files(self, name: str, paths: Sequence[str], schema: pa.Schema) -> None:
        """A scan that is split over the workers: nothing is read yet."""
        form = from_arrow_schema(schema)
        found = (
            _run(lambda: self._session.read.schema(form).parquet(*(_url(path) for path in paths)))
            if paths
            else self._session.createDataFrame([], form)
        )
        self._name(name, found)

    def table(self, name: str, rows: pa.Table) -> None:
        """Arrow's rows, sent to whoever needs them."""
        self._name(name, self._session.createDataFrame(rows))

    def view(self, name: str, sql: str, *, keep: bool = False) -> None:
        """A query, or its rows in the workers' memory and, where that is full, on their disks."""
        found: DataFrame = _run(lambda: self._session.sql(sql))
        self._name(name, found.cache() if keep else found)
        if keep:
            self._kept[name] = found

    def read(self, sql: str) -> Iterator[pa.RecordBatch]:
        """One worker's part after the other, so that no more than one of them is here at a time."""
        try:
            for row in self._session.sql(sql).mapInArrow(_packed, "packed binary").toLocalIterator():
                yield from pa.ipc.open_stream(row.packed)
        except PySparkException as error:
            raise _told(error) from None

    def write(self, sql: str, folder: Path, formula: Formula | None = None, schema: pa.Schema | None = None) -> None:
        """A file from each worker's part, in the order of their names; the formula runs where the rows are."""
        _run(lambda: self._write(sql, folder, formula, schema))

    def _write(self, sql: str, folder: Path, formula: Formula | None, schema: pa.Schema | None) -> None:
        rows = self._session.sql(sql)
        if formula is not None:
            rows = rows.mapInArrow(partial(_each, formula), from_arrow_schema(schema))
        rows.write.option("compression", "zstd").parquet(_url(str(folder)))

    def _name(self, name: str, rows: DataFrame) -> None:
        rows.createOrReplaceTempView(name)
        old = self._kept.pop(name, None)
        if old is not None:
            old.unpersist()


def _each(formula: Formula, batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    return (formula(batch) for batch in batches)


def _packed(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    for batch in batches:
        sink = pa.BufferOutputStream()
        with pa.ipc.new_stream(sink, batch.schema) as stream:
            stream.write_batch(batch)
        yield pa.record_batch({"packed": pa.array([sink.getvalue().to_pybytes()], pa.binary())})


def _run(what: Callable[[], Any]) -> Any:
    try:
        return what()
    except PySparkException as error:
        raise _told(error) from None
    except Py4JError as error:  # Java ended, so that nobody can say why
        raise EngineError(f"spark: Java ended in the middle of it ({type(error).__name__}): see spark.log") from None


def _told(error: Exception) -> EngineError:
    return EngineError(f"spark: {_first_line(error)}")


def _first_line(error: Exception) -> str:
    return " ".join(str(error).partition("\n\tat ")[0].split())[:400]


def _url(path: str) -> str:
    """Where a path is for all of a cluster: without a scheme it would lie in the cluster's own default file system."""
    return path if "://" in path else f"file://{Path(path).absolute()}"


@contextmanager
def opened(resources: Resources) -> Iterator[Spark]:
    """An application of one's own, with a JVM that ends with it."""
    master = f"local[{resources.threads}]" if resources.master == "local[*]" else resources.master
    if not (os.environ.get("JAVA_HOME") or shutil.which("java")):
        raise EngineError("engine spark needs Java 17 or later: install it (openjdk-17-jre-headless), or set JAVA_HOME")
    _answering(master)
    # No pandas comes near our rows.
    warnings.filterwarnings("ignore", "PySpark does not yet fully support pandas", FutureWarning)
    resources.spill.mkdir(parents=True, exist_ok=True)
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    conf = SparkConf().setMaster(master).setAppName("reputon").setAll(list(_settings(master, resources).items()))
    log = resources.spill / "spark.log"
    with log.open("wb") as quiet:
        try:
            gateway = _launch(conf, {"stdout": quiet, "stderr": quiet})
        except PySparkException:
            raise EngineError(f"spark: Java did not start: {_last_line(log)}") from None
    try:
        context = _context(conf, gateway, master, log)
        try:
            _joined(context, master)
            _send(context, resources.spill)
            yield Spark(_session(context))
        finally:
            context.stop()
    finally:
        _end(gateway)


def _settings(master: str, resources: Resources) -> Mapping[str, str]:
    """What the same sums in bounded memory take; the rest is Spark's and the cluster's."""
    heap = max(int(resources.memory * _HEAP) - _PYTHON, _LEAST) // _MIB
    settings = {
        "spark.sql.session.timeZone": "UTC",
        "spark.sql.ansi.enabled": "true",  # a sum that does not fit is an error, not another number
        "spark.sql.execution.arrow.maxRecordsPerBatch": str(BATCH),
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
        "spark.log.level": "ERROR",
        "spark.driver.memory": f"{heap}m",
        "spark.executor.memory": f"{heap}m",
        "spark.local.dir": str(resources.spill.absolute()),
        "spark.sql.warehouse.dir": str(resources.spill.absolute()),
    }
    if _local(master):
        settings |= {"spark.driver.bindAddress": "127.0.0.1", "spark.driver.host": "127.0.0.1"}
    return settings


def _local(master: str) -> bool:
    """Whether nobody outside this machine has to reach the driver."""
    return master.startswith("local") or all(_loopback(host) for host, _ in _addresses(master) or [("", 0)])


def _loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _addresses(master: str) -> list[tuple[str, int]]:
    """The hosts of spark://a:1,b:2; none for the masters of other kinds (yarn, k8s://...)."""
    if not master.startswith(_SCHEME):
        return []
    found = []
    for each in master.removeprefix(_SCHEME).split(","):
        host, _, port = each.rpartition(":")
        if not host or not port.isdecimal():
            raise EngineError(f"spark: {master!r} is no master: use spark://HOST:PORT or local[THREADS]")
        found.append((host.strip("[]"), int(port)))
    return found


def _answering(master: str) -> None:
    """Spark itself would try for minutes to reach a master that is not there."""
    addresses = _addresses(master)
    failed = []
    for host, port in addresses:
        try:
            socket.create_connection((host, port), CONNECT).close()
        except OSError as error:
            failed.append(f"{host}:{port}: {error.strerror or error}")
        else:
            return
    if addresses:
        raise EngineError(f"spark: no master answers at {'; '.join(failed)}: start it, or correct --master")


def _context(conf: SparkConf, gateway: Any, master: str, log: Path) -> SparkContext:
    try:
        return SparkContext(conf=conf, gateway=gateway)
    # Py4J's error as it is: Spark's own errors are only made of it once there is a session.
    except Exception as error:
        SparkContext._gateway = SparkContext._jvm = None
        raise EngineError(f"spark: no application at {master}: {_first_line(error)} (see {log})") from None


def _joined(context: SparkContext, master: str) -> None:
    """Wait for a first worker: without one a job waits for ever."""
    end = time.monotonic() + (0 if master.startswith("local") else JOIN)
    memory = context.getConf().get("spark.executor.memory")
    while time.monotonic() < end and context._jsc.sc().getExecutorMemoryStatus().size() <= 1:  # the driver is one
        time.sleep(0.2)
    if not master.startswith("local") and context._jsc.sc().getExecutorMemoryStatus().size() <= 1:
        raise EngineError(f"spark: no worker of {master} has {memory} of memory free: add workers, or lower "
                          "`score.memory_mb`")  # fmt: skip


def _session(context: SparkContext) -> SparkSession:
    session = SparkSession(context)
    if context.getConf().get(_PARTITIONS) is None:
        # Spark's 200 are many files and threads for a few cores, and few for a thousand.
        session.conf.set(_PARTITIONS, max(_LEAST_PARTITIONS, 3 * context.defaultParallelism))
    return session


def _send(context: SparkContext, folder: Path) -> None:
    """This very package for the workers, so that no two versions of the formula meet in one run."""
    package = Path(reputon.__file__).parent
    made = shutil.make_archive(str(folder / "reputon-package"), "zip", package.parent, package.name)
    context.addPyFile(made)


def _end(gateway: Any) -> None:
    gateway.shutdown()
    if gateway.proc is not None:
        gateway.proc.stdin.close()  # which is what it ends by
        try:
            gateway.proc.wait(END)
        except TimeoutExpired:
            gateway.proc.kill()
            gateway.proc.wait()
    SparkContext._gateway = SparkContext._jvm = None


def _last_line(log: Path) -> str:
    lines = [line for line in log.read_text(errors="replace").splitlines() if line.strip()]
    return lines[-1][:300] if lines else "it said nothing"
