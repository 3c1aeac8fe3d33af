"""A standalone Spark cluster on loopback, from the pyspark package: a master and workers, ended with the test."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from importlib.util import find_spec
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.servers import unavailable

WAIT = 90.0  # seconds
SHORT = {"JAVA_TOOL_OPTIONS": "-XX:TieredStopAtLevel=1"}  # tests end before a better compiler pays


class Cluster:
    """Its address is `master`; logs and what the workers unpack lie in `folder`."""

    def __init__(self, folder: Path, workers: int = 2, memory: str = "1500m") -> None:
        if not shutil.which("java"):
            unavailable("no java: install openjdk-17-jre-headless")
        spec = find_spec("pyspark")
        assert spec is not None
        assert spec.origin is not None
        self._home = Path(spec.origin).parent
        self._folder, self._count, self._memory = folder, workers, memory
        self._started: list[subprocess.Popen[bytes]] = []
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self._port: int = free.getsockname()[1]
        self.master = f"spark://127.0.0.1:{self._port}"

    def __enter__(self) -> Self:
        try:
            self._start("master.Master", "--port", str(self._port))
            for number in range(self._count):
                place = self._folder / f"worker{number}"
                self._start("worker.Worker", self.master, "--cores", "1", "--memory", self._memory, "--work-dir",
                            str(place))  # fmt: skip
        except BaseException:
            self._end()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end()

    def _start(self, daemon: str, *words: str) -> None:
        log = self._folder / f"daemon{len(self._started)}.log"
        home = {"SPARK_HOME": str(self._home), "SPARK_LOCAL_IP": "127.0.0.1", "SPARK_DAEMON_MEMORY": "256m",
                "SPARK_LOCAL_DIRS": str(self._folder), "PYSPARK_PYTHON": sys.executable, **SHORT}  # fmt: skip
        command = [str(self._home / "bin" / "spark-class"), f"org.apache.spark.deploy.{daemon}", *words]
        with log.open("wb") as file:
            made = subprocess.Popen([*command, "--host", "127.0.0.1", "--webui-port", "0"], stdout=file, stderr=file,
                                    env=os.environ | home)  # fmt: skip
        self._started.append(made)
        said = "I have been elected leader" if daemon.startswith("master") else "Successfully registered with master"
        end = time.monotonic() + WAIT
        while said not in log.read_text(errors="replace"):
            if made.poll() is not None or time.monotonic() > end:
                raise RuntimeError(f"Spark's {daemon} did not start:\n{log.read_text(errors='replace')[-2000:]}")
            time.sleep(0.1)

    def _end(self) -> None:
        for each in reversed(self._started):
            each.send_signal(signal.SIGTERM)
        for each in self._started:
            try:
                each.wait(15)
            except subprocess.TimeoutExpired:
                each.kill()
                each.wait()
        shutil.rmtree(self._folder, ignore_errors=True)
