"""A private PostgreSQL: its own cluster in a temporary folder, on a loopback port, beside any that the machine runs."""

import os
import pwd
import shutil
import subprocess
import tempfile
from importlib.util import find_spec
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.servers import unavailable
from tests.servers.postfix import free_port

USER, PASSWORD = "reputon", "a secret, with @ and /"
WAIT = 60  # seconds
_DEBIAN = Path("/usr/lib/postgresql")


def _programs() -> Path | None:
    """The folder of initdb and pg_ctl: Debian keeps them out of PATH, by version."""
    found = shutil.which("initdb")
    debian = sorted(_DEBIAN.glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    return Path(found).parent if found else debian[-1].parent if debian else None


def needed() -> None:
    """Skip the test where PostgreSQL or its driver is missing; fail it where servers are promised."""
    why = "no initdb: install postgresql" if _programs() is None else ""
    why = why or ("no psycopg: install reputon[postgres]" if find_spec("psycopg") is None else "")
    if why:
        unavailable(why)


class Postgres:
    """A cluster of one's own; `url()` empties its database."""

    def __init__(self) -> None:
        needed()
        self._bin = _programs() or Path()
        self._folder = tempfile.TemporaryDirectory(prefix="reputon-postgres-")
        self._data = Path(self._folder.name) / "data"
        self.port = free_port()

    def __enter__(self) -> Self:
        try:
            self._make()
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if (self._data / "postmaster.pid").exists():
            self._run("pg_ctl", "-D", self._data, "-m", "immediate", "-w", "stop")
        self._folder.cleanup()

    def _make(self) -> None:
        folder = Path(self._folder.name)
        (folder / "password").write_text(PASSWORD)
        if os.geteuid() == 0:  # PostgreSQL refuses to run as root
            for path in (folder, folder / "password"):
                shutil.chown(path, *pwd.getpwnam("postgres")[2:4])
        self._run("initdb", "-D", self._data, "-U", USER, "-A", "scram-sha-256", "--pwfile", folder / "password",
                  "-E", "UTF8", "--locale=C", "--no-sync")  # fmt: skip
        options = f"-p {self.port} -h 127.0.0.1 -k {folder} -F -c max_connections=40 -c shared_buffers=16MB"
        self._run("pg_ctl", "-D", self._data, "-l", folder / "log", "-w", "-t", str(WAIT), "-o", options, "start")

    def _run(self, program: str, *arguments: "str | Path") -> None:
        words = [str(self._bin / program), *map(str, arguments)]
        if os.geteuid() == 0:
            words = ["runuser", "-u", "postgres", "--", *words]
        # Not a pipe for its output: the server inherits it, and holds it open.
        with tempfile.TemporaryFile() as said:
            done = subprocess.run(words, cwd=self._folder.name, stdout=said, stderr=said, timeout=WAIT * 2)
            said.seek(0)
            assert done.returncode == 0, f"{program}: {said.read().decode()}"

    def url(self, password: str = PASSWORD) -> str:
        """The URL of the database, after emptying it: a new one would take 7 MB and a thousand files each time."""
        import psycopg

        with psycopg.connect(
            host="127.0.0.1", port=self.port, user=USER, password=PASSWORD, dbname="postgres", connect_timeout=WAIT
        ) as db:
            db.execute("DROP SCHEMA public CASCADE")
            db.execute("CREATE SCHEMA public")
        return self.named("postgres", password)

    def named(self, database: str, password: str = PASSWORD) -> str:
        """The URL of a database."""
        from urllib.parse import quote

        return f"postgresql+psycopg://{USER}:{quote(password, safe='')}@127.0.0.1:{self.port}/{database}"
